"""Where a person's timer stands: what runs, what is paused, and how often it has changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Integer, Select, bindparam, func, select, text, union_all
from sqlalchemy.orm import Session, aliased

from helpdesk.clients.models import Client
from helpdesk.projects.models import Project, WorkItem
from helpdesk.tickets.models import TicketDetails
from helpdesk.timekeeping.models import ASKING, TimeEntry, TimerEventRow, TimerState
from helpdesk.timekeeping.queries import entries as queries


def revision(session: Session, person_id: int | None) -> int:
    """Return how often the person's timer has changed; it only ever rises."""
    return session.scalar(select(TimerState.revision).where(TimerState.person_id == person_id)) or 0


def paused(session: Session, person_id: int | None) -> TimeEntry | None:
    """Return the entry that is paused, with its item and client."""
    query = queries.with_work().join(TimerState, TimerState.paused_uuid == TimeEntry.uuid)
    return session.scalar(query.where(TimerState.person_id == person_id, TimeEntry.person_id == person_id))


def current(session: Session, person_id: int | None) -> TimeEntry | None:
    """Return the entry that runs or, where none does, the one that is paused, in one query."""
    return session.scalar(_current(), {"person_id": person_id})


@cache
def _current() -> Select[TimeEntry]:
    """Return the query of `current`, which every page asks: made once, for that takes longer than to run it."""
    query = queries.with_work().where(TimeEntry.id.in_(_ids(bindparam("person_id", type_=Integer()))))
    return query.order_by(TimeEntry.ended_at.is_not(None)).limit(1)


def told_of(person_id: ColumnElement[int]) -> Select[Any]:
    """Return the question what every page tells of the entry that `current` finds, to be asked together with others."""
    entry, item = TimeEntry, WorkItem
    return (
        select(entry.id, item.number, item.title, Client.name.label("client_name"), entry.started_at, entry.ended_at)
        .add_columns(entry.note, entry.billable, entry.work_type_id, entry.asks)
        .join(entry.work_item)
        .join(item.project)
        .join(Project.client)
        .where(entry.id.in_(_ids(person_id)))
        .order_by(entry.ended_at.is_not(None))
        .limit(1)
    )


def _ids(person_id: ColumnElement[int]) -> CompoundSelect[int]:
    mine = select(TimeEntry.id).where(TimeEntry.person_id == person_id)
    runs = mine.where(TimeEntry.ended_at.is_(None))
    rests = mine.join(TimerState, TimerState.paused_uuid == TimeEntry.uuid).where(TimerState.person_id == person_id)
    return union_all(runs, rests)


def of_item(session: Session, item_id: int, *, person_id: int | None) -> tuple[list[TimeEntry], TimeEntry | None]:
    """Return the entries on a work item and on tickets merged into it, and what `current` does of a person: one query.

    The newest entries come first; reversed ones are left out.
    """
    found = session.execute(_of_item(), {"person_id": person_id, "item_id": item_id}).all()
    mine = sorted((entry for entry, _here, timer in found if timer), key=lambda entry: entry.ended_at is not None)
    return [entry for entry, here, _timer in found if here], mine[0] if mine else None


@cache
def _of_item() -> Select[TimeEntry, bool, bool]:
    """Return the query of `of_item`: entries, each with whether it is on the item and whether it is the timer."""
    item_id = bindparam("item_id", type_=Integer())
    merged = select(TicketDetails.work_item_id).where(TicketDetails.merged_into_id == item_id)
    of_items = select(TimeEntry.id).where(TimeEntry.status != "reversed")
    here = union_all(
        of_items.where(TimeEntry.work_item_id == item_id), of_items.where(TimeEntry.work_item_id.in_(merged))
    )
    timers = _ids(bindparam("person_id", type_=Integer()))
    is_here, is_timer = TimeEntry.id.in_(here), TimeEntry.id.in_(timers)
    return (
        queries.with_work()
        .add_columns(is_here, is_timer)
        .where(TimeEntry.id.in_(union_all(*here.selects, *timers.selects)))
        .order_by(TimeEntry.started_at.desc(), TimeEntry.id.desc())
    )


