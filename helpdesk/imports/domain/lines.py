"""The lines of a table as values of its kind, or as what is wrong with them. Pure (docs/import.md rules 3 to 8)."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from helpdesk.imports.domain.cells import (
    DateOrder,
    order_of_dates,
    read_day,
    read_decimal,
    read_flag,
    read_instant,
    read_length,
    read_time,
    read_whole,
)
from helpdesk.imports.domain.columns import FIELDS, Columns, Field, Kind
from helpdesk.imports.domain.sheet import Problem, Record, Sheet
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.formulas import plain_cell

Values = dict[str, Any]
_DATED = ("day", "instant")
_OF_LENGTH = ("clock", "hours", "minutes", "seconds")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NOT_CONTENT = frozenset({"id", "key"})


@dataclass(frozen=True, slots=True)
class Line:
    """What one record says: values by field; with problems it is refused, and its values are what could be read."""

    number: int
    values: Values
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """How the cells of a file are read: which column is which, and whether day or month comes first."""

    kind: Kind
    columns: Columns
    order: DateOrder
    source: str = ""


def order_of_sheet(sheet: Sheet, kind: Kind, columns: Columns) -> DateOrder | None:
    """Return whether the days of a file have day or month first, by all its rows; None where it must be asked.

    Raises:
        RuleViolation: some have the one and some the other.
    """
    at = [columns[field.name] for field in FIELDS[kind] if field.reading in _DATED and field.name in columns]
    return order_of_dates(record.cells[column] for record in sheet.records for column in at)


def read_lines(sheet: Sheet, form: Form) -> list[Line]:
    """Return each line of the file in its order; one that cannot be read stops no other."""
    broken = [Line(problem.line, {}, (problem,)) for problem in sheet.problems]
    read = [_line(record, sheet.header, form) for record in sheet.records]
    return sorted([*broken, *read], key=lambda line: line.number)


def key_of(kind: Kind, values: Values, identity: Iterable[object], seen: Counter[str]) -> str:
    """Return what names this line in every file: its number in the other system, else what it is about.

    ``identity`` is what makes two lines the same thing. Somebody may work the same twice: of equal lines of time the
    second is the second (``seen`` counts them). The key of an earlier import, which our own list of refused lines
    carries, comes before all.
    """
    if values.get("key"):
        return str(values["key"])
    if values.get("id"):
        return f"{kind}:id:{values['id']}"
    digest = _digest([kind, *identity])
    if kind != "time":
        return f"{kind}:{digest}"
    seen[digest] += 1
    return f"{kind}:{digest}:{seen[digest]}"


def content_of(values: Values) -> str:
    """Return a short word that is the same for the same content, and another for any other."""
    return _digest({name: value for name, value in values.items() if name not in _NOT_CONTENT})


def uuid_of(key: str) -> str:
    """Return the uuid of the entry that a line with this key becomes, whenever and wherever it is imported."""
    return str(uuid5(NAMESPACE_URL, f"helpdesk:import:{key}"))


def _digest(value: object) -> str:
    text = json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _line(record: Record, header: tuple[str, ...], form: Form) -> Line:
    values: Values = {}
    problems: list[Problem] = []
    for field in FIELDS[form.kind]:
        if field.name not in form.columns:
            continue
        at = form.columns[field.name]
        try:
            values[field.name] = _value(record.cells[at], field, form)
        except RuleViolation as refusal:
            problems.append(Problem(record.line, header[at], str(refusal)))
    return Line(record.line, values, tuple(problems))


def _value(cell: str, field: Field, form: Form) -> object:
    text = plain_cell(cell)
    if _CONTROL.search(text):
        message = "holds a control character, which is no text"
        raise RuleViolation(message)
    if not text:
        if field.needed:
            message = "is empty, and the line needs it"
            raise RuleViolation(message)
        return "" if field.reading in {"text", "lines", "email"} else None
    if field.reading == "lines":
        text = "\n".join(line.strip() for line in text.split("\n"))
    elif field.name == "note":
        text = "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()
    else:
        text = " ".join(text.split())
    if len(text) > field.most:
        message = f"has {len(text):,} characters; at most {field.most:,} are kept"
        raise RuleViolation(message)
    return _READERS.get(field.reading, _text)(text, field, form)


def _text(text: str, _field: Field, _form: Form) -> object:
    return text


def _day(text: str, _field: Field, form: Form) -> date:
    return read_day(text, order=form.order)


def _instant(text: str, _field: Field, form: Form) -> object:
    return read_instant(text, order=form.order)


def _length(text: str, field: Field, form: Form) -> int:
    in_seconds = field.reading == "clock" and form.source == "kimai" and text.isdecimal()
    unit = "seconds" if in_seconds else next(unit for unit in _OF_LENGTH if unit == field.reading)
    return read_length(text, unit=unit)  # type: ignore[arg-type] # one of the four words


_READERS: Mapping[str, Callable[[str, Field, Form], object]] = {
    "day": _day,
    "instant": _instant,
    "time": lambda text, _field, _form: read_time(text),
    "clock": _length,
    "hours": _length,
    "minutes": _length,
    "seconds": _length,
    "flag": lambda text, _field, _form: read_flag(text),
    "whole": lambda text, _field, _form: read_whole(text),
    "decimal": lambda text, _field, _form: read_decimal(text),
}
