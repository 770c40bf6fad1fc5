"""Which days are worked, and steps over those that are not. Days are plain dates: those of the client's zone."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date

from helpdesk.kernel.errors import RuleViolation

MONDAY_TO_FRIDAY = frozenset(range(5))
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2199, 12, 31)
_WEEK = 7


@dataclass(frozen=True)
class Workdays:
    """A calendar: the weekdays that are worked (Monday is 0) without single days off, which are sorted and unique."""

    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    days_off: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        off = (day for day in self.days_off if day.weekday() in self.weekdays)
        object.__setattr__(self, "days_off", tuple(sorted(set(off))))

    def is_worked(self, day: date) -> bool:
        """Whether the day is worked."""
        return day.weekday() in self.weekdays and day not in self.days_off

    def before(self, day: date) -> int:
        """Return how many working days lie before ``day``, counted from the first day of the calendar."""
        weeks, rest = divmod(day.toordinal() - 1, _WEEK)  # 1 January of the year 1 was a Monday
        started = sum(weekday < rest for weekday in self.weekdays)
        return weeks * len(self.weekdays) + started - bisect_left(self.days_off, day)

    def within(self, first: date, last: date) -> int:
        """Return how many working days lie between two days, both included."""
        return self.before(date.fromordinal(last.toordinal() + 1)) - self.before(first)

    def nth(self, count: int) -> date:
        """Return the working day before which ``count`` working days lie: ``nth(before(a working day))`` is that day.

        Raises:
            RuleViolation: it lies outside of what can be planned.
        """
        skipped = 0
        day = self._plain(count)
        while (off := bisect_right(self.days_off, day)) > skipped:
            skipped, day = off, self._plain(count + off)
        return day

    def on_or_after(self, day: date) -> date:
        """Return the day itself if it is worked, else the next one that is."""
        return self.nth(self.before(day))

    def on_or_before(self, day: date) -> date:
        """Return the day itself if it is worked, else the last one that was."""
        return day if self.is_worked(day) else self.nth(self.before(day) - 1)

    def _plain(self, count: int) -> date:
        """Return the day by weekdays alone."""
        weeks, rest = divmod(count, len(self.weekdays))
        return checked(weeks * _WEEK + sorted(self.weekdays)[rest] + 1)


def shifted(day: date, days: int) -> date:
    """Return the day so many calendar days later, or earlier where that is negative.

    Raises:
        RuleViolation: it lies outside of what can be planned.
    """
    return checked(day.toordinal() + days)


def checked(ordinal: int) -> date:
    """Return the day with that ordinal.

    Raises:
        RuleViolation: it lies outside of what can be planned.
    """
    if not FIRST_DAY.toordinal() <= ordinal <= LAST_DAY.toordinal():
        message = f"Days of a plan lie between {FIRST_DAY.year} and {LAST_DAY.year}. Nothing was changed."
        raise RuleViolation(message)
    return date.fromordinal(ordinal)
