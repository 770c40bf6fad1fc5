"""Approved time that no rate was found for gets its price once there is one (docs/billing.md rule 6)."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates import service as rates
from helpdesk.rates.domain import RateMissing
from helpdesk.rates.models import Rate
from helpdesk.timekeeping.charging import APPROVED
from helpdesk.timekeeping.models import Charge, TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.service.pricing import NOT_BILLED, PriceList, write_rate


def lacks_price(session: Session, entry: TimeEntry) -> bool:
    """Return whether an entry is to be billed and has, or would get, no price of an hour (rule 6)."""
    if entry.billable in NOT_BILLED or entry.rate_minor is not None:
        return False
    return entry.status in APPROVED or isinstance(PriceList(session).preview(entry), RateMissing)


@dataclass(frozen=True)
class Unpriced:
    """Approved time of one person on a project that has no price, and the day on which the first of it began."""

    person_id: int
    person_name: str
    seconds: int
    first_day: date


def without_price(session: Session, *, project: Project) -> list[Unpriced]:
    """Return whose approved time on a project has no price of an hour, by name: one query (rule 6)."""
    query = (
        select(Person.id, Person.name, func.sum(TimeEntry.billable_seconds), func.min(TimeEntry.started_at))
        .join(Person, Person.id == TimeEntry.person_id)
        .join(TimeEntry.work_item)
        .where(
            WorkItem.project_id == project.id,
            TimeEntry.status.in_(APPROVED),
            TimeEntry.billable == "billable",
            TimeEntry.rate_minor.is_(None),
            _held_seconds() < TimeEntry.billable_seconds,
        )
        .group_by(Person.id, Person.name)
        .order_by(func.lower(Person.name), Person.id)
    )
    zone = zone_named(project.client.time_zone)
    return [
        Unpriced(person_id, name, seconds or 0, local_day(first, zone))
        for person_id, name, seconds, first in session.execute(query)
    ]


def price_what_had_none(session: Session, actor: Actor, now: datetime, rate: Rate) -> None:
    """Give approved entries without a price the one of the new ``rate`` where it applies to their work.

    A price that is there is never touched (rule 4), nor is time that is wholly charged: covered time needs none.
    """
    prices = PriceList(session)
    for entry in queries.entries_by_id(session, _without_price(session, rate), lock=True):
        if entry.rate_minor is None and entry.status in APPROVED and write_rate(entry, prices):
            audit.record(
                session,
                actor=actor,
                action="priced",
                kind="time_entry",
                object_id=entry.id,
                now=now,
                rate_minor=entry.rate_minor,
                rate_reason=entry.rate_reason,
            )
    session.flush()


def _without_price(session: Session, rate: Rate) -> list[int]:
    """Return the approved billable entries, in reach of the rate, that have no price and seconds that need one."""
    query = (
        select(TimeEntry.id)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .where(
            TimeEntry.status.in_(APPROVED),
            TimeEntry.billable == "billable",
            TimeEntry.rate_minor.is_(None),
            _held_seconds() < TimeEntry.billable_seconds,
        )
    )
    for column, value in (
        (Project.client_id, rate.client_id),
        (Project.id, rate.project_id),
        (TimeEntry.person_id, rate.person_id),
        (TimeEntry.work_type_id, rate.work_type_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return list(session.scalars(query))


def _held_seconds() -> ColumnElement[int]:
    return (
        select(func.coalesce(func.sum(Charge.to_second - Charge.from_second), 0))
        .where(Charge.time_entry_id == TimeEntry.id, Charge.released_at.is_(None))
        .scalar_subquery()
    )


rates.on_rate_set(price_what_had_none)
