"""What closed months have settled of the time of some clients: drawn, or left as overage. One query for all of it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.infra.together import Together
from helpdesk.kernel.durations import free_ranges
from helpdesk.kernel.periods import Month
from helpdesk.projects.models import Project, WorkItem
from helpdesk.retainers import first_rows
from helpdesk.retainers.first_rows import CLIENT_IDS
from helpdesk.retainers.models import Agreement, LedgerRow, RetainerPeriod
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.models import TimeEntry, TimeReversal

Range = tuple[int, int]
Closed = Mapping[int, Mapping[Month, RetainerPeriod]]
Row = tuple[LedgerRow, RetainerPeriod]


@dataclass(frozen=True)
class OverageRange:
    """Seconds that a closed period left uncovered and that no live charge holds yet.

    ``price_minor`` of an hour is None where neither the terms nor the entry have a rate (docs/billing.md rule 6).
    """

    time_entry_id: int
    from_second: int
    to_second: int
    burn_seconds: int
    price_minor: int | None
    period_id: int
    month: Month
    reason: str


@dataclass(frozen=True)
class Settled:
    """Agreements by client, live closed periods by agreement, and by client what these drew or left as overage."""

    agreements: Mapping[int, list[Agreement]]
    closed: Closed
    rows: Mapping[int, list[Row]]

    def ranges(self, client_id: int) -> dict[int, list[Range]]:
        """Return by entry the seconds that closed periods have drawn or left as overage: none of them is hourly."""
        found: dict[int, list[Range]] = defaultdict(list)
        for row, _period in self.rows.get(client_id, ()):
            if row.time_entry_id is not None and row.from_second is not None and row.to_second is not None:
                found[row.time_entry_id].append((row.from_second, row.to_second))
        return found

    def overage(self, client_id: int, *, until: date) -> list[Row]:
        """Return what the months until a day left as overage, by entry and range."""
        return [
            (row, period)
            for row, period in self.rows.get(client_id, ())
            if row.kind == "overage" and period.month <= until
        ]


def settled_of(session: Session, client_ids: Collection[int]) -> Settled:
    """Return what closed periods settled of the time of these clients. Nobody is billed for a reversed entry."""
    found = _asked().read(session, client_ids=list(client_ids))
    first_rows.complete_with(found)
    agreements: dict[int, list[Agreement]] = defaultdict(list)
    for agreement in found["agreements"]:
        agreements[agreement.client_id].append(agreement)
    closed: dict[int, dict[Month, RetainerPeriod]] = defaultdict(dict)
    for period in found["periods"]:
        closed[period.agreement_id][Month.of(period.month)] = period
    client_of = {each.id: each.client_id for each in found["agreements"]}
    periods = {period.id: period for period in found["periods"]}
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in found["rows"]:
        period = periods[row.period_id]
        rows[client_of[period.agreement_id]].append((row, period))
    return Settled(agreements, closed, rows)


def open_overage(session: Session, *, client_id: int, until: date) -> list[OverageRange]:
    """Return the overage of closed months until ``until`` that no live charge holds, by entry and range."""
    rows = settled_of(session, [client_id]).overage(client_id, until=until)
    live = charging.live_ranges(session, [row.time_entry_id for row, _ in rows if row.time_entry_id is not None])
    return open_of(rows, live, later_prices(session, rows))


def open_of(rows: Iterable[Row], live: Mapping[int, list[Range]], prices: Mapping[int, int]) -> list[OverageRange]:
    """Return the overage of ``rows`` that no live charge holds; ``prices`` are those that came later."""
    return [found for row, period in rows for found in _not_held(row, period, live, prices)]


def later_prices(session: Session, rows: Iterable[Row]) -> dict[int, int]:
    """Return the prices that entries got after their month was closed without one, in their client's currency."""
    entry_ids = {row.time_entry_id for row, _period in rows if row.price_minor is None}
    if not entry_ids:
        return {}
    query = (
        select(TimeEntry.id, TimeEntry.rate_minor)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .where(TimeEntry.id.in_(entry_ids), TimeEntry.rate_currency == Client.currency)
    )
    return {entry_id: minor for entry_id, minor in session.execute(query) if minor is not None}


def _not_held(
    row: LedgerRow, period: RetainerPeriod, live: Mapping[int, list[Range]], prices: Mapping[int, int]
) -> list[OverageRange]:
    if row.time_entry_id is None or row.from_second is None or row.to_second is None:
        return []
    start, length = row.from_second, row.to_second - row.from_second
    held = [
        (max(low - start, 0), min(high - start, length))
        for low, high in live.get(row.time_entry_id, [])
        if low < row.to_second and high > start
    ]
    return [
        OverageRange(
            time_entry_id=row.time_entry_id,
            from_second=start + low,
            to_second=start + high,
            burn_seconds=row.seconds * (high - low) // length,
            price_minor=prices.get(row.time_entry_id) if row.price_minor is None else row.price_minor,
            period_id=period.id,
            month=Month.of(period.month),
            reason=row.reason,
        )
        for low, high in free_ranges(length, held)
    ]


@cache
def _asked() -> Together:
    closed = (
        select(RetainerPeriod.id)
        .join(RetainerPeriod.agreement)
        .where(Agreement.client_id.in_(CLIENT_IDS), RetainerPeriod.reversed_at.is_(None))
    )
    return Together(
        **first_rows.agreements_to_ask(),
        periods=select(RetainerPeriod).where(RetainerPeriod.id.in_(closed)),
        rows=select(LedgerRow)
        .where(
            LedgerRow.period_id.in_(closed),
            LedgerRow.kind.in_(("draw", "overage")),
            LedgerRow.time_entry_id.not_in(select(TimeReversal.time_entry_id)),
        )
        .order_by(LedgerRow.time_entry_id, LedgerRow.from_second),
    )
