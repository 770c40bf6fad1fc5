"""What waits for approval: grouped, filtered, page by page, with the facts that remarks are made of (rule 2).

A fixed number of queries however long the list: the sums of all groups, the ids of one page by key, the rows of that
page with their facts, and what its projects have had so far.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import accumulate
from typing import Any

from sqlalchemy import Select, String, and_, bindparam, case, exists, func, literal, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, joinedload

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.company import service as company
from helpdesk.company.domain import BusinessHours
from helpdesk.infra.ahead import Question, rows_of
from helpdesk.infra.db import UtcDateTime
from helpdesk.infra.sql import days_before, seconds_between
from helpdesk.kernel.periods import zone_named
from helpdesk.projects.models import Project, TaskDetails, WorkItem
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping import caps
from helpdesk.timekeeping.charging import APPROVED
from helpdesk.timekeeping.domain.remarks import Remark, Submitted, remarks_of
from helpdesk.timekeeping.models import SUBMITTED, TimeEntry, TimerEventRow, TimeReversal
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries.rights import Reach
from helpdesk.timekeeping.queries.submitted import KEYS, Filters, Manager, Sum, Waits, submitted, waits

PAGE = 50
MOST_AT_ONCE = 500
LONGEST_DAYS = 2
"""Nothing submitted began longer before what it overlaps; without this its index would be read from the start."""
Writer = aliased(Person, name="writer")
Other = aliased(TimeEntry, name="other")
OnItem = aliased(TimeEntry, name="on_item")
REVERSED = literal_column("'reversed'", String)
REJECTED = literal_column("'rejected'", String)
TRIM = literal_column("'trim'", String)
"""Written out: with values for them PostgreSQL would plan each page anew, which takes longer than the page does."""
WORKED = seconds_between(TimeEntry.started_at, TimeEntry.ended_at)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One entry of the page with what stands out about it."""

    entry: TimeEntry
    remarks: list[Remark]


