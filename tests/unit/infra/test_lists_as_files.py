import csv
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest

from helpdesk.infra.export import as_csv, as_xlsx
from helpdesk.infra.export.columns import Column, Sheet, amount, day, hours, instant, number, pages, text
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.formulas import harmless

BERLIN = ZoneInfo("Europe/Berlin")
SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
AT = datetime(2026, 11, 18, 10, 0, 5, tzinfo=UTC)
COLUMNS: list[Column[dict[str, Any]]] = [
    text("Note", lambda row: row["note"]),
    number("Count", lambda row: row.get("count")),
    amount("Total", lambda row: (row.get("minor"), row.get("currency", "EUR"))),
    hours("Worked", lambda row: row.get("seconds")),
    day("Day", lambda row: row.get("day")),
    instant("Changed", lambda row: row.get("at")),
]
FULL = {"note": "Ünïcode", "count": -3, "minor": -123450, "seconds": 5400, "day": date(2026, 3, 1), "at": AT}
YEN = {"note": "=1+1", "minor": 1500, "currency": "JPY", "seconds": -50, "count": Decimal("1.50")}


def as_bytes(write: Any, *rows: dict[str, Any], columns: list[Column[dict[str, Any]]] = COLUMNS) -> BytesIO:
    file = BytesIO()
    write(Sheet("a list: [1]", columns, iter(rows)), file, zone=BERLIN)
    return BytesIO(file.getvalue())


def xlsx_parts(file: BytesIO) -> tuple[ET.Element, ET.Element]:
    """Return the sheet and the styles of a workbook."""
    with ZipFile(file) as parts:
        names = ("xl/worksheets/sheet1.xml", "xl/styles.xml")
        sheet, styles = (ET.fromstring(parts.read(name)) for name in names)  # noqa: S314 - written by ourselves
    return sheet, styles


def cells_of(file: BytesIO) -> dict[str, tuple[Any, str]]:
    """Return value and number format of each cell of a workbook; texts are texts, all others numbers."""
    sheet, styles = xlsx_parts(file)
    custom = {each.get("numFmtId"): each.get("formatCode", "") for each in styles.iter(f"{SPREADSHEET}numFmt")}
    custom |= {"0": "General", "2": "0.00", "3": "#,##0", "4": "#,##0.00"}
    forms = styles.find(f"{SPREADSHEET}cellXfs")
    assert forms is not None
    found: dict[str, tuple[Any, str]] = {}
    for cell in sheet.iter(f"{SPREADSHEET}c"):
        inline = cell.find(f"{SPREADSHEET}is/{SPREADSHEET}t")
        number_said = cell.findtext(f"{SPREADSHEET}v")
        value = inline.text if inline is not None else float(number_said or "nan")
        assert (cell.get("t") == "inlineStr") == (inline is not None)
        found[str(cell.get("r"))] = (value, custom[str(forms[int(cell.get("s", "0"))].get("numFmtId"))])
    return found


@pytest.mark.parametrize(
    ("written", "safe"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r\n=1", "'\r\n=1"),
        ("  =1+1", "'  =1+1"),
        ("\N{FULLWIDTH EQUALS SIGN}1", "'\N{FULLWIDTH EQUALS SIGN}1"),
        ('a;=cmd|"/c calc"!A1', 'a;\'=cmd|"/c calc"!A1'),
        ("two lines\n@SUM(A1)", "two lines\n'@SUM(A1)"),
        ("a list\n- of this\n- and that ;-)", "a list\n- of this\n- and that ;-)"),
        ("a = b, 3-2, me@x.example", "a = b, 3-2, me@x.example"),
        ("", ""),
    ],
)
def test_a_text_in_csv_is_never_a_formula(written, safe):
    assert harmless(written) == safe


