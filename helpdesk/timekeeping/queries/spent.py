"""What projects have spent, summed in the database: for budgets, limits and pages that show how work goes."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, join, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement

from helpdesk.infra.ahead import rows_of
from helpdesk.infra.sql import seconds_between
from helpdesk.projects.domain.budget import RUN_RATE_DAYS
from helpdesk.projects.models import OPEN_STATUSES, TaskDetails, WorkItem
from helpdesk.timekeeping.charging import APPROVED
from helpdesk.timekeeping.models import TimeEntry

WORKED = seconds_between(TimeEntry.started_at, TimeEntry.ended_at)
REVERSED = "reversed"
COUNTS = TimeEntry.status != REVERSED  # another entry stands in its place, or the work never was
HOUR = 3600


@dataclass(frozen=True)
class ProjectTime:
    """The time of one project, in seconds; a timer that runs counts from when it stops.

    ``billable_seconds`` is what the limit of a project counts: as approved, else as worked. ``value_minor_seconds`` is
    what approved time is worth, as minor units × seconds: an hour at 95.00 is 9500 × 3600. ``unpriced_seconds`` are
    billable and approved without a price of an hour.
    """

    approved_seconds: int = 0
    pending_seconds: int = 0
    billable_seconds: int = 0
    unpriced_seconds: int = 0
    recent_seconds: int = 0
    value_minor_seconds: int = 0
    first_at: datetime | None = None


NOTHING = ProjectTime()


def by_project(session: Session, project_ids: Collection[int], *, now: datetime) -> dict[int, ProjectTime]:
    """Return the time of each of these projects, in one query; a project without time is left out."""
    items, each = _items_with_sums(session, project_ids, recent_from=now - timedelta(days=RUN_RATE_DAYS))
    same = (WorkItem.project_id, each.status, each.billable, each.rate_minor)
    sums = (_sum(value).label(value.name) for value in (each.worked, each.recent, each.billed))
    query = select(*same, *sums, func.min(each.first_at).label("first_at")).select_from(items)
    query = query.where(WorkItem.project_id.in_(project_ids)).group_by(*same)
    sums_of: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(query) if project_ids else ():
        if row.status != REVERSED:  # not in the query: there it costs a comparison for each entry
            sums_of[row.project_id].append(row)
    return {project_id: _time_of(rows) for project_id, rows in sums_of.items()}


def _items_with_sums(
    session: Session, project_ids: Collection[int], *, recent_from: datetime
) -> tuple[FromClause, ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]]:
    """Return items joined to the sums of each of them by status, billing and price of an hour, and those columns.

    That is the order of their index: so of ten thousands of entries none is sorted or looked up for its group, and
    prices are multiplied but once a group. PostgreSQL keeps to that order where it is asked item by item.
    """
    same = (TimeEntry.status, TimeEntry.billable, TimeEntry.rate_minor)
    sums = select(
        *same,
        func.sum(WORKED).label("worked"),
        func.sum(case((TimeEntry.started_at >= recent_from, WORKED))).label("recent"),
        func.sum(TimeEntry.billable_seconds).label("billed"),
        func.min(TimeEntry.started_at).label("first_at"),
    )
    if session.get_bind().dialect.name == "postgresql":
        of_item = sums.where(TimeEntry.work_item_id == WorkItem.id).correlate(WorkItem).group_by(*same).lateral()
        return join(WorkItem, of_item, true()), of_item.c
    items = select(WorkItem.id).where(WorkItem.project_id.in_(project_ids))
    of_items = sums.add_columns(TimeEntry.work_item_id).where(TimeEntry.work_item_id.in_(items))
    each = of_items.group_by(TimeEntry.work_item_id, *same).subquery()
    return join(WorkItem, each, each.c.work_item_id == WorkItem.id), each.c


def _time_of(rows: Sequence[Any]) -> ProjectTime:
    """Return the time of a project whose ``rows`` are its sums by status, billing and price."""
    approved = [row for row in rows if row.status in APPROVED]
    pending = [row for row in rows if row.status not in APPROVED]
    billed = [row for row in approved if row.billable == "billable"]
    return ProjectTime(
        approved_seconds=sum(int(row.worked) for row in approved),
        pending_seconds=sum(int(row.worked) for row in pending),
        billable_seconds=sum(int(row.billed) for row in billed)
        + sum(int(row.worked) for row in pending if row.billable == "billable"),
        unpriced_seconds=sum(int(row.billed) for row in billed if row.rate_minor is None),
        recent_seconds=sum(int(row.recent) for row in rows),
        value_minor_seconds=sum(int(row.billed) * (row.rate_minor or 0) for row in billed),
        first_at=min(row.first_at for row in rows),
    )


def billable_seconds(session: Session, project_id: int, *, but_not: Collection[int] = ()) -> int:
    """Return the billable seconds of a project: as approved, else as worked; without some entries where asked."""
    [row] = rows_of(session, billable_asked(project_id, but_not=but_not))
    return int(row.seconds)


def billable_asked(project_id: int, *, but_not: Collection[int] = ()) -> Select[int]:
    """Return the question of `billable_seconds`, to be asked together with others."""
    counted = case((TimeEntry.status.in_(APPROVED), func.coalesce(TimeEntry.billable_seconds, 0)), else_=WORKED)
    return (
        select(func.coalesce(func.sum(counted), 0).label("seconds"))
        .join(WorkItem, WorkItem.id == TimeEntry.work_item_id)
        .where(
            WorkItem.project_id == project_id,
            TimeEntry.billable == "billable",
            TimeEntry.id.not_in(but_not),
            COUNTS,
        )
    )


def by_item(session: Session, item_ids: Collection[int]) -> dict[int, int]:
    """Return the seconds worked on each of these items, in one query; an item without time is left out."""
    query = select(TimeEntry.work_item_id, func.sum(WORKED)).where(TimeEntry.work_item_id.in_(item_ids), COUNTS)
    rows = session.execute(query.group_by(TimeEntry.work_item_id)) if item_ids else ()
    return {item_id: int(seconds or 0) for item_id, seconds in rows}


def open_estimates(session: Session, project_ids: Collection[int]) -> dict[int, int]:
    """Return what the open tasks of each project still need by their estimates; left out where nobody estimated.

    A task that took longer than its estimate needs nothing more, and takes nothing from the others.
    """
    worked = (
        select(func.coalesce(func.sum(WORKED), 0))
        .where(TimeEntry.work_item_id == WorkItem.id, COUNTS)
        .scalar_subquery()
    )
    needs = select(WorkItem.project_id, (TaskDetails.estimate_seconds - worked).label("seconds")).join(
        TaskDetails, TaskDetails.work_item_id == WorkItem.id
    )
    each = needs.where(
        WorkItem.project_id.in_(project_ids),
        WorkItem.status.in_(OPEN_STATUSES),
        TaskDetails.estimate_seconds.is_not(None),
    ).subquery()
    left = func.sum(case((each.c.seconds > 0, each.c.seconds), else_=0))
    rows = session.execute(select(each.c.project_id, left).group_by(each.c.project_id)) if project_ids else ()
    return {project_id: int(seconds) for project_id, seconds in rows}


def _sum(value: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(value), 0)
