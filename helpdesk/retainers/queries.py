"""Reads of the retainers slice: the engine's books from rows, what is closed, what overage is still open."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from helpdesk.clients import queries as clients
from helpdesk.infra.policy import Actor
from helpdesk.kernel.durations import free_ranges
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.money import exponent_of
from helpdesk.kernel.periods import Month, local_day, local_month
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates import queries as rates
from helpdesk.rates import service as rate_policies
from helpdesk.rates.domain import RateHit
from helpdesk.retainers.domain import terms as engine
from helpdesk.retainers.domain.engine import Books
from helpdesk.retainers.domain.statement import Statement, open_statement
from helpdesk.retainers.domain.work import EntryStatus, WorkEntry
from helpdesk.retainers.models import Agreement, AgreementTerms, LedgerRow, RetainerPeriod
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.models import TimeEntry

Range = tuple[int, int]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Bookkeeping:
    """The engine's books of one agreement, and the entries' rows by uuid."""

    books: Books
    rows: dict[str, TimeEntry]


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
class FeeDue:
    """The fee of one month of an agreement whose time to be drafted has come."""

    agreement_id: int
    name: str
    month: Month
    fee_minor: int
    allowance_seconds: int
    timing: str


@dataclass(frozen=True)
class MonthView:
    """One month of an agreement as people look at it: the statement, and the closed period where it is a fact."""

    agreement: Agreement
    month: Month
    statement: Statement
    closed: RetainerPeriod | None

    @property
    def left_seconds(self) -> int:
        """What is left of the allowance; negative where more was burned."""
        return self.statement.allowance_seconds - self.statement.burned_seconds


def visible_agreements(session: Session, *, actor: Actor) -> list[Agreement]:
    """Return the agreements of the clients whose money the actor may see, by client and name."""
    query = (
        select(Agreement)
        .join(Agreement.client)
        .where(clients.billable_by(actor))
        .options(joinedload(Agreement.client), *_whole())
        .order_by(Agreement.client_id, Agreement.name, Agreement.id)
    )
    return sorted(session.scalars(query), key=lambda agreement: (agreement.client.name.casefold(), agreement.name))


def get_agreement(session: Session, *, actor: Actor, agreement_id: int) -> Agreement:
    """Return the agreement with its client.

    Raises:
        NotFound: there is none, or the actor may not see this client's money.
    """
    query = (
        select(Agreement)
        .join(Agreement.client)
        .where(Agreement.id == agreement_id, clients.billable_by(actor))
        .options(joinedload(Agreement.client), *_whole())
    )
    agreement = session.scalar(query)
    if agreement is None:
        message = "There is no such agreement."
        raise NotFound(message)
    return agreement


def agreements_of(session: Session, *, client_id: int) -> list[Agreement]:
    """Return all agreements of a client, oldest first."""
    query = select(Agreement).where(Agreement.client_id == client_id).options(*_whole())
    return list(session.scalars(query.order_by(Agreement.starts_on, Agreement.id)))


def closed_periods(session: Session, *, agreement_ids: Iterable[int]) -> dict[int, dict[Month, RetainerPeriod]]:
    """Return the live closed periods of each agreement by month."""
    query = select(RetainerPeriod).where(
        RetainerPeriod.agreement_id.in_(tuple(agreement_ids)), RetainerPeriod.reversed_at.is_(None)
    )
    found: dict[int, dict[Month, RetainerPeriod]] = defaultdict(dict)
    for period in session.scalars(query):
        found[period.agreement_id][Month.of(period.month)] = period
    return found


def periods_to_close(session: Session, *, client_id: int, month: Month) -> list[tuple[int, Month]]:
    """Return (agreement id, month) of every open period up to and with ``month``, oldest month first."""
    agreements = agreements_of(session, client_id=client_id)
    closed = closed_periods(session, agreement_ids=[agreement.id for agreement in agreements])
    due = [
        (agreement.id, each)
        for agreement in agreements
        for each in months_of(agreement, through=month)
        if each not in closed.get(agreement.id, {})
    ]
    return sorted(due, key=lambda pair: (pair[1], pair[0]))


def months_of(agreement: Agreement, *, through: Month) -> list[Month]:
    """Return the months of an agreement from its first to ``through``, or to its end where that is sooner."""
    last = min(through, Month.of(agreement.ends_on)) if agreement.ends_on else through
    months, month = [], Month.of(agreement.starts_on)
    while month <= last:
        months.append(month)
        month = month.next
    return months


def books_of(session: Session, agreement: Agreement, *, through: Month) -> Bookkeeping:
    """Return what the engine needs to know of an agreement: the entries that it draws, terms, rates, rounding.

    An entry that a narrower agreement covers is left to that one; time that came late for a closed month is put
    into the next open one (docs/billing.md rules 10 and 12).
    """
    zone = ZoneInfo(agreement.time_zone)
    siblings = {each.id: engine_agreement(each) for each in agreements_of(session, client_id=agreement.client_id)}
    closed = closed_periods(session, agreement_ids=[agreement.id]).get(agreement.id, {})
    settled = _entries_settled(session, agreement.id)
    rows = _entries(session, client_id=agreement.client_id)
    mine = [row for row in rows if _drawn_by(row, siblings, zone) == agreement.id]
    books = Books(
        entries=tuple(_work_entry(row, zone, closed, settled) for row in mine),
        zone=zone,
        currency=agreement.currency,
        rounding=rate_policies.policy_of(
            rate_policies.rounding_for(session, client_id=agreement.client_id, on=through.last_day)
        ),
        rate_cards=tuple(rates.cards_for(session, client_id=agreement.client_id, currency=agreement.currency)),
        agreement=siblings[agreement.id],
        client=str(agreement.client_id),
        through=through,
    )
    return Bookkeeping(books, {row.uuid: row for row in mine})


def month_view(session: Session, *, agreement: Agreement, month: Month, now: datetime) -> MonthView | None:
    """Return the month as a projection from terms, grants and entries; None where the agreement has no such month."""
    book = books_of(session, agreement, through=month)
    statement = open_statement(book.books, month, as_of=local_day(now, ZoneInfo(agreement.time_zone)))
    if statement is None:
        return None
    closed = closed_periods(session, agreement_ids=[agreement.id]).get(agreement.id, {}).get(month)
    return MonthView(agreement, month, statement, closed)


def fees_due(session: Session, *, client_id: int, month: Month) -> list[FeeDue]:
    """Return the fees to draft with ``month``: in arrears those up to it, in advance those up to the month after.

    Whether one stands on an invoice already is for the caller to know.
    """
    due = []
    for agreement in agreements_of(session, client_id=client_id):
        whole = engine_agreement(agreement)
        for each in months_of(agreement, through=month.next):
            terms = whole.terms_in(each)
            if each > month and terms.fee_timing is engine.FeeTiming.ARREARS:
                continue
            fee = whole.fee_in(each, agreement.currency)
            if fee.minor:
                allowance = whole.allowance_in(each)
                due.append(FeeDue(agreement.id, agreement.name, each, fee.minor, allowance, terms.fee_timing.value))
    return due


def ranges_of_closed_periods(session: Session, *, client_id: int) -> dict[int, list[Range]]:
    """Return by entry the seconds that closed periods have drawn or left as overage: none of them is hourly."""
    found: dict[int, list[Range]] = defaultdict(list)
    for row, _ in _entry_rows(session, client_id=client_id, kinds=("draw", "overage")):
        if row.time_entry_id is not None and row.from_second is not None and row.to_second is not None:
            found[row.time_entry_id].append((row.from_second, row.to_second))
    return found


def open_overage(session: Session, *, client_id: int, until: date) -> list[OverageRange]:
    """Return the overage of closed months until ``until`` that no live charge holds, by entry and range."""
    rows = [
        (row, period)
        for row, period in _entry_rows(session, client_id=client_id, kinds=("overage",))
        if period.month <= until
    ]
    live = charging.live_ranges(session, [row.time_entry_id for row, _ in rows if row.time_entry_id is not None])
    return [found for row, period in rows for found in _not_held(row, period, live)]


def _not_held(row: LedgerRow, period: RetainerPeriod, live: dict[int, list[Range]]) -> list[OverageRange]:
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
            price_minor=row.price_minor,
            period_id=period.id,
            month=Month.of(period.month),
            reason=row.reason,
        )
        for low, high in free_ranges(length, held)
    ]


def _entry_rows(
    session: Session, *, client_id: int, kinds: Sequence[str]
) -> Iterable[tuple[LedgerRow, RetainerPeriod]]:
    query = (
        select(LedgerRow, RetainerPeriod)
        .join(LedgerRow.period)
        .join(RetainerPeriod.agreement)
        .where(
            Agreement.client_id == client_id,
            RetainerPeriod.reversed_at.is_(None),
            LedgerRow.kind.in_(kinds),
            LedgerRow.time_entry_id.is_not(None),
        )
        .order_by(LedgerRow.time_entry_id, LedgerRow.from_second)
    )
    return [(row, period) for row, period in session.execute(query)]


def _whole() -> tuple[ExecutableOption, ...]:
    return (selectinload(Agreement.terms), selectinload(Agreement.scope), selectinload(Agreement.top_ups))


def _entries(session: Session, *, client_id: int) -> Sequence[TimeEntry]:
    query = (
        select(TimeEntry)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .where(Project.client_id == client_id, TimeEntry.ended_at.is_not(None), TimeEntry.status != "rejected")
        .options(joinedload(TimeEntry.work_item))
        .order_by(TimeEntry.started_at, TimeEntry.uuid)
    )
    return session.scalars(query).all()


def _entries_settled(session: Session, agreement_id: int) -> dict[int, Month]:
    """Return the first closed month that has settled each entry; one across a month's edge has two."""
    query = (
        select(LedgerRow.time_entry_id, func.min(RetainerPeriod.month))
        .join(LedgerRow.period)
        .where(
            RetainerPeriod.agreement_id == agreement_id,
            RetainerPeriod.reversed_at.is_(None),
            LedgerRow.time_entry_id.is_not(None),
        )
        .group_by(LedgerRow.time_entry_id)
    )
    return {entry_id: Month.of(month) for entry_id, month in session.execute(query) if entry_id is not None}