def asking(session: Session, person_id: int | None) -> int:
    """Return how many of the person's entries wait for a decision."""
    return session.scalar(asking_count(person_id)) or 0


def asking_count(person_id: int | ColumnElement[int] | None) -> Select[int]:
    """Return the question for that number, to be asked together with others; an index answers it."""
    return select(func.count()).select_from(TimeEntry).where(TimeEntry.person_id == person_id, text(ASKING))


def asking_entries(session: Session, person_id: int | None) -> list[TimeEntry]:
    """Return the person's entries that wait for a decision, oldest first."""
    wanted = (TimeEntry.asks != "") | TimeEntry.differs
    query = queries.with_work().where(TimeEntry.person_id == person_id, wanted)
    return list(session.scalars(query.order_by(TimeEntry.started_at, TimeEntry.id)))


@dataclass(frozen=True)
class Undoable:
    """What a person discarded or trimmed lately, and can take back."""

    uuid: str
    was: str
    number: int | None
    title: str
    started_at: datetime
    at: datetime


def undoable(session: Session, person_id: int | None, *, since: datetime) -> list[Undoable]:
    """Return the entries whose last answer since then was to discard or trim them, newest first."""
    birth = aliased(TimerEventRow)
    query = (
        select(TimerEventRow, birth, WorkItem)
        .join(birth, birth.uuid == TimerEventRow.entry_uuid)
        .outerjoin(WorkItem, WorkItem.id == birth.work_item_id)
        .where(TimerEventRow.person_id == person_id, TimerEventRow.at >= since)
        .where(TimerEventRow.kind.in_(("keep", "trim", "discard", "restore")))
        .order_by(TimerEventRow.at.desc(), TimerEventRow.uuid.desc())
    )
    found: dict[str, Undoable] = {}
    for answer, born, item in session.execute(query):
        number, title = (item.number, item.title) if item else (None, "")
        found.setdefault(born.uuid, Undoable(born.uuid, answer.kind, number, title, born.at, answer.at))
    return [one for one in found.values() if one.was in {"trim", "discard"}]


def trims_to(session: Session, uuids: Iterable[str]) -> dict[str, datetime]:
    """Return to which instant each of the entries would be cut: the last activity when it was asked about."""
    query = select(TimerEventRow.entry_uuid, TimerEventRow.until).where(
        TimerEventRow.kind == "ask", TimerEventRow.reason != "late", TimerEventRow.entry_uuid.in_(list(uuids))
    )
    return {row.entry_uuid: row.until for row in session.execute(query.order_by(TimerEventRow.at))}


def as_json(session: Session, *, person_id: int | None, now: datetime) -> dict[str, Any]:
    """Return the state that devices read (docs/architecture.md "The timer and its devices")."""
    running, stopped = queries.running(session, person_id), paused(session, person_id)
    return {
        "revision": revision(session, person_id),
        "now": now.isoformat(),
        "running": _entry(running, now) if running else None,
        "paused": _entry(stopped, now) if stopped else None,
        "asking": asking(session, person_id),
    }


def _entry(entry: TimeEntry, now: datetime) -> dict[str, Any]:
    item = entry.work_item
    return {
        "entry": entry.uuid,
        "number": item.number,
        "kind": item.kind,
        "title": item.title,
        "client": item.project.client.name,
        "started_at": entry.started_at.isoformat(),
        "ended_at": entry.ended_at.isoformat() if entry.ended_at else None,
        "seconds": queries.worked_seconds(entry, now=now),
        "note": entry.note,
        "work_type_id": entry.work_type_id,
        "billable": entry.billable,
        "asks": entry.asks,
    }
