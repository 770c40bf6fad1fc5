"""Sources: connecting a mailbox, changing, pausing and removing it; the watcher follows by itself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra import audit, crypto
from helpdesk.infra.policy import Actor
from helpdesk.intake import queries
from helpdesk.intake.gateway import Access
from helpdesk.intake.models import IntakeSource
from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import header_value
from helpdesk.outbox.models import Mailbox
from helpdesk.projects import queries as projects
from helpdesk.projects import teams


@dataclass(frozen=True, kw_only=True)
class MailboxSettings:
    """A mailbox as people enter it.

    ``smtp_user`` and ``smtp_password`` None are those for reading. When a mailbox is changed, an empty ``password``
    leaves the stored one as it is, and ``address``, ``start_from`` and ``start_days`` do not count. ``start_from``
    is now, days or all; ``default_project_id`` is where mail goes whose sender no client is known for, ``team_id``
    gets the tickets that it opens.
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
    imap_fingerprint: str = ""
    smtp_security: str = "starttls"
    smtp_fingerprint: str = ""
    smtp_user: str | None = None
    smtp_password: str | None = None
    auth: str = "password"
    default_project_id: int | None = None
    team_id: int | None = None
    start_from: str = "now"
    start_days: int | None = None
    folder: str = "INBOX"
    processed_folder: str = ""
    trusted_authserv_id: str = ""
    language: str = "en"
    signature: str = ""
    acknowledgement: str = ""


def connect_mailbox(session: Session, *, actor: Actor, now: datetime, settings: MailboxSettings) -> IntakeSource:
    """Add a mailbox with the folder that is read; the watcher picks it up by itself. Passwords are stored encrypted.

    An address that was removed once comes back with its tickets; it is read as if for the first time.

    Raises:
        RuleViolation: the address is none or connected already, or a name holds a line break.
        NotFound: no such project.
    """
    mailbox = outbox.add_mailbox(
        session,
        actor=actor,
        now=now,
        address=settings.address,
        name=settings.name,
        smtp_host=settings.smtp_host,
        smtp_port=settings.smtp_port,
    )
    source = queries.first_source(session, mailbox.id)
    if source is None:
        source = IntakeSource(mailbox_id=mailbox.id, mailbox=mailbox, imap_secret="")
    else:
        source.generation += 1
    source.starts_at = source.last_poll_at = source.failing_since = source.tested_at = None
    source.probe_sent_at = source.probe_arrived_at = None
    source.start_from, source.start_days, source.active, source.last_error = (
        settings.start_from,
        settings.start_days,
        True,
        "",
    )
    _set_up(session, source, settings, actor=actor, now=now)
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


def change_mailbox(
    session: Session, *, actor: Actor, now: datetime, mailbox_id: int, settings: MailboxSettings
) -> IntakeSource:
    """Change what a mailbox is set to; its watcher begins anew at once.

    Another server, user or folder is read from the day on which the mailbox was connected, and what is known is
    recognised by its content: its numbers say nothing about the old ones (rule 3).

    Raises:
        NotFound: no such mailbox or project.
        RuleViolation: a name holds a line break.
    """
    source = queries.source_of_mailbox(session, mailbox_id)
    before = (source.imap_host, source.imap_user, source.folder)
    _set_up(session, source, settings, actor=actor, now=now)
    if before != (source.imap_host, source.imap_user, source.folder):
        source.generation += 1
    audit.record(
        session, actor=actor, action="changed", kind="mailbox", object_id=mailbox_id, now=now, host=source.imap_host
    )
    session.flush()
    return source


def set_active(session: Session, *, actor: Actor, now: datetime, mailbox_id: int, active: bool) -> IntakeSource:
    """Pause or resume the reading of a mailbox; replies leave from it in either case.

    Raises:
        NotFound: no such mailbox.
    """
    source = queries.source_of_mailbox(session, mailbox_id)
    source.active, source.failing_since, source.last_error = active, None, ""
    renew(session, source, now=now)
    action = "resumed" if active else "paused"
    audit.record(session, actor=actor, action=action, kind="mailbox", object_id=mailbox_id, now=now)
    return source


def remove(session: Session, *, actor: Actor, now: datetime, mailbox_id: int) -> Mailbox:
    """Take a mailbox away: it is read and written from no more, and its passwords are erased; all that came stays.

    Raises:
        NotFound: no such mailbox, or it was removed already.
    """
    source = queries.source_of_mailbox(session, mailbox_id)
    source.active, source.imap_secret, source.idle_since, source.failing_since = False, "", None, None
    return outbox.remove_mailbox(session, actor=actor, now=now, mailbox_id=mailbox_id)


def renew(session: Session, source: IntakeSource, *, now: datetime) -> None:
    """Have the watcher begin anew with this mailbox: it polls at once, and compares with the server (rule 5)."""
    source.renewed_at, source.reconciled_at = now, None
    session.flush()


def access_of(source: IntakeSource) -> Access:
    """Return how the source's server is reached.

    Raises:
        ExternalFailure: the stored password cannot be read with this SECRET_KEY.
    """
    by_oauth = source.mailbox.auth == "oauth"
    return Access(
        host=source.imap_host,
        port=source.imap_port,
        security=source.imap_security,
        user=source.imap_user,
        password="" if by_oauth else crypto.unseal(source.imap_secret),
        folder=source.folder,
        fingerprint=source.imap_fingerprint,
        grant_id=source.mailbox_id if by_oauth else None,
        version=str(source.renewed_at or ""),
    )


def _set_up(session: Session, source: IntakeSource, settings: MailboxSettings, *, actor: Actor, now: datetime) -> None:
    if settings.default_project_id is not None:
        projects.get_project(session, actor=actor, project_id=settings.default_project_id)
    if settings.team_id != source.team_id:
        teams.check_default(session, team_id=settings.team_id, project=None)
    if settings.processed_folder and settings.processed_folder == settings.folder:
        message = "The processed folder must be another one than the folder that is read."
        raise RuleViolation(message)
    outbox.set_up(session, source.mailbox, _profile(source, settings))
    source.imap_host = header_value(settings.imap_host.strip(), name="IMAP server")
    source.imap_port, source.imap_security = settings.imap_port, settings.imap_security
    source.imap_fingerprint = settings.imap_fingerprint
    source.imap_user = header_value(settings.user, name="user name")
    if settings.password:
        source.imap_secret = crypto.seal(header_value(settings.password, name="password"))
    source.folder = header_value(settings.folder, name="folder")
    source.processed_folder = header_value(settings.processed_folder, name="processed folder")
    source.trusted_authserv_id = settings.trusted_authserv_id
    source.default_project_id, source.team_id = settings.default_project_id, settings.team_id
    session.add(source)
    renew(session, source, now=now)


def _profile(source: IntakeSource, settings: MailboxSettings) -> outbox.Profile:
    """Return the sending half; without a password of its own it follows the one for reading, as it did before."""
    mailbox = source.mailbox
    follows = not mailbox.smtp_secret or crypto.same(mailbox.smtp_secret, source.imap_secret)
    password = settings.smtp_password or (settings.password if follows else "")
    return outbox.Profile(
        name=settings.name,
        smtp_host=settings.smtp_host,
        smtp_port=settings.smtp_port,
        smtp_security=settings.smtp_security,
        smtp_user=settings.user if settings.smtp_user is None else settings.smtp_user,
        smtp_password=password or None,
        smtp_fingerprint=settings.smtp_fingerprint,
        language=settings.language,
        signature=settings.signature,
        acknowledgement=settings.acknowledgement,
        auth=settings.auth,
    )
