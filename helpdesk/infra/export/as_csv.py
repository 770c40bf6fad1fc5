"""A list as CSV (RFC 4180): UTF-8 with a mark for Excel, CRLF, and no text that a spreadsheet would reckon with."""

import csv
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from io import TextIOWrapper
from typing import IO, Any
from zoneinfo import ZoneInfo

from helpdesk.infra.export.columns import Kind, Sheet
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.formulas import harmless
from helpdesk.kernel.money import Money, plain

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def write(sheet: Sheet[Any], file: IO[bytes], *, zone: ZoneInfo) -> None:
    """Write the sheet into an open file, a row at a time."""
    out = TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    out.write(MARK)
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(
        harmless(f"{each.title} ({zone})" if each.kind is Kind.INSTANT else each.title) for each in sheet.columns
    )
    cells = [(each.read, _written(each.kind, zone)) for each in sheet.columns]
    for row in sheet.rows:
        values = ((read(row), said) for read, said in cells)
        rows.writerow(["" if value is None else said(value) for value, said in values])
    out.flush()
    out.detach()  # the file stays open for whoever sends it


def _written(kind: Kind, zone: ZoneInfo) -> Callable[[Any], str]:
    """Return how a cell of this kind is written."""

    def instant(value: datetime) -> str:
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

    ways: dict[Kind, Callable[[Any], str]] = {
        Kind.TEXT: harmless,
        Kind.NUMBER: _number,
        Kind.AMOUNT: Money.__str__,
        Kind.HOURS: _hours,
        Kind.DAY: date.isoformat,
        Kind.INSTANT: instant,
    }
    return ways[kind]


def _number(value: int | Decimal) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _hours(seconds: int) -> str:
    """Return hours with two decimals, or four where two would round: 5400 -> ``1.50``, 50 -> ``0.0139``."""
    exact = Fraction(seconds, HOUR)
    return plain(exact, decimals=2 if exact * 100 == int(exact * 100) else 4)
