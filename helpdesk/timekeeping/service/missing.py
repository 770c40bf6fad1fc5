"""Approved time that no rate was found for gets its price once there is one (docs/billing.md rule 6)."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates import service as rates
from helpdesk.rates.domain import RateMissing
from helpdesk.rates.models import Rate
from helpdesk.timekeeping import queries
from helpdesk.timekeeping.charging import APPROVED
from helpdesk.timekeeping.models import Charge, TimeEntry
from helpdesk.timekeeping.service.pricing import NOT_BILLED, PriceList, write_rate


def lacks_price(session: Session, entry: TimeEntry) -> bool:
    """Return whether an entry is to be billed and has, or would get, no price of an hour (rule 6)."""
    if entry.billable in NOT_BILLED or entry.rate_minor is not None:
        return False
    return entry.status in APPROVED or isinstance(PriceList(session).preview(entry), RateMissing)


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
    held = (
        select(func.coalesce(func.sum(Charge.to_second - Charge.from_second), 0))
        .where(Charge.time_entry_id == TimeEntry.id, Charge.released_at.is_(None))
        .scalar_subquery()
    )
    query = (
        select(TimeEntry.id)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .where(
            TimeEntry.status.in_(APPROVED),
            TimeEntry.billable == "billable",
            TimeEntry.rate_minor.is_(None),
            held < TimeEntry.billable_seconds,
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


rates.on_rate_set(price_what_had_none)