@dataclass(frozen=True)
class Queue:
    """One page, the sums by group of what the filters leave, the choices of the filters, and the next page's key."""

    lines: list[Waiting]
    groups: dict[int, Sum]
    choices: dict[str, list[Sum]] = field(default_factory=dict)
    next_after: int | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry stands in the queue: the place of its group, and its own in that."""

    group: tuple[str, int]
    started_at: datetime
    id: int


def queue(
    session: Session, *, reach: Reach, group: str, filters: Filters, after: int | None = None, limit: int | None = None
) -> Queue:
    """Return a page of what the actor may look at, by group, person's work in the order of its start within each.

    ``limit`` is how many, by default a page. ``after`` is the id of the last entry of the page before; it still says
    where to go on once that one is approved.
    """
    limit = limit or PAGE
    known = waits(session, reach=reach, filters=filters)
    groups = known.groups(group)
    last = _place(session, group, after) if after is not None else None
    page = _page(session, known, by=group, groups=groups, last=last, limit=limit)
    return Queue(
        lines=waiting(session, page[:limit]),
        groups={each.id: each for each in groups},
        choices=known.choices(),
        next_after=page[limit - 1].id if len(page) > limit else None,
    )


def plain_ids(session: Session, *, reach: Reach, filters: Filters) -> list[int]:
    """Return the entries that the actor may approve and that stand out in no way; so many as one act takes."""
    query = submitted(reach, filters)
    if not reach.own_too:
        query = query.where(TimeEntry.person_id != reach.person_id)
    found = session.execute(query.order_by(TimeEntry.started_at, TimeEntry.id).limit(MOST_AT_ONCE)).all()
    return [line.entry.id for line in waiting(session, found) if not line.remarks]


def waiting(session: Session, found: Sequence[Any]) -> list[Waiting]:
    """Return entries with what stands out about each, in the order of ``found``: rows of ids and starts."""
    if not found:
        return []
    ids = [row.id for row in found]
    rows = {row[0].id: row for row in session.execute(_with_facts(), {"ids": ids})}
    limited = any(row[0].work_item.project.max_billable_seconds is not None for row in rows.values())
    had = _project_seconds(session) if limited else {}
    hours = _Hours(company.get_company(session).business_hours)
    beyond = caps.remarks(session, [row[0] for row in rows.values()])
    known = [rows[id_] for id_ in ids if id_ in rows]
    return [Waiting(row[0], remarks_of(_facts(row, had, hours, beyond.get(row[0].id, "")))) for row in known]


@cache
def _with_facts() -> Select[Any]:
    """Return the query of the entries ``ids`` and their facts; made once.

    Of what many entries share no more is loaded than a line and its price say of it.
    """
    overlaps = exists().where(
        Other.person_id == TimeEntry.person_id,
        Other.started_at > days_before(TimeEntry.started_at, LONGEST_DAYS),
        Other.id != TimeEntry.id,
        Other.status != REVERSED,
        Other.duration_only.is_(False),
        Other.started_at < TimeEntry.ended_at,
        or_(Other.ended_at.is_(None), Other.ended_at > TimeEntry.started_at),
    )
    on_item = (
        select(func.sum(seconds_between(OnItem.started_at, OnItem.ended_at)))
        .where(OnItem.work_item_id == TimeEntry.work_item_id, OnItem.status != REVERSED, OnItem.status != REJECTED)
        .correlate(TimeEntry)
        .scalar_subquery()
    )
    trimmed = exists().where(TimerEventRow.entry_uuid == TimeEntry.uuid, TimerEventRow.kind == TRIM)
    item = joinedload(TimeEntry.work_item)
    project = item.joinedload(WorkItem.project)
    return (
        select(TimeEntry)
        .options(  # outer joins, so that SQLite begins with the few entries and not with all clients
            item.load_only(WorkItem.number, WorkItem.kind, WorkItem.title, WorkItem.project_id),
            project.load_only(Project.name, Project.client_id, Project.manager_id, Project.max_billable_seconds),
            project.joinedload(Project.client).load_only(
                Client.name, Client.time_zone, Client.currency, Client.business_hours, Client.account_manager_id
            ),
            joinedload(TimeEntry.person).load_only(Person.name),
            joinedload(TimeEntry.work_type).load_only(WorkType.name),
        )
        .outerjoin(TaskDetails, TaskDetails.work_item_id == TimeEntry.work_item_id)
        .outerjoin(TimeReversal, TimeReversal.replacement_id == TimeEntry.id)
        .outerjoin(Writer, and_(Writer.id == TimeEntry.created_by_id, Writer.id != TimeEntry.person_id))
        .where(TimeEntry.id.in_(bindparam("ids", expanding=True)))
        .add_columns(
            and_(TimeEntry.duration_only.is_(False), overlaps).label("overlaps"),
            case((TaskDetails.estimate_seconds.is_not(None), on_item)).label("item_seconds"),
            and_(TimeEntry.source == "timer", trimmed).label("trimmed"),
            TaskDetails.estimate_seconds,
            TimeReversal.id.label("reversal_id"),
            Writer.name.label("written_by"),
        )
    )


class _Hours:
    """The business hours of clients, each text read once; one that cannot be read is no day at all."""

    def __init__(self, of_company: str) -> None:
        self.of_company = of_company
        self.known: dict[str, BusinessHours] = {}

    def of(self, client: Client) -> BusinessHours:
        text = client.business_hours or self.of_company
        if text not in self.known:
            self.known[text] = BusinessHours.parse(text)
        return self.known[text]


def _facts(row: Any, had: dict[int, int], hours: _Hours, beyond: str) -> Submitted:  # noqa: ANN401 - labelled columns
    entry: TimeEntry = row[0]
    client, project = queries.client_of(entry), entry.work_item.project
    zone = zone_named(client.time_zone)
    starts, ends = (each.astimezone(zone).replace(tzinfo=None) for each in (entry.started_at, _end(entry)))
    return Submitted(
        starts=starts,
        ends=ends,
        duration_only=entry.duration_only,
        note=entry.note,
        business_hours=hours.of(client),
        is_billable=entry.billable == "billable",
        overlaps=bool(row.overlaps),
        item_seconds=int(row.item_seconds or 0),
        estimate_seconds=row.estimate_seconds,
        project_seconds=had.get(project.id, 0),
        maximum_seconds=project.max_billable_seconds,
        is_edited=entry.edited_at is not None,
        written_by=row.written_by or "",
        is_trimmed=bool(row.trimmed),
        trimmed_seconds=_trimmed_seconds(entry),
        replaces=row.reversal_id is not None,
        beyond_cap=beyond,
    )


def _trimmed_seconds(entry: TimeEntry) -> int:
    """Return how much longer the timer ran than the entry says; 0 where nobody timed it."""
    said = (entry.timer_says or {}).get("ended_at")
    return max(int((datetime.fromisoformat(said) - _end(entry)).total_seconds()), 0) if said else 0


def _end(entry: TimeEntry) -> datetime:
    return entry.ended_at or entry.started_at


def questions() -> list[Question]:
    """Return what `waiting` asks that no entry in particular decides, to be asked ahead."""
    return [_project_seconds_asked(), *caps.questions()]


def _project_seconds(session: Session) -> dict[int, int]:
    """Return the billable time of the projects that have a maximum and time that waits: as approved, else as worked."""
    return {row.project_id: int(row.seconds or 0) for row in rows_of(session, _project_seconds_asked())}


def _project_seconds_asked() -> Question:
    waits = select(WorkItem.project_id).join(TimeEntry, TimeEntry.work_item_id == WorkItem.id).where(SUBMITTED)
    limited = select(Project.id).where(Project.max_billable_seconds.is_not(None), Project.id.in_(waits))
    return (
        select(WorkItem.project_id, func.sum(func.coalesce(TimeEntry.billable_seconds, WORKED)).label("seconds"))
        .join(TimeEntry, TimeEntry.work_item_id == WorkItem.id)
        .where(
            WorkItem.project_id.in_(limited),
            TimeEntry.billable == "billable",
            TimeEntry.status.in_((*APPROVED, "submitted")),
        )
        .group_by(WorkItem.project_id)
    )


def _page(
    session: Session, known: Waits, *, by: str, groups: Sequence[Sum], last: _Place | None, limit: int
) -> Sequence[Any]:
    """Return id and start of the entries of a page and of the one behind it.

    It is known by now how much waits in each group: no more is asked for than it takes to fill the page.
    """
    ahead = [each for each in groups if last is None or each.place >= last.group]
    is_begun = bool(last and ahead and ahead[0].place == last.group)
    before = accumulate((0 if is_begun and each is ahead[0] else each.count for each in ahead), initial=0)
    few = [each.id for each, already in zip(ahead, before, strict=False) if already <= limit]
    if not few:
        return []
    query, place = known.of_groups(by, few)
    order: list[Any] = [TimeEntry.started_at, TimeEntry.id]
    if last and is_begun:
        further = tuple_(*order) > tuple_(literal(last.started_at, UtcDateTime()), last.id)
        query = query.where(further if len(few) == 1 else or_(place > 0, further))
    order = order if len(few) == 1 else [place, *order]
    return session.execute(query.order_by(*order).limit(limit + 1)).all()


def _place(session: Session, group: str, entry_id: int) -> _Place | None:
    """Return where an entry stands, or stood while it waited; None where there is no such entry."""
    id_, name = KEYS[group]
    query = (
        select(id_, name, TimeEntry.started_at)
        .select_from(TimeEntry)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .join(Person, Person.id == TimeEntry.person_id)
        .outerjoin(Manager, Manager.id == Project.manager_id)
        .where(TimeEntry.id == entry_id)
    )
    row = session.execute(query).one_or_none()
    return _Place((row[1].casefold(), row[0]), row[2], entry_id) if row else None
