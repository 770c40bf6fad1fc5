"""Reads of time: what runs, a week, an item's entries, what waits for approval. One query a list."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Integer, Select, bindparam, exists, func, literal_column, or_, select
from sqlalchemy.orm import Load, Session, contains_eager, joinedload

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client, TimeLock
from helpdesk.clients.queries import asker, visible_to_asker
from helpdesk.infra.ahead import models_of, rows_of
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import Actor
from helpdesk.infra.sql import seconds_between, unguessed
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects.models import Project, WorkItem
from helpdesk.timekeeping.domain.worked import Week, Worked, span_between
from helpdesk.timekeeping.domain.worked import seconds_between as seconds_from_to
from helpdesk.timekeeping.models import SUBMITTED, Charge, TimeEntry, TimeReversal
from helpdesk.timekeeping.queries.rights import reach_of

RECENT = 6
LATEST = 200


def with_work() -> Select[TimeEntry]:
    """Return the selection of entries with item, project, client, person and work type loaded beside them."""
    return (
        select(TimeEntry)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .options(
            contains_eager(TimeEntry.work_item).contains_eager(WorkItem.project).contains_eager(Project.client),
            joinedload(TimeEntry.person),
            joinedload(TimeEntry.work_type),
        )
    )


def get(session: Session, *, actor: Actor, entry_id: int) -> TimeEntry:
    """Return an entry of the actor's own; who approves reaches what they may approve.

    Raises:
        NotFound: no such entry, or somebody else's.
    """
    entry = session.scalar(with_work().where(TimeEntry.id == entry_id))
    if entry is None or (entry.person_id != actor.person_id and not reach_of(session, actor).covers(entry)):
        message = "There is no such time entry."
        raise NotFound(message)
    return entry


def running(session: Session, person_id: int | None) -> TimeEntry | None:
    """Return the entry whose timer runs for the person, with its item and client."""
    return session.scalar(with_work().where(TimeEntry.person_id == person_id, TimeEntry.ended_at.is_(None)))


def of_uuid(session: Session, *, person_id: int | None, uuid: str) -> TimeEntry | None:
    """Return a person's own entry by the uuid that it was made with."""
    return session.scalar(with_work().where(TimeEntry.uuid == uuid, TimeEntry.person_id == person_id))


def ids_on(item_ids: Collection[int]) -> Select[int]:
    """Return the query of the ids of all entries on these work items, reversed ones too."""
    return select(TimeEntry.id).where(TimeEntry.work_item_id.in_(item_ids))


def on_items(session: Session, item_ids: Collection[int]) -> list[TimeEntry]:
    """Return all entries on these work items by id, reversed ones too; items and people are not loaded beside them."""
    return models_of(session, on_items_asked(item_ids))


def on_items_asked(item_ids: Collection[int]) -> Select[TimeEntry]:
    """Return the question of `on_items`, to be asked together with others."""
    return select(TimeEntry).where(TimeEntry.work_item_id.in_(item_ids)).order_by(TimeEntry.id)


def week(session: Session, *, person_id: int, week: Week) -> list[TimeEntry]:
    """Return a person's entries of a week, by start, but for reversed ones. The day is that of the contract's zone."""
    first, last = (datetime.combine(day, time.min, tzinfo=UTC) for day in (week.days[0], week.days[-1]))
    query = with_work().where(
        TimeEntry.person_id == person_id,
        TimeEntry.status != "reversed",
        TimeEntry.started_at >= first - timedelta(days=1),
        TimeEntry.started_at < last + timedelta(days=2),
    )
    query = query.options(
        *_only_named(Load(TimeEntry).contains_eager(TimeEntry.work_item)),
        joinedload(TimeEntry.person).load_only(Person.name),
        joinedload(TimeEntry.created_by).load_only(Person.name),
    )
    entries = session.scalars(query.order_by(TimeEntry.started_at, TimeEntry.id))
    return [entry for entry in entries if Week.of(day_of(entry)) == week]


def waiting_for_approval(session: Session) -> int:
    """Return how many entries are submitted."""
    return session.scalar(submitted_count()) or 0


def submitted_count() -> Select[int]:
    """Return the question for that number, to be asked together with others."""
    return select(func.count()).select_from(TimeEntry).where(SUBMITTED)


def unbilled_asked(client_id: BindParameter[int]) -> Select[int | None, int | None]:
    """Return the question for the approved billable seconds of a client, and those that a live charge holds."""
    query = (
        select(func.sum(TimeEntry.billable_seconds))
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .where(Project.client_id == client_id, TimeEntry.status.in_(("approved", "locked")))
    )
    held = (
        select(func.sum(Charge.to_second - Charge.from_second))
        .join(Charge.entry)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .where(Project.client_id == client_id, Charge.released_at.is_(None))
    )
    return select(query.scalar_subquery().label("approved"), held.scalar_subquery().label("held"))


