"""Refused lines as a file of their own: mended there, uploaded again, and known again by their keys."""

import csv
import io
from collections.abc import Iterable, Sequence

from helpdesk.imports.domain.sheet import Sheet
from helpdesk.infra.export.as_csv import MARK
from helpdesk.kernel.formulas import harmless

WHY, KEY = "Refused because", "Import key"


def refused_lines(sheet: Sheet, wrong: Iterable[tuple[int, str, str]]) -> bytes:
    """Return a CSV file of these lines, given as (line, key, why), with the cells that they had.

    A line whose cells could not even be parted comes as it can: what to mend is in its own file. The key, where the
    line has one, names it however it is mended.
    """
    cells = {record.line: record.cells for record in sheet.records}
    kept = [at for at, name in enumerate(sheet.header) if name not in {WHY, KEY}]
    empty = ("",) * len(sheet.header)
    rows = [[*((cells.get(line) or empty)[at] for at in kept), f"line {line}: {why}", key] for line, key, why in wrong]
    return _written([[*(sheet.header[at] for at in kept), WHY, KEY], *rows])


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows of text as all our lists are written: no cell is a formula (docs/export.md rule 4)."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([harmless(cell) for cell in row] for row in rows)
    return (MARK + out.getvalue()).encode()
