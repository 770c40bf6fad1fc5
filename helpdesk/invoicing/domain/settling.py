"""What is open of an invoice, and what a payment settles (docs/billing.md rule 21)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """One invoice in minor units: its total, what credit notes took back of it, what payments settled.

    ``is_taken_back`` says that no line has anything left: then nothing is owed, whatever cent the tax of several credit
    notes was rounded by.
    """

    total_minor: int
    credited_minor: int
    paid_minor: int
    is_taken_back: bool = False

    @property
    def open_minor(self) -> int:
        """What is still to be paid; below zero, more was paid than is owed by now."""
        owed_minor = 0 if self.is_taken_back else self.total_minor - self.credited_minor
        return owed_minor - self.paid_minor

    @property
    def status(self) -> str:
        """How the invoice stands: issued, part_paid, paid, or credited where nothing of it is owed any more."""
        if self.is_taken_back:
            return "credited"
        if self.open_minor <= 0:
            return "paid"
        return "part_paid" if self.paid_minor else "issued"


def spread(amount_minor: int, sources: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Take ``amount_minor`` from the sources in order; return the id of each that gives something, and how much.

    A source is an id and what it has. Fewer are used than there are where the amount is reached before; where all of
    them together have less, all is taken.
    """
    taken = []
    for source_id, has_minor in sources:
        part = min(amount_minor, has_minor)
        if part > 0:
            taken.append((source_id, part))
            amount_minor -= part
    return taken


def give_back(shares: Iterable[tuple[int, int]], excess_minor: int) -> list[tuple[int, int]]:
    """Return which shares give something up, the last first, and what each keeps, where so much is settled too much.

    A share is an id and its amount. 100 and 50 that settle 30 too much: the second keeps 20.
    """
    changed = []
    for share_id, amount_minor in reversed(list(shares)):
        if excess_minor > 0:
            kept = amount_minor - min(excess_minor, amount_minor)
            excess_minor -= amount_minor - kept
            changed.append((share_id, kept))
    return changed


AGES = (0, 30, 60, 90)
"""The days overdue after which an open amount counts as older (rule 21): not due, to 30, to 60, to 90, older."""


def age_of(days_overdue: int) -> int:
    """Return the column of an ageing table: 0 not due yet, 1 up to 30 days overdue, 2 to 60, 3 to 90, 4 beyond."""
    return sum(days_overdue > limit for limit in AGES)


def by_age(amounts: Iterable[tuple[int, int]]) -> Sequence[int]:
    """Return the sums of open amounts by age; each comes with the days that it is overdue."""
    sums = [0] * (len(AGES) + 1)
    for days_overdue, amount_minor in amounts:
        sums[age_of(days_overdue)] += amount_minor
    return sums
