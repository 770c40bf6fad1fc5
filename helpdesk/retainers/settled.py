"""What closed months have settled of the time of some clients: drawn, or left as overage. One query for all of it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.infra.ahead import all_of
from helpdesk.infra.together import Together
from helpdesk.kernel.durations import free_ranges
from helpdesk.kernel.periods import Month
from helpdesk.projects.models import Project, WorkItem
from helpdesk.retainers import first_rows
from helpdesk.retainers.first_rows import CLIENT_IDS, Clients
from helpdesk.retainers.models import Agreement, LedgerRow, RetainerPeriod
from helpdesk.timekeeping.models import Charge, TimeEntry, TimeReversal

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
    """Agreements by client, live closed periods by agreement, and by client what these drew or left as overage.

    By entry that they left as overage: ``live`` are the seconds that are charged, ``prices`` what it got once its month
    was closed without one, in its client's currency.
    """

    agreements: Mapping[int, list[Agreement]]
    closed: Closed
    rows: Mapping[int, list[Row]]
    live: Mapping[int, list[Range]]
    prices: Mapping[int, int]

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

    def open_overage(self, client_id: int, *, until: date) -> list[OverageRange]:
        """Return what of that no live charge holds."""
        return [
            found
            for row, period in self.overage(client_id, until=until)
            for found in _not_held(row, period, self.live, self.prices)
        ]


def settled_of(session: Session, client_ids: Collection[int]) -> Settled:
    """Return what closed periods settled of the time of these clients. Nobody is billed for a reversed entry."""
    known = all_of(session, to_ask(list(client_ids)))
    return settled_among(_asked().read(session, client_ids=list(client_ids)) if known is None else known)


def settled_among(found: Mapping[str, list[Any]]) -> Settled:
    """Return what :func:`settled_of` does of answers to :func:`to_ask`."""
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
    live: dict[int, list[Range]] = defaultdict(list)
    for charge in found["live"]:
        live[charge.time_entry_id].append((charge.from_second, charge.to_second))
    return Settled(agreements, closed, rows, live, {row.id: row.rate_minor for row in found["prices"]})


def open_overage(session: Session, *, client_id: int, until: date) -> list[OverageRange]:
    """Return the overage of closed months until ``until`` that no live charge holds, by entry and range."""
    return settled_of(session, [client_id]).open_overage(client_id, until=until)


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
    return Together(**to_ask())


def to_ask(client_ids: Clients = CLIENT_IDS) -> dict[str, Select[Any]]:
    """Return the questions of :func:`settled_of`, to be asked together with others."""
    closed = (
        select(RetainerPeriod.id)
        .join(RetainerPeriod.agreement)
        .where(Agreement.client_id.in_(client_ids), RetainerPeriod.reversed_at.is_(None))
    )
    over = select(LedgerRow.time_entry_id).where(LedgerRow.period_id.in_(closed), LedgerRow.kind == "overage")
    return {
        **first_rows.agreements_to_ask(client_ids),
        "periods": select(RetainerPeriod).where(RetainerPeriod.id.in_(closed)),
        "rows": select(LedgerRow)
        .where(
            LedgerRow.period_id.in_(closed),
            LedgerRow.kind.in_(("draw", "overage")),
            LedgerRow.time_entry_id.not_in(select(TimeReversal.time_entry_id)),
        )
        .order_by(LedgerRow.time_entry_id, LedgerRow.from_second),
        "live": select(Charge.time_entry_id, Charge.from_second, Charge.to_second)
        .where(Charge.time_entry_id.in_(over), Charge.released_at.is_(None))
        .order_by(Charge.time_entry_id, Charge.from_second),
        "prices": select(TimeEntry.id, TimeEntry.rate_minor)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .where(
            TimeEntry.id.in_(over.where(LedgerRow.price_minor.is_(None))),
            TimeEntry.rate_currency == Client.currency,
            TimeEntry.rate_minor.is_not(None),
        ),
    }
