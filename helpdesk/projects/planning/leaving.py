"""Work leaves the plan of its project for another project: what goes along, and what it is no longer tied to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from helpdesk.infra import audit, live
from helpdesk.infra.db import alone
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries, service
from helpdesk.projects.models import TaskDetails, TaskLink, WorkItem


@dataclass(frozen=True)
class Ties:
    """What joins work that leaves to work that stays: the task above it, and links as (predecessor, successor)."""

    above: WorkItem | None
    links: tuple[tuple[WorkItem, WorkItem], ...]


def move_item(session: Session, *, actor: Actor, now: datetime, item_id: int, project_id: int) -> list[WorkItem]:
    """Move a ticket or a task to another project of its client, or from our own (Triage above all) to anybody's.

    Tasks below it go along, and all of it is untied from what stays: the task above it, links (docs/projects.md). Who
    may not have work of the new project has it no more. Returned is what moved, the item first; in the project that it
    has already nothing moves.

    Raises:
        NotFound: no such item or project, or not for this actor.
        RuleViolation: a closed project; work that belongs to another client; a task to Triage, which has no plan.
    """
    item = queries.get_item(session, actor=actor, item_id=item_id)
    project = queries.get_project(session, actor=actor, project_id=project_id)
    before = item.project
    if project.status != "active":
        message = f"{project.name} is not active any more; choose another project."
        raise RuleViolation(message)
    if not before.client.is_internal and before.client_id != project.client_id:
        what = "conversation is with" if item.kind == "ticket" else "task is for"
        message = f"This {what} {before.client.name}; it does not move to another client."
        raise RuleViolation(message)
    if item.kind == "task" and project.is_triage:
        message = "Triage has no plan; choose another project."
        raise RuleViolation(message)
    if before.id == project.id:
        return []
    moving = [item, *tasks_below(session, item)]
    if session.get(TaskDetails, item.id) is not None:  # a ticket that was a task once keeps its place in the plan
        _let_go(session, actor=actor, now=now, leaving=moving, project_id=project.id)
    for each in moving:
        each.project_id, each.updated_at = project.id, now
    session.flush()
    for each in moving:
        session.expire(each, ["project"])
        audit.record(
            session,
            actor=actor,
            action="moved",
            kind=each.kind,
            object_id=each.id,
            now=now,
            before=before.id,
            after=project.id,
        )
        if each.assignee_id is not None and service.why_not_assignable(
            session, project=project, person_id=each.assignee_id
        ):
            service.assign(session, actor=actor, now=now, item_id=each.id, assignee_id=None)
        live.publish(session, audience=live.to_item(each.id), topic="queue", now=now)
    return moving


def tasks_below(session: Session, item: WorkItem) -> list[WorkItem]:
    """Return the tasks below an item at any depth, those above before those below them, as the plan has them."""
    found: list[WorkItem] = []
    known, above = {item.id}, [item.id]
    while above:
        query = (
            select(WorkItem)
            .join(TaskDetails, TaskDetails.work_item_id == WorkItem.id)
            .where(TaskDetails.parent_id.in_(above), WorkItem.id.not_in(known), WorkItem.kind == "task")
            .options(joinedload(WorkItem.project))
            .order_by(TaskDetails.position, WorkItem.number)
        )
        level = list(session.scalars(query))
        above = [each.id for each in level]
        known.update(above)
        found += level
    return found


def ties_of(session: Session, leaving: Sequence[WorkItem]) -> Ties:
    """Return what joins ``leaving``, the first of which stands above the others, to what stays."""
    ids = {each.id for each in leaving}
    details = session.get(TaskDetails, leaving[0].id)
    above = session.get(WorkItem, details.parent_id) if details and details.parent_id else None
    touching = or_(TaskLink.predecessor_id.in_(ids), TaskLink.successor_id.in_(ids))
    rows = session.scalars(select(TaskLink).where(touching).order_by(TaskLink.id)).all()
    cut = [row for row in rows if not {row.predecessor_id, row.successor_id} <= ids]
    ends = {row.predecessor_id for row in cut} | {row.successor_id for row in cut}
    items = {each.id: each for each in session.scalars(select(WorkItem).where(WorkItem.id.in_(ends)))} if ends else {}
    return Ties(above, tuple((items[row.predecessor_id], items[row.successor_id]) for row in cut))


def _let_go(session: Session, *, actor: Actor, now: datetime, leaving: Sequence[WorkItem], project_id: int) -> Ties:
    """Take ``leaving`` out of its plan to the end of another project's, in the order given; return what was untied.

    Both plans are changed by one at a time. What leaves keeps its days, and its links and levels among itself.
    """
    alone(session, *(f"plan of project {each}" for each in (leaving[0].project_id, project_id)))
    ties, first = ties_of(session, leaving), leaving[0]
    last = (
        select(func.max(TaskDetails.position))
        .join(WorkItem, WorkItem.id == TaskDetails.work_item_id)
        .where(WorkItem.project_id == project_id)
    )
    position = session.scalar(last) or 0
    ids = [each.id for each in leaving]
    hanging = TaskDetails.parent_id.in_(ids) & TaskDetails.work_item_id.not_in(ids)  # tickets that were tasks below it
    session.execute(update(TaskDetails).where(hanging | (TaskDetails.work_item_id == first.id)).values(parent_id=None))
    for place, each in enumerate(leaving, position + 1):
        session.execute(update(TaskDetails).where(TaskDetails.work_item_id == each.id).values(position=place))
    for before, after in ties.links:
        session.execute(delete(TaskLink).where(TaskLink.predecessor_id == before.id, TaskLink.successor_id == after.id))
        audit.record(
            session,
            actor=actor,
            action="unlinked",
            kind="task",
            object_id=after.id,
            now=now,
            followed=before.number,
            moved_to=project_id,
        )
    return ties
