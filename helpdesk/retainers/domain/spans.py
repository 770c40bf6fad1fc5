"""Over which months an allowance is shared: one, or the three of a quarter (docs/billing.md rule 8). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from helpdesk.kernel.periods import Month

MONTHLY, QUARTERLY = 1, 3
POOL_MONTHS = (MONTHLY, QUARTERLY)
"""Of how many months the pool of an agreement can be."""


@dataclass(frozen=True, slots=True)
class Span:
    """The months that share one allowance, both inclusive: one month, or a quarter."""

    first: Month
    last: Month

    @property
    def is_quarter(self) -> bool:
        """Whether it is more than a month."""
        return self.first != self.last

    @property
    def months(self) -> list[Month]:
        """Its months, in order."""
        return [self.first.plus(at) for at in range(self.last.since(self.first) + 1)]


def span_of(month: Month, *, begins: Month, pool_months: int) -> Span:
    """Return the months that share the allowance of ``month``, counted from ``begins`` on.

    Quarters from February on: April is in that of February, May begins the next.
    """
    if pool_months == MONTHLY:
        return Span(month, month)
    first = begins.plus(month.since(begins) // pool_months * pool_months)
    return Span(first, first.plus(pool_months - 1))


def begins_of(versions: Iterable[tuple[date, int]], starts_on: date) -> tuple[Month, ...]:
    """Return the month from which each version of terms counts; ``versions`` are their first days and pools in order.

    The first counts from the month of the agreement's first day. Another counts from the month that begins with its
    first day or after it, and where a quarter runs then from the next quarter. One that a later version overtakes by
    that counts never: both begin with the same month.
    """
    begins: list[Month] = []
    pool_months = MONTHLY
    for effective_on, months in versions:
        whole = _first_whole(effective_on, starts_on)
        begins.append(_begin(whole, begins[-1], pool_months) if begins else Month.of(starts_on))
        pool_months = months
    return tuple(begins)


def _first_whole(effective_on: date, starts_on: date) -> Month:
    """Return the first month on whose first day, within the agreement, terms from ``effective_on`` are in force."""
    if effective_on <= starts_on:
        return Month.of(starts_on)
    month = Month.of(effective_on)
    return month if effective_on == month.first_day else month.next


def _begin(whole: Month, before: Month, pool_months: int) -> Month:
    running = span_of(max(whole, before), begins=before, pool_months=pool_months)
    return running.first if whole <= running.first else running.last.next
