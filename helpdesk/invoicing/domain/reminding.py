"""When an overdue invoice is reminded of (docs/billing.md rule M1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from helpdesk.kernel.errors import RuleViolation

MOST_LEVELS = 5
MOST_DAYS = 365


@dataclass(frozen=True, slots=True)
class Level:
    """One step of reminding: the first is 1; ``days`` after the due day it is to go out."""

    number: int
    days: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A level that went out, and the day on which it did."""

    level: int
    on: date


@dataclass(frozen=True, slots=True)
class Next:
    """The level that comes next, and the first day on which it is due."""

    level: Level
    from_day: date


STANDARD = (Level(1, 7), Level(2, 14), Level(3, 28))


def next_level(levels: Sequence[Level], sent: Iterable[Sent], *, due_on: date) -> Next | None:
    """Return which level comes next and from when; None where the last one went out.

    A level comes so many days after the due day. Where the one before went out late, the two keep their distance: with
    7, 14 and 28 days an invoice that is first reminded of on day 40 has its second reminder on day 47.
    """
    last = max(sent, key=lambda each: each.level, default=None)
    following = [level for level in levels if last is None or level.number > last.level]
    if not following:
        return None
    level = following[0]
    from_day = due_on + timedelta(level.days)
    if last is not None:
        before = max((each.days for each in levels if each.number <= last.level), default=0)
        from_day = max(from_day, last.on + timedelta(max(level.days - before, 1)))
    return Next(level, from_day)


def levels_of(days: Iterable[int | None]) -> list[Level]:
    """Return the levels that so many days after the due day make; an empty place is no level.

    Raises:
        RuleViolation: none at all, more than five, days out of 1 to 365, or not each later than the one before.
    """
    given = [each for each in days if each is not None]
    if not 1 <= len(given) <= MOST_LEVELS:
        message = f"There are 1 to {MOST_LEVELS} reminders; say after how many days each goes out."
        raise RuleViolation(message)
    if any(not 1 <= each <= MOST_DAYS for each in given):
        message = f"A reminder goes out 1 to {MOST_DAYS} days after the due day."
        raise RuleViolation(message)
    if any(later <= earlier for earlier, later in pairwise(given)):
        message = "Each reminder goes out later than the one before it."
        raise RuleViolation(message)
    return [Level(number, each) for number, each in enumerate(given, start=1)]
