"""Hours of a budget as people type and read them: unlike worked time, a bare number is hours. Pure."""

import re
from decimal import Decimal

from helpdesk.kernel.durations import HOUR, MINUTE, format_hm, parse_typed_duration
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import round_half_up

MOST_SECONDS = 100_000 * HOUR
_PLAIN = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{1,4}))? ?h?")


def parse_hours(text: str) -> int | None:
    """Return the seconds of a typed budget, None for none: ``120`` and ``120h`` -> 432000, ``7:30`` -> 27000.

    Raises:
        RuleViolation: neither hours nor a duration, or more than 100,000 hours.
    """
    typed = text.strip().lower()
    if not typed:
        return None
    match = _PLAIN.fullmatch(typed)
    seconds = round_half_up(Decimal(f"{match[1]}.{match[2] or 0}") * HOUR) if match else _duration(typed)
    if seconds > MOST_SECONDS:
        message = "That is more than 100,000 hours."
        raise RuleViolation(message)
    return seconds


def write_hours(seconds: int | None) -> str:
    """Return the text that stands in the field: 432000 -> ``120``, 27000 -> ``7:30``, None -> nothing."""
    if seconds is None:
        return ""
    whole, rest = divmod(seconds, HOUR)
    return str(whole) if rest < MINUTE else format_hm(seconds)


def _duration(typed: str) -> int:
    try:
        return parse_typed_duration(typed)
    except RuleViolation:
        message = f"{typed!r} is no number of hours; write 120, 7.5 or 7:30"
        raise RuleViolation(message) from None