def _drawn_by(row: TimeEntry, agreements: dict[int, engine.Agreement], zone: ZoneInfo) -> int | None:
    """Return the id of the narrowest agreement that covers the entry on the day it began."""
    day = row.started_at.astimezone(zone).date()
    covering = [
        (engine.narrowness(agreement), agreement_id)
        for agreement_id, agreement in agreements.items()
        if agreement.is_in_force(day) and agreement.covers(project=_project(row), work_type=_work_type(row))
    ]
    return max(covering)[1] if covering else None


def _work_entry(
    row: TimeEntry, zone: ZoneInfo, closed: dict[Month, RetainerPeriod], settled: dict[int, Month]
) -> WorkEntry:
    month = local_month(row.started_at, zone)
    is_late = month in closed and settled.get(row.id) != month
    return WorkEntry(
        uuid=row.uuid,
        started_at=row.started_at,
        ended_at=row.ended_at or row.started_at,
        person=str(row.person_id),
        project=_project(row),
        ticket=str(row.work_item_id),
        work_type=_work_type(row),
        is_billable=row.billable == "billable",
        status=EntryStatus(row.status),
        is_typed_duration=row.duration_only,
        fixed_seconds=row.billable_seconds if row.status in {"approved", "locked"} else None,
        fixed_rate=_fixed_rate(row),
        settle_in=(settled.get(row.id) or max(closed).next) if is_late else None,
    )


