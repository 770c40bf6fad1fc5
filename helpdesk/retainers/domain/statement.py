"""The statement of an open period: what it would be if it closed now, day by day and to its end (rules 10, 14, 15).

Everything here is a projection. Pending time (draft or submitted) stands apart and covers nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from helpdesk.kernel.money import round_half_up
from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.engine import Books, Settlement, settle
from helpdesk.retainers.domain.period import PeriodResult
from helpdesk.retainers.domain.segments import Segment, segments_of
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.domain.terms import Agreement
from helpdesk.retainers.domain.work import EntryStatus, WorkEntry, billable_seconds

THRESHOLDS = (50, 80, 100)
HISTORY_WEEKS = 8

_DAY = timedelta(days=1)
_WEEK = 7


@dataclass(frozen=True, slots=True)
class DayBurn:
    """Where the month or quarter stands at the end of a local day, in burn seconds since its start.

    ``used_seconds`` is all approved burn, covered or not, but for what earlier months of a quarter bill as overage;
    ``pending_seconds`` what draft and submitted time would add; ``allowance_seconds`` what was carried in, granted and
    topped up until then.
    """

    day: date
    used_seconds: int
    pending_seconds: int
    allowance_seconds: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The burn of the month or quarter if its rest goes like the calmest, the average and the busiest week before."""

    low_seconds: int
    expected_seconds: int
    high_seconds: int


@dataclass(frozen=True, slots=True)
class Statement:
    """An open month: its figures as if closed now, pending time apart, the burn-down and where it may end.

    ``period`` is the month alone. All else is of ``span``, the months that share its allowance, until the month's end:
    of a quarter its hours, what was used of them since it began, and its days. What is left is the same either way, as
    a month of a quarter has what the months before it left. ``forecast`` is ``None`` while not one whole week of the
    agreement lies behind.
    """

    period: PeriodResult
    span: Span
    granted_seconds: int
    carried_in_seconds: int
    topped_up_seconds: int
    allowance_seconds: int
    burned_seconds: int
    pending_seconds: int
    days: tuple[DayBurn, ...]
    forecast: Forecast | None
    settlement: Settlement

    @property
    def used_percent(self) -> int:
        """The burn in whole percent of the allowance, cut off; 100 where there is burn and no allowance."""
        if self.allowance_seconds <= 0:
            return 100 if self.burned_seconds else 0
        return 100 * self.burned_seconds // self.allowance_seconds

    @property
    def crossed(self) -> tuple[int, ...]:
        """The alert thresholds of rule 14 that are reached, in percent."""
        return tuple(each for each in THRESHOLDS if self.used_percent >= each)

    @property
    def may_exceed(self) -> bool:
        """Whether the expected burn of the period is more than its allowance (rule 14)."""
        return self.forecast is not None and self.forecast.expected_seconds > self.allowance_seconds


def open_statement(
    books: Books, month: Month, *, as_of: date, behind: Mapping[date, int] | None = None
) -> Statement | None:
    """Return the statement of ``month`` on the local day ``as_of``; ``None`` where the agreement has no such month.

    ``as_of`` decides only where the past ends for the forecast; the figures take all entries that are given.
    ``behind`` is the burn by day of the months that the books have settled already.
    """
    if books.agreement is None:
        return None
    settlement = settle(replace(books, through=month))
    period = settlement.period(month)
    if period is None:
        return None
    used, span = _by_day(settlement.segments), books.agreement.span_of(month)
    known = [each for each in settlement.periods if span.first <= each.month <= month]
    days = _days(books.agreement, span, known, used, _burn_with_pending(books, used))
    return Statement(
        period=period,
        span=span,
        granted_seconds=sum(each.granted_seconds for each in known),
        carried_in_seconds=known[0].carried_in_seconds,
        topped_up_seconds=sum(each.topped_up_seconds for each in known),
        allowance_seconds=days[-1].allowance_seconds,
        burned_seconds=days[-1].used_seconds,
        pending_seconds=days[-1].pending_seconds,
        days=days,
        forecast=_forecast(books.agreement, days, {**(behind or {}), **used}, as_of),
        settlement=settlement,
    )