def unbilled_of(row: Any) -> int:  # noqa: ANN401 - the answer
    """Return the approved billable seconds that no live charge holds."""
    return (row.approved or 0) - (row.held or 0)


def overlapping(session: Session, entry: TimeEntry) -> list[TimeEntry]:
    """Return the person's other entries whose times of day cross the entry's; typed durations have none."""
    if entry.duration_only or entry.ended_at is None:
        return []
    query = with_work().where(
        TimeEntry.person_id == entry.person_id,
        TimeEntry.id != entry.id,
        TimeEntry.status != "reversed",
        TimeEntry.duration_only.is_(False),
        TimeEntry.started_at < entry.ended_at,
        TimeEntry.ended_at.is_(None) | (TimeEntry.ended_at > entry.started_at),
    )
    return list(session.scalars(query.order_by(TimeEntry.started_at)))


def _only_named(item: Load) -> tuple[Load, ...]:
    """Return how to load no more of an item, its project and its client than what a line of a list says of them.

    Many rows name the same few clients; to read all their columns each time takes longer than the query.
    """
    project = item.contains_eager(WorkItem.project)
    return (
        item.load_only(WorkItem.number, WorkItem.kind, WorkItem.title, WorkItem.project_id),
        project.load_only(Project.name, Project.client_id),
        project.contains_eager(Project.client).load_only(Client.name, Client.time_zone),
    )


@dataclass(frozen=True, slots=True)
class RecentItem:
    """A work item that somebody worked on lately, and where it belongs."""

    number: int
    title: str
    project_id: int
    project_name: str
    client_name: str


def recent_items(session: Session, *, actor: Actor) -> list[RecentItem]:
    """Return the work items of the actor's latest entries that they may still see, newest first.

    Only so many entries are looked at: every page asks, and whoever works here for years has ten thousands.
    """
    query = recent(sees_all=actor.sees_all_clients)
    return [RecentItem(*row) for row in session.execute(query, asker(actor))]


@cache
def recent(*, sees_all: bool) -> Select[int, str, int, str, str]:
    """Return the query of `recent_items` for an ``asker``, to be asked together with others too.

    How many are wanted is written out: for a number that it does not know PostgreSQL would plan every page anew.
    """
    latest = (
        select(TimeEntry.work_item_id, TimeEntry.started_at)
        .where(TimeEntry.person_id == unguessed(bindparam("person_id", type_=Integer())))
        .order_by(TimeEntry.started_at.desc())
        .limit(literal_column(str(LATEST), Integer))
        .subquery()
    )
    at = func.max(latest.c.started_at).label("at")
    last = select(latest.c.work_item_id, at).group_by(latest.c.work_item_id).subquery()
    return (
        select(WorkItem.number, WorkItem.title, Project.id, Project.name, Client.name.label("client_name"))
        .select_from(last)
        .join(WorkItem, WorkItem.id == last.c.work_item_id)
        .join(WorkItem.project)
        .join(Project.client)
        .where(visible_to_asker(sees_all=sees_all))
        .order_by(last.c.at.desc())
        .limit(literal_column(str(RECENT), Integer))
    )


def entries_by_id(session: Session, ids: Iterable[int], *, lock: bool = False) -> list[TimeEntry]:
    """Return the entries that exist of ``ids``, by id; with ``lock`` nobody else changes or moves them meanwhile."""
    wanted = sorted(ids)
    if lock:
        _lock(session, wanted)
    query = with_work().where(TimeEntry.id.in_(wanted)).order_by(TimeEntry.id)
    return list(session.scalars(query, execution_options={"populate_existing": lock}))


def _lock(session: Session, wanted: list[int]) -> None:
    """Lock entries, then their items against a move to another project, before anything of either is read.

    A statement of its own: PostgreSQL reads a joined row as it was before the wait for the lock, and time would be
    priced for the project that its item has just left.
    """
    query = select(TimeEntry.work_item_id).where(TimeEntry.id.in_(wanted)).order_by(TimeEntry.id)
    items = sorted(set(session.scalars(query.with_for_update())))
    session.execute(
        select(WorkItem.id).where(WorkItem.id.in_(items)).order_by(WorkItem.id).with_for_update(read=True)
    ).all()


