"""What single cells say: days, times, durations, yes and no. Pure (docs/import.md rules 4 to 6)."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Literal

from helpdesk.kernel.durations import HOUR, MINUTE
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import round_half_up

DateOrder = Literal["dmy", "mdy"]
Unit = Literal["clock", "hours", "minutes", "seconds"]

_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.]) ?([0-9]{1,2})[-/.] ?([0-9]{4}|[0-9]{2})")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)? ?([ap]\.?m\.?)?", re.IGNORECASE)
_CLOCK = re.compile(r"([0-9]{1,5}):([0-5][0-9])(?::([0-5][0-9]))?")
_NUMBER = re.compile(r"[0-9]{1,7}(?:[.,][0-9]{1,10})?")
_SPELT = re.compile(
    r"(?:([0-9]{1,4}) ?h(?:ours?|rs?)?)? ?(?:([0-9]{1,4}) ?m(?:in)?(?:utes?)?)?(?: ?([0-9]{1,2}) ?s(?:ec)?)?"
)
_YES = frozenset({"yes", "y", "true", "1", "x", "ja", "j", "wahr", "oui", "sí", "si", "sim", "on", "billable"})
_NO = frozenset({"no", "n", "false", "0", "nein", "falsch", "non", "não", "nao", "off", "-", "non-billable"})
_UNITS = {"hours": HOUR, "minutes": MINUTE, "seconds": 1}


def order_of_dates(cells: Iterable[str]) -> DateOrder | None:
    """Return whether day or month comes first in these cells; None where they can be read either way.

    A number above 12 decides, and so does the point between, which is a German's. Days that begin with their year
    need no order; where there are no others the answer is "dmy", since it does not matter.

    Raises:
        RuleViolation: some say the one and some the other.
    """
    found: dict[str, str] = {}
    undecided = False
    for cell in cells:
        match = _YEAR_LAST.match(cell.strip())
        if match is None:
            continue
        first, between, second = int(match[1]), match[2], int(match[3])
        if between == "." or first > 12 >= second:  # noqa: PLR2004 - a year has twelve months
            found.setdefault("dmy", match[0])
        elif second > 12 >= first:  # noqa: PLR2004
            found.setdefault("mdy", match[0])
        else:
            undecided = True
    if len(found) > 1:
        message = f"{found['dmy']} has the day first and {found['mdy']} the month; one file has one order."
        raise RuleViolation(message)
    if found:
        return "dmy" if "dmy" in found else "mdy"
    return None if undecided else "dmy"


def read_day(cell: str, *, order: DateOrder) -> date:
    """Return the day: 2026-03-29, 29.03.2026, 29/03/2026 or 03/29/2026 by ``order``; two digits are of this century.

    Raises:
        RuleViolation: it is none, or the calendar does not have it.
    """
    if match := _YEAR_FIRST.fullmatch(cell):
        parts = (int(match[1]), int(match[2]), int(match[3]))
    elif match := _YEAR_LAST.fullmatch(cell):
        year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)  # noqa: PLR2004 - two digits
        first, second = int(match[1]), int(match[3])
        parts = (year, second, first) if order == "dmy" or match[2] == "." else (year, first, second)
    else:
        message = f"{_shown(cell)} is no date; write it as 2026-03-29"
        raise RuleViolation(message)
    try:
        found = date(*parts)
    except ValueError:
        message = f"{_shown(cell)} is no day of the calendar"
        raise RuleViolation(message) from None
    if not 1970 <= found.year <= 9990:  # noqa: PLR2004 - docs/billing.md, the simulate contract
        message = f"{_shown(cell)} is too far away; years are 1970 to 9990"
        raise RuleViolation(message)
    return found


def read_time(cell: str) -> time:
    """Return the time of day: 9:15, 09:15:30, 9:15 PM.

    Raises:
        RuleViolation: it is none.
    """
    match = _TIME.fullmatch(cell)
    if match is not None:
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        half = (match[4] or "").lower()[:1]
        fits = 1 <= hour <= 12 if half else hour < 24  # noqa: PLR2004 - a clock's face
        hour = hour % 12 + (12 if half == "p" else 0) if half else hour
        if fits and minute < MINUTE and second < MINUTE:
            return time(hour, minute, second)
    message = f"{_shown(cell)} is no time of day; write it as 14:05"
    raise RuleViolation(message)


def read_instant(cell: str, *, order: DateOrder) -> datetime | tuple[date, time] | time:
    """Return day and time of one cell: an instant where it says its offset, else what a clock on a wall showed.

    A time alone is one of the day that another cell says (Harvest's "Started At" is none but a time).

    Raises:
        RuleViolation: it is none of these.
    """
    text = cell.strip()
    if _TIME.fullmatch(text):
        return read_time(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is not None and found.tzinfo is not None:
        return found.astimezone(UTC)
    day, _, clock = text.replace("T", " ", 1).partition(" ")
    return read_day(day.rstrip(","), order=order), read_time(clock.strip() or "0:00")


def read_length(cell: str, *, unit: Unit) -> int:
    """Return whole seconds: 1:30 and 1:30:00 are an hour and a half whatever the unit, 1h 30m is too.

    A plain number counts the ``unit``; "clock" takes only one with a decimal point or comma, as hours: nobody knows
    whether 90 is minutes.

    Raises:
        RuleViolation: it is no duration, or a number without a unit.
    """
    text = cell.strip().lower()
    if match := _CLOCK.fullmatch(text):
        return int(match[1]) * HOUR + int(match[2]) * MINUTE + int(match[3] or 0)
    if _NUMBER.fullmatch(text):
        if unit == "clock" and not set(text) & {".", ","}:
            message = f"{_shown(cell)} does not say whether that is hours or minutes; say it with the choice of columns"
            raise RuleViolation(message)
        return round_half_up(Decimal(text.replace(",", ".")) * _UNITS.get(unit, HOUR))
    if text and (match := _SPELT.fullmatch(text)) and any(match.groups()):
        return int(match[1] or 0) * HOUR + int(match[2] or 0) * MINUTE + int(match[3] or 0)
    message = f"{_shown(cell)} is no duration; write it as 1:30 or 1.5"
    raise RuleViolation(message)


def read_flag(cell: str) -> bool:
    """Return yes or no, as systems write them in several languages.

    Raises:
        RuleViolation: it is neither.
    """
    word = cell.strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    message = f"{_shown(cell)} is neither yes nor no"
    raise RuleViolation(message)


def read_whole(cell: str) -> int:
    """Return a whole number that is not negative.

    Raises:
        RuleViolation: it is none.
    """
    if not re.fullmatch(r"[0-9]{1,9}", cell.strip()):
        message = f"{_shown(cell)} is no whole number"
        raise RuleViolation(message)
    return int(cell)


def read_decimal(cell: str) -> str:
    """Return a plain decimal with a point: ``1.234,50`` and ``1,234.50`` are 1234.50, ``19 %`` is 19.

    Raises:
        RuleViolation: it is none.
    """
    text = cell.strip().rstrip("%").replace("\N{NO-BREAK SPACE}", "").replace(" ", "").replace("'", "")
    if "," in text and "." in text:
        thousands = "," if text.rfind(",") < text.rfind(".") else "."
        text = text.replace(thousands, "")
    text = text.replace(",", ".")
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,6})?", text):
        message = f"{_shown(cell)} is no number"
        raise RuleViolation(message)
    return text


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:40] + "…")  # noqa: PLR2004 - enough to be recognised
