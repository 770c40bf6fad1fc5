"""A message becomes a ticket of its own, its time with it where somebody says so (docs/desk.md rule 25)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.intake.domain.subject import plain_subject
from helpdesk.intake.service import following
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import entry_uuid
from helpdesk.tickets.models import Message
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries


def title_of(message: Message) -> str:
    """Return how the new ticket would be called: as the mail is, or as the ticket where it has no subject."""
    return plain_subject(message.subject) or message.work_item.title


def time_of(session: Session, message: Message, *, item_id: int) -> TimeEntry | None:
    """Return the time that was logged with the message; None where it is on another item, from which a merge came."""
    entry = entries.of_uuid(session, person_id=message.person_id, uuid=entry_uuid(message.id))
    return entry if entry is not None and entry.work_item_id == item_id else None


def split(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    message_id: int,
    title: str,
    with_time: bool = False,
) -> WorkItem:
    """Make a message a ticket of its own, and return that.

    Raises:
        NotFound: no such message on this ticket, or not for this actor.
        Conflict: the ticket was merged into another, or the time is charged.
        RuleViolation: no subject, the message stays, or its time does; the message says why.
    """
    if not title.strip():
        message = "A ticket needs a subject."
        raise RuleViolation(message, field="subject")
    moved = tickets.split_message(session, actor=actor, now=now, item_id=item.id, message_id=message_id, title=title)
    following.follow(session, [moved.id], item_id=moved.work_item_id)
    time = time_of(session, moved, item_id=item.id) if with_time else None
    if time is not None:
        timekeeping.put_on(session, actor=actor, now=now, entry_id=time.id, item=moved.work_item)
    return moved.work_item
