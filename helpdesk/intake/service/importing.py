"""Mail from files as lines of the log: each mail once in its mailbox, however often it is imported (rules 4 and 42)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from helpdesk.infra import blobs
from helpdesk.intake.models import InboundMessage
from helpdesk.kernel.errors import NotFound
from helpdesk.outbox.models import Mailbox

FOLDER = "import"
UID_VALIDITY = 0
AT_ONCE = 500
Identity = tuple[str, str]
"""Message-ID and hash of the content."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A mail whose bytes are read: what its line will say. ``received_at`` is its own date."""

    message_id: str
    content_hash: str
    size_bytes: int
    received_at: datetime
    from_address: str
    from_name: str
    subject: str


def mailbox_named(session: Session, address: str) -> Mailbox:
    """Return the mailbox with this address.

    Raises:
        NotFound: no such mailbox; those that there are, are named.
    """
    known = list(session.scalars(select(Mailbox).order_by(Mailbox.address)))
    wanted = next((one for one in known if one.address.lower() == address.strip().lower()), None)
    if wanted is None:
        names = ", ".join(one.address for one in known) or "none is connected yet"
        message = f"There is no mailbox {address}. The mailboxes are: {names}."
        raise NotFound(message)
    return wanted


def already_there(session: Session, mailbox_id: int, identities: Collection[Identity]) -> set[Identity]:
    """Return those mails that the mailbox has already, fetched or imported."""
    query = select(InboundMessage.message_id, InboundMessage.content_hash).where(
        InboundMessage.mailbox_id == mailbox_id,
        InboundMessage.message_id.in_({message_id for message_id, _ in identities}),
    )
    return {(row.message_id, row.content_hash) for row in session.execute(query)} & set(identities)


def keep(session: Session, *, mailbox_id: int, mails: Iterable[tuple[Imported, str]], now: datetime) -> list[int]:
    """Add a line for each mail, paired with the hash of its stored bytes, in their order; return their ids."""
    last_uid = session.scalar(
        select(func.max(InboundMessage.uid)).where(
            InboundMessage.mailbox_id == mailbox_id,
            InboundMessage.folder == FOLDER,
            InboundMessage.uid_validity == UID_VALIDITY,
        )
    )
    lines = []
    for uid, (mail, digest) in enumerate(mails, start=(last_uid or 0) + 1):
        blobs.record(session, digest=digest, size_bytes=mail.size_bytes, now=now)
        lines.append(_line(mailbox_id, uid, mail, digest, now))
    session.add_all(lines)
    session.flush()
    return [line.id for line in lines]


def waiting(session: Session, mailbox_id: int) -> list[int]:
    """Return the imported messages that nobody has handled yet, in the order in which they are to be."""
    query = select(InboundMessage.id).where(
        InboundMessage.mailbox_id == mailbox_id,
        InboundMessage.origin == "import",
        InboundMessage.state.in_(("received", "processing")),
    )
    return list(session.scalars(query.order_by(InboundMessage.id)))


def try_again(session: Session, mailbox_id: int) -> None:
    """Let imported messages whose handling failed be tried once more at once."""
    session.execute(
        update(InboundMessage)
        .where(
            InboundMessage.mailbox_id == mailbox_id,
            InboundMessage.origin == "import",
            InboundMessage.state == "received",
            InboundMessage.lease_expires_at.is_not(None),
        )
        .values(lease_expires_at=None)
    )


def outcomes(session: Session, inbound_ids: Collection[int]) -> list[InboundMessage]:
    """Return these lines, as they are now."""
    query = select(InboundMessage).where(InboundMessage.id.in_(inbound_ids)).order_by(InboundMessage.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _line(mailbox_id: int, uid: int, mail: Imported, digest: str, now: datetime) -> InboundMessage:
    return InboundMessage(
        mailbox_id=mailbox_id,
        folder=FOLDER,
        uid_validity=UID_VALIDITY,
        uid=uid,
        blob_sha256=digest,
        size_bytes=mail.size_bytes,
        message_id=mail.message_id,
        content_hash=mail.content_hash,
        received_at=mail.received_at,
        fetched_at=now,
        from_address=mail.from_address,
        from_name=mail.from_name,
        subject=mail.subject,
        origin="import",
        seen_on_server=True,
        reasons=[],
    )
