"""What is to become of the lines of a file, before any of it is done; and what it adds up to. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from helpdesk.imports.domain.sheet import Problem

Outcome = Literal["new", "changed", "same", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("new", "changed", "same", "refused")


@dataclass(frozen=True, slots=True)
class Planned:
    """What one line is about and what would become of it.

    ``facts`` are shown in the preview, by their labels; ``makes`` are what would be made along with it, as (what,
    name); ``remarks`` what somebody should know though nothing is wrong. ``work`` is what the service needs to do it.
    """

    line: int
    outcome: Outcome
    facts: dict[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    makes: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    key: str = ""
    content: str = ""
    object_id: int | None = None
    work: Any = None


@dataclass(frozen=True)
class Preview:
    """All lines of a file as they would be imported, and what they come to."""

    lines: list[Planned]
    counts: dict[str, int]
    makes: dict[str, list[str]]
    remarks: list[tuple[str, int]]
    problems: list[Problem]


def summed(lines: Iterable[Planned]) -> Preview:
    """Return the preview of planned lines: how many of each outcome, what is made along, every problem."""
    listed = list(lines)
    counts = Counter(line.outcome for line in listed)
    makes: dict[str, dict[str, None]] = {}
    for line in listed:
        for what, name in line.makes:
            makes.setdefault(what, {})[name] = None
    remarks = Counter(remark for line in listed for remark in line.remarks)
    return Preview(
        lines=listed,
        counts={outcome: counts[outcome] for outcome in OUTCOMES},
        makes={what: sorted(names, key=str.casefold) for what, names in makes.items()},
        remarks=remarks.most_common(),
        problems=[problem for line in listed for problem in line.problems],
    )
