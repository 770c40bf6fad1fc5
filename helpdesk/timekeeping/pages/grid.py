"""A week as a grid: clients, rows of work item and work type, a cell for each day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from helpdesk.timekeeping.domain.timesheet import SETTLED, CellEntry, RowKey, cell_text, stamp
from helpdesk.timekeeping.domain.worked import Week, Worked
from helpdesk.timekeeping.models import TimesheetRow
from helpdesk.timekeeping.render import EntryLine


@dataclass(frozen=True)
class Refusal:
    """What was typed into a cell and not saved, and why."""

    text: str
    problem: str


@dataclass(slots=True)
class Cell:
    """One row on one day. ``name`` is that of its field, ``shown`` what it says, ``text`` what stands in the field.

    ``state`` is empty, draft, submitted, approved, rejected or running; ``count`` entries are in it.
    """

    name: str
    day: date
    shown: str
    text: str
    seen: str
    state: str
    count: int
    has_notes: bool
    overlaps: bool
    editable: bool
    problem: str

    @property
    def is_blank(self) -> bool:
        """Whether nothing is in it but a field to be filled."""
        return self.editable and not (self.count or self.text or self.problem)


@dataclass(frozen=True)
class Notice:
    """Something below a row that concerns one of its days: a rejection, or what was not saved."""

    cell: str
    day: date
    kind: str
    seconds: int
    text: str


@dataclass(frozen=True)
class Row:
    """One work item and work type in a week. ``removable`` where it was put in and nobody worked on it yet."""

    key: str
    number: int
    kind: str
    title: str
    work_type_name: str
    worked_seconds: int
    billable: str
    cells: list[Cell]
    notices: list[Notice]
    removable: bool

    @property
    def label(self) -> str:
        """How the row is called where only a cell is seen."""
        return f"#{self.number} {self.title}" + (f", {self.work_type_name}" if self.work_type_name else "")


@dataclass(frozen=True)
class Group:
    """The rows of one client. ``zone_note`` says whose days these are where they are not the reader's."""

    client_id: int
    client_name: str
    zone: str
    zone_note: str
    rows: list[Row]


@dataclass(frozen=True)
class _Head:
    """What a row is called, whether from an entry or from a row that was put in."""

    client_name: str
    client_id: int
    zone: str
    number: int
    work_type_name: str
    work_type_id: int | None
    kind: str
    title: str

    @property
    def key(self) -> RowKey:
        return RowKey(self.number, self.work_type_id)

    @property
    def order(self) -> tuple[str, int, int, str, int]:
        return self.client_name.casefold(), self.client_id, self.number, self.work_type_name, self.work_type_id or 0


def groups(
    lines: Sequence[EntryLine],
    put_in: Iterable[TimesheetRow],
    week: Week,
    *,
    may_edit: bool,
    reader: ZoneInfo,
    refused: Mapping[str, Refusal],
) -> list[Group]:
    """Return the grid: clients by name, their rows by number and work type, a cell for each day."""
    of_row: dict[RowKey, list[EntryLine]] = {}
    heads: dict[RowKey, _Head] = {}
    for line in lines:
        key = RowKey(line.number, line.work_type_id)
        if key not in heads:
            heads[key] = _head_of_line(line)
        of_row.setdefault(key, []).append(line)
    removable = set()
    for row in put_in:
        head = _head_of_row(row)
        heads.setdefault(head.key, head)
        removable.add(head.key)
    ordered, days = sorted(heads.values(), key=lambda head: head.order), week.days
    return [
        Group(
            *client,
            _zone_note(client[2], reader, week),
            [_row(head, of_row.get(head.key, []), days, may_edit, refused, removable) for head in of_client],
        )
        for client, of_client in groupby(ordered, key=lambda head: (head.client_id, head.client_name, head.zone))
    ]


def field_name(key: RowKey | str, day: date) -> str:
    """Return how the field of a cell is called: ``4871.2.2026-11-16``."""
    return f"{key}.{day.isoformat()}"


