"""Where a person's timer stands: what runs, what is paused, and how often it has changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.timekeeping import queries
from helpdesk.timekeeping.models import TimeEntry, TimerState


def revision(session: Session, person_id: int | None) -> int:
    """Return how often the person's timer has changed; it only ever rises."""
    return session.scalar(select(TimerState.revision).where(TimerState.person_id == person_id)) or 0


def paused(session: Session, person_id: int | None) -> TimeEntry | None:
    """Return the entry that is paused, with its item and client."""
    query = queries.with_work().join(TimerState, TimerState.paused_uuid == TimeEntry.uuid)
    return session.scalar(query.where(TimerState.person_id == person_id, TimeEntry.person_id == person_id))


def asking(session: Session, person_id: int | None) -> int:
    """Return how many of the person's entries wait for a decision."""
    wanted = (TimeEntry.asks != "") | TimeEntry.differs
    return session.scalar(select(func.count()).where(TimeEntry.person_id == person_id, wanted)) or 0


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
