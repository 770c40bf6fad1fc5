"""Ticket to task and back, in one act with what the other kind needs. Number, time and messages stay as they are."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.desk import bulk, opening
from helpdesk.desk.opening import Whom
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import kinds
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.service.writing import lock

NOBODY = Whom()


def make_task(session: Session, *, actor: Actor, now: datetime, number: int) -> tuple[WorkItem, int]:
    """Make the ticket with that number a task, say so in its conversation; return it, and the act that can be undone.

    Mail that answers it still arrives there.

    Raises:
        NotFound: no such item, or not for this actor.
        Conflict: it was merged into another ticket.
        RuleViolation: as `helpdesk.projects.kinds.become_task`.
    """
    item = lock(session, projects.get_item(session, actor=actor, number=number).id)
    tickets.refuse_merged(session, item)
    until = item.snoozed_until.isoformat() if item.snoozed_until else None
    kept = {"kind": "ticket", "is_new": not kinds.has_plan(session, item_id=item.id), "snoozed_until": until}
    kinds.become_task(session, actor=actor, now=now, item_id=item.id)
    tickets.add_event(session, actor=actor, now=now, item_id=item.id, text="made this a task")
    return item, _remember(session, actor, now, item, kept)


def make_ticket(
    session: Session, *, actor: Actor, now: datetime, number: int, whom: Whom = NOBODY
) -> tuple[WorkItem, int]:
    """Make the task with that number a ticket, say so in its conversation; return it, and the act that can be undone.

    One that was a ticket before keeps its requester. Else ``whom`` says who asks: a contact of the client, or one that
    becomes it.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: nobody asks, or who cannot ask there, or as `projects.kinds.become_ticket`.
    """
    item = lock(session, projects.get_item(session, actor=actor, number=number).id)
    is_new = ticket_queries.details(session, item.id) is None
    if is_new:
        _add_requester(session, item, actor=actor, now=now, whom=whom)
    kinds.become_ticket(session, actor=actor, now=now, item_id=item.id)
    tickets.add_event(session, actor=actor, now=now, item_id=item.id, text="made this a ticket")
    return item, _remember(session, actor, now, item, {"kind": "task", "is_new": is_new, "snoozed_until": None})


def _add_requester(session: Session, item: WorkItem, *, actor: Actor, now: datetime, whom: Whom) -> None:
    if whom == NOBODY:
        message = "Say who asks: a ticket answers somebody. Nothing was changed."
        raise RuleViolation(message, field="who")
    known = opening.meant(session, actor=actor, whom=whom)
    contact = opening.contact_at(session, actor=actor, now=now, whom=whom, known=known, project=item.project)
    tickets.add_details(
        session, now=now, item=item, requester_id=contact.id, reasons=(f"made a ticket by {actor.name}",)
    )


def _remember(session: Session, actor: Actor, now: datetime, item: WorkItem, kept: dict[str, object]) -> int:
    change = {"item_id": item.id, "what": "kind", "before": {}, "after": {}, "kept": kept}
    return bulk.remember(session, actor=actor, now=now, changes=[change])