def _fixed_rate(row: TimeEntry) -> RateHit | None:
    if row.rate_minor is None or row.rate_currency is None or row.status not in {"approved", "locked"}:
        return None
    amount = Decimal(row.rate_minor).scaleb(-exponent_of(row.rate_currency))
    return RateHit(amount, row.rate_currency, "approved", row.rate_reason)


def _project(row: TimeEntry) -> str:
    return str(row.work_item.project_id)


def _work_type(row: TimeEntry) -> str | None:
    return None if row.work_type_id is None else str(row.work_type_id)


def engine_agreement(row: Agreement) -> engine.Agreement:
    """Return the agreement as the pure engine knows it."""
    projects = frozenset(str(each.project_id) for each in row.scope if each.project_id is not None)
    work_types = frozenset(str(each.work_type_id) for each in row.scope if each.work_type_id is not None)
    return engine.Agreement(
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        terms=tuple(_engine_terms(each, row.currency) for each in row.terms),
        projects=projects or None,
        work_types=work_types or None,
        top_ups=tuple(
            engine.TopUp(str(each.id), each.seconds, each.valid_from, each.expires_on) for each in row.top_ups
        ),
    )


def _engine_terms(row: AgreementTerms, currency: str) -> engine.Terms:
    decimals = exponent_of(currency)
    rate = None if row.overage_rate_minor is None else Decimal(row.overage_rate_minor).scaleb(-decimals)
    return engine.Terms(
        effective_on=row.effective_on,
        allowance_seconds=row.allowance_seconds,
        fee=Decimal(row.fee_minor).scaleb(-decimals),
        fee_timing=engine.FeeTiming(row.fee_timing),
        overage_rate=rate,
        overage_basis=engine.OverageBasis(row.overage_basis),
        rollover_months=row.rollover_months,
        rollover_cap_seconds=row.rollover_cap_seconds,
        draw_order=engine.DrawOrder(row.draw_order),
        carry_deficit=row.carry_deficit,
        prorate=row.prorate,
        multipliers=tuple(
            engine.Multiplier(str(each["work_type_id"]), Decimal(each["factor"])) for each in row.multipliers
        ),
        after_hours=_after_hours(row),
    )


def _after_hours(row: AgreementTerms) -> engine.AfterHours | None:
    if not row.after_hours:
        return None
    hours = row.after_hours["business_hours"]
    windows = tuple(_window(hours[day]) if day in hours else None for day in WEEKDAYS)
    return engine.AfterHours(Decimal(row.after_hours["factor"]), windows)


def _window(edges: Sequence[str]) -> tuple[int, int]:
    opens, closes = (_minutes(edge) for edge in edges)
    return opens, closes


def _minutes(edge: str) -> int:
    if edge == "24:00":
        return 24 * 60
    at = time.fromisoformat(edge)
    return at.hour * 60 + at.minute
