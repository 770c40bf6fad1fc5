"""From rows to the books of the pure engine: which entries an agreement draws, and with which terms and rates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from helpdesk.kernel.money import exponent_of
from helpdesk.kernel.periods import Month, local_day, local_month
from helpdesk.rates.domain import RateCard, RateHit, RoundingScope
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.rates.service import policy_of, rounding_of
from helpdesk.retainers.domain import terms as engine
from helpdesk.retainers.domain.engine import Books
from helpdesk.retainers.domain.opening import Opening
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.domain.statement import Statement, open_statement
from helpdesk.retainers.domain.work import Adjustment, EntryStatus, WorkEntry, billable_seconds
from helpdesk.retainers.models import Agreement, AgreementTerms, RetainerPeriod
from helpdesk.retainers.worked import Worked
from helpdesk.timekeeping.charging import APPROVED
from helpdesk.timekeeping.models import TimeEntry

KEPT = (*APPROVED, "reversed")
"""Entries whose seconds and rate are those that they were approved with."""
_STATUSES = {each.value: each for each in EntryStatus}  # looked up for each entry
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Bookkeeping:
    """The engine's books of one agreement, and the entries' rows by uuid."""

    books: Books
    rows: dict[str, Worked]


@dataclass(frozen=True)
class GivenBack:
    """The burn that live closed periods drew for a reversed entry, and the closed month that gave it back, if any.

    ``last`` is the last month that it counted in: those after it never do, however many of them are closed by now.
    """

    seconds: int
    month: Month | None
    reason: str
    last: Month | None = None


@dataclass(frozen=True)
class MonthView:
    """One month of an agreement as people look at it: the statement, and the closed period where it is a fact.

    What it has used and what it may be used up by are told of ``span``, the months that share its hours.
    """

    agreement: Agreement
    month: Month
    statement: Statement
    closed: RetainerPeriod | None
    book: Bookkeeping
    at_cap: engine.AtCap = engine.AtCap.WARN
    lifted_seconds: int = 0

    @property
    def span(self) -> Span:
        """The months that share its hours: itself, or its quarter."""
        return self.statement.span

    @property
    def is_stopped(self) -> bool:
        """Whether an open month takes no more time, or not what waits, until the client or we grant hours (rule 14)."""
        room = self.left_seconds + self.lifted_seconds
        is_full = room <= 0 or self.statement.pending_seconds > room
        return self.closed is None and self.at_cap is not engine.AtCap.WARN and is_full

    @property
    def left_seconds(self) -> int:
        """What is left of the allowance; negative where more was burned."""
        return self.statement.allowance_seconds - self.statement.burned_seconds


@dataclass(frozen=True)
class Shelf:
    """All rows that the books of some clients are made of; or of their months from ``openings`` on alone.

    ``agreements`` and ``entries`` by client, ``closed`` periods by agreement and month, ``settled`` by agreement and
    entry: the first month that has settled it, and so ``given_back`` of reversed ones. ``cards`` by client and
    currency. ``lifted`` is what clients granted beyond their caps, by agreement and month.
    """

    agreements: Mapping[int, Sequence[Agreement]]
    closed: Mapping[int, Mapping[Month, RetainerPeriod]]
    settled: Mapping[int, Mapping[int, Month]]
    given_back: Mapping[int, Mapping[int, GivenBack]]
    entries: Mapping[int, Sequence[Worked]]
    policies: Sequence[RoundingPolicyRow]
    cards: Mapping[tuple[int, str], Sequence[RateCard]]
    lifted: Mapping[int, Mapping[Month, int]] = field(default_factory=dict)
    openings: Mapping[int, Opening] = field(default_factory=dict)
    behind: Mapping[int, Mapping[date, int]] = field(default_factory=dict)

    def draws(self, agreement: Agreement, row: TimeEntry) -> bool:
        """Return whether an agreement is the one that draws an entry, as the narrowest of its client's (rule 10)."""
        siblings = {each.id: engine_agreement(each) for each in self.agreements[agreement.client_id]}
        return _drawn_by(Worked.of(row), siblings, ZoneInfo(agreement.time_zone)) == agreement.id

    def books_of(self, agreement: Agreement, *, through: Month) -> Bookkeeping:
        """Return what the engine needs to know of an agreement: the entries that it draws, terms, rates, rounding.

        An entry that a narrower agreement covers is left to that one; time that came late for a closed month is put
        into the next open one (docs/billing.md rules 10 and 12). A reversed entry stays in the closed months that
        drew it, and the next open one gives the seconds back (rule 2).
        """
        zone, client_id = ZoneInfo(agreement.time_zone), agreement.client_id
        siblings = {each.id: engine_agreement(each) for each in self.agreements[client_id]}
        closed, settled = self.closed.get(agreement.id, {}), self.settled.get(agreement.id, {})
        mine = [
            row
            for row in self.entries.get(client_id, ())
            if _drawn_by(row, siblings, zone) == agreement.id and (row.status != "reversed" or row.id in settled)
        ]
        given_back = self.given_back.get(agreement.id, {})
        grouped = self._group_seconds([row for row in mine if row.id not in settled], zone)
        books = Books(
            entries=tuple(_work_entry(row, zone, closed, settled, grouped, given_back.get(row.id)) for row in mine),
            zone=zone,
            currency=agreement.currency,
            rounding=policy_of(
                rounding_of(self.policies, client_id=client_id, on=through.last_day, agreement_id=agreement.id)
            ),
            rate_cards=tuple(self.cards.get((client_id, agreement.currency), ())),
            agreement=siblings[agreement.id],
            client=str(client_id),
            through=through,
            opening=self.openings.get(agreement.id),
            adjustments=tuple(
                _adjustment(row, back, max(closed).next)
                for row in mine
                if (back := given_back.get(row.id)) is not None and back.seconds
            ),
        )
        return Bookkeeping(books, {row.uuid: row for row in mine})

    def _group_seconds(self, rows: Iterable[Worked], zone: ZoneInfo) -> dict[int, int]:
        """Return by entry what its day or ticket is rounded to, where the policy of its approval covers that.

        Until the close these seconds are provisional (docs/billing.md rule 4); what is charged already keeps its own,
        and what came later is a group of its own (rule 10).
        """
        policies = {row.id: row for row in self.policies}
        groups: dict[int, list[Worked]] = defaultdict(list)
        for row in rows:
            if row.status == "approved" and row.billable == "billable" and row.rounding_policy_id in policies:
                groups[row.rounding_policy_id or 0].append(row)
        found: dict[int, int] = {}
        for policy_id, own in groups.items():
            policy = policy_of(policies[policy_id])
            if policy.scope is not RoundingScope.ENTRY:
                seconds = billable_seconds([_raw_entry(row) for row in own], policy, zone)
                found |= {row.id: seconds[row.uuid] for row in own}
        return found

    def month_view(self, agreement: Agreement, *, month: Month, now: datetime) -> MonthView | None:
        """Return one month as a projection from terms, grants and entries; None where there is no such month."""
        book = self.books_of(agreement, through=month)
        today = local_day(now, ZoneInfo(agreement.time_zone))
        statement = open_statement(book.books, month, as_of=today, behind=self.behind.get(agreement.id))
        if statement is None:
            return None
        return MonthView(
            agreement=agreement,
            month=month,
            statement=statement,
            closed=self.closed.get(agreement.id, {}).get(month),
            book=book,
            at_cap=engine_agreement(agreement).terms_in(month).at_cap,
            lifted_seconds=self.lifted.get(agreement.id, {}).get(month, 0),
        )


