"""A message as the mail that it was: its headers for people to read, and its bytes (docs/desk.md rules 96 to 98)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.policy import Actor
from helpdesk.intake import queries as intake
from helpdesk.intake.parser.shown import START_BYTES, ShownHead, shown_head
from helpdesk.kernel.errors import NotFound
from helpdesk.outbox import process as outbox
from helpdesk.outbox import queries as outbox_queries
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.models import Message

FACTS = ("From", "To", "Cc", "Reply-To", "Date", "Subject", "Message-ID", "In-Reply-To")
RESULTS = ("authentication-results", "received-spf", "arc-authentication-results", "dkim-signature")


@dataclass(frozen=True)
class Original:
    """The headers of a mail: what people ask for, what servers found, and by which ones it came, the first first."""

    message: Message
    number: int
    is_ours: bool
    facts: Sequence[tuple[str, str]]
    results: Sequence[tuple[str, str]]
    chain: Sequence[str]
    head: ShownHead


def original(session: Session, store: BlobStore, *, actor: Actor, message_id: int) -> Original:
    """Return what the page of a mail shows; its body is no part of that.

    Raises:
        NotFound: no such message, or not for this actor; it was no mail, has not left, or is erased.
    """
    message, content = _mail(session, store, actor, message_id)
    head = shown_head(content[:START_BYTES])
    told: dict[str, list[str]] = {}
    for name, value in head.fields:
        told.setdefault(name.lower(), []).append(value)
    return Original(
        message=message,
        number=message.work_item.number,
        is_ours=message.outgoing is not None,
        facts=[(name, value) for name in FACTS for value in told.get(name.lower(), ())],
        results=[(name, value) for name, value in head.fields if name.lower() in RESULTS],
        chain=told.get("received", [])[::-1],
        head=head,
    )


def mail(session: Session, store: BlobStore, *, actor: Actor, message_id: int) -> tuple[str, bytes]:
    """Return the name of the file that a mail is, and its bytes: as they came, or as they left.

    Raises:
        NotFound: as `original`.
    """
    message, content = _mail(session, store, actor, message_id)
    return f"ticket-{message.work_item.number}-message-{message.id}.eml", content


def _mail(session: Session, store: BlobStore, actor: Actor, message_id: int) -> tuple[Message, bytes]:
    message = tickets.get_message(session, actor=actor, message_id=message_id)
    outgoing = outbox_queries.with_files(session, message.outgoing_message_id) if message.outgoing_message_id else None
    if outgoing is not None and outgoing.sent_at is not None:
        return message, outbox.as_sent(outgoing, store)
    inbound = intake.inbound_of(session, message.id)
    if inbound is None or inbound.erased_at is not None:
        text = "There is no mail of this message: it was written here, has not left yet, or the mail is erased."
        raise NotFound(text)
    return message, store.get(inbound.blob_sha256)
