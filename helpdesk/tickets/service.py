"""Use cases of conversations: tickets that open, mail that arrives, replies that go out, notes and events."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.projects import queries as project_queries
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries
from helpdesk.tickets.domain import IncomingMail, NewAttachment, subject_of
from helpdesk.tickets.models import Attachment, Message, Participant, ThreadReference, TicketDetails

REOPENED_BY_AN_ANSWER = ("waiting", "solved", "closed")
NO_TITLE = "(no subject)"


def open_ticket(  # noqa: PLR0913 - a ticket by form has this many fields
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    requester_id: int,
    title: str,
    text: str,
    mailbox_id: int | None = None,
    priority: str = "normal",
    assignee_id: int | None = None,
    reasons: Iterable[str] = (),
) -> WorkItem:
    """Open a ticket that somebody reported by form or phone; ``text`` becomes its first, internal message.

    Raises:
        NotFound: no such project, or not for this actor.
        RuleViolation: no title.
    """
    item = _open(
        session,
        actor=actor,
        now=now,
        project_id=project_id,
        requester_id=requester_id,
        title=title,
        mailbox_id=mailbox_id,
        priority=priority,
        assignee_id=assignee_id,
        reasons=tuple(reasons) or (f"opened by {actor.name}",),
    )
    if text.strip():
        _write(session, kind="note", item_id=item.id, person_id=actor.person_id, now=now, text=text.strip())
    return item


def open_by_mail(
    session: Session,
    *,
    now: datetime,
    project_id: int,
    requester_id: int,
    mailbox_id: int,
    title: str,
    mail: IncomingMail,
    related_to_id: int | None = None,
) -> Message:
    """Open a ticket with its first mail and return that message; ``message.work_item_id`` is the ticket."""
    item = _open(
        session,
        actor=SYSTEM,
        now=now,
        project_id=project_id,
        requester_id=requester_id,
        title=title.strip() or NO_TITLE,
        mailbox_id=mailbox_id,
        related_to_id=related_to_id,
        reasons=mail.reasons,
    )
    return _keep_mail(session, item_id=item.id, contact_id=requester_id, person_id=None, mail=mail)


def add_mail(
    session: Session,
    *,
    now: datetime,
    item_id: int,
    contact_id: int | None,
    person_id: int | None,
    mail: IncomingMail,
) -> Message:
    """Add a mail of a contact or of a member of staff to its ticket.

    A client's answer reopens what waited or was solved; automatic and held mail, and mail of staff, changes nothing
    else (docs/mail.md rules 16, 18 and 24).
    """
    item = _lock(session, item_id)
    message = _keep_mail(session, item_id=item_id, contact_id=contact_id, person_id=person_id, mail=mail)
    if mail.automatic or mail.held or contact_id is None:
        return message
    _touch(session, item, now)
    if item.status in REOPENED_BY_AN_ANSWER:
        _reopen(session, item, now)
    return message


def reply(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item_id: int,
    text: str,
    last_seen_message_id: int | None = None,
) -> Message:
    """Write to the requester and everybody in copy; the mail leaves after the commit.

    A ticket that nobody has becomes the writer's, and a new one is open.

    Raises:
        NotFound: no such work item, or not for this actor.
        RuleViolation: nothing written, no conversation, or no mailbox to write from.
        Conflict: somebody wrote since ``last_seen_message_id``.
    """
    item = project_queries.get_item(session, actor=actor, item_id=item_id)
    _lock(session, item.id)
    details = queries.details(session, item.id)
    body = _worded(text)
    if details is None:
        message = "Nobody has written on this item: there is nobody to reply to. Add a note instead."
        raise RuleViolation(message)
    _refuse_overtaken(session, item.id, last_seen_message_id)
    mailbox = details.mailbox or outbox.default_mailbox(session)
    if mailbox is None:
        message = "No mailbox is connected yet, so no reply can leave. Ask an administrator to connect one."
        raise RuleViolation(message)
    written = _write(
        session,
        kind="reply",
        item_id=item.id,
        person_id=actor.person_id,
        now=now,
        text=body,
        subject=subject_of(item.number, item.title),
    )
    _send(session, item=item, details=details, mailbox=mailbox, message=written, actor=actor, now=now)
    _take_up(session, item, actor, now)
    _touch(session, item, now)
    audit.record(session, actor=actor, action="replied", kind="work_item", object_id=item.id, now=now)
    return written


def add_note(session: Session, *, actor: Actor, now: datetime, item_id: int, text: str) -> Message:
    """Add an internal note, which no client ever sees.

    Raises:
        NotFound: no such work item, or not for this actor.
        RuleViolation: nothing written.
    """
    item = project_queries.get_item(session, actor=actor, item_id=item_id)
    note = _write(session, kind="note", item_id=item.id, person_id=actor.person_id, now=now, text=_worded(text))
    audit.record(session, actor=actor, action="noted", kind="work_item", object_id=item.id, now=now)
    return note


def add_event(session: Session, *, actor: Actor, now: datetime, item_id: int, text: str) -> Message:
    """Add one line about something that happened, such as a delivery that failed."""
    return _write(session, kind="event", item_id=item_id, person_id=actor.person_id, now=now, text=text)


def add_participants(session: Session, *, now: datetime, item_id: int, contact_ids: Iterable[int]) -> None:
    """Add contacts in copy; who takes part already stays what they are (docs/mail.md rules 21 and 38)."""
    known = {participant.contact_id for participant in queries.participants(session, [item_id])}
    for contact_id in dict.fromkeys(contact_ids):
        if contact_id not in known:
            session.add(Participant(work_item_id=item_id, contact_id=contact_id, role="cc", added_at=now))
    session.flush()


def _open(  # noqa: PLR0913 - as open_ticket
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    requester_id: int,
    title: str,
    mailbox_id: int | None,
    reasons: tuple[str, ...],
    priority: str = "normal",
    assignee_id: int | None = None,
    related_to_id: int | None = None,
) -> WorkItem:
    item = projects.create_item(
        session,
        actor=actor,
        now=now,
        kind="ticket",
        project_id=project_id,
        title=title,
        priority=priority,
        assignee_id=assignee_id,
    )
    session.add(
        TicketDetails(
            work_item_id=item.id,
            requester_id=requester_id,
            mailbox_id=mailbox_id,
            related_to_id=related_to_id,
            reasons=list(reasons),
            last_message_at=now,
        )
    )
    session.add(Participant(work_item_id=item.id, contact_id=requester_id, role="requester", added_at=now))
    session.flush()
    return item


def _keep_mail(
    session: Session, *, item_id: int, contact_id: int | None, person_id: int | None, mail: IncomingMail
) -> Message:
    """Add the mail with its files, and remember every Message-ID by which answers will find the ticket."""
    message = Message(
        work_item_id=item_id,
        kind="mail",
        contact_id=None if person_id else contact_id,
        person_id=person_id,
        posted_at=mail.received_at,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        reply_text=mail.reply_text,
        trimmed_text=mail.trimmed_text,
        recipients=list(mail.recipients),
        message_id=mail.message_id,
        automatic=mail.automatic,
        held=mail.held,
        unverified=mail.unverified,
        blocked_images=list(mail.blocked_images),
        reasons=list(mail.reasons),
        attachments=[_attachment(position, file) for position, file in enumerate(mail.attachments)],
    )
    session.add(message)
    if not mail.held:
        _remember(session, item_id, (mail.message_id, *mail.references))
    session.flush()
    return message


def _attachment(position: int, file: NewAttachment) -> Attachment:
    return Attachment(
        position=position,
        blob_sha256=file.blob_sha256,
        name=file.name,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        inline=file.inline,
        content_id=file.content_id,
    )


def _write(
    session: Session, *, kind: str, item_id: int, person_id: int | None, now: datetime, text: str, subject: str = ""
) -> Message:
    message = Message(
        work_item_id=item_id,
        kind=kind,
        person_id=person_id,
        posted_at=now,
        subject=subject,
        text=text,
        reply_text=text,
        recipients=[],
        blocked_images=[],
        reasons=[],
    )
    session.add(message)
    session.flush()
    return message


def _send(
    session: Session,
    *,
    item: WorkItem,
    details: TicketDetails,
    mailbox: Mailbox,
    message: Message,
    actor: Actor,
    now: datetime,
) -> None:
    """Queue the mail for a reply and tie the two together."""
    people = [participant.contact for participant in queries.participants(session, [item.id])]
    others = [person for person in people if person.id != details.requester_id]
    earlier = queries.mail_ids(session, item.id)
    outgoing: OutgoingMessage = outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"message:{message.id}",
        purpose="reply",
        about=("work_item", item.id),
        to=[Address(details.requester.name, details.requester.email)],
        cc=[Address(person.name, person.email) for person in others],
        subject=message.subject,
        text=_signed(message.text, mailbox.signature),
        in_reply_to=earlier[-1] if earlier else "",
        references=earlier,
        item_id=item.id,
        from_name=f"{actor.name} ({mailbox.name})" if mailbox.name else actor.name,
    )
    message.outgoing_message_id = outgoing.id
    message.message_id = outgoing.message_id
    message.recipients = [*outgoing.to, *outgoing.cc]
    _remember(session, item.id, (outgoing.message_id,))
    session.flush()


def _remember(session: Session, item_id: int, message_ids: Iterable[str]) -> None:
    wanted = [message_id for message_id in dict.fromkeys(message_ids) if message_id]
    known = {
        message_id for message_id, known_item in queries.items_by_reference(session, wanted) if known_item == item_id
    }
    session.add_all(
        ThreadReference(work_item_id=item_id, message_id=message_id) for message_id in wanted if message_id not in known
    )
    session.flush()


def _lock(session: Session, item_id: int) -> WorkItem:
    """Return the work item, locked until the transaction ends: conversations grow one message at a time."""
    query = select(WorkItem).where(WorkItem.id == item_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


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


def _reopen(session: Session, item: WorkItem, now: datetime) -> None:
    before = item.status
    projects.set_status(session, actor=SYSTEM, now=now, item_id=item.id, status="open")
    if before == "waiting":
        return
    details = session.get_one(TicketDetails, item.id)
    details.reopened_count += 1
    add_event(session, actor=SYSTEM, now=now, item_id=item.id, text=f"reopened: the client answered ({before} before)")


def _touch(session: Session, item: WorkItem, now: datetime) -> None:
    item.updated_at = now
    details = session.get(TicketDetails, item.id)
    if details is not None:
        details.last_message_at = now
    session.flush()


def _worded(text: str) -> str:
    if not text.strip():
        message = "Nothing is written yet."
        raise RuleViolation(message)
    return text.strip()


def _signed(text: str, signature: str) -> str:
    return f"{text}\n\n-- \n{signature.strip()}\n" if signature.strip() else f"{text}\n"