def with_pending(books: Books) -> Books:
    """Return the books as they would be if all time that waits were approved as it is."""
    return replace(books, entries=tuple(_as_approved(each) for each in books.entries))


def _as_approved(entry: WorkEntry) -> WorkEntry:
    return replace(entry, status=EntryStatus.APPROVED) if entry.is_pending else entry


def _by_day(segments: Iterable[Segment]) -> dict[date, int]:
    """Return the burn in scope by the local day on which each segment begins, or is settled where it came late."""
    burn: dict[date, int] = defaultdict(int)
    for segment in segments:
        if segment.is_in_scope:
            burn[segment.day] += segment.burn_seconds
    return burn


def _burn_with_pending(books: Books, used: Mapping[date, int]) -> Mapping[date, int]:
    """Return the burn by day if what is pending were approved.

    What is approved with fixed seconds shares its group with nothing, so that what is pending only adds to it.
    """
    pending = tuple(_as_approved(each) for each in books.entries if each.is_pending)
    if not pending:
        return used
    counted = [each for each in books.entries if each.counts]
    adds = all(each.fixed_seconds is not None for each in counted)
    burn: dict[date, int] = defaultdict(int, used if adds else {})
    for day, seconds in _by_day(_segments_of(pending if adds else (*counted, *pending), books)).items():
        burn[day] += seconds
    return burn


def _segments_of(entries: Sequence[WorkEntry], books: Books) -> Iterator[Segment]:
    billable = billable_seconds(entries, books.rounding, books.zone)
    for entry in entries:
        for segment in segments_of(entry, billable[entry.uuid], books.agreement, books.zone):
            if not books.is_settled(segment.month):
                yield segment


def _days(
    agreement: Agreement,
    span: Span,
    known: Sequence[PeriodResult],
    used: Mapping[date, int],
    with_waiting: Mapping[date, int],
) -> tuple[DayBurn, ...]:
    """Return the days of the span from its first known month on, the last of which is asked for; then nothing moves."""
    rows: list[DayBurn] = []
    carried = known[0].carried_in_seconds
    so_far = pending = 0
    for period in known:
        is_last, base, month = period is known[-1], so_far, period.month
        carried += period.granted_seconds
        blocks = agreement.top_ups_in(month)
        for day in _days_of(agreement, month):
            so_far += used.get(day, 0)
            pending += with_waiting.get(day, 0) - used.get(day, 0)
            topped_up = sum(each.seconds for each in blocks if each.valid_from <= day)
            paid = so_far if is_last else min(so_far, base + period.used_seconds)
            rows.append(DayBurn(day, paid, pending, carried + topped_up))
        if not is_last:
            so_far = base + period.used_seconds
            carried += period.topped_up_seconds - period.expired_seconds
    later = (day for month in span.months if month > known[-1].month for day in _days_of(agreement, month))
    return (*rows, *(replace(rows[-1], day=day) for day in later))


def _days_of(agreement: Agreement, month: Month) -> Iterator[date]:
    """Return the days of a month on which the agreement is in force."""
    first = agreement.first_day_in(month)
    return (first + at * _DAY for at in range(agreement.days_in(month)))


def _forecast(
    agreement: Agreement, days: tuple[DayBurn, ...], used: Mapping[date, int], as_of: date
) -> Forecast | None:
    """Return burn until yesterday plus the rest of the span as it went by weekday in each of the weeks before."""
    weeks = [[as_of - (_WEEK * back + ago) * _DAY for ago in range(1, _WEEK + 1)] for back in range(HISTORY_WEEKS)]
    known = [week for week in weeks if week[-1] >= agreement.starts_on]
    if not known:
        return None
    until_now = max((row.used_seconds for row in days if row.day <= as_of), default=0)
    behind = max((row.used_seconds for row in days if row.day < as_of), default=0)
    rest = [row.day.weekday() for row in days if row.day >= as_of]
    totals = []
    for week in known:
        rate = {day.weekday(): used.get(day, 0) for day in week}
        totals.append(max(until_now, behind + sum(rate[weekday] for weekday in rest)))
    return Forecast(min(totals), round_half_up(Fraction(sum(totals), len(totals))), max(totals))
