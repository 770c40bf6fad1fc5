"""What changed between two invoices of a client, for the review at month-end: pure (docs/billing.md "Month-end")."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Change(StrEnum):
    """How a line stands against the month before."""

    SAME = "eq"
    CHANGED = "chg"
    ADDED = "add"
    GONE = "del"


@dataclass(frozen=True, slots=True)
class Figure:
    """A line as it is compared: ``subject`` says what stays the same from month to month, such as ``fee:3``."""

    subject: str
    label: str
    note: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One subject in both months; the amount is None where the month has no such line."""

    change: Change
    label: str
    note: str
    before_minor: int | None
    after_minor: int | None


def compare(before: Iterable[Figure], after: Iterable[Figure]) -> list[Compared]:
    """Return the subjects of both months, those of the later one first, lines of one subject added up.

    A fee of 4,200.00 in both is the same; 420.00 overage against none is added; a project that ended is gone.
    """
    old, new = _by_subject(before), _by_subject(after)
    return [
        _compared(old.get(subject), new.get(subject)) for subject in [*new, *(each for each in old if each not in new)]
    ]


def _by_subject(figures: Iterable[Figure]) -> dict[str, Figure]:
    groups: dict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        groups[figure.subject].append(figure)
    return {
        subject: Figure(
            subject,
            group[0].label,
            ", ".join(each.note for each in group if each.note),
            sum(each.amount_minor for each in group),
        )
        for subject, group in groups.items()
    }


def _compared(old: Figure | None, new: Figure | None) -> Compared:
    shown = new or old
    if shown is None:
        message = "a subject is in one of the two months at least"
        raise ValueError(message)
    before = None if old is None else old.amount_minor
    after = None if new is None else new.amount_minor
    return Compared(_change(before, after), shown.label, shown.note, before, after)


def _change(before: int | None, after: int | None) -> Change:
    if before is None:
        return Change.ADDED
    if after is None:
        return Change.GONE
    return Change.SAME if before == after else Change.CHANGED
