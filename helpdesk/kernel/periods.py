"""Days and months of a zone as half-open ranges of instants (docs/billing.md "Units" and "The simulate contract").

The edge of a day is its wall-clock midnight. A midnight that a clock change skips is the instant by the offset
before the change; one that occurs twice is the first. Python's ``fold=0`` means just that (PEP 495).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from helpdesk.kernel.errors import RuleViolation

Instants = tuple[datetime, datetime]

_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month, ordered in time; ``str`` gives ``2026-03``."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not 1 <= self.month <= 12:  # noqa: PLR2004 - a year has twelve months
            message = f"{self.month} is no month; write 1 to 12"
            raise RuleViolation(message)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the month that ``2026-03`` names.

        Raises:
            RuleViolation: four digits, a hyphen and 01 to 12 were not what was written.
        """
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or text.startswith("0000"):
            message = f"{text!r} is no month; write it as 2026-03"
            raise RuleViolation(message)
        return cls(int(text[:4]), int(text[5:]))

    @classmethod
    def of(cls, day: date) -> "Month":
        """Return the month in which ``day`` lies."""
        return _month(day.year, day.month)

    def plus(self, months: int) -> "Month":
        """Return the month so many months later, or earlier where ``months`` is negative."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return _month(year, month + 1)

    def since(self, other: "Month") -> int:
        """Return how many months it lies after ``other``: March after January is 2, before it -2."""
        return (self.year - other.year) * 12 + self.month - other.month

    @property
    def next(self) -> "Month":
        """The month after this one."""
        return self.plus(1)

    @property
    def previous(self) -> "Month":
        """The month before this one."""
        return self.plus(-1)

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return self.next.first_day - _DAY

    @property
    def days(self) -> int:
        """How many days the month has."""
        return self.last_day.day

    def instants(self, zone: ZoneInfo) -> Instants:
        """Return the half-open range of UTC instants that is this month in ``zone``."""
        return day_start(self.first_day, zone), day_start(self.next.first_day, zone)


@cache
def _month(year: int, month: int) -> Month:
    """Return always the same object for a month: most work of a page is of one or two."""
    return Month(year, month)


@cache
def zone_named(name: str) -> ZoneInfo:
    """Return the IANA zone of that name.

    Raises:
        RuleViolation: there is none; names are written as ``Europe/Berlin``.
    """
    if name not in available_timezones() or name == "localtime":
        message = f"{name!r} is no IANA time zone; write one such as Europe/Berlin"
        raise RuleViolation(message)
    return ZoneInfo(name)


def wall_clock(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which clocks in ``zone`` first show ``at`` on ``day``.

    A time that a clock change skips is the instant by the offset before it: 02:30 on 29 March 2026 in Berlin
    is 01:30 UTC, as if the clocks had not moved yet.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=20_000)
def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which ``day`` begins in ``zone``."""
    return wall_clock(day, time.min, zone)


def day_instants(day: date, zone: ZoneInfo) -> Instants:
    """Return the half-open range of UTC instants that is ``day`` in ``zone``: 23, 24 or 25 hours as a rule."""
    return day_start(day, zone), day_start(day + _DAY, zone)


@lru_cache(maxsize=20_000)
def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the day of ``zone`` in whose range ``instant`` lies: 31 March 22:00 in Los Angeles is 1 April in Berlin.

    Where clocks go back over midnight (St. John's until 2011) the repeated hour belongs to the new day, as the
    first midnight is the edge.
    """
    shown = instant.astimezone(zone).date()
    if instant < day_start(shown, zone):
        return shown - _DAY
    return shown + _DAY if instant >= day_start(shown + _DAY, zone) else shown


def local_month(instant: datetime, zone: ZoneInfo) -> Month:
    """Return the month of ``zone`` in which ``instant`` lies."""
    return Month.of(local_day(instant, zone))


def month_edges(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the beginnings of months of ``zone`` that lie strictly between two instants, in order."""
    edges = []
    month = local_month(start, zone).next
    while (edge := day_start(month.first_day, zone)) < end:
        edges.append(edge)
        month = month.next
    return edges


def split_at(start: datetime, end: datetime, edges: Iterable[datetime]) -> list[Instants]:
    """Return ``[start, end)`` cut at the edges that lie inside, in time order; an empty range stays one piece."""
    inner = sorted({edge for edge in edges if start < edge < end})
    marks = [start, *inner, end]
    return list(pairwise(marks))


def require_utc(instant: datetime) -> datetime:
    """Return the same instant in UTC.

    Raises:
        RuleViolation: it has no offset, so that nobody knows which instant it is.
    """
    if instant.tzinfo is UTC:  # as all that is stored
        return instant
    if instant.utcoffset() is None:
        message = f"{instant.isoformat()} has no offset from UTC; write one, such as +01:00 or Z"
        raise RuleViolation(message)
    return instant.astimezone(UTC)
