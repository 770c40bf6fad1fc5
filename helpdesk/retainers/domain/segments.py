"""An entry cut where its price or its period changes, and what each part burns (docs/billing.md "The pipeline")."""

from bisect import bisect_right
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from helpdesk.kernel.durations import largest_remainder
from helpdesk.kernel.money import round_half_up
from helpdesk.kernel.periods import (
    Instants,
    Month,
    day_instants,
    day_start,
    local_day,
    month_edges,
    split_at,
    wall_clock,
)
from helpdesk.retainers.domain.terms import AfterHours, Agreement
from helpdesk.retainers.domain.work import WorkEntry

_DAY = timedelta(days=1)
_END_OF_DAY = 24 * 60
_ONE = Fraction(1)


class Segment(NamedTuple):
    """A part of an entry within one period, one side of business hours and one set of live grants.

    ``from_second`` and ``to_second`` are its half-open range of the entry's billable seconds. ``factor`` is 1
    where the retainer does not cover the work. ``month`` is the period that it falls into, ``day`` the local day
    by which blocks are chosen. ``burn_seconds`` are what it takes from the allowance: its share times the factor,
    half up to a second.
    """

    entry: WorkEntry
    from_second: int
    to_second: int
    month: Month
    day: date
    is_in_scope: bool
    factor: Fraction
    burn_seconds: int

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from every other segment that burns anything."""
        return self.entry.uuid, self.from_second

    @property
    def billable_seconds(self) -> int:
        """Its share of the entry's billable seconds."""
        return self.to_second - self.from_second


def segments_of(entry: WorkEntry, billable: int, agreement: Agreement | None, zone: ZoneInfo) -> list[Segment]:
    """Return the parts of an entry in time order; their ranges partition ``[0, billable)``.

    Of a reversed entry only the parts of the months before are left, as they were (rule 2).
    23:40 to 00:25 over a month's edge, rounded up to 45 minutes, gives 20 minutes to one month and 25 to the next.
    """
    windows = _business_windows(entry, agreement, zone)
    day = local_day(entry.started_at, zone)
    if not windows and day == local_day(entry.ended_at, zone):
        whole = _segment(entry, (0, billable), day, agreement, is_in_hours=False)  # other edges are midnights
        return _before_reversal(entry, [whole])
    edges = [edge for window in windows for edge in window]
    edges += month_edges(entry.started_at, entry.ended_at, zone) + _contract_edges(agreement, zone)
    pieces = split_at(entry.started_at, entry.ended_at, edges)
    shares = largest_remainder(billable, [int((end - start).total_seconds()) for start, end in pieces])
    segments, at = [], 0
    for (start, _), share in zip(pieces, shares, strict=True):
        is_in_hours, day = _is_within(start, windows), local_day(start, zone)
        segments.append(_segment(entry, (at, at + share), day, agreement, is_in_hours=is_in_hours))
        at += share
    return _before_reversal(entry, segments)


def _before_reversal(entry: WorkEntry, segments: list[Segment]) -> list[Segment]:
    return segments if entry.reversed_in is None else [each for each in segments if each.month < entry.reversed_in]


def _segment(
    entry: WorkEntry,
    seconds: tuple[int, int],
    day: date,
    agreement: Agreement | None,
    *,
    is_in_hours: bool,
) -> Segment:
    worked_in = Month.of(day)
    month = worked_in if entry.settle_in is None else max(worked_in, entry.settle_in)
    if (
        agreement is None
        or not agreement.is_in_force(day)
        or not agreement.covers(project=entry.project, work_type=entry.work_type)
    ):
        return Segment(entry, *seconds, month, day, False, _ONE, seconds[1] - seconds[0])
    is_after_hours = not entry.is_typed_duration and not is_in_hours
    factor = _exact(agreement.terms_in(worked_in).factor_for(entry.work_type, is_after_hours=is_after_hours))
    settled_on = day if month is worked_in else max(day, agreement.first_day_in(month))
    return Segment(entry, *seconds, month, settled_on, True, factor, _burned(seconds[1] - seconds[0], factor))


def _burned(share: int, factor: Fraction) -> int:
    return share if factor is _ONE else round_half_up(share * factor)


@cache
def _exact(factor: Decimal) -> Fraction:
    return _ONE if factor == 1 else Fraction(factor)


def _contract_edges(agreement: Agreement | None, zone: ZoneInfo) -> list[datetime]:
    if agreement is None:
        return []
    firsts = [agreement.starts_on, *(each.valid_from for each in agreement.top_ups)]
    lasts = [each.expires_on for each in agreement.top_ups]
    lasts += [agreement.ends_on] if agreement.ends_on else []
    return [day_start(day, zone) for day in firsts] + [day_start(day + _DAY, zone) for day in lasts]


def _business_windows(entry: WorkEntry, agreement: Agreement | None, zone: ZoneInfo) -> list[Instants]:
    """Return the open hours of the days that the entry touches, in order; they never overlap."""
    if agreement is None or entry.is_typed_duration or not any(terms.after_hours for terms in agreement.terms):
        return []
    windows = []
    day, last = local_day(entry.started_at, zone), local_day(entry.ended_at, zone)
    while day <= last:
        after_hours = agreement.terms_in(Month.of(day)).after_hours
        window = _open_hours(day, after_hours, zone) if after_hours else None
        if window:
            windows.append(window)
        day += _DAY
    return windows


def _open_hours(day: date, after_hours: AfterHours, zone: ZoneInfo) -> Instants | None:
    hours = after_hours.business_hours[day.weekday()]
    if hours is None:
        return None
    midnight, next_midnight = day_instants(day, zone)
    opens, closes = (min(max(_at(day, minute, zone), midnight), next_midnight) for minute in hours)
    return (opens, closes) if opens < closes else None


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    if minute == _END_OF_DAY:
        return day_start(day + _DAY, zone)
    return wall_clock(day, time(minute // 60, minute % 60), zone)


def _is_within(instant: datetime, windows: list[Instants]) -> bool:
    at = bisect_right(windows, instant, key=lambda window: window[0]) - 1
    return at >= 0 and instant < windows[at][1]
