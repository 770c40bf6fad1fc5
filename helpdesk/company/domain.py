"""What our own company may be set to: checks that need no database."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Self

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import parse_decimal

MOST_PERCENT = 100
_IBAN_BEGINS = re.compile(r"[A-Z]{2}[0-9]{2}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
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


def check_iban(text: str) -> str:
    """Return an account number as it was written, after a look at the check digits of an IBAN (ISO 13616).

    What does not begin as an IBAN does, two letters and two digits, is an account of another kind and left alone.

    Raises:
        RuleViolation: an IBAN with a wrong sign in it.
    """
    number = "".join(text.split()).upper()
    if not _IBAN_BEGINS.match(number):
        return text
    if not _IBAN.fullmatch(number) or int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 != 1:
        message = f"{text.strip()} is no IBAN: its check digits do not fit, so at least one sign is wrong."
        raise RuleViolation(message)
    return text


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(
    r"(?P<first>[a-z]{3})(?: ?[-–] ?(?P<last>[a-z]{3}))? +"
    r"(?P<opens>[0-9]{1,2}:[0-9]{2}) ?[-–] ?(?P<closes>[0-9]{1,2}:[0-9]{2})"
)
_END_OF_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """When work is done: for each weekday from Monday on the minutes after midnight, or None for a day off."""

    windows: tuple[tuple[int, int] | None, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what ``Mon-Fri 8:00-18:00; Sat 9:00-13:00`` says; a day not named is off, ``24:00`` is its end.

        Raises:
            RuleViolation: it cannot be read, a day closes before it opens, or is named twice.
        """
        windows: dict[int, tuple[int, int]] = {}
        for part in filter(None, (each.strip() for each in text.lower().split(";"))):
            first, last, window = _part(part)
            for day in range(first, last + 1):
                if day in windows:
                    message = f"{DAYS[day].title()} stands there twice; write one time for each day."
                    raise RuleViolation(message)
                windows[day] = window
        return cls(tuple(windows.get(day) for day in range(len(DAYS))))

    def outside_seconds(self, start: datetime, end: datetime) -> int:
        """Return how much of a time on the client's own clock (without a zone) lies outside."""
        inside, day = 0.0, start.date()
        while day <= end.date():
            window = self.windows[day.weekday()]
            if window is not None:
                midnight = datetime.combine(day, time.min)
                opens, closes = (midnight + timedelta(minutes=minutes) for minutes in window)
                inside += max((min(end, closes) - max(start, opens)).total_seconds(), 0)
            day += timedelta(days=1)
        return int((end - start).total_seconds() - inside)


def _part(part: str) -> tuple[int, int, tuple[int, int]]:
    match = _HOURS.fullmatch(part)
    days = [match["first"], match["last"] or match["first"]] if match else []
    minutes = [_minutes(match[name]) for name in ("opens", "closes")] if match else []
    if not match or any(day not in DAYS for day in days) or not 0 <= minutes[0] < minutes[1] <= _END_OF_DAY:
        message = f"{part!r} are no business hours; write them as Mon-Fri 8:00-18:00; Sat 9:00-13:00"
        raise RuleViolation(message)
    first, last = (DAYS.index(day) for day in days)
    if last < first:
        message = f"{part!r} ends before it begins; a week goes from Mon to Sun."
        raise RuleViolation(message)
    return first, last, (minutes[0], minutes[1])


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes) if int(minutes) < 60 else -1  # noqa: PLR2004 - minutes of an hour