def test_csv_is_what_excel_and_rfc_4180_ask_for_and_numbers_stay_numbers():
    raw = as_bytes(as_csv.write, FULL, YEN, {"note": 'says "so", twice\nover'}).getvalue()

    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines(keepends=True)))
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == 4
    assert b'"says ""so"", twice\nover",,,,,\r\n' in raw
    assert rows[0] == ["Note", "Count", "Total", "Worked (h)", "Day", "Changed (Europe/Berlin)"]
    assert rows[1] == ["Ünïcode", "-3", "-1234.50", "1.50", "2026-03-01", "2026-11-18 11:00:05"]
    assert rows[2] == ["'=1+1", "1.50", "1500", "-0.0139", "", ""]


def test_xlsx_has_real_types_and_a_frozen_head_and_knows_neither_formulas_nor_links():
    long = "x" * 40_000
    file = as_bytes(as_xlsx.write, FULL, YEN, {"note": "https://example.org"}, {"note": long}, {"note": "0012"})

    cells, (sheet, styles) = cells_of(file), xlsx_parts(file)
    assert [cells[f"{letter}1"][0] for letter in "ABCDEF"] == [
        *("Note", "Count", "Total", "Worked (h)", "Day", "Changed (Europe/Berlin)")
    ]
    assert [cells[f"{letter}2"] for letter in "ABCD"] == [
        *(("Ünïcode", "General"), (-3.0, "General"), (-1234.5, "#,##0.00"), (1.5, "0.00"))
    ]
    assert cells["E2"] == ((date(2026, 3, 1) - date(1899, 12, 30)).days, "yyyy-mm-dd")
    assert cells["F2"][0] == pytest.approx((date(2026, 11, 18) - date(1899, 12, 30)).days + (11 * 3600 + 5) / 86400)
    assert (cells["A3"], cells["C3"]) == (("=1+1", "General"), (1500.0, "#,##0"))
    assert cells["A4"][0] == "https://example.org"
    assert (len(cells["A5"][0]), cells["A5"][0][-1], cells["A6"][0]) == (32_767, "…", "0012")
    assert "E3" not in cells
    pane = sheet.find(f".//{SPREADSHEET}pane")
    assert pane is not None
    assert (pane.get("ySplit"), pane.get("state")) == ("1", "frozen")
    assert not [*sheet.iter(f"{SPREADSHEET}f"), *sheet.iter(f"{SPREADSHEET}hyperlink")]
    assert [each.get("quotePrefix") for each in styles.iter(f"{SPREADSHEET}xf")].count("1") == 1


def test_what_csv_guards_stays_a_text_in_xlsx_where_somebody_edits_its_cell():
    texts = ["=1", "+1", "-1", "@A", "\t=1", "\r=1", "  =1", "\N{FULLWIDTH EQUALS SIGN}1", "a = b", "3-2"]

    sheet, styles = xlsx_parts(as_bytes(as_xlsx.write, *({"note": note} for note in texts)))
    forms = styles.find(f"{SPREADSHEET}cellXfs")
    assert forms is not None
    cells = {cell.get("r"): int(cell.get("s", "0")) for cell in sheet.iter(f"{SPREADSHEET}c")}
    quoted = [forms[cells[f"A{row}"]].get("quotePrefix") == "1" for row in range(2, len(texts) + 2)]

    assert quoted == [harmless(note) != note for note in texts]
    assert quoted.count(True) == 8


def test_a_list_longer_than_a_sheet_of_excel_is_refused_and_told_to_take_csv(monkeypatch):
    monkeypatch.setattr(as_xlsx, "MOST_ROWS", 2)

    assert cells_of(as_bytes(as_xlsx.write, {"note": "one"}, {"note": "two"}))["A3"][0] == "two"
    with pytest.raises(RuleViolation, match=re.escape("Take CSV.")):
        as_bytes(as_xlsx.write, *({"note": "one"} for _row in range(3)))


def test_pages_are_read_one_after_the_other_until_none_is_left():
    asked: list[int | None] = []

    def read(key: int | None) -> tuple[list[str], int | None]:
        asked.append(key)
        return {None: (["a", "b"], 2), 2: (["c"], 7), 7: ([], None)}[key]

    assert list(pages(read)) == ["a", "b", "c"]
    assert asked == [None, 2, 7]
