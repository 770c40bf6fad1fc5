"""The order in which people put things."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def moved(ordered: Sequence[T], one: T, *, up: bool) -> list[T]:
    """Return all of them with ``one`` a place further up, or down; at the end it stays."""
    found = list(ordered)
    at = found.index(one)
    found.insert(max(0, at - 1) if up else at + 1, found.pop(at))
    return found