def is_named(session: Session, entry_id: int) -> bool:
    """Return whether later work resumed the entry, or a reversal names it."""
    resumed = exists().where(TimeEntry.resumes_id == entry_id)
    reversal = exists().where(or_(TimeReversal.time_entry_id == entry_id, TimeReversal.replacement_id == entry_id))
    return bool(session.scalar(select(or_(resumed, reversal))))


def reversal_of(session: Session, entry_id: int) -> TimeReversal | None:
    """Return why the entry is reversed and what stands in its place; None where it is not."""
    return next(iter(models_of(session, reversal_asked(entry_id))), None)


def reversal_asked(entry_id: int) -> Select[TimeReversal]:
    """Return the question of `reversal_of`, to be asked together with others."""
    return select(TimeReversal).where(TimeReversal.time_entry_id == entry_id)


def history(session: Session, entry_id: int) -> list[AuditRow]:
    """Return what happened to an entry, oldest first."""
    return models_of(session, history_asked(entry_id))


def history_asked(entry_id: int) -> Select[AuditRow]:
    """Return the question of `history`, to be asked together with others."""
    query = select(AuditRow).where(AuditRow.object_kind == "time_entry", AuditRow.object_id == entry_id)
    return query.order_by(AuditRow.id)


def client_of(entry: TimeEntry) -> Client:
    """Return the client that an entry's work is for."""
    return entry.work_item.project.client


def day_of(entry: TimeEntry) -> date:
    """Return the day on which the work began, in the contract's zone."""
    return local_day(entry.started_at, zone_named(client_of(entry).time_zone))


def worked_seconds(entry: TimeEntry, *, now: datetime) -> int:
    """Return how long the entry is; a running one up to ``now``."""
    return seconds_from_to(entry.started_at, entry.ended_at or now)


def worked_of(entry: TimeEntry) -> Worked:
    """Return the interval of an entry that does not run any more."""
    return Worked(entry.started_at, entry.ended_at or entry.started_at, entry.duration_only)


def span_of(entry: TimeEntry) -> str:
    """Return "09:15–10:40" on the clock of the contract, as it is typed; empty where only a duration was."""
    if entry.duration_only:
        return ""
    return span_between(entry.started_at, entry.ended_at, zone_named(client_of(entry).time_zone))


@dataclass(frozen=True)
class LockLine:
    """One lock date in force, and who set it when; no client is everybody."""

    client_id: int | None
    client_name: str
    through: date
    set_at: datetime
    set_by: str


def locks(session: Session) -> tuple[LockLine | None, list[LockLine]]:
    """Return the lock date of everybody and those of clients by name: one query."""
    query = (
        select(TimeLock.client_id, Client.name, TimeLock.through, TimeLock.set_at, Person.name)
        .outerjoin(Client, Client.id == TimeLock.client_id)
        .outerjoin(Person, Person.id == TimeLock.set_by_id)
        .where(TimeLock.through.is_not(None))
        .order_by(func.lower(Client.name))
    )
    lines = [
        LockLine(client_id, name or "", through, set_at, who or "Helpdesk")
        for client_id, name, through, set_at, who in session.execute(query)
        if through is not None
    ]
    company = next((line for line in lines if line.client_id is None), None)
    return company, [line for line in lines if line.client_id is not None]


def locked_through(session: Session) -> date | None:
    """Return the last day that is locked for everybody; None where none is."""
    found = rows_of(session, lock_asked())
    return found[0].through if found else None


def lock_asked() -> Select[date | None]:
    """Return the question of `locked_through`, to be asked together with others."""
    return select(TimeLock.through).where(TimeLock.client_id.is_(None))


def worked_by_item(session: Session, project_id: int) -> dict[int, int]:
    """Return the worked seconds of each work item of a project, without what runs or was reversed: one query."""
    return worked_of_items(session, items_of_project(project_id))


def items_of_project(project_id: int) -> Select[int]:
    """Return the question for the ids of a project's work items."""
    return select(WorkItem.id).where(WorkItem.project_id == project_id)


def worked_of_items(session: Session, items: Select[int]) -> dict[int, int]:
    """Return the worked seconds of the work items whose ids a query gives, without what runs or was reversed."""
    return {row.work_item_id: int(row.seconds) for row in rows_of(session, worked_asked(items))}


def worked_asked(items: Select[int]) -> Select[int, int]:
    """Return the question of `worked_of_items`, to be asked together with others."""
    worked = func.sum(seconds_between(TimeEntry.started_at, TimeEntry.ended_at)).label("seconds")
    return (
        select(TimeEntry.work_item_id, worked)
        .where(
            TimeEntry.work_item_id.in_(items),
            TimeEntry.ended_at.is_not(None),
            TimeEntry.status != "reversed",
        )
        .group_by(TimeEntry.work_item_id)
    )
