"""What a list gives as a table: its name, its columns with what each holds, and its rows one after the other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.money import Money

R = TypeVar("R")
K = TypeVar("K")

AT_ONCE = 5000
"""How many rows a list that goes page by page is asked for at once."""


class Kind(StrEnum):
    """What the cells of a column hold; anything but a text may also be missing (None)."""

    TEXT = "text"
    NUMBER = "number"
    AMOUNT = "amount"
    """`Money`; its currency stands in a column of its own."""
    HOURS = "hours"
    """Seconds, written as decimal hours: they can be added up, multiplied by a price, and be negative."""
    DAY = "day"
    INSTANT = "instant"
    """An aware instant, written on the clock of the reader."""


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column: its title, what its cells hold, and how a cell is read from a row."""

    title: str
    kind: Kind
    read: Callable[[R], Any]


@dataclass(frozen=True, slots=True)
class Sheet(Generic[R]):
    """A whole list. ``name`` says what it is, in a few words; ``rows`` are read once, as they are written."""

    name: str
    columns: Sequence[Column[R]]
    rows: Iterable[R]


def text(title: str, read: Callable[[R], str | None]) -> Column[R]:
    """Return a column of texts."""
    return Column(title, Kind.TEXT, read)


def number(title: str, read: Callable[[R], int | Decimal | None]) -> Column[R]:
    """Return a column of plain numbers."""
    return Column(title, Kind.NUMBER, read)


def hours(title: str, read: Callable[[R], int | None]) -> Column[R]:
    """Return a column of durations, read in seconds."""
    return Column(f"{title} (h)", Kind.HOURS, read)


def day(title: str, read: Callable[[R], date | None]) -> Column[R]:
    """Return a column of days."""
    return Column(title, Kind.DAY, read)


def instant(title: str, read: Callable[[R], datetime | None]) -> Column[R]:
    """Return a column of instants; the zone in which they are written is added to its title."""
    return Column(title, Kind.INSTANT, read)


def yes(title: str, read: Callable[[R], object]) -> Column[R]:
    """Return a column that says yes, or nothing."""
    return Column(title, Kind.TEXT, lambda row: _("yes") if read(row) else "")


def amount(title: str, read: Callable[[R], tuple[int | None, str]]) -> Column[R]:
    """Return a column of amounts, read as minor units and their currency."""

    def money(row: R) -> Money | None:
        minor, currency = read(row)
        return None if minor is None else Money(minor, currency)

    return Column(title, Kind.AMOUNT, money)


def pages(read: Callable[[K | None], tuple[Iterable[R], K | None]]) -> Iterator[R]:
    """Return the rows of all pages: ``read`` is given the key of a page, None for the first one.

    It returns the page's rows and the key of the page after it, None where that was the last.
    """
    key: K | None = None
    while True:
        rows, key = read(key)
        yield from rows
        if key is None:
            return
