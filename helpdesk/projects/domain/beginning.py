"""The days of a project that begins from a template: counted from its start, and as its links demand. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from helpdesk.projects.domain.plan import Link, Plan, PlannedTask, Span
from helpdesk.projects.domain.rescheduling import reschedule
from helpdesk.projects.domain.workdays import Workdays

Days = tuple[date | None, date | None]


@dataclass(frozen=True)
class KeptTask:
    """One task of a template; its days are counted from the start of the project, 0 is that day, None is no day."""

    id: int
    title: str
    starts_after_days: int | None = None
    due_after_days: int | None = None
    parent_id: int | None = None
    is_milestone: bool = False


def days_from(start: date, tasks: Collection[KeptTask], links: Collection[Link] = ()) -> dict[int, Days]:
    """Return first and last day of each task, None where the template has none, in a project that begins at ``start``.

    A day that nobody works goes to the next one that is worked. A task that would then begin before what it follows
    allows is pushed to the first days that do, and what it is a part of grows with it.

    Raises:
        RuleViolation: days lie outside of what can be planned.
    """
    days = {task.id: (_day(start, task.starts_after_days), _day(start, task.due_after_days)) for task in tasks}
    plan = Plan(
        tuple(
            PlannedTask(task.id, task.title, _span(days[task.id]), task.parent_id, task.is_milestone) for task in tasks
        ),
        tuple(links),
    )
    pushed = reschedule(plan, {}, stirred=days) if links else {}
    moved = {task_id for task_id in pushed if not plan.is_summary(task_id)}
    for task_id, span in pushed.items():
        if task_id in moved or any(leaf.id in moved for leaf in plan.leaves_of(task_id)):
            days[task_id] = (span.starts_on, span.due_on)
    return days


def _day(start: date, days: int | None) -> date | None:
    return None if days is None else Workdays().on_or_after(start + timedelta(days=days))


def _span(days: Days) -> Span | None:
    known = [day for day in days if day is not None]
    return Span(min(known), max(known)) if known else None
