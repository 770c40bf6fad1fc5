"""Add tasks and milestones to a plan, and edit what the plan knows of one."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import service
from helpdesk.projects.domain.plan import Plan, Span
from helpdesk.projects.domain.rescheduling import reschedule
from helpdesk.projects.models import TaskDetails, WorkItem
from helpdesk.projects.planning.reading import StoredPlan, TaskRow
from helpdesk.projects.planning.writing import (
    Change,
    check_version,
    note_move,
    read_alone,
    touch,
    write_days,
)


@dataclass(frozen=True)
class Details:
    """What a person says of a task in a plan. One of both days is enough; a milestone has one day."""

    parent: int | None = None  # the number of the task above
    starts_on: date | None = None
    due_on: date | None = None
    estimate_seconds: int | None = None
    remaining_seconds: int | None = None  # what they know better than estimate minus work
    is_milestone: bool = False

    @property
    def span(self) -> Span | None:
        """The days."""
        days = [day for day in (self.starts_on, self.due_on) if day is not None]
        if not days:
            return None
        return Span(days[-1], days[-1]) if self.is_milestone else Span(days[0], days[-1])


def add(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    title: str,
    details: Details,
    assignee_id: int | None = None,
) -> WorkItem:
    """Add a task or a milestone at the end of a plan.

    Raises:
        NotFound: no such project, person or parent, or not for this actor.
        RuleViolation: no title, an end before the start, or a parent that is a milestone.
    """
    stored = read_alone(session, actor=actor, project_id=project_id)
    parent = _checked_parent(stored, details)
    item = service.add_task(
        session,
        actor=actor,
        now=now,
        project_id=project_id,
        title=title,
        assignee_id=assignee_id,
        estimate_seconds=details.estimate_seconds,
        parent_id=parent.id if parent else None,
    )
    _write(session, item.id, {"is_milestone": details.is_milestone})
    stored = read_alone(session, actor=actor, project_id=project_id)
    wanted = {item.id: details.span} if details.span else {}
    changed = reschedule(stored.plan, wanted, stirred=_above(stored.plan, parent))
    write_days(session, actor=actor, now=now, stored=stored, changed=changed, chosen={item.id}, action="planned")
    return item


def edit(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    number: int,
    details: Details,
    worked_seconds: int,
    expected_version: int,
) -> list[Change]:
    """Set what the plan knows of a task, and return every task whose days this changed.

    ``worked_seconds`` is what was worked on it so far: what is left counts down from there. The days of a summary
    are those of the tasks below it, whatever is said.

    Raises:
        NotFound: no such project, task or parent, or not for this actor.
        Conflict: somebody changed the task in the meantime.
        RuleViolation: an end before the start, a parent that is a milestone or below the task itself, a milestone
            with tasks below it, a negative duration, or days before what the task follows allows.
    """
    stored = read_alone(session, actor=actor, project_id=project_id)
    row = stored.by_number(number)
    check_version(row, expected_version)
    parent = _checked_parent(stored, details)
    if details.is_milestone and stored.plan.is_summary(row.id):
        message = f"{row.name} has tasks below it, so it cannot be a milestone."
        raise RuleViolation(message)
    columns = _columns(details, parent, worked_seconds)
    changes = _write_and_push(session, actor, now, stored, row, parent, details, columns)
    audit.record(
        session,
        actor=actor,
        action="edited plan",
        kind="task",
        object_id=row.id,
        now=now,
        **_told(row, stored, details),
    )
    session.flush()
    return changes


def _write_and_push(
    session: Session,
    actor: Actor,
    now: datetime,
    stored: StoredPlan,
    row: TaskRow,
    parent: TaskRow | None,
    details: Details,
    columns: dict[str, Any],
) -> list[Change]:
    _write(session, row.id, columns)
    is_summary = stored.plan.is_summary(row.id)
    if not is_summary and details.span is None:
        _write(session, row.id, {"starts_on": None, "due_on": None})
    fresh = read_alone(session, actor=actor, project_id=stored.project_id)
    wanted = {row.id: details.span} if details.span and not is_summary else {}
    moved_below = parent is not None and parent.id != row.parent_id
    stirred = _above(fresh.plan, parent) if moved_below else set()
    if details.is_milestone != row.is_milestone:
        stirred = stirred | {row.id}
    changed = reschedule(fresh.plan, wanted, stirred=stirred)
    changes = write_days(
        session, actor=actor, now=now, stored=fresh, changed=changed, chosen={row.id}, action="planned"
    )
    if changes:
        note_move(session, actor=actor, now=now, project_id=stored.project_id, changes=changes, undoes_id=None)
    if row.id not in changed:
        touch(session, [row.id], now=now)
        session.expire_all()
    return changes


def _columns(details: Details, parent: TaskRow | None, worked_seconds: int) -> dict[str, Any]:
    """Return the columns beside the days; what was said to be left keeps counting from when it was said."""
    for seconds in (details.estimate_seconds, details.remaining_seconds):
        if seconds is not None and seconds < 0:
            message = "An estimate and what is left of it are not negative."
            raise RuleViolation(message)
    said = details.remaining_seconds
    return {
        "parent_id": parent.id if parent else None,
        "estimate_seconds": details.estimate_seconds,
        "is_milestone": details.is_milestone,
        "stated_remaining_seconds": said,
        "stated_at_worked_seconds": None if said is None else worked_seconds,
    }


def _checked_parent(stored: StoredPlan, details: Details) -> TaskRow | None:
    if details.starts_on and details.due_on and details.due_on < details.starts_on and not details.is_milestone:
        message = "A task is not due before it starts."
        raise RuleViolation(message)
    if details.parent is None:
        return None
    parent = stored.by_number(details.parent)
    if parent.is_milestone:
        message = f"{parent.name} is a milestone; tasks do not go below it."
        raise RuleViolation(message)
    return parent


def _above(plan: Plan, parent: TaskRow | None) -> set[int]:
    """Return what precedes the tasks above: a new task below them has to follow it too."""
    found: set[int] = set()
    task = plan.by_id[parent.id] if parent else None
    seen: set[int] = set()
    while task is not None and task.id not in seen:
        seen.add(task.id)
        found |= {link.predecessor_id for link in plan.links_to.get(task.id, ())}
        task = plan.parent_of(task)
    return found


def _write(session: Session, task_id: int, columns: dict[str, Any]) -> None:
    session.flush()
    session.execute(update(TaskDetails).where(TaskDetails.work_item_id == task_id).values(**columns))
    session.expire_all()


def _told(row: TaskRow, stored: StoredPlan, details: Details) -> dict[str, Any]:
    """Return before and after of all that was said, as JSON keeps it."""
    above = stored.by_id.get(row.parent_id or 0)
    before = Details(
        parent=above.number if above else None,
        starts_on=row.starts_on,
        due_on=row.due_on,
        estimate_seconds=row.estimate_seconds,
        remaining_seconds=row.stated_remaining_seconds,
        is_milestone=row.is_milestone,
    )
    return {
        name: {key: str(value) if isinstance(value, date) else value for key, value in asdict(said).items()}
        for name, said in (("before", before), ("after", details))
    }
