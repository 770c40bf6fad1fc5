"""What people type about their work, read and written back; the week they type it in. Pure (docs/billing.md rule 1)."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from helpdesk.kernel.dates import day_words
from helpdesk.kernel.durations import (
    HOUR,
    MINUTE,
    format_hm,
    format_hms,
    parse_time_range,
    parse_typed_duration,
)
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import local_day, wall_clock

DAY_SECONDS = 24 * 3600
NIGHT_SECONDS = 12 * HOUR
NOON = time(12)


@dataclass(frozen=True, slots=True)
class Worked:
    """The interval that a typed text stands for; ``duration_only`` where no time of day was said."""

    started_at: datetime
    ended_at: datetime
    duration_only: bool

    @property
    def seconds(self) -> int:
        """The length in whole seconds."""
        return int((self.ended_at - self.started_at).total_seconds())


def seconds_between(started_at: datetime, ended_at: datetime) -> int:
    """Return the whole seconds from one instant to the other; none where that is before it."""
    return max(0, int((ended_at - started_at).total_seconds()))


def span_between(started_at: datetime, ended_at: datetime | None, zone: ZoneInfo) -> str:
    """Return "09:15–10:40" on the clock of a zone, as it is typed; "09:15" of what has not ended."""
    start, end = (f"{each.astimezone(zone):%H:%M}" if each else "" for each in (started_at, ended_at))
    return f"{start}\N{EN DASH}{end}" if end else start


def read_worked(text: str, *, day: date, zone: ZoneInfo, now: datetime) -> Worked:
    """Return what ``text`` says was worked on ``day`` of the contract's ``zone``.

    A duration (``1.5``) starts at 12:00 and is never after hours; a range (``9:15-10:40``) is wall-clock time, an
    end before the start is the next day's where that makes a night of at most 12 hours. Rule 1.

    Raises:
        RuleViolation: neither form, nothing, an end before its start, more than 24 hours, or not yet worked at ``now``.
    """
    worked = read_length(text, day=day, zone=zone)
    _refuse_future(worked, day, zone, now)
    return worked


def read_length(text: str, *, day: date, zone: ZoneInfo) -> Worked:
    """Return what ``text`` says, whether that time has come or not: what is shown while somebody types.

    The page reads the same in ``static/durations.js``; ``tests/typed_work.py`` holds both to one table.

    Raises:
        RuleViolation: as `read_worked`, but for what is not yet worked.
    """
    worked = _read_range(text, day, zone) if _says_times(text) else _read_duration(text, day, zone)
    _refuse_length(worked)
    return worked


def check_worked(worked: Worked, *, zone: ZoneInfo, now: datetime) -> None:
    """Pass if an interval may be written as work.

    Raises:
        RuleViolation: it is nothing, more than 24 hours, or not yet worked at ``now``.
    """
    _refuse_length(worked)
    _refuse_future(worked, local_day(worked.started_at, zone), zone, now)


def _refuse_length(worked: Worked) -> None:
    if worked.seconds <= 0:
        message = "That is no time at all; write how long it took, such as 15 (minutes) or 1.5 (hours)."
        raise RuleViolation(message)
    if worked.seconds > DAY_SECONDS:
        message = f"{format_hm(worked.seconds)} is more than a day; write one entry for each day."
        raise RuleViolation(message)


def write_worked(worked: Worked, zone: ZoneInfo) -> tuple[date, str]:
    """Return the day and the text that stand in the form for an entry: ``2026-11-18``, ``9:15-10:40`` or ``1:30``."""
    day = local_day(worked.started_at, zone)
    if worked.duration_only or worked.seconds >= DAY_SECONDS:
        return day, format_hms(worked.seconds) if worked.seconds % MINUTE else format_hm(worked.seconds)
    start, end = (instant.astimezone(zone) for instant in (worked.started_at, worked.ended_at))
    return day, f"{start.hour}:{start:%M}-{end.hour}:{end:%M}"


def _says_times(text: str) -> bool:
    return "-" in text.strip().lstrip("-") or "\N{EN DASH}" in text


def _read_duration(text: str, day: date, zone: ZoneInfo) -> Worked:
    start = wall_clock(day, NOON, zone)
    return Worked(start, start + timedelta(seconds=parse_typed_duration(text)), duration_only=True)


def _read_range(text: str, day: date, zone: ZoneInfo) -> Worked:
    start, end = parse_time_range(text)
    last_day = day if end > start else day + timedelta(days=1)
    worked = Worked(wall_clock(day, start, zone), wall_clock(last_day, end, zone), duration_only=False)
    if last_day > day and worked.seconds > NIGHT_SECONDS:
        message = (
            f"{start:%H:%M} to {end:%H:%M} ends before it starts, and over midnight it would be "
            f"{format_hm(worked.seconds)}; write the earlier time first, or one entry for each day."
        )
        raise RuleViolation(message)
    return worked


def _refuse_future(worked: Worked, day: date, zone: ZoneInfo, now: datetime) -> None:
    if worked.duration_only and day > local_day(now, zone):
        message = f"{day_words(day)} is not here yet where the client is ({zone.key}); time is written after the work."
        raise RuleViolation(message)
    if not worked.duration_only and worked.ended_at > now:
        message = (
            f"That ends later than now ({now.astimezone(zone):%H:%M} in {zone.key}); time is written after the work."
        )
        raise RuleViolation(message)


@dataclass(frozen=True, order=True, slots=True)
class Week:
    """An ISO 8601 week; ``str`` gives ``2026-W47``."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the week in which ``day`` lies."""
        year, number, _weekday = day.isocalendar()
        return cls(year, number)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the week that ``2026-W47`` names.

        Raises:
            RuleViolation: it names none; a year has 52 or 53 weeks.
        """
        match = re.fullmatch(r"([0-9]{4})-W([0-9]{2})", text)
        try:
            year, number = (int(match[1]), int(match[2])) if match else (0, 0)
            date.fromisocalendar(year, number, 1)
            date.fromisocalendar(year, number, 7)
        except (ValueError, OverflowError):
            message = f"{text!r} is no week; write it as 2026-W47"
            raise RuleViolation(message) from None
        return cls(year, number)

    def __str__(self) -> str:
        return f"{self.year:04}-W{self.number:02}"

    @property
    def monday(self) -> date:
        """The first day of the week."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def days(self) -> list[date]:
        """The seven days, Monday first."""
        return [self.monday + timedelta(days=step) for step in range(7)]

    def plus(self, weeks: int) -> "Week":
        """Return the week so many weeks later, or earlier where negative."""
        return Week.of(self.monday + timedelta(weeks=weeks))


@dataclass(frozen=True, slots=True)
class Preview:
    """What approving an entry now would make of it. ``value_minor`` is None where no rate is found, see ``problem``."""

    billable_seconds: int
    value_minor: int | None
    currency: str
    rate_reason: str
    problem: str
