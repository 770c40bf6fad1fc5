"""Replies that go out: to the requester and everybody in copy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients import service as client_service
from helpdesk.infra import audit
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.infra.rich_text import html_of
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address, OutgoingFile
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.outbox.render import above_the_line, letter_html, letter_text
from helpdesk.projects import following
from helpdesk.projects import queries as project_queries
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries
from helpdesk.tickets.domain import NewAttachment, new_outside, subject_of
from helpdesk.tickets.models import Message, TicketDetails
from helpdesk.tickets.service.mentioning import tell_of_answer
from helpdesk.tickets.service.people import add_participants
from helpdesk.tickets.service.writing import attach, formatted_with, lock, remember, touch, write


def reply(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item_id: int,
    text: str,
    html: str = "",
    last_seen_message_id: int | None = None,
    to_new_outside: bool = False,
    attachments: Sequence[NewAttachment] = (),
    hold_until: datetime | None = None,
) -> Message:
    """Write to the requester and everybody in copy; the mail leaves after the commit, or at ``hold_until``.

    With ``html`` the text is made of that; the mail has both in any case (docs/answering.md rules 15 and 17).

    A ticket that nobody has becomes the writer's, and a new one is open. Somebody outside, at a domain to which nobody
    wrote on this ticket yet, gets it only with ``to_new_outside`` (docs/mail.md rule 38).

    Raises:
        NotFound: no such work item, or not for this actor.
        RuleViolation: nothing written, no conversation, no mailbox to write from, or unconfirmed recipients outside.
        Conflict: somebody wrote since ``last_seen_message_id``.
    """
    item = project_queries.get_item(session, actor=actor, item_id=item_id)
    lock(session, item.id)
    details = queries.details(session, item.id)
    said, files = formatted_with(text, html, attachments)
    if details is None:
        message = "Nobody has written on this item: there is nobody to reply to. Add a note instead."
        raise RuleViolation(message)
    _refuse_overtaken(session, item.id, last_seen_message_id)
    whom = recipients(session, item=item, details=details)
    if not whom.to.address:
        message = f"{whom.without_address} has no mail address, so no answer can leave. Add one on their page first."
        raise RuleViolation(message)
    if whom.outside and not to_new_outside:
        message = f"This answer would be the first to {', '.join(whom.outside)}. Confirm that they may have it."
        raise RuleViolation(message, field="to_new_outside")
    mailbox = details.mailbox or outbox.default_mailbox(session)
    if mailbox is None:
        message = "No mailbox is connected yet, so no reply can leave. Ask an administrator to connect one."
        raise RuleViolation(message)
    written = write(
        session,
        kind="reply",
        item_id=item.id,
        person_id=actor.person_id,
        now=now,
        text=said.text,
        html=said.html,
        subject=subject_of(item.number, item.title),
    )
    attach(written, files)
    _send(
        session,
        item=item,
        details=details,
        whom=whom,
        mailbox=mailbox,
        message=written,
        actor=actor,
        now=now,
        hold_until=hold_until,
    )
    _let_in_answered(session, item=item, whom=whom, now=now)
    _take_up(session, item, actor, now)
    following.follow_by_itself(session, item_id=item.id, person_id=actor.person_id, now=now)
    tell_of_answer(session, actor=actor, now=now, item=item, message=written)
    touch(session, item, now)
    audit.record(session, actor=actor, action="replied", kind="work_item", object_id=item.id, now=now)
    return written


@dataclass(frozen=True, slots=True)
class Recipients:
    """To whom an answer goes; ``outside`` are the addresses that need a word of confirmation (rule 38).

    ``instead_of`` is the requester's own address where their mail asked for answers to another one (rule 20).
    ``without_address`` is the name of a requester who has none: whoever is in copy first gets it then, else nobody,
    and ``to`` has no address (docs/desk.md rule 84).
    """

    to: Address
    cc: tuple[Address, ...]
    outside: tuple[str, ...]
    instead_of: str = ""
    without_address: str = ""


def recipients(session: Session, *, item: WorkItem, details: TicketDetails) -> Recipients:
    """Return to whom an answer on this ticket goes: the requester, and everybody in copy."""
    requester = details.requester
    reply_to = queries.latest_reply_to(session, item.id, requester.id)
    to = Address("", reply_to) if reply_to else Address(requester.name, requester.email)
    people = [one.contact for one in queries.participants(session, [item.id]) if one.contact_id != requester.id]
    cc = tuple(Address(one.name, one.email) for one in people if one.email.lower() not in ("", to.address.lower()))
    without_address = "" if to.address else requester.name
    if without_address and cc:
        to, cc = cc[0], cc[1:]
    outside = new_outside(
        [person.address.lower() for person in (to, *cc) if person.address],
        domains=clients.domains_of(session, item.project.client_id),
        addresses={requester.email.lower(), *queries.answered_addresses(session, item.id)},
    )
    return Recipients(to, cc, tuple(outside), requester.email if reply_to else "", without_address)


def _let_in_answered(session: Session, *, item: WorkItem, whom: Recipients, now: datetime) -> None:
    """Let the address that a requester asked us to answer to take part: whoever gets our answer may answer it."""
    if whom.instead_of:
        contact = client_service.add_contact(
            session, actor=SYSTEM, now=now, name="", email=whom.to.address, client_id=None
        )
        add_participants(session, now=now, item=item, contact_ids=[contact.id], added_by="staff")


def _send(
    session: Session,
    *,
    item: WorkItem,
    details: TicketDetails,
    whom: Recipients,
    mailbox: Mailbox,
    message: Message,
    actor: Actor,
    now: datetime,
    hold_until: datetime | None,
) -> None:
    """Queue the mail for a reply and tie the two together."""
    earlier, language = queries.mail_ids(session, item.id), language_of(details, mailbox)
    said = letter_text(message.text, message.html or "", language=language)
    pictures = {file.content_id for file in message.attachments if file.inline and file.content_id}
    outgoing: OutgoingMessage = outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"message:{message.id}",
        purpose="reply",
        about=("work_item", item.id),
        to=[whom.to],
        cc=whom.cc,
        subject=message.subject,
        text=above_the_line(signed(said, mailbox.signature), language=language),
        html=letter_html(
            message.html or html_of(message.text), signature=mailbox.signature, language=language, pictures=pictures
        ),
        in_reply_to=earlier[-1] if earlier else "",
        references=earlier,
        item_id=item.id,
        from_name=f"{actor.name} ({mailbox.name})" if mailbox.name else actor.name,
        attachments=[
            OutgoingFile(file.name, file.content_type, file.blob_sha256, file.content_id if file.inline else None)
            for file in message.attachments
        ],
        hold_until=hold_until,
    )
    message.outgoing_message_id = outgoing.id
    message.message_id = outgoing.message_id
    message.recipients = [*outgoing.to, *outgoing.cc]
    remember(session, item.id, (outgoing.message_id,))
    session.flush()


def language_of(details: TicketDetails, mailbox: Mailbox) -> str:
    """Return in which language the requester is written to."""
    requester = details.requester
    return requester.language or (requester.client.language if requester.client else "") or mailbox.language


def _refuse_overtaken(session: Session, item_id: int, last_seen_message_id: int | None) -> None:
    newest = queries.last_message_id(session, item_id)
    if last_seen_message_id is not None and newest is not None and newest > last_seen_message_id:
        message = "Somebody wrote on this ticket while you did. Read it, then send again; your text is still here."
        raise Conflict(message)


def _take_up(session: Session, item: WorkItem, actor: Actor, now: datetime) -> None:
    if item.assignee_id is None and actor.person_id is not None:
        projects.assign(session, actor=actor, now=now, item_id=item.id, assignee_id=actor.person_id)
    if item.status == "new":
        projects.set_status(session, actor=actor, now=now, item_id=item.id, status="open")


def signed(text: str, signature: str) -> str:
    """Return the text with the signature of the mailbox below it."""
    return f"{text}\n\n-- \n{signature.strip()}\n" if signature.strip() else f"{text}\n"
