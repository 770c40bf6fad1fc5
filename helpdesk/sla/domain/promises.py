"""What a policy promises: budgets by priority, stored and as typed (docs/sla.md rules 7 to 10)."""

import re
from collections.abc import Mapping
from typing import Any

from helpdesk.kernel.errors import RuleViolation
from helpdesk.sla.domain.clocks import TARGETS, Budgets

MOST_HOURS = 2000
USUAL_HOURS = "Mon-Fri 9:00-17:00"
USUAL: Mapping[str, Mapping[str, int]] = {
    "urgent": {"first_answer": 3600, "next_answer": 2 * 3600, "resolution": 8 * 3600},
    "high": {"first_answer": 2 * 3600, "next_answer": 4 * 3600, "resolution": 16 * 3600},
    "normal": {"first_answer": 4 * 3600, "next_answer": 8 * 3600, "resolution": 40 * 3600},
    "low": {"first_answer": 8 * 3600, "next_answer": 16 * 3600, "resolution": 80 * 3600},
}
"""What a policy begins with: seconds by priority and target."""

_TIME = re.compile(
    r"(?:(?P<hours>[0-9]{1,4}) ?h)? ?(?:(?P<minutes>[0-9]{1,4}) ?m(?:in)?)?|(?P<plain>[0-9]{1,4}):(?P<rest>[0-5][0-9])"
)


def budgets_of(stored: Mapping[str, Any], priority: str) -> Budgets:
    """Return what is promised for a priority; a policy that does not name it promises nothing."""
    found = stored.get(priority, {})
    return Budgets(**{target: found.get(target) for target in TARGETS})


def parse_budget(text: str) -> int | None:
    """Return the working seconds that ``4 h``, ``30 min``, ``1 h 30 min`` or ``1:30`` names; None where it is empty.

    Raises:
        RuleViolation: it cannot be read, is nothing, or more than two thousand hours.
    """
    written = text.strip().lower()
    if not written:
        return None
    match = _TIME.fullmatch(written)
    parts = {name: int(number or 0) for name, number in match.groupdict().items()} if match else {}
    minutes = parts["hours"] * 60 + parts["minutes"] + parts["plain"] * 60 + parts["rest"] if match else 0
    if not 0 < minutes <= MOST_HOURS * 60:
        message = f"{text.strip()!r} is no working time; write it as 4 h, 30 min or 1:30, up to {MOST_HOURS} h."
        raise RuleViolation(message)
    return minutes * 60


def written_budget(seconds: int | None) -> str:
    """Return working time as :func:`parse_budget` reads it: ``1 h 30 min``; empty for None."""
    hours, rest = divmod((seconds or 0) // 60, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)
