"""Messages passed on to somebody outside, whose answer comes back to the ticket (docs/desk.md rules 70 to 72).

A message that was passed on is an internal note with a mail: no client ever sees it, and no promise counts it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.domain import check_typed_address
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.dates import instant_words
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.periods import zone_named
from helpdesk.outbox import queries as outbox_queries
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address, OutgoingFile, without_token
from helpdesk.outbox.models import Mailbox
from helpdesk.outbox.render import above_the_line
from helpdesk.projects import queries as project_queries
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries
from helpdesk.tickets.domain import NewAttachment, check_files, new_outside, subject_of, typed_people
from helpdesk.tickets.models import Attachment, Message, Takeback
from helpdesk.tickets.service.taking_back import unsay
from helpdesk.tickets.service.writing import attach, lock, remember, touch, write

PEOPLE_LIMIT = 10
TEXT_LIMIT = 500_000
"""Characters that are passed on at once (docs/desk.md rule 98)."""
TAKEN_BACK = "took back before it left what was passed on"
HEAD = "---------- Forwarded message ----------"


@dataclass(frozen=True, slots=True)
class Onward:
    """What is passed on: which messages and files, to whom as it was typed, under which words."""

    to: str
    subject: str
    text: str
    message_ids: Collection[int]
    file_ids: Collection[int] = ()
    to_outside: bool = False


def forwardable(session: Session, item_id: int) -> list[Message]:
    """Return what of a conversation can be passed on, oldest first; notes only where somebody picks them."""
    return [
        message
        for message in queries.conversation(session, item_id)
        if message.kind != "event" and not (message.held or message.discarded_at is not None)
    ]


def forward(
    session: Session, *, actor: Actor, now: datetime, item_id: int, onward: Onward, hold_until: datetime | None = None
) -> Message:
    """Pass messages on by mail with the files that were chosen; answers come back to the ticket.

    Whoever gets it takes no part: neither do they get our answers, nor does the client hear of them.

    Raises:
        NotFound: no such work item, or not for this actor; no such message or file on it.
        RuleViolation: nobody to write to, somebody who must not have it, nothing chosen, no mailbox, too much at once,
            or an address outside that nobody confirmed.
    """
    item = project_queries.get_item(session, actor=actor, item_id=item_id)
    lock(session, item.id)
    known = {message.id: message for message in forwardable(session, item.id)}
    messages = [known[one] for one in known if one in onward.message_ids]
    if not onward.message_ids:
        text = "Choose what goes along: at least one message."
        raise RuleViolation(text, field="message")
    if len(messages) != len(set(onward.message_ids)):
        text = "There is no such message to pass on."
        raise NotFound(text)
    files = _files(known.values(), onward)
    people = _people(session, item, onward)
    details = queries.details(session, item.id)
    mailbox = (details.mailbox if details is not None else None) or outbox.default_mailbox(session)
    if mailbox is None:
        text = "No mailbox is connected yet, so nothing can leave. Ask an administrator to connect one."
        raise RuleViolation(text)
    original = "\n\n".join(_quoted(message, item) for message in messages)
    if len(onward.text) + len(original) > TEXT_LIMIT:
        text = f"This is too long to pass on: at most {TEXT_LIMIT:,} characters with what is quoted. Untick messages."
        raise RuleViolation(text, field="message")
    subject = onward.subject.strip() or f"Fwd: {subject_of(item.number, item.title)}"
    written = write(
        session, kind="note", item_id=item.id, person_id=actor.person_id, now=now, text=onward.text, subject=subject
    )
    written.text, written.trimmed_text = f"{onward.text.strip()}\n\n{original}".lstrip(), original
    attach(written, files)
    _send(session, item, mailbox, written, people=people, said=onward.text.strip(), actor=actor, hold_until=hold_until)
    touch(session, item, now)
    audit.record(session, actor=actor, action="forwarded", kind="work_item", object_id=item.id, now=now)
    return written


def withdraw_forward(session: Session, *, actor: Actor, now: datetime, held: Takeback) -> None:
    """Keep a mail from leaving that passes something on, and leave one line that says so.

    Raises:
        Conflict: the mail has left.
    """
    message = held.message
    unsay(session, actor=actor, now=now, held=held, said=TAKEN_BACK)
    session.execute(delete(Attachment).where(Attachment.message_id == message.id))
    session.expire(message, ["attachments"])


def _people(session: Session, item: WorkItem, onward: Onward) -> list[Address]:
    """Return to whom it goes.

    Raises:
        RuleViolation: nobody, too many, no address, one of ours, another client's, or one that nobody confirmed.
    """
    typed = typed_people(onward.to)
    if not typed or len(typed) > PEOPLE_LIMIT:
        text = f"Write to whom it goes: at most {PEOPLE_LIMIT} addresses." if typed else "Write to whom it goes."
        raise RuleViolation(text, field="to")
    people = [Address(name, check_typed_address(address)) for name, address in typed]
    own = outbox_queries.own_addresses(session)
    for person in people:
        contact = clients.find_contact(session, person.address)
        if without_token(person.address).lower() in own:
            text = f"{person.address} is our own mailbox: it is there already."
            raise RuleViolation(text, field="to")
        if contact is not None and contact.client_id not in (None, item.project.client_id):
            text = f"{person.address} belongs to a contact of another client; what is written here is not for them."
            raise RuleViolation(text, field="to")
    outside = new_outside(
        [person.address.lower() for person in people],
        domains=clients.domains_of(session, item.project.client_id),
        addresses=queries.forwarded_to(session, [item.id]).get(item.id, frozenset()),
    )
    if outside and not onward.to_outside:
        text = f"{', '.join(outside)} is outside of the client. Confirm that they may have this."
        raise RuleViolation(text, field="to_outside")
    return people


def _files(messages: Iterable[Message], onward: Onward) -> list[NewAttachment]:
    """Return the files that go along: of picked messages alone, so that none leaves with what stays here."""
    found = [file for message in messages for file in message.attachments if file.id in onward.file_ids]
    if len(found) != len(set(onward.file_ids)):
        text = "There is no such file to pass on."
        raise NotFound(text)
    staying = [file.name for file in found if file.message_id not in onward.message_ids]
    if staying:
        text = f"{', '.join(staying)}: tick the message too, or untick its file."
        raise RuleViolation(text)
    check_files([file.size_bytes for file in found])
    return [NewAttachment(one.name, one.content_type, one.blob_sha256, one.size_bytes) for one in found]


def _quoted(message: Message, item: WorkItem) -> str:
    """Return a message below its headers, as mail programs pass it on."""
    author = message.person or message.contact
    name = author.name if author is not None else "Helpdesk"
    address = f" <{message.contact.email}>" if message.contact and message.contact.email not in ("", name) else ""
    to = ", ".join(one["name"] or without_token(one["address"]) for one in message.recipients)
    heads = [
        ("From", f"{name}{address}"),
        ("Date", instant_words(message.posted_at, zone_named(item.project.client.time_zone))),
        ("Subject", message.subject or item.title),
        ("To", to),
    ]
    lines = [HEAD, *(f"{name}: {value}" for name, value in heads if value), ""]
    return "\n".join([*lines, *(f"> {line}".rstrip() for line in (message.reply_text or message.text).splitlines())])


def _send(
    session: Session,
    item: WorkItem,
    mailbox: Mailbox,
    message: Message,
    *,
    people: Sequence[Address],
    said: str,
    actor: Actor,
    hold_until: datetime | None,
) -> None:
    signature = f"-- \n{mailbox.signature.strip()}" if mailbox.signature.strip() else ""
    text = "\n\n".join(filter(None, (said, signature, message.trimmed_text)))
    outgoing = outbox.queue(
        session,
        now=message.posted_at,
        mailbox_id=mailbox.id,
        idempotency_key=f"message:{message.id}",
        purpose="reply",
        about=("work_item", item.id),
        to=people,
        subject=message.subject,
        text=above_the_line(f"{text}\n", language=mailbox.language),
        item_id=item.id,
        from_name=f"{actor.name} ({mailbox.name})" if mailbox.name else actor.name,
        attachments=[OutgoingFile(file.name, file.content_type, file.blob_sha256) for file in message.attachments],
        hold_until=hold_until,
    )
    message.reply_text = said
    message.outgoing_message_id, message.message_id = outgoing.id, outgoing.message_id
    message.recipients = list(outgoing.to)
    remember(session, item.id, (outgoing.message_id,))
    session.flush()
