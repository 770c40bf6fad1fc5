"""A CSV file becomes cells: encodings, delimiters, quotation marks, and lines that spoil no other."""

import pytest

from helpdesk.imports.domain.sheet import MOST_BYTES, MOST_LINES, Record, Sheet, read_sheet
from helpdesk.imports.render import refused_lines
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.formulas import plain_cell

TABLE = "Name;Ort\nKühn & Söhne;Köln\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_usual_encoding_reads_the_same(encoding):
    sheet = read_sheet(TABLE.encode(encoding))

    assert sheet.header == ("Name", "Ort")
    assert [record.cells for record in sheet.records] == [("Kühn & Söhne", "Köln")]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_the_header_tells_the_delimiter(sign):
    sheet = read_sheet(f'"Name, and more"{sign}B{sign}C\r\n"a,b;c\td"{sign}2{sign}3\r\n'.encode())

    assert sheet.delimiter == sign
    assert sheet.records[0].cells == ("a,b;c\td", "2", "3")


def test_a_spreadsheet_may_say_its_delimiter_and_quoted_cells_their_line_breaks():
    sheet = read_sheet(b'sep=;\nA;B\n"one\ntwo";2\n\n;\nx;y;\n')

    assert [(record.line, record.cells) for record in sheet.records] == [(3, ("one\ntwo", "2")), (7, ("x", "y"))]
    assert sheet.problems == ()


def test_one_bad_line_in_a_thousand_is_named_and_the_others_are_kept():
    lines = [f"{number},text {number}" for number in range(2, 1002)]
    lines[498] = '500,"never closed'
    lines[800] = "802,one,too many"
    lines[900] = "902"

    sheet = read_sheet(("No,Text\n" + "\n".join(lines) + '\n1002,"two\nlines"\n').encode())

    assert [(problem.line, problem.message) for problem in sheet.problems] == [
        (500, "a quotation mark is out of place: it is never closed, or not doubled"),
        (802, "has 3 cells where the header has 2"),
        (902, "has 1 cells where the header has 2"),
    ]
    assert len(sheet.records) == 998
    assert sheet.records[-1].cells == ("1002", "two\nlines")
    assert all(record.cells[0] == str(record.line) for record in sheet.records)


def test_a_mark_that_the_next_quoted_cell_seems_to_close_spoils_its_own_line_alone():
    sheet = read_sheet(b'A,B\n1,"open\n2,"fine"\n3,"well"\n')

    assert [problem.line for problem in sheet.problems] == [2]
    assert [record.cells for record in sheet.records] == [("2", "fine"), ("3", "well")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"  \n", "empty"),
        (b"PK\x03\x04rest of a workbook", "save the sheet as CSV"),
        (b"A,B\n\x81\x8d\xff,1\n", "no text"),
        (b"A\n" + b"x\n" * (MOST_LINES + 1), "more than 20,000 lines"),
        (b"x" * (MOST_BYTES + 1), "larger than 10 MB"),
        (b",,\n1,2,3\n", "must name"),
    ],
)
def test_what_is_no_table_is_refused_with_the_remedy(content, why):
    with pytest.raises(RuleViolation, match=why):
        read_sheet(content)


def test_no_refused_cell_goes_out_as_a_formula_and_each_comes_back_as_it_was():
    hostile = ["=1+1", "+49 30", "-5", "@SUM(A1)", "plain", "'quoted'", 'a;=B("x")', "two\n=C(1)"]
    sent = Sheet(("Cell",), tuple(Record(line, (cell,)) for line, cell in enumerate(hostile, 2)), (), ",", "utf-8")

    content = refused_lines(sent, [(record.line, "time:key:1", "=WHY()") for record in sent.records])
    back = read_sheet(content)

    assert back.header == ("Cell", "Refused because", "Import key")
    assert all(not cell.startswith(tuple("=+-@")) for record in back.records for cell in record.cells)
    assert [plain_cell(record.cells[0]) for record in back.records] == hostile
