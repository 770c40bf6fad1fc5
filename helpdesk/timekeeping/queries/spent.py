"""What projects have spent, summed in the database: for budgets, limits and pages that show how work goes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

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
    what approved time is worth, as minor units × seconds: an hour at 95.00 is 9500 × 3600.
    """

    approved_seconds: int = 0
    pending_seconds: int = 0
    billable_seconds: int = 0
    recent_seconds: int = 0
    value_minor_seconds: int = 0
    first_at: datetime | None = None


NOTHING = ProjectTime()


def by_project(session: Session, project_ids: Collection[int], *, now: datetime) -> dict[int, ProjectTime]:
    """Return the time of each of these projects, in one query; a project without time is left out."""
    is_approved = TimeEntry.status.in_(APPROVED)
    is_billable = TimeEntry.billable == "billable"
    billed = func.coalesce(TimeEntry.billable_seconds, 0)
    query = (
        select(
            WorkItem.project_id,
            _sum(is_approved, WORKED),
            _sum(~is_approved, WORKED),
            _sum(is_billable, case((is_approved, billed), else_=WORKED)),
            _sum(TimeEntry.started_at >= now - timedelta(days=RUN_RATE_DAYS), WORKED),
            _sum(is_approved & is_billable, billed * func.coalesce(TimeEntry.rate_minor, 0)),
            func.min(TimeEntry.started_at),
        )
        .join(TimeEntry, TimeEntry.work_item_id == WorkItem.id)
        .where(WorkItem.project_id.in_(project_ids), COUNTS)
        .group_by(WorkItem.project_id)
    )
    rows = session.execute(query) if project_ids else ()
    return {
        row[0]: ProjectTime(int(row[1]), int(row[2]), int(row[3]), int(row[4]), int(row[5]), row[6]) for row in rows
    }


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


def _sum(condition: ColumnElement[bool], value: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, func.coalesce(value, 0)), else_=0)), 0)
