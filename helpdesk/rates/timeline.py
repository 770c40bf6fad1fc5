"""Rates of one scope in the order of their days: which is in force, which is planned, which has ended. Pure.

A rate is in force from its first day until the day before its successor begins, or until its own last day, where it
has one (docs/billing.md rule 5).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Generic, Protocol, TypeVar

ONE_DAY = timedelta(days=1)


class State(StrEnum):
    """Where a dated row stands today."""

    PLANNED = "planned"
    IN_FORCE = "in_force"
    ENDED = "ended"


class Dated(Protocol):
    """What begins on a day, and may have a last one."""

    @property
    def effective_on(self) -> date:
        """The first day."""

    @property
    def ends_on(self) -> date | None:
        """The last day, None where it has none of its own."""


T = TypeVar("T", bound=Dated)


@dataclass(frozen=True)
class Placed(Generic[T]):
    """A row with its neighbours in time; ``until`` is its last day, None where nothing ends it."""

    row: T
    state: State
    until: date | None
    predecessor: T | None
    successor: T | None


def place(rows: Iterable[T], *, today: date) -> list[Placed[T]]:
    """Return the rows of one scope, newest first, each with its state on ``today`` and its neighbours."""
    in_order = sorted(rows, key=lambda row: row.effective_on)
    neighbours = zip(in_order, [None, *in_order], [*in_order[1:], None], strict=False)
    return [_placed(row, today, before, after) for row, before, after in neighbours][::-1]


def place_all(rows: Iterable[T], *, scope: Callable[[T], object], today: date) -> list[Placed[T]]:
    """Return the rows of several scopes, which come one scope after the other, each scope by :func:`place`."""
    return [placed for _scope, own in groupby(rows, key=scope) for placed in place(list(own), today=today)]


def _placed(row: T, today: date, before: T | None, after: T | None) -> Placed[T]:
    ends = [row.ends_on] if row.ends_on else []
    if after is not None:
        ends.append(after.effective_on - ONE_DAY)
    until = min(ends, default=None)
    return Placed(row, _state(row, until, today), until, before, after)


def _state(row: Dated, until: date | None, today: date) -> State:
    if row.effective_on > today:
        return State.PLANNED
    return State.IN_FORCE if until is None or until >= today else State.ENDED
