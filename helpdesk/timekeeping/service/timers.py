"""The one running timer of a person (docs/billing.md rule 1)."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, Denied, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping import queries
from helpdesk.timekeeping.models import TimeEntry


def start_timer(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item_id: int,
    work_type_id: int | None = None,
    uuid: str | None = None,
    note: str = "",
) -> TimeEntry:
    """Start the actor's timer on a work item and return its entry; the timer that ran is stopped at the same instant.

    Where it runs on this item already, or ``uuid`` was used before, that entry comes back and nothing changes.

    Raises:
        NotFound: no such item, or not for the actor.
        RuleViolation: the item's project is closed.
        Conflict: ``uuid`` belongs to somebody else's entry.
    """
    item = projects.get_item(session, actor=actor, item_id=item_id)
    refuse_closed(item)
    person_id = lock_person(session, actor)
    if (repeated := entry_of_uuid(session, uuid, person_id)) is not None:
        return repeated
    current = queries.running(session, person_id)
    if current is not None and current.work_item_id == item.id:
        return current
    return _begin(session, actor, now, item, work_type_id=work_type_id, uuid=uuid, note=note)


def resume_timer(session: Session, *, actor: Actor, now: datetime, entry_id: int) -> TimeEntry:
    """Go on with the work of an entry: a new one that names it, so that both are rounded together.

    Raises:
        NotFound: no such entry of the actor's own.
        RuleViolation: the item's project is closed.
    """
    before = queries.get(session, actor=actor, entry_id=entry_id)
    item = projects.get_item(session, actor=actor, item_id=before.work_item_id)
    refuse_closed(item)
    lock_person(session, actor)
    if before.ended_at is None:
        return before
    entry = _begin(session, actor, now, item, work_type_id=before.work_type_id, note=before.note)
    entry.resumes_id, entry.billable = before.id, before.billable
    session.flush()
    return entry


def stop_timer(session: Session, *, actor: Actor, now: datetime) -> TimeEntry | None:
    """Stop the actor's timer and return its entry; None where none runs. It is a draft until it is submitted."""
    person_id = lock_person(session, actor)
    entry = queries.running(session, person_id)
    if entry is not None:
        entry.ended_at = max(entry.started_at, now.replace(microsecond=0))
        session.flush()
    return entry


def lock_person(session: Session, actor: Actor) -> int:
    """Return the actor's id with the row locked: of two starts at once, the second sees the first.

    Raises:
        Denied: the actor is no person; the system works no hours.
    """
    person_id = session.scalar(select(Person.id).where(Person.id == actor.person_id).with_for_update())
    if person_id is None:
        message = "Only people work time."
        raise Denied(message)
    return person_id


def refuse_closed(item: WorkItem) -> None:
    """Let no time land where nobody expects any.

    Raises:
        RuleViolation: the project is done, or its client archived.
    """
    if item.project.status == "done" or item.project.client.archived_at is not None:
        message = f"The project {item.project.name} of {item.project.client.name} is closed; it takes no more time."
        raise RuleViolation(message)


def is_internal(item: WorkItem) -> bool:
    """Whether nobody is billed for work on the item, as it is our own."""
    return item.project.billing == "internal" or item.project.client.is_internal


def entry_of_uuid(session: Session, uuid: str | None, person_id: int) -> TimeEntry | None:
    """Return the entry that was made with ``uuid`` before, so that a repeated request doubles nothing.

    Raises:
        Conflict: it is another person's.
    """
    if uuid is None:
        return None
    entry = session.scalar(queries.with_work().where(TimeEntry.uuid == uuid))
    if entry is not None and entry.person_id != person_id:
        message = "This entry was recorded before, by somebody else."
        raise Conflict(message)
    return entry


def _begin(
    session: Session,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    *,
    work_type_id: int | None,
    note: str,
    uuid: str | None = None,
) -> TimeEntry:
    stopped = stop_timer(session, actor=actor, now=now)
    at = now.replace(microsecond=0)
    entry = TimeEntry(
        uuid=uuid or str(uuid4()),
        work_item=item,
        person_id=actor.person_id,
        work_type_id=work_type_id or _default_type(session),
        billable="not_billable" if is_internal(item) else "billable",
        started_at=max(at, stopped.ended_at) if stopped and stopped.ended_at else at,
        source="timer",
        note=note,
        created_at=now,
    )
    session.add(entry)
    session.flush()
    return entry


def _default_type(session: Session) -> int | None:
    return session.scalar(select(WorkType.id).where(WorkType.is_default, WorkType.archived_at.is_(None)).limit(1))
