"""A project's plan as it is stored: its tasks in the order of the plan, their links, and the value made of both."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from helpdesk.accounts.models import Person
from helpdesk.infra.ahead import rows_of
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound
from helpdesk.projects import queries
from helpdesk.projects.domain.plan import Link, Plan, PlannedTask, Span
from helpdesk.projects.models import OPEN_STATUSES, Project, TaskDetails, TaskLink, WorkItem


@dataclass(frozen=True)
class TaskRow:
    """One task of a plan, with what its page shows of it."""

    id: int
    number: int
    title: str
    status: str
    version: int
    assignee_name: str | None
    parent_id: int | None
    starts_on: date | None
    due_on: date | None
    estimate_seconds: int | None
    stated_remaining_seconds: int | None
    stated_at_worked_seconds: int | None
    is_milestone: bool

    @property
    def name(self) -> str:
        """How people call it: ``#12 Copy the mailboxes``."""
        return f"#{self.number} {self.title}"

    @property
    def is_done(self) -> bool:
        """Whether the work is over."""
        return self.status not in OPEN_STATUSES

    @property
    def span(self) -> Span | None:
        """Its days; a task with one of both days only takes that day."""
        days = [day for day in (self.starts_on, self.due_on) if day is not None]
        return Span(min(days), max(days)) if days else None


@dataclass(frozen=True)
class LinkRow:
    """One link of a plan."""

    id: int
    predecessor_id: int
    successor_id: int
    lag_days: int
    in_working_days: bool


@dataclass(frozen=True)
class StoredPlan:
    """The rows of a plan, children below their parents, and the plan that they make."""

    project_id: int
    rows: tuple[TaskRow, ...]
    links: tuple[LinkRow, ...]

    @cached_property
    def plan(self) -> Plan:
        """The plan as a value."""
        tasks = (
            PlannedTask(row.id, row.name, row.span, row.parent_id, row.is_milestone, row.is_done) for row in self.rows
        )
        links = (
            Link(link.predecessor_id, link.successor_id, link.lag_days, link.in_working_days) for link in self.links
        )
        return Plan(tuple(tasks), tuple(links))

    @cached_property
    def by_id(self) -> dict[int, TaskRow]:
        """The rows by the ids of their tasks."""
        return {row.id: row for row in self.rows}

    def by_number(self, number: int) -> TaskRow:
        """Return the task with a number.

        Raises:
            NotFound: no task of this plan has it.
        """
        found = next((row for row in self.rows if row.number == number), None)
        if found is None:
            message = f"There is no task #{number} in this plan."
            raise NotFound(message)
        return found


def read(session: Session, *, actor: Actor, project_id: int) -> StoredPlan:
    """Return a project's plan, in two queries beside that for the project.

    Raises:
        NotFound: no such project, or not for this actor.
    """
    return of_project(session, queries.get_project(session, actor=actor, project_id=project_id))


def of_project(session: Session, project: Project) -> StoredPlan:
    """Return what :func:`read` does, for whoever has the project already because they may see it."""
    rows = [TaskRow(*row) for row in rows_of(session, tasks_asked(project.id))]
    links = tuple(LinkRow(*row) for row in rows_of(session, links_asked(project.id)))
    return StoredPlan(project.id, tuple(_by_parent(rows)), links)


def tasks_asked(project_id: int) -> Select[Any]:
    """Return the question for the tasks of a plan, to be asked together with others."""
    columns: tuple[Any, ...] = (
        WorkItem.id,
        WorkItem.number,
        WorkItem.title,
        WorkItem.status,
        WorkItem.version,
        Person.name,
        TaskDetails.parent_id,
        TaskDetails.starts_on,
        TaskDetails.due_on,
        TaskDetails.estimate_seconds,
        TaskDetails.stated_remaining_seconds,
        TaskDetails.stated_at_worked_seconds,
        TaskDetails.is_milestone,
    )
    return (
        select(*columns)
        .join(TaskDetails, TaskDetails.work_item_id == WorkItem.id)
        .outerjoin(Person, Person.id == WorkItem.assignee_id)
        .where(WorkItem.project_id == project_id, WorkItem.kind == "task")
        .order_by(func.coalesce(TaskDetails.position, 0), WorkItem.number)
    )


def links_asked(project_id: int) -> Select[Any]:
    """Return the question for the links of a plan, to be asked together with others."""
    before, after = aliased(WorkItem), aliased(WorkItem)
    columns: tuple[Any, ...] = (
        TaskLink.id,
        TaskLink.predecessor_id,
        TaskLink.successor_id,
        TaskLink.lag_days,
        TaskLink.lag_in_working_days,
    )
    return (
        select(*columns)
        .join(before, before.id == TaskLink.predecessor_id)
        .join(after, after.id == TaskLink.successor_id)
        .where(
            before.project_id == project_id,
            after.project_id == project_id,
            before.kind == "task",
            after.kind == "task",
        )
        .order_by(TaskLink.id)
    )


def _by_parent(rows: list[TaskRow]) -> Iterable[TaskRow]:
    """Yield the rows with all that is below each right after it; what hangs in a circle of parents comes last."""
    known = {row.id for row in rows}
    below: dict[int | None, list[TaskRow]] = {}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    waiting, seen = list(reversed(below.get(None, []))), set[int]()
    while waiting:
        row = waiting.pop()
        seen.add(row.id)
        yield row
        waiting.extend(reversed(below.get(row.id, [])))
    yield from (row for row in rows if row.id not in seen)
