"""Reading a JSON scenario field by field, naming the first fault by its path (docs/billing.md, simulate contract)."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, NoReturn, TypeVar

from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import parse_decimal
from helpdesk.kernel.periods import Month

T = TypeVar("T")
D = TypeVar("D")
E = TypeVar("E", bound=StrEnum)
Read = Callable[[Any, str], T]

REQUIRED: Any = object()
FIRST_YEAR, LAST_YEAR = 1970, 9990
LARGEST_INTEGER = 10**9

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_NUMBER = 40


class _Inexact:
    """A JSON number that is no integer of reasonable size, kept so that the fault can name its field."""


def refuse(path: str, reason: str) -> NoReturn:
    """Refuse the field at ``path``.

    Raises:
        RuleViolation: always, worded ``path: reason``.
    """
    message = f"{path}: {reason}"
    raise RuleViolation(message) from None


def parse_json(text: str) -> object:
    """Return what the text holds; fractions and huge numbers come back as values that no field accepts.

    Raises:
        RuleViolation: ``scenario: ...``, as the text is no JSON or names a field twice.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_float=lambda _: _Inexact(),
            parse_int=lambda digits: int(digits) if len(digits) <= _LONGEST_NUMBER else _Inexact(),
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        refuse("scenario", f"is no JSON: {error.msg} in line {error.lineno}")
    except RecursionError:
        refuse("scenario", "is nested too deeply")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for at, name in enumerate(names) if name in names[:at])
        refuse("scenario", f"names the field {repeated!r} twice in one object")
    return found


def _no_constant(name: str) -> None:
    refuse("scenario", f"is no JSON: {name} is no number")


class Fields:
    """The fields of one JSON object at ``path``; a name that is not in ``known`` is refused."""

    def __init__(self, value: object, path: str, known: str) -> None:
        if not isinstance(value, dict):
            refuse(path or "scenario", "must be an object")
        self._values: Mapping[str, Any] = value
        self._prefix = f"{path}." if path else ""
        for name in value:
            if name not in known.split():
                refuse(self.path(name), f"is no field here; there are {', '.join(known.split())}")

    def path(self, name: str) -> str:
        """Return the path of one field."""
        return f"{self._prefix}{name}"

    def get(self, name: str, read: Read[T], default: D = REQUIRED) -> T | D:
        """Return the field as ``read`` understands it, or the default where it is absent.

        Raises:
            RuleViolation: it is absent and has no default, or ``read`` refuses it.
        """
        if name not in self._values:
            if default is REQUIRED:
                refuse(self.path(name), "is required")
            return default
        return read(self._values[name], self.path(name))


def or_null(read: Read[T]) -> Read[T | None]:
    """Return a reader that takes null as well."""
    return lambda value, path: None if value is None else read(value, path)


def list_of(read: Read[T]) -> Read[list[T]]:
    """Return a reader of lists whose items ``read`` understands; items are named ``path[0]``."""

    def read_list(value: object, path: str) -> list[T]:
        if not isinstance(value, list):
            refuse(path, "must be a list")
        return [read(item, f"{path}[{at}]") for at, item in enumerate(value)]

    return read_list


def checked(check: Callable[[str], T]) -> Read[T]:
    """Return a reader of texts that ``check`` turns into a value or refuses."""

    def read(value: object, path: str) -> T:
        written = text(value, path)
        try:
            return check(written)
        except RuleViolation as error:
            refuse(path, str(error))

    return read


def choice(options: type[E]) -> Read[E]:
    """Return a reader of one of the values of an enumeration."""

    def read(value: object, path: str) -> E:
        if not isinstance(value, str) or value not in list(options):
            refuse(path, f"must be one of {', '.join(options)}")
        return options(value)

    return read


def text(value: object, path: str) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value:
        refuse(path, "must be a text that is not empty")
    return value


def boolean(value: object, path: str) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        refuse(path, "must be true or false")
    return value


def integer(lowest: int = 0, highest: int = LARGEST_INTEGER) -> Read[int]:
    """Return a reader of JSON integers within bounds, both inclusive."""

    def read(value: object, path: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            refuse(path, f"must be an integer from {lowest} to {highest}")
        return value

    return read


def decimal(value: object, path: str) -> Decimal:
    """Return a number that is not negative, from a plain decimal as text or from a JSON integer."""
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(written, str):
        refuse(path, 'must be a plain decimal as text, such as "120.50", or an integer')
    try:
        number = parse_decimal(written)
    except RuleViolation as error:
        refuse(path, str(error))
    if written.startswith("-"):
        refuse(path, "must not be negative")
    return number


def hours(value: object, path: str) -> int:
    """Return the whole seconds of a number of hours."""
    number = decimal(value, path)
    seconds = Fraction(number) * HOUR
    if seconds.denominator != 1:
        refuse(path, f"{number} hours are no whole seconds")
    return seconds.numerator


def instant(value: object, path: str) -> datetime:
    """Return the UTC instant of ``2026-03-02T10:00:00+01:00`` or ``...Z``."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        refuse(path, "must be an instant with whole seconds and an offset, such as 2026-03-02T10:00:00+01:00")
    try:
        found = datetime.fromisoformat(value)
        _check_year(found.year, path)
        return found.astimezone(UTC)
    except ValueError:
        refuse(path, f"{value!r} is no instant of the calendar")


def day(value: object, path: str) -> date:
    """Return the day of ``2026-03-02``."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        refuse(path, "must be a day such as 2026-03-02")
    try:
        found = date.fromisoformat(value)
    except ValueError:
        refuse(path, f"{value!r} is no day of the calendar")
    _check_year(found.year, path)
    return found


def month(value: object, path: str) -> Month:
    """Return the month of ``2026-03``."""
    found = checked(Month.parse)(value, path)
    _check_year(found.year, path)
    return found


def _check_year(year: int, path: str) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        refuse(path, f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
