"""An item changes its kind: a conversation becomes part of the plan, or a task somebody's request (architecture, 3)."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries, snoozing
from helpdesk.projects.models import TaskDetails, WorkItem


def become_task(session: Session, *, actor: Actor, now: datetime, item_id: int) -> WorkItem:
    """Make a ticket a task of its project, at the end of the plan unless it was there before, and return it.

    Number, time and whatever else names the item stay; so does what made it a ticket.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: it is a task already, or waits in Triage, which has no plan.
    """
    item = queries.get_item(session, actor=actor, item_id=item_id)
    if item.kind == "task":
        _refuse(f"#{item.number} is a task already.")
    if item.project.is_triage:
        _refuse("Move it to a project of its client first; Triage has no plan.")
    if session.get(TaskDetails, item.id) is None:
        last = select(func.max(TaskDetails.position)).join(WorkItem, WorkItem.id == TaskDetails.work_item_id)
        position = (session.scalar(last.where(WorkItem.project_id == item.project_id)) or 0) + 1
        session.add(TaskDetails(work_item_id=item.id, position=position))
    return _change(session, item, "task", actor, now)


def become_ticket(session: Session, *, actor: Actor, now: datetime, item_id: int) -> WorkItem:
    """Make a task a ticket and return it; whoever asks adds what makes it one. Its place in the plan is kept.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: it is a ticket already, or there are tasks below it, which would hang in the air.
    """
    item = queries.get_item(session, actor=actor, item_id=item_id)
    if item.kind == "ticket":
        _refuse(f"#{item.number} is a ticket already.")
    below = select(func.count()).where(TaskDetails.parent_id == item.id)
    if count := session.scalar(below):
        _refuse(f"#{item.number} has tasks below it ({count}). Put them elsewhere first; nothing was changed.")
    return _change(session, item, "ticket", actor, now)


def _change(session: Session, item: WorkItem, kind: str, actor: Actor, now: datetime) -> WorkItem:
    snoozing.wake(session, actor=actor, now=now, item=item)
    before, item.kind, item.updated_at = item.kind, kind, now
    session.flush()
    audit.record(
        session, actor=actor, action="changed kind", kind=kind, object_id=item.id, now=now, before=before, after=kind
    )
    return item


def _refuse(message: str) -> None:
    raise RuleViolation(message)
