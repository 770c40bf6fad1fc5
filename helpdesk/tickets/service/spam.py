"""Tickets that are spam: out of every queue, with the way back (docs/mail.md rule 43)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as project_queries
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import TicketDetails
from helpdesk.tickets.service.merging import refuse_merged
from helpdesk.tickets.service.writing import add_event, lock


def mark_spam(session: Session, *, actor: Actor, now: datetime, item_id: int) -> WorkItem:
    """Close a ticket as spam: it leaves the queues, and answers to it reopen nothing.

    Raises:
        NotFound: no such ticket, or not for this actor.
        RuleViolation: nobody wrote: it is a task.
        Conflict: it is spam already, or was merged into another ticket.
    """
    item, details = _ticket(session, actor, item_id)
    if details.spam_at is not None:
        message = "This ticket is marked as spam already."
        raise Conflict(message)
    details.spam_at, details.spam_by_id = now, actor.person_id
    projects.set_status(session, actor=actor, now=now, item_id=item.id, status="closed")
    add_event(session, actor=actor, now=now, item_id=item.id, text="marked this as spam")
    audit.record(session, actor=actor, action="marked as spam", kind="work_item", object_id=item.id, now=now)
    return item


def unmark_spam(session: Session, *, actor: Actor, now: datetime, item_id: int) -> WorkItem:
    """Take back that a ticket is spam: it is open again.

    Raises:
        NotFound: no such ticket, or not for this actor.
        RuleViolation: nobody wrote: it is a task.
        Conflict: it is not spam.
    """
    item, details = _ticket(session, actor, item_id)
    if details.spam_at is None:
        message = "This ticket is not marked as spam."
        raise Conflict(message)
    details.spam_at = details.spam_by_id = None
    projects.set_status(session, actor=actor, now=now, item_id=item.id, status="open")
    add_event(session, actor=actor, now=now, item_id=item.id, text="took back that this is spam")
    audit.record(session, actor=actor, action="called not spam", kind="work_item", object_id=item.id, now=now)
    return item


def _ticket(session: Session, actor: Actor, item_id: int) -> tuple[WorkItem, TicketDetails]:
    """Return the ticket, locked, with its details."""
    project_queries.get_item(session, actor=actor, item_id=item_id)
    item, details = lock(session, item_id), session.get(TicketDetails, item_id)
    if details is None:
        message = "Nobody has written on this task: it cannot be spam."
        raise RuleViolation(message)
    refuse_merged(session, item)
    return item, details
