"""The values that the pages of time show, made of entries: a week as a list, what waits for approval."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import day_filter
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries

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


def line(entry: TimeEntry, *, now: datetime, may_edit: bool) -> EntryLine:
    """Return an entry as a line. ``editable`` has a page: nothing that runs has; it says what cannot be changed."""
    return EntryLine(
        id=entry.id,
        version=entry.version,
        number=entry.work_item.number,
        kind=entry.work_item.kind,
        title=entry.work_item.title,
        client_id=queries.client_of(entry).id,
        client_name=queries.client_of(entry).name,
        zone=queries.client_of(entry).time_zone,
        person_name=entry.person.name,
        note=entry.note,
        day=queries.day_of(entry),
        span=queries.span_of(entry),
        started_at=entry.started_at,
        ended_at=entry.ended_at,
        duration_only=entry.duration_only,
        worked_seconds=queries.worked_seconds(entry, now=now),
        billable_seconds=entry.billable_seconds,
        billable=entry.billable,
        status=entry.status,
        rejected_because=entry.rejected_because,
        returned_because=entry.returned_because,
        work_type_id=entry.work_type_id,
        work_type_name=entry.work_type.name if entry.work_type else "",
        editable=may_edit and entry.ended_at is not None,
        asks=bool(entry.asks) or entry.differs,
        written_by=entry.created_by.name if entry.created_by and entry.created_by_id != entry.person_id else "",
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


def _sum(lines: Iterable[EntryLine]) -> int:
    return sum(line.worked_seconds for line in lines)
