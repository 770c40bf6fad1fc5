"""The values that the pages of time show, made of entries: a week as a list, what waits for approval."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import day_filter
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.timekeeping.domain.worked import Week, seconds_between, span_between
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries.lines import EntryRow

SATURDAY = 6
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class EntryLine:
    """One entry as a line; ``worked_seconds`` of a running one are those up to now."""

    id: int
    version: int
    number: int
    kind: str
    title: str
    client_id: int
    client_name: str
    zone: str
    person_name: str
    note: str
    day: date
    span: str
    started_at: datetime
    ended_at: datetime | None
    duration_only: bool
    worked_seconds: int
    billable_seconds: int | None
    billable: str
    status: str
    rejected_because: str
    returned_because: str
    work_type_id: int | None
    work_type_name: str
    editable: bool
    asks: bool
    written_by: str
    overlaps: tuple[int, ...] = ()


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


def line(row: EntryRow, *, now: datetime, may_edit: bool) -> EntryLine:
    """Return an entry as a line. ``editable`` has a page: nothing that runs has; it says what cannot be changed."""
    zone = zone_named(row.zone)
    return EntryLine(
        id=row.id,
        version=row.version,
        number=row.number,
        kind=row.kind,
        title=row.title,
        client_id=row.client_id,
        client_name=row.client_name,
        zone=row.zone,
        person_name=row.person_name,
        note=row.note,
        day=local_day(row.started_at, zone),
        span="" if row.duration_only else span_between(row.started_at, row.ended_at, zone),
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_only=row.duration_only,
        worked_seconds=seconds_between(row.started_at, row.ended_at or now),
        billable_seconds=row.billable_seconds,
        billable=row.billable,
        status=row.status,
        rejected_because=row.rejected_because,
        returned_because=row.returned_because,
        work_type_id=row.work_type_id,
        work_type_name=row.work_type_name,
        editable=may_edit and row.ended_at is not None,
        asks=bool(row.asks) or row.differs,
        written_by=row.written_by,
    )


def with_overlaps(lines: Sequence[EntryLine]) -> list[EntryLine]:
    """Return the same lines, each with the numbers of the items on which the same time of day was worked too.

    Typed lengths have no time of day, and what runs ends nowhere yet.
    """
    timed = sorted((one for one in lines if not one.duration_only), key=attrgetter("started_at", "id"))
    crossing: dict[int, list[int]] = defaultdict(list)
    for at, one in enumerate(timed):
        for other in timed[at + 1 :]:
            if other.started_at >= (one.ended_at or FOREVER):
                break
            crossing[one.id].append(other.number)
            crossing[other.id].append(one.number)
    return [replace(one, overlaps=tuple(crossing[one.id])) if one.id in crossing else one for one in lines]


def days(lines: Sequence[EntryLine], week: Week, *, today: date) -> list[Day]:
    """Return the seven days of the week, each with its lines by start."""
    return [_day(day, [line for line in lines if line.day == day], today) for day in week.days]


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


def returned(of_entries: Iterable[Week], *, but_for: Week) -> list[Returned]:
    """Return the weeks of rejected entries, oldest first, without the one that is in view."""
    weeks = Counter(of_entries)
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


def _sum(lines: Iterable[EntryLine]) -> int:
    return sum(line.worked_seconds for line in lines)
