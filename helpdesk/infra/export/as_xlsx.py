"""A list as XLSX: cells with real types, written row by row, so that memory does not grow with the list."""

import re
from collections.abc import Callable
from typing import IO, Any
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from helpdesk.infra.export.columns import Column, Kind, Sheet
from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.formulas import begins_formula
from helpdesk.kernel.money import Money, exponent_of

MOST_ROWS = 1_048_575
MOST_CHARACTERS = 32_767
_CUT = "\N{HORIZONTAL ELLIPSIS}"
_WIDTHS = {Kind.TEXT: 24, Kind.NUMBER: 10, Kind.AMOUNT: 14, Kind.HOURS: 12, Kind.DAY: 12, Kind.INSTANT: 22}
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}

Put = Callable[[int, int, Any], None]


def write(sheet: Sheet[Any], file: IO[bytes], *, zone: ZoneInfo) -> None:
    """Write the sheet into an open file, which can be read once this returns.

    Raises:
        RuleViolation: more rows than a sheet of Excel takes; CSV has no such end.
    """
    with Workbook(file, OPTIONS) as book:
        page = book.add_worksheet(re.sub(r"[\[\]:*?/\\]", " ", sheet.name).strip(" '")[:31])
        _head(book, page, sheet.columns, zone)
        cells = [(at, column.read, _put(book, page, column.kind, zone)) for at, column in enumerate(sheet.columns)]
        at_row = 0
        for at_row, row in enumerate(sheet.rows, start=1):
            if at_row > MOST_ROWS:
                message = _("A sheet of Excel takes %(most)s rows, and this list has more. Take CSV.", most=MOST_ROWS)
                raise RuleViolation(message)
            for at, read, put in cells:
                value = read(row)
                if value is not None:
                    put(at_row, at, value)
        page.autofilter(0, 0, max(at_row, 1), max(len(sheet.columns) - 1, 0))


def _head(book: Workbook, page: Worksheet, columns: Any, zone: ZoneInfo) -> None:  # noqa: ANN401 - columns of any row
    bold = book.add_format({"bold": True, "bottom": 1})
    page.freeze_panes(1, 0)
    column: Column[Any]
    for at, column in enumerate(columns):
        title = f"{column.title} ({zone})" if column.kind is Kind.INSTANT else column.title
        page.set_column(at, at, max(_WIDTHS[column.kind], min(len(title) + 2, 40)))
        page.write_string(0, at, title, bold)


def _put(book: Workbook, page: Worksheet, kind: Kind, zone: ZoneInfo) -> Put:
    """Return what puts a cell of this kind at a row and a column."""
    if kind is Kind.TEXT:
        return _put_text(book, page)
    if kind is Kind.AMOUNT:
        return _put_amount(book, page)
    if kind in {Kind.DAY, Kind.INSTANT}:
        form = book.add_format({"num_format": "yyyy-mm-dd" if kind is Kind.DAY else "yyyy-mm-dd hh:mm:ss"})

        def put_time(row: int, at: int, value: Any) -> None:  # noqa: ANN401 - a date or an instant
            local = value.astimezone(zone).replace(tzinfo=None, microsecond=0) if kind is Kind.INSTANT else value
            page.write_datetime(row, at, local, form)

        return put_time
    plain = book.add_format({"num_format": "0.00" if kind is Kind.HOURS else "General"})
    parts = HOUR if kind is Kind.HOURS else 1

    def put_number(row: int, at: int, value: Any) -> None:  # noqa: ANN401 - any number
        page.write_number(row, at, float(value) / parts, plain)

    return put_number


def _put_text(book: Workbook, page: Worksheet) -> Put:
    """Return what puts a text: never a formula or link, also where somebody edits the cell afterwards."""
    quoted = book.add_format({"quote_prefix": True})

    def put(row: int, at: int, value: str) -> None:
        if value:
            cut = value if len(value) <= MOST_CHARACTERS else value[: MOST_CHARACTERS - 1] + _CUT
            page.write_string(row, at, cut, quoted if begins_formula(cut) else None)

    return put


def _put_amount(book: Workbook, page: Worksheet) -> Put:
    """Return what puts an amount, with the decimals of its currency."""
    forms: dict[int, Format] = {}

    def put(row: int, at: int, value: Money) -> None:
        decimals = exponent_of(value.currency)
        if decimals not in forms:
            forms[decimals] = book.add_format({"num_format": "#,##0" + ("." + "0" * decimals if decimals else "")})
        page.write_number(row, at, value.minor / 10**decimals, forms[decimals])

    return put