def _drawn_by(row: Worked, agreements: dict[int, engine.Agreement], zone: ZoneInfo) -> int | None:
    """Return the id of the narrowest agreement that covers the entry on the day it began."""
    day = row.started_at.astimezone(zone).date()
    project, work_type = _project(row), _work_type(row)
    found: tuple[int, int] | None = None
    for agreement_id, agreement in agreements.items():
        if agreement.is_in_force(day) and agreement.covers(project=project, work_type=work_type):
            narrow = engine.narrowness(agreement), agreement_id
            found = narrow if found is None else max(found, narrow)
    return found and found[1]


def _work_entry(
    row: Worked,
    zone: ZoneInfo,
    closed: Mapping[Month, RetainerPeriod],
    settled: Mapping[int, Month],
    grouped: Mapping[int, int],
    back: GivenBack | None,
) -> WorkEntry:
    month, is_reversed = local_month(row.started_at, zone), row.status == "reversed"
    is_late = month in closed and settled.get(row.id) != month
    return WorkEntry(
        uuid=row.uuid,
        started_at=row.started_at,
        ended_at=row.ended_at,
        person=str(row.person_id),
        project=_project(row),
        ticket=str(row.work_item_id),
        work_type=_work_type(row),
        is_billable=row.billable == "billable",
        status=EntryStatus.APPROVED if is_reversed else _STATUSES[row.status],
        is_typed_duration=row.duration_only,
        fixed_seconds=grouped.get(row.id, row.billable_seconds) if row.status in KEPT else None,
        fixed_rate=_fixed_rate(row),
        settle_in=(settled.get(row.id) or max(closed).next) if is_late else None,
        reversed_in=((back and back.last) or max(closed)).next if is_reversed else None,
    )


