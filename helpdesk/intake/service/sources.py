"""Sources: connecting a mailbox, and the cursor that says how far it has been read (docs/mail.md rules 3 and 42)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.infra import audit, blobs, crypto, jobs
from helpdesk.infra.db import insert_of
from helpdesk.infra.policy import Actor
from helpdesk.intake import queries
from helpdesk.intake.gateway import Access, FolderState
from helpdesk.intake.models import InboundMessage, IntakeSource
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import header_value
from helpdesk.projects import queries as projects


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message whose bytes are stored: what its row will say. ``headers_only``: its body was too large."""

    uid: int
    blob_sha256: str
    stored_bytes: int
    size_bytes: int
    message_id: str
    content_hash: str
    received_at: datetime
    from_address: str = ""
    from_name: str = ""
    subject: str = ""
    headers_only: bool = False


@dataclass(frozen=True, kw_only=True)
class MailboxSettings:
    """A mailbox as people enter it: one user and password for reading and sending.

    ``start_from`` is now or all; ``default_project_id`` is where mail goes whose sender no client is known for.
    """

    name: str
    address: str
    user: str
    password: str
    imap_host: str
    imap_port: int
    smtp_host: str
    smtp_port: int
    imap_security: str = "tls"
    smtp_security: str = "starttls"
    default_project_id: int | None = None
    start_from: str = "now"
    folder: str = "INBOX"


def connect_mailbox(session: Session, *, actor: Actor, now: datetime, settings: MailboxSettings) -> IntakeSource:
    """Add a mailbox with the folder that is read; the watcher picks it up by itself. The password is stored encrypted.

    Raises:
        RuleViolation: the address is none or connected already, or a name holds a line break.
        NotFound: no such project.
    """
    if settings.default_project_id is not None:
        projects.get_project(session, actor=actor, project_id=settings.default_project_id)
    mailbox = outbox.add_mailbox(
        session,
        actor=actor,
        now=now,
        address=settings.address,
        name=settings.name,
        smtp_host=settings.smtp_host,
        smtp_port=settings.smtp_port,
        smtp_security=settings.smtp_security,
        smtp_user=settings.user,
        smtp_password=settings.password,
    )
    source = IntakeSource(
        mailbox_id=mailbox.id,
        imap_host=header_value(settings.imap_host.strip(), name="IMAP server"),
        imap_port=settings.imap_port,
        imap_security=settings.imap_security,
        imap_user=header_value(settings.user, name="user name"),
        imap_secret=crypto.seal(header_value(settings.password, name="password")),
        folder=header_value(settings.folder, name="folder"),
        default_project_id=settings.default_project_id,
        start_from=settings.start_from,
    )
    session.add(source)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="connected",
        kind="mailbox",
        object_id=mailbox.id,
        now=now,
        host=source.imap_host,
        start_from=source.start_from,
    )
    return source


def access_of(source: IntakeSource) -> Access:
    """Return how the source's server is reached.

    Raises:
        ExternalFailure: the stored password cannot be read with this SECRET_KEY.
    """
    return Access(
        host=source.imap_host,
        port=source.imap_port,
        security=source.imap_security,
        user=source.imap_user,
        password=crypto.unseal(source.imap_secret),
        folder=source.folder,
    )


def meet(session: Session, *, source_id: int, state: FolderState, now: datetime) -> IntakeSource:
    """Set the cursor by what the server says of the folder, and return the source.

    The first time, reading begins with the next message, or with the first one of all. Later, another UIDVALIDITY
    means that every UID is new: the folder is read again, and what is known is recognised by its content.
    """
    source = queries.get_source(session, source_id)
    if source.uid_validity == state.uid_validity:
        return source
    is_first = source.uid_validity is None
    source.starts_at = now if is_first else source.starts_at
    source.uid_validity = state.uid_validity
    source.backlog_uid = state.uid_next - 1
    source.last_uid = source.backlog_uid if is_first and source.start_from == "now" else 0
    session.flush()
    return source


def keep(session: Session, *, source_id: int, fetched: Iterable[Fetched], last_uid: int, now: datetime) -> list[int]:
    """Commit a page: rows of the messages, the cursor behind them, and the bells; return the new rows' ids.

    A message that is there already, fetched by somebody else at the same time, is left as it is (rule 4).
    """
    source = queries.get_source(session, source_id)
    added: list[int] = []
    for one in fetched:
        blobs.record(session, digest=one.blob_sha256, size_bytes=one.stored_bytes, now=now)
        inbound_id = _insert(session, source, one)
        if inbound_id is None:
            continue
        added.append(inbound_id)
        jobs.ring(session, "handle_inbound", inbound_id, queue="mail")
    source.last_uid = max(source.last_uid, last_uid)
    session.flush()
    return added


def mark_seen(session: Session, inbound_ids: Iterable[int]) -> None:
    """Note that the server knows that these messages were read."""
    session.execute(update(InboundMessage).where(InboundMessage.id.in_(list(inbound_ids))).values(seen_on_server=True))


def record_poll(session: Session, *, source_id: int, now: datetime, trouble: str = "") -> None:
    """Note that the mailbox was read to its end just now; ``trouble`` is what the server refused on the side."""
    session.execute(
        update(IntakeSource).where(IntakeSource.id == source_id).values(last_poll_at=now, last_error=trouble)
    )


def record_idle(session: Session, *, source_id: int, since: datetime | None) -> None:
    """Note since when the server tells us of new mail by itself; None when it does not."""
    session.execute(update(IntakeSource).where(IntakeSource.id == source_id).values(idle_since=since))


def record_trouble(session: Session, *, source_id: int, error: str) -> None:
    """Note why the last attempt failed; the next good poll clears it."""
    session.execute(update(IntakeSource).where(IntakeSource.id == source_id).values(last_error=error, idle_since=None))


def _insert(session: Session, source: IntakeSource, one: Fetched) -> int | None:
    """Return the id of the new row, or None where the mailbox has that UID already."""
    values = {
        "mailbox_id": source.mailbox_id,
        "folder": source.folder,
        "uid_validity": source.uid_validity,
        "uid": one.uid,
        "blob_sha256": one.blob_sha256,
        "size_bytes": one.size_bytes,
        "message_id": one.message_id,
        "content_hash": one.content_hash,
        "received_at": one.received_at,
        "from_address": one.from_address,
        "from_name": one.from_name,
        "subject": one.subject,
        "headers_only": one.headers_only,
        "state": "received",
        "reasons": [],
        "error": "",
    }
    statement = insert_of(session, InboundMessage).values(values).on_conflict_do_nothing().returning(InboundMessage.id)
    return session.execute(statement).scalar_one_or_none()
