"""The values that the pages of time show, made of entries: a week as a grid and as a list, what waits for approval."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import day_filter
from helpdesk.timekeeping import queries
from helpdesk.timekeeping.charging import APPROVED
from helpdesk.timekeeping.domain import Week
from helpdesk.timekeeping.models import TimeEntry

SATURDAY = 6


@dataclass(frozen=True)
class EntryLine:
    """One entry as a line; ``worked_seconds`` of a running one are those up to now."""

    id: int
    number: int
    kind: str
    title: str
    client_name: str
    zone: str
    person_name: str
    note: str
    day: date
    span: str
    ended_at: datetime | None
    worked_seconds: int
    billable_seconds: int | None
    billable: str
    status: str
    rejected_because: str
    returned_because: str
    work_type_name: str
    editable: bool
    asks: bool


@dataclass(frozen=True)
class Cell:
    """One work item on one day."""

    seconds: int
    rejected: bool
    locked: bool


@dataclass(frozen=True)
class Row:
    """One work item in a week."""

    number: int
    kind: str
    title: str
    worked_seconds: int
    billable: str
    cells: list[Cell]


@dataclass(frozen=True)
class Group:
    """The work items of one client in a week."""

    client_name: str
    rows: list[Row]


@dataclass(frozen=True)
class Day:
    """One day of a week, with its entries."""

    date: date
    is_today: bool
    is_rest: bool
    worked_seconds: int
    billable_seconds: int
    entries: list[EntryLine]


@dataclass(frozen=True)
class Totals:
    """The sums of a week."""

    worked_seconds: int
    billable_seconds: int
    billable_percent: int
    no_charge_seconds: int
    rejected_seconds: int


@dataclass(frozen=True)
class Submit:
    """What the button to submit would take."""

    count: int
    label: str


@dataclass(frozen=True)
class Returned:
    """A week with entries that came back from approval."""

    week: Week
    count: int


def rate_scope(entry: TimeEntry) -> dict[str, Any]:
    """Return what fills in the form for a rate that prices the entry: its client and person, from its day on."""
    client = queries.client_of(entry)
    day = queries.day_of(entry).isoformat()
    return {"client": client.id, "person": entry.person_id, "currency": client.currency, "from": day}


def line(entry: TimeEntry, *, now: datetime, may_edit: bool) -> EntryLine:
    """Return an entry as a line. ``editable`` has a page: nothing that runs has; it says what cannot be changed."""
    return EntryLine(
        id=entry.id,
        number=entry.work_item.number,
        kind=entry.work_item.kind,
        title=entry.work_item.title,
        client_name=queries.client_of(entry).name,
        zone=queries.client_of(entry).time_zone,
        person_name=entry.person.name,
        note=entry.note,
        day=queries.day_of(entry),
        span=queries.span_of(entry),
        ended_at=entry.ended_at,
        worked_seconds=queries.worked_seconds(entry, now=now),
        billable_seconds=entry.billable_seconds,
        billable=entry.billable,
        status=entry.status,
        rejected_because=entry.rejected_because,
        returned_because=entry.returned_because,
        work_type_name=entry.work_type.name if entry.work_type else "",
        editable=may_edit and entry.ended_at is not None,
        asks=bool(entry.asks) or entry.differs,
    )


def days(lines: Sequence[EntryLine], week: Week, *, today: date) -> list[Day]:
    """Return the seven days of the week, each with its lines by start."""
    return [_day(day, [line for line in lines if line.day == day], today) for day in week.days]


def groups(lines: Sequence[EntryLine], week: Week) -> list[Group]:
    """Return the grid: clients by name, their work items by number, a cell for each day."""
    ordered = sorted(lines, key=lambda line: (line.client_name.casefold(), line.number))
    return [
        Group(name, [_row(list(of_item), week) for _number, of_item in groupby(of_client, key=attrgetter("number"))])
        for name, of_client in groupby(ordered, key=attrgetter("client_name"))
    ]


def totals(lines: Sequence[EntryLine]) -> Totals:
    """Return the sums; the billable ones are worked seconds of billable entries."""
    worked = _sum(lines)
    billable = _sum(line for line in lines if line.billable == "billable")
    return Totals(
        worked_seconds=worked,
        billable_seconds=billable,
        billable_percent=100 * billable // worked if worked else 0,
        no_charge_seconds=_sum(line for line in lines if line.billable == "no_charge"),
        rejected_seconds=_sum(line for line in lines if line.status == "rejected"),
    )


def returned(entries: Iterable[TimeEntry], *, but_for: Week) -> list[Returned]:
    """Return the weeks of rejected entries, oldest first, without the one that is in view."""
    weeks = Counter(Week.of(queries.day_of(entry)) for entry in entries)
    return [Returned(week, weeks[week]) for week in sorted(weeks, key=attrgetter("monday")) if week != but_for]


def submit_of(lines: Sequence[EntryLine]) -> Submit:
    """Return how many drafts could be submitted, and the words for it: "Submit Mon to Wed"."""
    drafts = [line for line in lines if line.status == "draft" and line.ended_at is not None]
    if not drafts:
        return Submit(0, "")
    first, last = (day_filter(edge(line.day for line in drafts), "EEE") for edge in (min, max))
    label = (
        _("Submit %(day)s", day=first) if first == last else _("Submit %(first)s to %(last)s", first=first, last=last)
    )
    return Submit(len(drafts), label)


def _day(day: date, lines: list[EntryLine], today: date) -> Day:
    return Day(
        date=day,
        is_today=day == today,
        is_rest=day.isoweekday() >= SATURDAY,
        worked_seconds=_sum(lines),
        billable_seconds=_sum(line for line in lines if line.billable == "billable"),
        entries=lines,
    )


def _row(lines: list[EntryLine], week: Week) -> Row:
    kinds = {line.billable for line in lines}
    return Row(
        number=lines[0].number,
        kind=lines[0].kind,
        title=lines[0].title,
        worked_seconds=_sum(lines),
        billable=kinds.pop() if len(kinds) == 1 else "billable",
        cells=[_cell([line for line in lines if line.day == day]) for day in week.days],
    )


def _cell(lines: list[EntryLine]) -> Cell:
    return Cell(
        seconds=_sum(lines),
        rejected=any(line.status == "rejected" for line in lines),
        locked=bool(lines) and all(line.status in APPROVED for line in lines),
    )


def _sum(lines: Iterable[EntryLine]) -> int:
    return sum(line.worked_seconds for line in lines)
