"""What projects have spent, summed in the database: for budgets, limits and pages that show how work goes."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from helpdesk.infra.sql import seconds_between
from helpdesk.projects.domain.budget import RUN_RATE_DAYS
from helpdesk.projects.models import OPEN_STATUSES, TaskDetails, WorkItem
from helpdesk.timekeeping.charging import APPROVED
from helpdesk.timekeeping.models import TimeEntry

WORKED = seconds_between(TimeEntry.started_at, TimeEntry.ended_at)
COUNTS = TimeEntry.status != "reversed"  # another entry stands in its place, or the work never was
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
    """Return the time of each of these projects, in one query; a project without time is left out.

    Summed by status and billing, so that the length of an entry is reckoned but once.
    """
    is_recent = TimeEntry.started_at >= now - timedelta(days=RUN_RATE_DAYS)
    billed = func.coalesce(TimeEntry.billable_seconds, 0)
    query = (
        select(
            WorkItem.project_id,
            TimeEntry.status,
            TimeEntry.billable,
            _sum(WORKED).label("worked"),
            _sum(case((is_recent, WORKED), else_=0)).label("recent"),
            _sum(billed).label("billed"),
            _sum(case((TimeEntry.rate_minor.is_(None), billed), else_=0)).label("unpriced"),
            _sum(billed * func.coalesce(TimeEntry.rate_minor, 0)).label("value"),
            func.min(TimeEntry.started_at).label("first_at"),
        )
        .join(TimeEntry, TimeEntry.work_item_id == WorkItem.id)
        .where(WorkItem.project_id.in_(project_ids), COUNTS)
        .group_by(WorkItem.project_id, TimeEntry.status, TimeEntry.billable)
    )
    sums: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(query) if project_ids else ():
        sums[row.project_id].append(row)
    return {project_id: _time_of(rows) for project_id, rows in sums.items()}


def _time_of(rows: Sequence[Any]) -> ProjectTime:
    """Return the time of a project whose ``rows`` are its sums by status and billing."""
    approved = [row for row in rows if row.status in APPROVED]
    pending = [row for row in rows if row.status not in APPROVED]
    billed = [row for row in approved if row.billable == "billable"]
    return ProjectTime(
        approved_seconds=sum(int(row.worked) for row in approved),
        pending_seconds=sum(int(row.worked) for row in pending),
        billable_seconds=sum(int(row.billed) for row in billed)
        + sum(int(row.worked) for row in pending if row.billable == "billable"),
        unpriced_seconds=sum(int(row.unpriced) for row in billed),
        recent_seconds=sum(int(row.recent) for row in rows),
        value_minor_seconds=sum(int(row.value) for row in billed),
        first_at=min(row.first_at for row in rows),
    )


def billable_seconds(session: Session, project_id: int, *, but_not: Collection[int] = ()) -> int:
    """Return the billable seconds of a project: as approved, else as worked; without some entries where asked."""
    counted = case((TimeEntry.status.in_(APPROVED), func.coalesce(TimeEntry.billable_seconds, 0)), else_=WORKED)
    query = (
        select(func.coalesce(func.sum(counted), 0))
        .join(WorkItem, WorkItem.id == TimeEntry.work_item_id)
        .where(
            WorkItem.project_id == project_id,
            TimeEntry.billable == "billable",
            TimeEntry.id.not_in(but_not),
            COUNTS,
        )
    )
    return int(session.scalar(query) or 0)


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