def _head_of_line(line: EntryLine) -> _Head:
    return _Head(
        line.client_name,
        line.client_id,
        line.zone,
        line.number,
        line.work_type_name,
        line.work_type_id,
        line.kind,
        line.title,
    )


def _head_of_row(row: TimesheetRow) -> _Head:
    client = row.work_item.project.client
    type_name = row.work_type.name if row.work_type else ""
    return _Head(
        client.name,
        client.id,
        client.time_zone,
        row.work_item.number,
        type_name,
        row.work_type_id,
        row.work_item.kind,
        row.work_item.title,
    )


def _zone_note(zone: str, reader: ZoneInfo, week: Week) -> str:
    """Return the client's zone where its clocks show another time than the reader's in this week."""
    noons = [datetime.combine(day, time(12), tzinfo=UTC) for day in (week.days[0], week.days[-1])]
    same = all(noon.astimezone(ZoneInfo(zone)).utcoffset() == noon.astimezone(reader).utcoffset() for noon in noons)
    return "" if same else zone


def _row(
    head: _Head,
    lines: list[EntryLine],
    days: Sequence[date],
    may_edit: bool,  # noqa: FBT001 - passed on
    refused: Mapping[str, Refusal],
    removable: set[RowKey],
) -> Row:
    kinds = {line.billable for line in lines}
    key = str(head.key)
    by_day: dict[date, list[EntryLine]] = {day: [] for day in days}
    for line in lines:
        by_day[line.day].append(line)
    cells = [_cell(field_name(key, day), day, by_day[day], may_edit, refused) for day in days]
    return Row(
        key=key,
        number=head.number,
        kind=head.kind,
        title=head.title,
        work_type_name=head.work_type_name,
        worked_seconds=sum(line.worked_seconds for line in lines),
        billable=kinds.pop() if len(kinds) == 1 else "billable",
        cells=cells,
        notices=[notice for cell in cells for notice in _notices(cell, by_day[cell.day])],
        removable=head.key in removable and not lines,
    )


def _cell(
    name: str,
    day: date,
    lines: list[EntryLine],
    may_edit: bool,  # noqa: FBT001 - passed on
    refused: Mapping[str, Refusal],
) -> Cell:
    refusal = refused.get(name)
    if not lines and not refusal:  # as most are
        return Cell(name, day, "", "", "", "", 0, has_notes=False, overlaps=False, editable=may_edit, problem="")
    entries, state = [_entry(line) for line in lines], _state(lines)
    shown = cell_text(entries)
    return Cell(
        name=name,
        day=day,
        shown=shown,
        text=refusal.text if refusal else shown,
        seen=stamp(entries),
        state=state,
        count=len(lines),
        has_notes=any(line.note for line in lines),
        overlaps=any(line.overlaps for line in lines),
        editable=may_edit and len(lines) < 2 and state not in {"approved", "running"},  # noqa: PLR2004 - a sum is opened
        problem=refusal.problem if refusal else "",
    )


def _entry(line: EntryLine) -> CellEntry:
    worked = Worked(line.started_at, line.ended_at, line.duration_only) if line.ended_at else None
    return CellEntry(line.id, line.version, line.worked_seconds, worked, line.note, line.status)


def _state(lines: Sequence[EntryLine]) -> str:
    """Return the one word for a cell: what needs somebody comes first."""
    if not lines:
        return ""
    if any(line.status == "rejected" for line in lines):
        return "rejected"
    if any(line.ended_at is None for line in lines):
        return "running"
    if all(line.status in SETTLED for line in lines):
        return "approved"
    return "submitted" if all(line.status != "draft" for line in lines) else "draft"


def _notices(cell: Cell, lines: Iterable[EntryLine]) -> list[Notice]:
    found = [
        Notice(cell.name, cell.day, "rejected", line.worked_seconds, line.rejected_because)
        for line in lines
        if line.status == "rejected"
    ]
    return [*found, Notice(cell.name, cell.day, "problem", 0, cell.problem)] if cell.problem else found
