"""A month as whole weeks, Monday first. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from helpdesk.kernel.periods import Month


@dataclass(frozen=True)
class Week:
    """Seven days; ``number`` is that of ISO 8601."""

    monday: date

    @property
    def days(self) -> list[date]:
        """The days, Monday first."""
        return [self.monday + timedelta(days=step) for step in range(7)]

    @property
    def number(self) -> int:
        """The number of the week in its year."""
        return self.monday.isocalendar().week


def weeks_of(month: Month) -> list[Week]:
    """Return the four to six weeks in which the days of a month lie.

    November 2026 begins on a Sunday: its weeks go from 26 October to 6 December.
    """
    first = month.first_day - timedelta(days=month.first_day.weekday())
    count = ((month.last_day - first).days // 7) + 1
    return [Week(first + timedelta(weeks=step)) for step in range(count)]
