"""From which day to which an invoice bills: the days of a month, with all that is open from before, or chosen ones."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Instants, Month, day_start


@dataclass(frozen=True)
class Span:
    """Chosen days of the client's zone, both inclusive; nothing from before them is billed.

    Raises:
        RuleViolation: it ends before it begins.
    """

    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            message = f"{self.last_day} is before {self.first_day}; choose the days in their order."
            raise RuleViolation(message, field="last_day")

    def instants(self, zone: ZoneInfo) -> Instants:
        """Return when the days begin and end."""
        following = date.fromordinal(self.last_day.toordinal() + 1)
        return day_start(self.first_day, zone), day_start(following, zone)

    @property
    def closing(self) -> Month:
        """The last month that is over with these days."""
        month = Month.of(self.last_day)
        return month if month.last_day == self.last_day else month.previous


Days = Month | Span


def since(days: Days) -> date | None:
    """Return the day before which nothing is billed; None for a month, which takes what is open from before."""
    return days.first_day if isinstance(days, Span) else None


def days_of(invoice: Invoice) -> Days | None:
    """Return the days that an invoice bills; None where it was not made for any."""
    if invoice.month is not None:
        return Month.of(invoice.month)
    if invoice.first_day is None or invoice.last_day is None:
        return None
    return Span(invoice.first_day, invoice.last_day)
