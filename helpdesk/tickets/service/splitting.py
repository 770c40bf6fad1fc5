"""A message becomes a ticket of its own (docs/desk.md rule 25)."""

from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.notices import service as notices
from helpdesk.projects import queries as project_queries
from helpdesk.tickets import queries
from helpdesk.tickets.models import Message, ThreadReference, TicketDetails
from helpdesk.tickets.service.merging import refuse_merged, refuse_merged_into
from helpdesk.tickets.service.opening import NO_TITLE, open_details
from helpdesk.tickets.service.writing import add_event, lock, remember

TITLE_LIMIT = 300


def splittable(session: Session, *, actor: Actor, number: int, message_id: int) -> Message:
    """Return a mail or note that can become a ticket of its own.

    Raises:
        NotFound: no such ticket or message on it, or not for this actor.
        Conflict: the ticket was merged into another.
        RuleViolation: it stays, and the message says why.
    """
    item, details = queries.get_item_with_details(session, actor=actor, number=number)
    if details is not None:
        refuse_merged_into(session, item, details.merged_into_id)
    return _splittable(session, actor, item.id, details, message_id)


def split_message(
    session: Session, *, actor: Actor, now: datetime, item_id: int, message_id: int, title: str
) -> Message:
    """Make a mail or note, with its files, a ticket of its own in the same project, and return it there.

    Whoever wrote the mail is the requester; of a note or a colleague's mail, the one of the ticket before. Answers to
    the mail find the new ticket.

    Raises:
        NotFound, Conflict, RuleViolation: as :func:`splittable`.
    """
    item = lock(session, item_id)
    refuse_merged(session, project_queries.get_item(session, actor=actor, item_id=item_id))
    message = _splittable(session, actor, item_id, queries.details(session, item_id), message_id)
    details = session.get_one(TicketDetails, item_id)
    new = open_details(
        session,
        actor=actor,
        now=now,
        project_id=item.project_id,
        requester_id=message.contact_id or details.requester_id,
        title=title.strip()[:TITLE_LIMIT] or NO_TITLE,
        mailbox_id=details.mailbox_id,
        priority=item.priority,
        team_id=item.team_id,
        related_to_id=item_id,
        reasons=(f"split off by {actor.name}",),
    )
    session.flush()
    message.work_item_id = new.id
    notices.follow(session, message_ids=[message.id], from_item=(item.id, item.number), to_item=(new.id, new.number))
    merged = select(TicketDetails.work_item_id).where(TicketDetails.merged_into_id == item_id)
    session.execute(
        delete(ThreadReference).where(
            or_(ThreadReference.work_item_id == item_id, ThreadReference.work_item_id.in_(merged)),
            ThreadReference.message_id == message.message_id,
        )
    )
    session.flush()
    session.expire(message, ["work_item"])
    remember(session, new.id, (message.message_id,))
    author = message.person or message.contact
    what = f"the {'note' if message.kind == 'note' else 'mail'} of {author.name if author is not None else 'nobody'}"
    add_event(session, actor=actor, now=now, item_id=item_id, text=f"made {what} #{new.number}")
    add_event(session, actor=actor, now=now, item_id=new.id, text=f"split {what} off from #{item.number}")
    audit.record(
        session,
        actor=actor,
        action="split off a message",
        kind="work_item",
        object_id=new.id,
        now=now,
        message_id=message.id,
        before=item_id,
    )
    return message


def _splittable(
    session: Session, actor: Actor, item_id: int, details: TicketDetails | None, message_id: int
) -> Message:
    message = queries.get_written(session, actor=actor, message_id=message_id)
    if message.work_item_id != item_id or message.kind == "event" or details is None:
        text = "There is no such message."
        raise NotFound(text)
    why = _why_it_stays(session, message, details)
    if why:
        raise RuleViolation(why)
    return message


def _why_it_stays(session: Session, message: Message, details: TicketDetails) -> str:
    client, author = message.work_item.project.client, message.contact
    if message.kind == "reply":
        return "An answer of ours stays where it was sent from: what is answered to it arrives there."
    if message.held or message.discarded_at is not None:
        return "Decide about this mail first: it is held."
    first = queries.first_mail(session, details.work_item_id)
    if first is not None and first.id == message.id:
        return "This mail opened the ticket. Split off another one, or merge the ticket."
    if author is not None and author.client_id not in (None, client.id) and not client.is_internal:
        return f"{author.name} is a contact of another client; the tickets of clients stay apart."
    return ""
