"""Of what people are told, by which way as long as they choose nothing else, and when not (docs/notifications.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Instants, day_instants, local_day, wall_clock

KINDS = ("assigned", "team", "mentioned", "reply", "undelivered", "at_risk", "rejected", "retainer", "new_ticket")
CHANNELS = ("app", "mail", "push")
OFF = frozenset({"new_ticket"})
"""What nobody is told who has not asked for it."""

NOT_BY_MAIL = frozenset({"team"})
"""What nobody is mailed who has not asked for that: all of a team are told."""

NOT_BY_PUSH = frozenset({"undelivered"})
"""What waits until somebody looks, unless they ask for it at once."""

BUNDLED = timedelta(minutes=2)
READ_KEPT, UNREAD_KEPT = timedelta(days=30), timedelta(days=90)
MOST_KEPT = 1000
"""Notices of one person."""
EXCERPT = 200
WEEKDAYS = frozenset(range(7))
MOST_STRETCHES = 30
"""That may follow each other: a week has two a day, and once a year a clock change may join more."""
_DAY = timedelta(days=1)


def is_on_by_default(kind: str, channel: str) -> bool:
    """Return whether somebody who chose nothing is told of a kind by a way."""
    unasked = {"mail": NOT_BY_MAIL, "push": NOT_BY_PUSH}
    return kind not in OFF and kind not in unasked.get(channel, frozenset())


def excerpt_of(text: str) -> str:
    """Return the first words of a text on one line."""
    line = " ".join(text[: EXCERPT * 4].split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When somebody wants no push and no bundled mail, on their own clock (docs/notifications.md rule 24).

    ``days`` are the weekdays (Monday is 0) on which it begins; what ends no later in the day than it begins ends the
    day after. ``whole_days`` are quiet from midnight on, to midnight or to the end of the night. 18:00 to 08:00 from
    Monday to Friday, and whole Saturdays and Sundays, leave the working days: nobody is told on Monday at midnight.

    Raises:
        RuleViolation: the hours are none or all, a weekday is none, or no day of the week is left.
    """

    begins: time
    ends: time
    days: frozenset[int]
    whole_days: frozenset[int]

    def __post_init__(self) -> None:
        if self.days and self.begins == self.ends:
            message = "From and until are the same. Tick whole days where all of the day is to be quiet."
            raise RuleViolation(message, field="ends")
        if not (self.days | self.whole_days) <= WEEKDAYS:
            message = "Choose among the days of the week."
            raise RuleViolation(message)
        if self.whole_days == WEEKDAYS:
            message = "No day is left. To be told nothing by mail or push, take away the ticks above."
            raise RuleViolation(message, field="whole_days")


def quiet_until(hours: QuietHours | None, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the quiet in which ``now`` lies ends for somebody in ``zone``; None where it is not quiet.

    What touches is one: Friday 18:00 to Monday 08:00 where Saturday and Sunday are quiet as a whole. An end that the
    clock shows twice is the first, and one that it skips is as if it had not been changed yet (docs/billing.md, Units).
    """
    if hours is None:
        return None
    until = now
    for _stretch in range(MOST_STRETCHES):
        ends = [end for begin, end in _stretches(hours, local_day(until, zone), zone) if begin <= until < end]
        if not ends:
            break
        until = max(ends)
    return until if until > now else None


def _stretches(hours: QuietHours, today: date, zone: ZoneInfo) -> Iterator[Instants]:
    """Return the stretches of quiet that reach into a day, each as a half-open range."""
    is_night = hours.ends <= hours.begins
    for day in (today - _DAY, today):
        ends = wall_clock(day + _DAY if is_night else day, hours.ends, zone)
        if day.weekday() in hours.days:
            yield wall_clock(day, hours.begins, zone), ends
        if day.weekday() in hours.whole_days:
            midnight, midnight_after = day_instants(day, zone)
            yield midnight, ends if is_night else midnight_after
