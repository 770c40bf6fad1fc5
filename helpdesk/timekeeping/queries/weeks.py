"""Reads of the timesheet: the rows that a week was given, a person's hours of a day, items to add. One query each."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from sqlalchemy import Date, Integer, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from helpdesk.clients.models import Client
from helpdesk.infra.policy import Actor
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects import queries as projects
from helpdesk.projects.models import OPEN_STATUSES, Project, WorkItem
from helpdesk.timekeeping.domain.timesheet import RowKey
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.models import TimeEntry, TimesheetRow
from helpdesk.timekeeping.queries import entries as queries

MOST_WORDS = 6


def rows(session: Session, *, person_id: int, week: Week) -> list[TimesheetRow]:
    """Return the rows that a person put into a week, with item, project, client and work type."""
    return list(session.scalars(_rows(), {"person_id": person_id, "monday": week.monday}))


@cache
def _rows() -> Select[TimesheetRow]:
    return (
        select(TimesheetRow)
        .join(TimesheetRow.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .where(
            TimesheetRow.person_id == bindparam("person_id", type_=Integer()),
            TimesheetRow.monday == bindparam("monday", type_=Date()),
        )
        .options(
            contains_eager(TimesheetRow.work_item).contains_eager(WorkItem.project).contains_eager(Project.client),
            joinedload(TimesheetRow.work_type),
        )
        .order_by(TimesheetRow.id)
    )


def of_day(session: Session, *, person_id: int, days: Collection[date]) -> list[TimeEntry]:
    """Return a person's entries of some days, each in its contract's zone, by start, but for reversed ones.

    They are read anew from the database, as whoever fills the same cell may just have done so.
    """
    first, last = (datetime.combine(day, time.min, tzinfo=UTC) for day in (min(days), max(days)))
    query = queries.with_work().where(
        TimeEntry.person_id == person_id,
        TimeEntry.started_at >= first - timedelta(days=1),
        TimeEntry.started_at < last + timedelta(days=2),
        TimeEntry.status != "reversed",
    )
    query = query.options(joinedload(TimeEntry.created_by))
    found = session.scalars(
        query.order_by(TimeEntry.started_at, TimeEntry.id), execution_options={"populate_existing": True}
    )
    return [entry for entry in found if queries.day_of(entry) in days]


def seconds_on(session: Session, *, person_id: int, day: date, but_for: int | None, now: datetime) -> int:
    """Return how long a person worked on a day besides one entry; what runs counts up to ``now``."""
    first = datetime.combine(day, time.min, tzinfo=UTC)
    query = (
        select(TimeEntry.id, TimeEntry.started_at, TimeEntry.ended_at, Client.time_zone)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .where(
            TimeEntry.person_id == person_id,
            TimeEntry.started_at >= first - timedelta(days=1),
            TimeEntry.started_at < first + timedelta(days=2),
            TimeEntry.status != "reversed",
        )
    )
    return sum(
        int(((ended_at or max(now, started_at)) - started_at).total_seconds())
        for entry_id, started_at, ended_at, zone in session.execute(query)
        if entry_id != but_for and local_day(started_at, zone_named(zone)) == day
    )


def matching_items(session: Session, *, actor: Actor, words: str, limit: int = 8) -> list[WorkItem]:
    """Return the work items that a number or some letters of title or client name, open ones first, newest first.

    ``#4871`` and ``4871`` name one; of several words each has to be in the title or in the client's name. Only
    what the actor may see and what still takes time.
    """
    asked = words.strip().lstrip("#").split("\N{MIDDLE DOT}")[0].split()[:MOST_WORDS]
    if not asked:
        return []
    number = int(asked[0]) if asked[0].isascii() and asked[0].isdigit() and len(asked[0]) < 10 else 0  # noqa: PLR2004 - fits 32 bits
    found = [func.lower(WorkItem.title + " " + Client.name).contains(word.lower(), autoescape=True) for word in asked]
    query = (
        projects.visible_items(actor)
        .where(or_(WorkItem.number == number, *([] if words.strip().startswith("#") else [and_(*found)])))
        .where(Project.status != "done", Client.archived_at.is_(None))
        .options(contains_eager(WorkItem.project).contains_eager(Project.client))
        .order_by(
            case((WorkItem.number == number, 0), (WorkItem.status.in_(OPEN_STATUSES), 1), else_=2),
            WorkItem.number.desc(),
        )
    )
    return list(session.scalars(query.limit(limit)))


def billable_of_row(session: Session, *, person_id: int, row: RowKey, day: date) -> str:
    """Return how new time in a row of the week is billed: as all its other entries are; empty: as the type says."""
    week = Week.of(day)
    found = {
        entry.billable
        for entry in queries.week(session, person_id=person_id, week=week)
        if RowKey(entry.work_item.number, entry.work_type_id) == row
    }
    return found.pop() if len(found) == 1 else ""