def _raw_entry(row: Worked) -> WorkEntry:
    return WorkEntry(
        uuid=row.uuid,
        started_at=row.started_at,
        ended_at=row.ended_at,
        person=str(row.person_id),
        ticket=str(row.work_item_id),
    )


def _adjustment(row: Worked, back: GivenBack, next_open: Month) -> Adjustment:
    """Return the grant of the month that gave the seconds back, or of the next open one, which will."""
    reason = f"#{row.number} of {row.started_at:%Y-%m-%d} reversed: {back.reason}"
    return Adjustment(row.uuid, back.seconds, back.month or next_open, reason)


def _fixed_rate(row: Worked) -> RateHit | None:
    if row.rate_minor is None or row.rate_currency is None or row.status not in KEPT:
        return None
    return _hit(row.rate_minor, row.rate_currency, row.rate_reason)


@lru_cache(maxsize=1000)
def _hit(rate_minor: int, currency: str, reason: str) -> RateHit:
    return RateHit(Decimal(rate_minor).scaleb(-exponent_of(currency)), currency, "approved", reason)


def _project(row: Worked) -> str:
    return str(row.project_id)


def _work_type(row: Worked) -> str | None:
    return None if row.work_type_id is None else str(row.work_type_id)


def engine_agreement(row: Agreement) -> engine.Agreement:
    """Return the agreement as the pure engine knows it."""
    projects = frozenset(str(each.project_id) for each in row.scope if each.project_id is not None)
    work_types = frozenset(str(each.work_type_id) for each in row.scope if each.work_type_id is not None)
    return engine.Agreement(
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        terms=tuple(engine_terms(each, row.currency) for each in row.terms),
        projects=projects or None,
        work_types=work_types or None,
        top_ups=tuple(
            engine.TopUp(str(each.id), each.seconds, each.valid_from, each.expires_on)
            for each in row.top_ups
            if each.taken_back_at is None
        ),
    )


def terms_in(agreement: Agreement, month: Month) -> AgreementTerms:
    """Return the version of the terms that counts in a month."""
    begins = engine_agreement(agreement).terms_in(month).effective_on
    return next(each for each in agreement.terms if each.effective_on == begins)


def engine_terms(row: AgreementTerms, currency: str) -> engine.Terms:
    """Return one version of the terms as the pure engine knows it.

    Raises:
        RuleViolation: weighted overage has no price of an hour.
    """
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
        at_cap=engine.AtCap(row.at_cap),
        pool_months=row.pool_months,
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
