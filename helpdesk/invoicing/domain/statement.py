"""A client's account from one day to another: what it owed before, what happened, what it owes (rule M3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

KINDS = ("invoice", "credit_note", "rounding", "payment", "payment_taken_back", "refund", "refund_undone")
"""What happens on an account, in the order in which it stands on one day."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: above zero the client owes more by it, below zero less."""

    on: date
    kind: str
    amount_minor: int
    reference: str = ""
    detail: str = ""
    invoice_id: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, and the balance after it."""

    entry: Entry
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Statement:
    """The account from ``first`` to ``last``, both days included. A balance below zero is in the client's favour."""

    first: date
    last: date
    opening_minor: int
    lines: Sequence[Line]

    @property
    def closing_minor(self) -> int:
        """The balance at the end of the last day."""
        return self.lines[-1].balance_minor if self.lines else self.opening_minor

    @property
    def charged_minor(self) -> int:
        """What the client owes more by these days."""
        return sum(line.entry.amount_minor for line in self.lines if line.entry.amount_minor > 0)

    @property
    def settled_minor(self) -> int:
        """What the client owes less by these days, as a positive amount."""
        return -sum(line.entry.amount_minor for line in self.lines if line.entry.amount_minor < 0)


def statement_of(entries: Iterable[Entry], *, first: date, last: date) -> Statement:
    """Return the account of these days; entries of other days are in the opening balance, or to come."""
    known = sorted(entries, key=lambda each: (each.on, KINDS.index(each.kind)))
    opening = sum(each.amount_minor for each in known if each.on < first)
    within = [each for each in known if first <= each.on <= last]
    balances = list(accumulate((each.amount_minor for each in within), initial=opening))[1:]
    return Statement(
        first, last, opening, [Line(each, balance) for each, balance in zip(within, balances, strict=True)]
    )
