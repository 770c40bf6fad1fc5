"""An item changes its kind: a conversation becomes part of the plan, or a task somebody's request (architecture, 3)."""

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries, snoozing
from helpdesk.projects.models import TaskDetails, TaskLink, WorkItem


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


def has_plan(session: Session, *, item_id: int) -> bool:
    """Return whether an item has a place in the plan of its project, or had one before it became a ticket."""
    return session.get(TaskDetails, item_id) is not None


def leave_plan(session: Session, *, item: WorkItem) -> None:
    """Take a ticket's place in the plan away where nobody planned anything with it."""
    details = session.get(TaskDetails, item.id)
    if details is None or details.is_milestone:
        return
    planned = (details.parent_id, details.starts_on, details.due_on, details.estimate_seconds)
    linked = select(TaskLink.id).where(or_(TaskLink.predecessor_id == item.id, TaskLink.successor_id == item.id))
    if all(one is None for one in planned) and session.scalar(linked.limit(1)) is None:
        session.delete(details)
        session.flush()
        session.expire(item, ["task_details"])


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
