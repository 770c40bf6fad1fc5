"""The question whether somebody is content, its answers, and their shares (docs/satisfaction.md). Pure."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

ANSWERS = ("good", "okay", "bad")
ANSWERABLE = timedelta(days=30)
LATE = timedelta(days=3)
"""So long after its time a question is still asked: the workers may have stood."""
LONGEST_COMMENT = 2000
MOST_CHANGES = 10
MOST_HOURS = 24 * 14
MOST_DAYS = 366

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class Tally:
    """How many were asked, and what they answered."""

    asked: int = 0
    good: int = 0
    okay: int = 0
    bad: int = 0

    @property
    def answered(self) -> int:
        """How many answered."""
        return self.good + self.okay + self.bad

    @property
    def good_percent(self) -> int | None:
        """The share of good answers in percent, rounded half up; None of no answers."""
        return (200 * self.good + self.answered) // (2 * self.answered) if self.answered else None

    def add(self, answer: str, number: int = 1) -> None:
        """Count questions with this answer; empty: not answered."""
        self.asked += number
        if answer:
            setattr(self, answer, getattr(self, answer) + number)


def tallies(rows: Iterable[tuple[K, str, int]]) -> dict[K, Tally]:
    """Return the tally of each group from (group, answer, number), in the order in which they come."""
    found: dict[K, Tally] = {}
    for group, answer, number in rows:
        found.setdefault(group, Tally()).add(answer, number)
    return found
