"""What the page of the workload shows: people by week, what lies behind a cell, and what has no place in it.

docs/projects.md "Workload" has the rules.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.accounts import weekly_hours
from helpdesk.company.domain import BusinessHours
from helpdesk.company.service import get_company
from helpdesk.infra.policy import DESK, Actor
from helpdesk.projects.domain.effort import Effort
from helpdesk.projects.domain.workdays import MONDAY_TO_FRIDAY, Workdays
from helpdesk.projects.domain.workload import Booked, Load, Work, book, capacity
from helpdesk.projects.open_work import OpenTask, open_task_ids, open_tasks, open_tasks_asked
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.queries import entries as time

WEEKS = 8
AHEAD = timedelta(weeks=104)
"""How far ahead of today the first week can lie."""


@dataclass(frozen=True)
class Wanted:
    """Whose load by what is asked for; None is everything."""

    first: Week
    project_id: int | None = None
    client_id: int | None = None
    team_id: int | None = None

    @property
    def is_part(self) -> bool:
        """Whether only a part of everybody's work is counted."""
        return self.project_id is not None or self.client_id is not None

    @property
    def weeks(self) -> list[Week]:
        """The weeks of the page."""
        return [Week.of(self.first.monday + timedelta(weeks=step)) for step in range(WEEKS)]


@dataclass(frozen=True)
class Row:
    """One person (id None: nobody), a load for each week, and what lies behind the last one."""

    person_id: int | None
    name: str
    loads: list[Load]
    later_seconds: int


@dataclass(frozen=True)
class Part:
    """A task with how much of it lies in a cell, or what is left of it; None where nobody ever estimated it."""

    task: OpenTask
    seconds: int | None
    left_seconds: int | None
    is_late: bool


@dataclass(frozen=True)
class Workload:
    """The whole page but for the cell that is open."""

    wanted: Wanted
    today: date
    rows: list[Row]
    nobody: Row | None
    totals: list[Load]
    undated: list[Part]
    unestimated: list[Part]
    tasks: dict[int, OpenTask]
    works: dict[int, Work]
    booked: Booked

    def cell(self, person_id: int | None, week: Week) -> list[Part]:
        """Return the tasks behind a cell, the most time first."""
        found = self.booked.tasks.get((person_id, week.monday), ())
        return [_part(self.tasks[task_id], self.works[task_id], self.today, seconds) for task_id, seconds in found]

    def row_of(self, person_id: int | None) -> Row | None:
        """Return somebody's row; None where the page has none."""
        rows = [*self.rows, self.nobody] if self.nobody else self.rows
        return next((row for row in rows if row.person_id == person_id), None)


def questions(actor: Actor, *, project_id: int | None, client_id: int | None) -> list[Select[Any]]:
    """Return what `look` asks, but for the members of a team, to be asked ahead."""
    return [
        open_tasks_asked(actor, project_id=project_id, client_id=client_id),
        time.worked_asked(open_task_ids()),
        accounts.choice_of(DESK),
        weekly_hours.lines_asked(),
    ]


def look(session: Session, *, actor: Actor, wanted: Wanted, today: date) -> Workload:
    """Return the workload by the tasks that the actor may see, in six queries however many there are."""
    found = open_tasks(session, actor=actor, project_id=wanted.project_id, client_id=wanted.client_id)
    worked = time.worked_of_items(session, open_task_ids())
    tasks = {task.id: task for task in found}
    works = {task.id: _work(task, worked.get(task.id, 0)) for task in found}
    workdays = Workdays(_weekdays(get_company(session).business_hours))
    mondays = [week.monday for week in wanted.weeks]
    booked = book(works.values(), mondays=mondays, today=today, workdays=workdays)
    rows = _rows(session, wanted, found, booked, mondays, today, workdays)
    return Workload(
        wanted=wanted,
        today=today,
        rows=rows,
        nobody=_nobody(booked, mondays) if wanted.team_id is None else None,
        totals=[sum((row.loads[at] for row in rows), Load(0, None)) for at in range(len(mondays))],
        undated=_apart(found, works, today, rows, wanted, dated=False),
        unestimated=_apart(found, works, today, rows, wanted, dated=True),
        tasks=tasks,
        works=works,
        booked=booked,
    )


def _work(task: OpenTask, worked_seconds: int) -> Work:
    effort = Effort(
        task.estimate_seconds, worked_seconds, task.stated_remaining_seconds, task.stated_at_worked_seconds or 0
    )
    return Work(task.id, task.person_id, effort.remaining_seconds, task.starts_on, task.due_on)


def _weekdays(business_hours: str) -> frozenset[int]:
    """Return the days on which our company works; Monday to Friday where none is named."""
    windows = BusinessHours.parse(business_hours).windows
    return frozenset(day for day, window in enumerate(windows) if window is not None) or MONDAY_TO_FRIDAY


def _rows(
    session: Session,
    wanted: Wanted,
    tasks: Iterable[OpenTask],
    booked: Booked,
    mondays: Sequence[date],
    today: date,
    workdays: Workdays,
) -> list[Row]:
    """Return who has work, and of the desk those who could have some, by name."""
    names = {task.person_id: task.person_name or "" for task in tasks if task.person_id is not None}
    if not wanted.is_part:
        names |= dict(accounts.choices(session, roles=DESK))
    if wanted.team_id is not None:
        members = set(accounts.members(session, team_id=wanted.team_id))
        names = {person_id: name for person_id, name in names.items() if person_id in members}
    targets = weekly_hours.targets(session)
    return [
        Row(
            person_id,
            name,
            [
                Load(
                    booked.by_week.get((person_id, monday), 0),
                    capacity(targets.of(person_id, monday), monday=monday, today=today, workdays=workdays),
                )
                for monday in mondays
            ],
            booked.later.get(person_id, 0),
        )
        for person_id, name in sorted(names.items(), key=lambda one: (one[1].casefold(), one[0]))
    ]


def _nobody(booked: Booked, mondays: Sequence[date]) -> Row | None:
    """Return the row of what is planned and nobody's; None where there is none."""
    loads = [Load(booked.by_week.get((None, monday), 0), None) for monday in mondays]
    later = booked.later.get(None, 0)
    return Row(None, "", loads, later) if later or any(load.booked_seconds for load in loads) else None


def _apart(
    tasks: Iterable[OpenTask], works: dict[int, Work], today: date, rows: Iterable[Row], wanted: Wanted, *, dated: bool
) -> list[Part]:
    """Return the tasks that stand in no week: those without days, or those with days and without an estimate."""
    shown = {row.person_id for row in rows} | ({None} if wanted.team_id is None else set())
    return [
        _part(task, works[task.id], today, None)
        for task in tasks
        if task.person_id in shown
        and works[task.id].has_days is dated
        and (not dated or works[task.id].left_seconds is None)
    ]


def _part(task: OpenTask, work: Work, today: date, seconds: int | None) -> Part:
    return Part(task, seconds, work.left_seconds, work.is_late(today))
