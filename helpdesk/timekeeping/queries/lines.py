"""Entries as lines of a list show them: plain columns, as objects of many rows take longer than their query."""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.infra.db import UtcDateTime
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.models import REJECTED, TimeEntry

Writer = aliased(Person, name="writer")


class EntryRow(NamedTuple):
    """What a line says of one entry. ``written_by`` names who wrote it for its person; "" where that did so."""

    id: int
    version: int
    number: int
    kind: str
    title: str
    client_id: int
    client_name: str
    zone: str
    person_name: str
    note: str
    started_at: datetime
    ended_at: datetime | None
    duration_only: bool
    billable_seconds: int | None
    billable: str
    status: str
    rejected_because: str
    returned_because: str
    work_type_id: int | None
    work_type_name: str
    asks: str
    differs: bool
    written_by: str


def of_week(session: Session, *, person_id: int, week: Week) -> list[EntryRow]:
    """Return a person's entries of a week, by start, but for reversed ones. The day is that of the contract's zone."""
    first, last = (datetime.combine(day, time.min, tzinfo=UTC) for day in (week.days[0], week.days[-1]))
    asked = {"person_id": person_id, "first": first - timedelta(days=1), "last": last + timedelta(days=2)}
    days, found = set(week.days), (EntryRow(*row) for row in session.execute(_of_week(), asked))
    return [row for row in found if local_day(row.started_at, zone_named(row.zone)) in days]


def of_entry(entry: TimeEntry) -> EntryRow:
    """Return what a line says of an entry that is loaded, with its item, client, person, type and writer."""
    item, client = entry.work_item, entry.work_item.project.client
    writer = entry.created_by if entry.created_by_id != entry.person_id else None
    return EntryRow(
        id=entry.id,
        version=entry.version,
        number=item.number,
        kind=item.kind,
        title=item.title,
        client_id=client.id,
        client_name=client.name,
        zone=client.time_zone,
        person_name=entry.person.name,
        note=entry.note,
        started_at=entry.started_at,
        ended_at=entry.ended_at,
        duration_only=entry.duration_only,
        billable_seconds=entry.billable_seconds,
        billable=entry.billable,
        status=entry.status,
        rejected_because=entry.rejected_because,
        returned_because=entry.returned_because,
        work_type_id=entry.work_type_id,
        work_type_name=entry.work_type.name if entry.work_type else "",
        asks=entry.asks,
        differs=entry.differs,
        written_by=writer.name if writer else "",
    )


def weeks_rejected(session: Session, person_id: int) -> list[Week]:
    """Return the week of each of a person's entries that came back from approval and wait for a change."""
    found = session.execute(_rejected(), {"person_id": person_id})
    return [Week.of(local_day(started_at, zone_named(zone))) for started_at, zone in found]


@cache
def _of_week() -> Select[Any]:
    columns: tuple[Any, ...] = (
        TimeEntry.id,
        TimeEntry.version,
        WorkItem.number,
        WorkItem.kind,
        WorkItem.title,
        Client.id,
        Client.name,
        Client.time_zone,
        Person.name,
        TimeEntry.note,
        TimeEntry.started_at,
        TimeEntry.ended_at,
        TimeEntry.duration_only,
        TimeEntry.billable_seconds,
        TimeEntry.billable,
        TimeEntry.status,
        TimeEntry.rejected_because,
        TimeEntry.returned_because,
        TimeEntry.work_type_id,
        func.coalesce(WorkType.name, ""),
        TimeEntry.asks,
        TimeEntry.differs,
        func.coalesce(Writer.name, ""),
    )
    return (
        select(*columns)
        .select_from(TimeEntry)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .join(Person, Person.id == TimeEntry.person_id)
        .outerjoin(WorkType, WorkType.id == TimeEntry.work_type_id)
        .outerjoin(Writer, and_(Writer.id == TimeEntry.created_by_id, Writer.id != TimeEntry.person_id))
        .where(
            TimeEntry.person_id == bindparam("person_id", type_=Integer()),
            TimeEntry.status != "reversed",
            TimeEntry.started_at >= bindparam("first", type_=UtcDateTime()),
            TimeEntry.started_at < bindparam("last", type_=UtcDateTime()),
        )
        .order_by(TimeEntry.started_at, TimeEntry.id)
    )


@cache
def _rejected() -> Select[datetime, str]:
    return (
        select(TimeEntry.started_at, Client.time_zone)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .where(TimeEntry.person_id == bindparam("person_id", type_=Integer()), REJECTED)
    )
