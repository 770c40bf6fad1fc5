"""A CSV file as cells: its encoding, its delimiter, its lines; a line that is broken spoils no other. Pure.

Whatever stands in a cell is text: no formula is ever reckoned. docs/import.md rules 1 to 3.
"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.kernel.errors import RuleViolation

MOST_BYTES = 10 * 1024 * 1024
MOST_LINES = 20_000
MOST_COLUMNS = 200
MOST_LINES_IN_A_CELL = 200
DELIMITERS = (",", ";", "\t")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong on a line of the file (1 is its first), and in which column; "" where it is the whole line."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"{self.column}: {self.message}" if self.column else self.message


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record and the line on which it begins."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file with its header, the records that can be read, and the lines that cannot."""

    header: tuple[str, ...]
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    delimiter: str
    encoding: str


def read_sheet(content: bytes) -> Sheet:
    """Return what the bytes of a CSV file hold.

    UTF-8 with or without a mark, UTF-16 and Windows-1252 are understood; comma, semicolon and tab part the cells, as
    the header has most of. Line breaks within quotation marks are kept. A quotation mark that is never closed, and a
    line with more or fewer cells than the header, is a problem of that line alone.

    Raises:
        RuleViolation: it is empty, too large, no text, or has no header.
    """
    if len(content) > MOST_BYTES:
        message = f"The file is larger than {MOST_BYTES // 1024 // 1024} MB; export a shorter period, or split it."
        raise RuleViolation(message)
    text, encoding = _decoded(content)
    lines = io.StringIO(text, newline=None).read().split("\n")
    first, delimiter = _beginning(lines)
    records, problems = _records(lines, first, delimiter)
    if not records:
        message = "The file has no header: its first line names the columns."
        raise RuleViolation(message)
    if len(records) + len(problems) - 1 > MOST_LINES:
        message = f"The file has more than {MOST_LINES:,} lines; export a shorter period, or split it."
        raise RuleViolation(message)
    header = tuple(" ".join(cell.split()) for cell in records[0].cells)
    while header and not header[-1]:
        header = header[:-1]
    if not header or len(header) > MOST_COLUMNS:
        message = f"The first line must name 1 to {MOST_COLUMNS} columns."
        raise RuleViolation(message)
    good, wrong = [], list(problems)
    for record in records[1:]:
        cells = _fitted(record.cells, len(header))
        if cells is None:
            wrong.append(Problem(record.line, "", _wrong_length(record.cells, header)))
        elif any(cells):
            good.append(Record(record.line, cells))
    wrong.sort(key=lambda problem: problem.line)
    return Sheet(header, tuple(good), tuple(wrong), delimiter, encoding)


def _decoded(content: bytes) -> tuple[str, str]:
    if not content.strip():
        message = "The file is empty."
        raise RuleViolation(message)
    if content.startswith(_WORKBOOKS):
        message = "That is a workbook; save the sheet as CSV in your spreadsheet program, and choose that file."
        raise RuleViolation(message)
    for encoding in _candidates(content):
        try:
            return content.decode(encoding).removeprefix("\N{BOM}"), encoding
        except UnicodeDecodeError:
            continue
    message = "The file is no text in UTF-8, UTF-16 or Windows-1252; export it as CSV in UTF-8."
    raise RuleViolation(message)


def _candidates(content: bytes) -> Sequence[str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    even, odd = content[0:400:2].count(0), content[1:400:2].count(0)
    if max(even, odd) * 4 > min(len(content), 400):  # every other byte of Latin text in UTF-16 is nothing
        return ("utf-16-le" if odd > even else "utf-16-be",)
    return ("utf-8", "cp1252")


def _beginning(lines: Sequence[str]) -> tuple[int, str]:
    """Return the index of the header's line and the delimiter; spreadsheets may say it in a line of its own."""
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    said = lines[first].strip().strip('"').lower()
    if said.startswith("sep=") and len(said) == len("sep=;"):
        return first + 1, said[-1]
    outside = "".join(part for at, part in enumerate(lines[first].split('"')) if at % 2 == 0)
    counted = Counter(sign for sign in outside if sign in DELIMITERS)
    return first, max(DELIMITERS, key=lambda sign: counted[sign])


class _Feed:
    """The lines from one on, for the reader of csv: at most so many for one record."""

    def __init__(self, lines: Sequence[str], at: int) -> None:
        self.lines, self.at, self.began = lines, at, at

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines) or self.at - self.began >= MOST_LINES_IN_A_CELL:
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1] + "\n"


def _records(lines: Sequence[str], first: int, delimiter: str) -> tuple[list[Record], list[Problem]]:
    """Return the records from a line on; after one that is broken the next line is tried as if nothing were."""
    records: list[Record] = []
    problems: list[Problem] = []
    feed = _Feed(lines, first)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    width = 0
    while feed.at < len(lines) and len(records) + len(problems) <= MOST_LINES + 1:
        start = feed.began = feed.at
        try:
            cells = next(reader, None)
        except csv.Error:
            cells = None
        spans = feed.at - start
        if cells is not None and (spans == 1 or not width or len(cells) == width):
            width = width or len(cells)
            if cells:
                records.append(Record(start + 1, tuple(cells)))
            continue
        problems.append(Problem(start + 1, "", "a quotation mark is out of place: it is never closed, or not doubled"))
        feed = _Feed(lines, start + 1)
        reader = csv.reader(feed, delimiter=delimiter, strict=True)
    return records, problems


def _fitted(cells: tuple[str, ...], width: int) -> tuple[str, ...] | None:
    """Return the cells with as many as the header has, if only empty ones are too many; None where they do not fit."""
    if not any(cells):
        return ("",) * width
    if len(cells) < width or any(cells[width:]):
        return None
    return cells[:width]


def _wrong_length(cells: tuple[str, ...], header: tuple[str, ...]) -> str:
    return f"has {len(cells)} cells where the header has {len(header)}"
