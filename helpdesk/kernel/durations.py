"""Durations in whole seconds: reading what people type, rounding, sharing (docs/billing.md "Units", rule 1)."""

import re
from collections.abc import Iterable, Sequence
from datetime import time
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import round_half_up

MINUTE = 60
HOUR = 3600

_CLOCK = re.compile(r"([0-9]{1,4}):([0-5][0-9])(?::([0-5][0-9]))?")
_MINUTES = re.compile(r"([0-9]{1,6}) ?(?:m|min)?")
_HOURS = re.compile(r"([0-9]{1,4}) ?h ?(?:([0-5]?[0-9]) ?(?:m|min)?)?")
_DECIMAL_HOURS = re.compile(r"([0-9]{0,4})[.,]([0-9]{1,4}) ?h?")
_RANGE = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))? ?[-\N{EN DASH}] ?([0-9]{1,2})(?::([0-9]{2}))?")


class RoundingMode(StrEnum):
    """Which multiple of the step a duration becomes; ``none`` leaves the seconds as they are."""

    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"
    NONE = "none"


def parse_typed_duration(text: str) -> int:
    """Return the seconds that a person typed; a bare number is minutes, a decimal is hours.

    ``15`` and ``15m`` -> 900; ``1.5``, ``1,5``, ``1:30``, ``1h30`` and ``90m`` -> 5400; ``1h`` -> 3600; ``.5`` ->
    1800. A decimal goes to the nearest second. Show `reading` beside the field, so that nobody is surprised. Rule 1.

    Raises:
        RuleViolation: none of these forms; days and signs are none of them.
    """
    typed = text.strip().lower()
    if match := _CLOCK.fullmatch(typed):
        return int(match[1]) * HOUR + int(match[2]) * MINUTE + int(match[3] or 0)
    if match := _MINUTES.fullmatch(typed):
        return int(match[1]) * MINUTE
    if match := _HOURS.fullmatch(typed):
        return int(match[1]) * HOUR + int(match[2] or 0) * MINUTE
    if match := _DECIMAL_HOURS.fullmatch(typed):
        return round_half_up(Decimal(f"{match[1] or 0}.{match[2]}") * HOUR)
    message = f"{text.strip()!r} is no duration; write 15 (minutes), 1.5 (hours), 1:30, 1h30 or 90m"
    raise RuleViolation(message)


def parse_time_range(text: str) -> tuple[time, time]:
    """Return start and end of a range on the wall clock: ``9:15-10:40`` -> (09:15, 10:40), ``9-10`` -> whole hours.

    An end before the start is the next day's: ``23:40-0:25`` is 45 minutes.

    Raises:
        RuleViolation: no range of two times of day, or both are the same.
    """
    match = _RANGE.fullmatch(text.strip())
    try:
        start, end = (time(int(hour), int(minute or 0)) for hour, minute in _pairs(match))
    except ValueError:
        message = f"{text.strip()!r} is no range of times; write 9:15-10:40"
        raise RuleViolation(message) from None
    if start == end:
        message = f"{text.strip()!r} starts and ends at the same minute; write 9:15-10:40"
        raise RuleViolation(message)
    return start, end


def _pairs(match: re.Match[str] | None) -> Sequence[tuple[str, str | None]]:
    return [(match[1], match[2]), (match[3], match[4])] if match else []


def format_hm(seconds: int) -> str:
    """Return ``H:MM``, the seconds cut off: 5459 -> ``1:30``, -900 -> ``-0:15``."""
    minutes = abs(seconds) // MINUTE
    return f"{_sign(seconds) if minutes else ''}{minutes // MINUTE}:{minutes % MINUTE:02}"


def format_hms(seconds: int) -> str:
    """Return ``H:MM:SS``: 5459 -> ``1:30:59``."""
    minutes, rest = divmod(abs(seconds), MINUTE)
    return f"{_sign(seconds)}{minutes // MINUTE}:{minutes % MINUTE:02}:{rest:02}"


def reading(text: str) -> str:
    """Return what a typed duration is taken for, to be shown while typing: ``1,5`` -> ``1:30``.

    Raises:
        RuleViolation: as `parse_typed_duration`.
    """
    seconds = parse_typed_duration(text)
    return format_hms(seconds) if seconds % MINUTE else format_hm(seconds)


def _sign(value: int) -> str:
    return "-" if value < 0 else ""


def round_duration(
    worked_seconds: int,
    *,
    mode: RoundingMode,
    step_seconds: int,
    minimum_seconds: int = 0,
    grace_seconds: int = 0,
) -> int:
    """Return the billable seconds for ``worked_seconds``: first rounded to the step, then at least the minimum.

    An exact multiple stays, nothing worked is nothing billed, and the minimum counts only where something was
    worked. Nearest: a tie goes up. Grace (mode up only): what lies at most that far above a multiple is dropped,
    but never the first step. Up to 15 min with a minimum of 30: 1 min -> 30, 31 -> 45; with a grace of 60 s:
    15:59 -> 15:00, 0:30 -> 15:00. docs/billing.md "The pipeline".

    Raises:
        RuleViolation: a negative duration, or a step that is not positive.
    """
    if worked_seconds < 0 or step_seconds <= 0:
        message = "a duration is not negative, and a rounding step is at least a second"
        raise RuleViolation(message)
    if worked_seconds == 0:
        return 0
    whole, rest = divmod(worked_seconds, step_seconds)
    goes_up = {
        RoundingMode.UP: rest > 0 and (rest > grace_seconds or whole == 0),
        RoundingMode.NEAREST: 2 * rest >= step_seconds,
        RoundingMode.DOWN: False,
        RoundingMode.NONE: False,
    }
    rounded = worked_seconds if mode is RoundingMode.NONE else (whole + goes_up[mode]) * step_seconds
    return max(rounded, minimum_seconds)


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Return whole shares of ``total`` in proportion to ``weights``; they add up to ``total`` exactly.

    What the division leaves over goes one by one to the largest fractions; among equal fractions the earlier
    position wins, so order the weights by start and id. (10, [1, 1, 1]) -> [4, 3, 3].

    Raises:
        RuleViolation: something is to be shared and no weight is above zero, or a number is negative.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        message = "shares are of something, not of a debt"
        raise RuleViolation(message)
    if total == 0:
        return [0] * len(weights)
    whole = sum(weights)
    if whole == 0:
        message = "nobody is there to share with"
        raise RuleViolation(message)
    shares = [total * weight // whole for weight in weights]
    by_fraction = sorted(range(len(weights)), key=lambda at: -(total * weights[at] % whole))
    for at in by_fraction[: total - sum(shares)]:
        shares[at] += 1
    return shares


def free_ranges(length_seconds: int, held: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what of ``[0, length_seconds)`` lies in none of the ``held`` half-open ranges, in order.

    An entry of 8 h of which ``(0, 16200)`` is billed has ``[(16200, 28800)]`` to bill. Rule 17.
    """
    free, at = [], 0
    for start, end in sorted(held):
        if start > at:
            free.append((at, min(start, length_seconds)))
        at = max(at, end)
    if at < length_seconds:
        free.append((at, length_seconds))
    return [(start, end) for start, end in free if start < end]


def to_minutes(seconds: int) -> Decimal:
    """Return seconds as minutes with at most four decimals, half up: 4500 -> 75, 50 -> 0.8333. Rule 18."""
    ten_thousandths = round_half_up(Fraction(seconds * 10_000, MINUTE))
    whole, rest = divmod(ten_thousandths, 10_000)
    return Decimal(ten_thousandths).scaleb(-4).normalize() if rest else Decimal(whole)
