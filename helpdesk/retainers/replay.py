"""A client's real time of whole months, read for `helpdesk.retainers.domain.replay` (docs/billing.md rule 15)."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.money import Money, exponent_of
from helpdesk.kernel.periods import Month, local_day
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates.domain import RateHit
from helpdesk.retainers import queries
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.domain import terms as engine
from helpdesk.retainers.domain.replay import Past
from helpdesk.retainers.domain.work import WorkEntry
from helpdesk.retainers.models import Agreement
from helpdesk.timekeeping.charging import APPROVED, is_written_off
from helpdesk.timekeeping.models import TimeEntry

TRIED = -1  # in the place of the id that an agreement which is only tried does not have; below those that there are


def past_of(
    session: Session,
    *,
    client: Client,
    months: Sequence[Month],
    agreement: Agreement | None = None,
    project_ids: Iterable[int] = (),
    work_type_ids: Iterable[int] = (),
) -> Past:
    """Return the client's approved, billable time of ``months``, which follow one another, by `replay` to be tried.

    It is covered by the scope of ``agreement``; without one by a scope that is tried, of the projects and work types
    that are named, no name covers all: it takes time from those of the client's agreements that are less narrow (rule
    10). What other agreements draw is left out, and so is what was written off, and what no agreement covers of
    projects at a fixed fee: nobody bills it by the hour. Currency and zone are the agreement's, else the client's. One
    query for the time, however much there is.
    """
    zone = ZoneInfo(agreement.time_zone if agreement else client.time_zone)
    currency = agreement.currency if agreement else client.currency
    known = {row.id: engine_agreement(row) for row in queries.agreements_of(session, client_id=client.id)}
    own_id = agreement.id if agreement else TRIED
    if agreement is None:
        known[TRIED] = _tried(project_ids, work_type_ids)
    found = [
        row
        for row in (_rows(session, client.id, months, zone) if months else ())
        if (drawn_by := queries.narrowest(known, row.project_id, row.work_type_id, local_day(row.started_at, zone)))
        == own_id
        or (drawn_by == 0 and row.billing != "fixed_fee")
    ]
    priced_costs = [row for row in found if row.cost_rate_currency == currency]
    spent = sum(_worked(row) * row.cost_rate_minor for row in priced_costs)
    scope = known[own_id]
    return Past(
        entries=tuple(_entry(row, currency) for row in found),
        months=tuple(months),
        zone=zone,
        currency=currency,
        projects=scope.projects,
        work_types=scope.work_types,
        cost=Money.rounded(Fraction(spent, HOUR * 10 ** exponent_of(currency)), currency),
        uncosted_seconds=sum(map(_worked, found)) - sum(map(_worked, priced_costs)),
    )


def _tried(project_ids: Iterable[int], work_type_ids: Iterable[int]) -> engine.Agreement:
    """Return what competes with a client's agreements for its time, on every day: the scope alone counts."""
    return engine.Agreement(
        starts_on=date.min,
        terms=(engine.Terms(effective_on=date.min),),
        projects=frozenset(map(str, project_ids)) or None,
        work_types=frozenset(map(str, work_type_ids)) or None,
    )


def _rows(session: Session, client_id: int, months: Sequence[Month], zone: ZoneInfo) -> Sequence[Any]:
    begins, ends = months[0].instants(zone)[0], months[-1].instants(zone)[1]
    entry = TimeEntry
    query = (
        select(
            entry.uuid,
            entry.started_at,
            entry.ended_at,
            entry.person_id,
            entry.work_item_id,
            entry.work_type_id,
            entry.duration_only,
            entry.billable_seconds,
            entry.rate_minor,
            entry.rate_currency,
            entry.rate_reason,
            entry.cost_rate_minor,
            entry.cost_rate_currency,
            Project.id.label("project_id"),
            Project.billing,
        )
        .join(entry.work_item)
        .join(WorkItem.project)
        .where(
            Project.client_id == client_id,
            entry.status.in_(APPROVED),
            entry.billable == "billable",
            entry.started_at >= begins,
            entry.started_at < ends,
            ~is_written_off(),
        )
    )
    return session.execute(query).all()


def _worked(row: Any) -> int:  # noqa: ANN401 - a row of the query
    return int((row.ended_at - row.started_at).total_seconds())


def _entry(row: Any, currency: str) -> WorkEntry:  # noqa: ANN401 - a row of the query
    rate = None
    if row.rate_minor is not None and row.rate_currency == currency:
        amount = Decimal(row.rate_minor).scaleb(-exponent_of(currency))
        rate = RateHit(amount, currency, "approved", row.rate_reason)
    return WorkEntry(
        uuid=row.uuid,
        started_at=row.started_at,
        ended_at=row.ended_at,
        person=str(row.person_id),
        project=str(row.project_id),
        ticket=str(row.work_item_id),
        work_type=None if row.work_type_id is None else str(row.work_type_id),
        is_typed_duration=row.duration_only,
        fixed_seconds=row.billable_seconds,
        fixed_rate=rate,
    )
