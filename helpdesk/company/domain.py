"""What our own company may be set to: checks that need no database."""

import re
from decimal import Decimal

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import parse_decimal

MOST_PERCENT = 100
_PATTERN = re.compile(r"[\w./ -]*(\{year\}[\w./ -]*)?\{number(:0[1-9])?\}[\w./ -]*")


def check_number_pattern(pattern: str) -> str:
    """Return the pattern of invoice numbers: plain text with ``{number}`` or ``{number:04}``, maybe after ``{year}``.

    ``INV-{year}-{number:04}`` gives ``INV-2026-0007``. Anything else in braces is refused, as it would be run.

    Raises:
        RuleViolation: another field, no number, or signs that do not belong into a file's name.
    """
    if not _PATTERN.fullmatch(pattern):
        message = f"{pattern!r} is no pattern of numbers; write one such as INV-{{year}}-{{number:04}}"
        raise RuleViolation(message)
    return pattern


def check_percent(text: str) -> str:
    """Return a tax rate as a plain decimal from 0 to 100: ``19``, ``9.975``.

    Raises:
        RuleViolation: no plain decimal, negative, or above 100.
    """
    if not Decimal(0) <= parse_decimal(text) <= Decimal(MOST_PERCENT):
        message = f"{text} is no tax rate; write a percentage from 0 to 100"
        raise RuleViolation(message)
    return text
