"""The one running timer of a person: each act is an event, and the entries follow (docs/billing.md rule 1)."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict
from helpdesk.projects import queries as projects
from helpdesk.timekeeping import limits
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries import timer_state
from helpdesk.timekeeping.service.events import act
from helpdesk.timekeeping.service.ground import entry_of_uuid, is_internal, lock_person, refuse_closed


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
        RuleViolation: the item's project is closed, or takes no more billable time.
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
    if not is_internal(item):
        limits.refuse_over_limit(session, item.project)
    facts: dict[str, Any] = {"note": note} | ({"work_type_id": work_type_id} if work_type_id else {})
    born = act(session, actor=actor, now=now, kind="start", uuid=uuid, item_id=item.id, facts=facts)
    return _entry(session, born, person_id)


def resume_timer(session: Session, *, actor: Actor, now: datetime, entry_id: int) -> TimeEntry:
    """Go on with the work of an entry: a new one that names it, so that both are rounded together.

    Raises:
        NotFound: no such entry of the actor's own.
        RuleViolation: the item's project is closed, or takes no more billable time.
    """
    before = queries.get(session, actor=actor, entry_id=entry_id)
    item = projects.get_item(session, actor=actor, item_id=before.work_item_id)
    refuse_closed(item)
    person_id = lock_person(session, actor)
    if before.ended_at is None:
        return before
    if before.billable == "billable":
        limits.refuse_over_limit(session, item.project)
    facts = {"note": before.note, "work_type_id": before.work_type_id, "billable": before.billable}
    born = act(session, actor=actor, now=now, kind="resume", item_id=item.id, entry=before.uuid, facts=facts)
    return _entry(session, born, person_id)


def stop_timer(session: Session, *, actor: Actor, now: datetime) -> TimeEntry | None:
    """Stop the actor's timer and return its entry; None where none runs. It is a draft until it is submitted.

    What was paused is over, too.
    """
    person_id = lock_person(session, actor)
    entry = queries.running(session, person_id)
    if entry is not None or timer_state.paused(session, person_id) is not None:
        act(session, actor=actor, now=now, kind="stop")
    return entry


def pause_timer(session: Session, *, actor: Actor, now: datetime) -> TimeEntry | None:
    """Pause the actor's timer and return the entry that it made so far; None where none runs."""
    person_id = lock_person(session, actor)
    entry = queries.running(session, person_id)
    if entry is not None:
        act(session, actor=actor, now=now, kind="pause")
    return entry


def resume_paused(session: Session, *, actor: Actor, now: datetime) -> TimeEntry | None:
    """Go on with what is paused and return the new entry; None where nothing is paused.

    Raises:
        RuleViolation: the item's project was closed meanwhile.
    """
    paused = timer_state.paused(session, lock_person(session, actor))
    return None if paused is None else resume_timer(session, actor=actor, now=now, entry_id=paused.id)


def change_timer(session: Session, *, actor: Actor, now: datetime, facts: dict[str, Any]) -> TimeEntry | None:
    """Change note, work type or billing of what runs or is paused and return it; None where nothing does.

    ``facts`` holds those of ``note``, ``work_type_id`` and ``billable`` that change; they are the whole entry's.

    Raises:
        NotFound: no such work type.
        RuleViolation: no such way of billing, the note is too long, or the project takes no more billable time.
    """
    person_id = lock_person(session, actor)
    entry = timer_state.current(session, person_id)
    if entry is not None and facts.get("billable") == "billable" != entry.billable:
        limits.refuse_over_limit(session, entry.work_item.project)
    if entry is not None and any(getattr(entry, name) != value for name, value in facts.items()):
        act(session, actor=actor, now=now, kind="change", entry=entry.uuid, facts=facts)
    return entry


def _entry(session: Session, uuid: str, person_id: int) -> TimeEntry:
    entry = entry_of_uuid(session, uuid, person_id)
    if entry is None:
        message = "That timer was discarded before."
        raise Conflict(message)
    return entry
