"""Working time of a calendar: hours of each weekday in a zone, less holidays (docs/sla.md rules 1 to 6)."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import wall_clock

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES = 24 * 60
LEAST_WEEK_MINUTES = 60
MOST_HOLIDAYS = 1000

Span = tuple[int, int]
"""Minutes after midnight from which to which; 1440 is the end of the day."""

_DAY = timedelta(days=1)
_PART = re.compile(r"(?P<first>[a-z]{3})(?: ?[-–] ?(?P<last>[a-z]{3}))? +(?P<spans>[0-9].*)")
_SPAN = re.compile(r"(?P<opens>[0-9]{1,2}:[0-9]{2}) ?[-–] ?(?P<closes>[0-9]{1,2}:[0-9]{2})")


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """When work is done in a week: for each weekday from Monday on its spans, in order and apart."""

    days: tuple[tuple[Span, ...], ...]

    def __post_init__(self) -> None:
        for name, spans in zip(DAYS, self.days, strict=True):
            if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
                message = f"Two times of {name} overlap; write each hour once."
                raise RuleViolation(message)
        if self.minutes < LEAST_WEEK_MINUTES:
            message = "A calendar needs at least one hour a week: without hours nothing would ever be due."
            raise RuleViolation(message)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what ``Mon-Thu 8:00-12:00, 13:00-17:00; Fri 22:00-6:00`` says (docs/sla.md rule 2).

        A day that is not named is off, ``24:00`` is its end. A span that ends no later than it begins goes on into the
        next day: that of Friday here is 22:00 to 24:00 of Friday, and 0:00 to 6:00 of Saturday.

        Raises:
            RuleViolation: it cannot be read, two spans overlap, or there is less than an hour in the week.
        """
        days: list[list[Span]] = [[] for _name in DAYS]
        for part in filter(None, (each.strip() for each in re.split(r"[;\n]", text))):
            named, spans = _part(part)
            for day in named:
                for opens, closes in spans:
                    days[day].append((opens, closes if closes > opens else DAY_MINUTES))
                    if closes <= opens and closes > 0:
                        days[(day + 1) % len(DAYS)].append((0, closes))
        return cls(tuple(tuple(sorted(spans)) for spans in days))

    @property
    def minutes(self) -> int:
        """The minutes of a week without holidays and changes of the clock."""
        return sum(closes - opens for spans in self.days for opens, closes in spans)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weekly hours on the clock of a zone; nothing is worked on ``holidays``, each from midnight to midnight."""

    hours: WeeklyHours
    zone: ZoneInfo
    holidays: frozenset[date] = frozenset()

    def windows(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield working time from ``start`` on, without end: instants in UTC, in order, none twice (rule 4)."""
        day, reached = start.astimezone(self.zone).date() - _DAY, start.astimezone(UTC)
        while True:
            for opens, closes in () if day in self.holidays else self.hours.days[day.weekday()]:
                begin, end = max(self._instant(day, opens), reached), self._instant(day, closes)
                if begin < end:
                    yield begin, end
                    reached = end
            day += _DAY

    def is_open(self, instant: datetime) -> bool:
        """Return whether it is working time."""
        begin, _end = next(self.windows(instant))
        return begin == instant

    def _instant(self, day: date, minutes: int) -> datetime:
        days, rest = divmod(minutes, DAY_MINUTES)
        return wall_clock(day + days * _DAY, time(*divmod(rest, 60)), self.zone)


def add_business_seconds(calendar: Calendar, start: datetime, seconds: int) -> datetime:
    """Return the earliest instant, in UTC, at which so much working time has gone by since ``start``.

    With hours of Mon-Fri 9:00-17:00, Friday 16:30 and two hours are Monday 10:30; and half an hour is Friday 17:00.
    Nothing to wait for is ``start`` itself (docs/sla.md rule 5).

    Raises:
        RuleViolation: ``seconds`` is negative.
    """
    if seconds < 0:
        message = "Working time is not negative."
        raise RuleViolation(message)
    if seconds == 0:
        return start.astimezone(UTC)
    left = timedelta(seconds=seconds)
    for begin, end in calendar.windows(start):
        if end - begin >= left:
            return begin + left
        left -= end - begin
    raise AssertionError  # windows never end


def business_seconds_between(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Return the whole seconds of working time from ``start`` to ``end``; none where ``end`` is no later."""
    worked = timedelta()
    if end <= start:
        return 0
    for opens, closes in calendar.windows(start):
        if opens >= end:
            break
        worked += min(closes, end) - opens
    return worked // timedelta(seconds=1)


def parse_holidays(text: str) -> list[tuple[date, str]]:
    """Return the days of a list, a line each, ``2026-12-25 Christmas Day``, in their order; a name may be missing.

    Raises:
        RuleViolation: a line begins with no day, a day stands there twice, or there are more than a thousand.
    """
    found: dict[date, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        written, _space, name = line.strip().partition(" ")
        if not written:
            continue
        day = _day(written, number)
        if day in found:
            message = f"Line {number}: {written} stands there twice."
            raise RuleViolation(message)
        found[day] = name.strip()
    if len(found) > MOST_HOLIDAYS:
        message = f"{len(found)} holidays are too many; a calendar takes {MOST_HOLIDAYS}."
        raise RuleViolation(message)
    return sorted(found.items())


def written_holidays(days: Iterable[tuple[date, str]]) -> str:
    """Return the list as :func:`parse_holidays` reads it."""
    return "\n".join(f"{day} {name}".rstrip() for day, name in days)


def _day(written: str, number: int) -> date:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written):
        with suppress(ValueError):
            return date.fromisoformat(written)
    message = f"Line {number}: {written!r} is no day; begin each line as 2026-12-25."
    raise RuleViolation(message)


def _part(part: str) -> tuple[range, list[Span]]:
    match = _PART.fullmatch(part.lower())
    names = [name.lower() for name in DAYS]
    if not match or any(day not in names for day in (match["first"], match["last"] or match["first"])):
        message = f"{part!r} are no hours; write them as Mon-Thu 9:00-12:00, 13:00-17:00; Fri 9:00-15:00."
        raise RuleViolation(message)
    first, last = (names.index(day) for day in (match["first"], match["last"] or match["first"]))
    if last < first:
        message = f"{part!r} ends before it begins; a week goes from Mon to Sun."
        raise RuleViolation(message)
    return range(first, last + 1), [_span(each.strip()) for each in match["spans"].split(",")]


def _span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    opens, closes = (_minutes(match[name]) for name in ("opens", "closes")) if match else (-1, -1)
    if not 0 <= opens < DAY_MINUTES or not 0 <= closes <= DAY_MINUTES or opens == closes:
        message = f"{text!r} is no time from and to; write it as 9:00-17:00, or 22:00-6:00 into the next day."
        raise RuleViolation(message)
    return opens, closes


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes) if int(minutes) < 60 else -1  # noqa: PLR2004 - minutes of an hour
