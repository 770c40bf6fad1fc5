"""Events of a person's timer: each is taken in once, whenever and however often it comes (docs/billing.md rule 1)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping import limits
from helpdesk.timekeeping.domain.timer import ACTS, ANSWERS, NewEvent, Outcome, clamp
from helpdesk.timekeeping.models import BILLABLE, TimeEntry, TimerEventRow
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.service.ground import default_billable, default_type, is_internal, lock_person, refuse_closed
from helpdesk.timekeeping.service.projection import project, written

OLDEST = timedelta(days=366)
NOTE_LENGTH = 2000
TICK = timedelta(microseconds=1)
OVER_LIMIT = "over_limit"


def take_events(session: Session, *, actor: Actor, now: datetime, events: Sequence[NewEvent]) -> list[Outcome]:
    """Take in what a device tells of the actor's timer, in any order, and return an outcome for each event.

    A refused event changes nothing and keeps no other from being taken. The entries follow at once. Time that was
    worked is not lost to a project's limit: it is taken, the flag ``over_limit`` says so, and approval decides.

    Raises:
        Denied: the actor is no person.
    """
    person_id = lock_person(session, actor)
    adopt(session, person_id=person_id, now=now)
    query = select(TimerEventRow.uuid, TimerEventRow.person_id)
    told = session.execute(query.where(TimerEventRow.uuid.in_([event.uuid for event in events])))
    known = {row.uuid: row.person_id for row in told}
    accepted, outcomes = list[TimerEventRow](), list[Outcome]()
    for event in events:
        if event.uuid in known:
            outcomes.append(_known(event, mine=known[event.uuid] == person_id))
            continue
        try:
            row = _row(session, actor=actor, now=now, event=event)
        except (Conflict, NotFound, RuleViolation) as refusal:
            outcomes.append(Outcome(event.uuid, "refused", str(refusal)))
            continue
        known[event.uuid] = person_id
        accepted.append(row)
        outcomes.append(Outcome(event.uuid, "accepted", flags=tuple(row.flags)))
    session.add_all(accepted)
    session.flush()
    project(session, person_id=person_id, now=now, fresh=accepted)
    over = _over_limit(session, [one.uuid for one in outcomes if one.outcome != "refused"])
    return [replace(one, flags=(*one.flags, OVER_LIMIT)) if one.uuid in over else one for one in outcomes]


def act(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    kind: str,
    uuid: str | None = None,
    item_id: int | None = None,
    entry: str | None = None,
    facts: dict[str, Any] | None = None,
    until: datetime | None = None,
) -> str:
    """Let the actor do something to the timer now, after all that is known to have happened; return the event's uuid.

    Raises:
        NotFound: no such item, entry or work type, or not for the actor.
        RuleViolation: the item's project is closed, or the billing is no word we know.
        Conflict: the entry is settled, or the uuid was used before.
        Denied: the actor is no person.
    """
    person_id = lock_person(session, actor)
    adopt(session, person_id=person_id, now=now)
    at = _next_instant(session, person_id, now)
    event = NewEvent(
        uuid=uuid or str(uuid4()),
        kind=kind,
        said_at=at,
        item_id=item_id,
        entry=entry,
        facts=facts or {},
        until=until,
    )
    row = _row(session, actor=actor, now=at, event=event)
    session.add(row)
    session.flush()
    project(session, person_id=person_id, now=now, fresh=[row])
    return event.uuid


def adopt(session: Session, *, person_id: int, now: datetime) -> None:
    """Give a running entry of which no event tells the start that began it: it is older than the events."""
    told = select(TimerEventRow.id).where(TimerEventRow.uuid == TimeEntry.uuid)
    query = select(TimeEntry).where(TimeEntry.person_id == person_id, TimeEntry.ended_at.is_(None), ~told.exists())
    entry = session.scalar(query)
    if entry is None:
        return
    facts = {"note": entry.note, "work_type_id": entry.work_type_id, "billable": entry.billable}
    session.add(
        TimerEventRow(
            uuid=entry.uuid,
            person_id=person_id,
            kind="resume" if entry.resumes_id else "start",
            at=entry.started_at,
            said_at=entry.started_at,
            received_at=now,
            work_item_id=entry.work_item_id,
            entry_uuid=_uuid_of(session, entry.resumes_id),
            facts=facts,
        )
    )
    session.flush()


def settle(session: Session, *, now: datetime, entry: TimeEntry) -> None:
    """Note that somebody said by hand how long an entry was: it asks nothing any more, and differs from nothing."""
    entry.differs = False
    if entry.asks:
        _about(session, now, entry, "keep")


def discard(session: Session, *, now: datetime, entry: TimeEntry) -> bool:
    """Take an entry of the timer away by an event, so that it can come back; tell if it was the timer's.

    Where somebody's own device told of it, whoever may delete the entry may discard it.
    """
    adopt(session, person_id=entry.person_id, now=now)
    if session.scalar(select(TimerEventRow.id).where(TimerEventRow.uuid == entry.uuid)) is None:
        return False
    entry.timer_says = written(entry)  # what was settled goes like the rest: somebody says so
    entry.status, entry.differs = "draft", False
    session.flush()
    _about(session, now, entry, "discard")
    return True


def ask(session: Session, *, now: datetime, entry: TimeEntry, reason: str, until: datetime) -> str:
    """Let an entry ask its person, who can cut it at ``until``; return the event's uuid."""
    return _about(session, now, entry, "ask", reason=reason, until=until)


def last_kept_at(session: Session, uuid: str) -> datetime | None:
    """Return when its person last said that an entry is right."""
    kept = select(func.max(TimerEventRow.at)).where(TimerEventRow.entry_uuid == uuid)
    return session.scalar(kept.where(TimerEventRow.kind.in_(("keep", "trim"))))


def _about(
    session: Session, now: datetime, entry: TimeEntry, kind: str, *, reason: str = "", until: datetime | None = None
) -> str:
    """Add an event about an entry that its person, whoever may change it, or the clock brings about now."""
    at = _next_instant(session, entry.person_id, now)
    row = TimerEventRow(
        uuid=str(uuid4()),
        reason=reason,
        until=until,
        person_id=entry.person_id,
        kind=kind,
        at=at,
        said_at=at,
        received_at=now,
        entry_uuid=entry.uuid,
    )
    session.add(row)
    session.flush()
    project(session, person_id=entry.person_id, now=now, fresh=[row])
    return row.uuid


def _next_instant(session: Session, person_id: int, now: datetime) -> datetime:
    """Return the instant of an act of now, which comes after all that is known to have happened."""
    newest = session.scalar(select(func.max(TimerEventRow.at)).where(TimerEventRow.person_id == person_id))
    return max(now, newest + TICK) if newest else now


def _uuid_of(session: Session, entry_id: int | None) -> str | None:
    return session.scalar(select(TimeEntry.uuid).where(TimeEntry.id == entry_id)) if entry_id else None


def _over_limit(session: Session, uuids: Sequence[str]) -> set[str]:
    """Return which of these events began billable time on a project whose limit is reached, with it or before."""
    born = session.scalars(queries.with_work().where(TimeEntry.uuid.in_(uuids))).all() if uuids else ()
    told = limits.warnings_of(session, born)
    return {entry.uuid for entry in born if entry.id in told}


def _known(event: NewEvent, *, mine: bool) -> Outcome:
    return Outcome(event.uuid, "repeated") if mine else Outcome(event.uuid, "refused", "This uuid is taken.")


def _row(session: Session, *, actor: Actor, now: datetime, event: NewEvent) -> TimerEventRow:
    """Return the row for an event that may be taken in; it is not added yet."""
    if event.kind not in {*ACTS, *ANSWERS}:
        message = f"{event.kind!r} is no kind of event; use {', '.join((*ACTS, *ANSWERS))}."
        raise RuleViolation(message)
    if event.said_at < now - OLDEST:
        message = f"{event.said_at:%Y-%m-%d} is more than a year ago; set the clock of the device."
        raise RuleViolation(message)
    at, flags = clamp(event.said_at, now)
    row = TimerEventRow(
        uuid=event.uuid,
        person_id=actor.person_id,
        kind=event.kind,
        at=at,
        said_at=event.said_at,
        received_at=now,
        device=event.device,
        entry_uuid=event.entry,
        facts=_checked(session, event.facts),
        until=event.until,
        flags=flags,
    )
    if event.kind in {"start", "resume"}:
        _place(session, actor, event, row)
    elif event.kind in ANSWERS:
        _answer(session, actor, event, row)
    return row


def _checked(session: Session, facts: dict[str, Any]) -> dict[str, Any]:
    if facts.get("billable", "billable") not in BILLABLE:
        message = f"{facts['billable']!r} is none of {', '.join(BILLABLE)}."
        raise RuleViolation(message)
    if len(facts.get("note", "")) > NOTE_LENGTH:
        message = f"The note is longer than {NOTE_LENGTH} characters."
        raise RuleViolation(message)
    type_id = facts.get("work_type_id")
    if type_id is not None and session.get(WorkType, type_id) is None:
        message = "There is no such work type."
        raise NotFound(message)
    return facts


def _place(session: Session, actor: Actor, event: NewEvent, row: TimerEventRow) -> None:
    """Say which item a start or a resume is about, and how the entry begins."""
    if session.scalar(select(TimeEntry.id).where(TimeEntry.uuid == event.uuid)) is not None:
        message = "This uuid is taken."
        raise Conflict(message)
    before = queries.of_uuid(session, person_id=actor.person_id, uuid=event.entry) if event.entry else None
    item_id = event.item_id if before is None else before.work_item_id
    if event.kind == "start" or before is not None or item_id is not None or event.number is not None:
        item = projects.get_item(session, actor=actor, number=event.number, item_id=item_id)
        refuse_closed(item)
        row.work_item_id = item.id
        row.facts = {**_beginning(session, before, internal=is_internal(item)), **row.facts}


def _beginning(session: Session, before: TimeEntry | None, *, internal: bool) -> dict[str, Any]:
    if before is not None:
        return {"note": before.note, "work_type_id": before.work_type_id, "billable": before.billable}
    return {
        "work_type_id": default_type(session),
        "billable": "not_billable" if internal else default_billable(session),
    }


def _answer(session: Session, actor: Actor, event: NewEvent, row: TimerEventRow) -> None:
    """Refuse answers about what is settled; a cut without an instant goes to the last activity."""
    if event.entry is None:
        message = f"Say which entry to {event.kind}."
        raise RuleViolation(message)
    entry = queries.of_uuid(session, person_id=actor.person_id, uuid=event.entry)
    if entry is not None and entry.status != "draft":
        message = f"The time on #{entry.work_item.number} is {entry.status}; it stays as it is."
        raise Conflict(message)
    if event.kind == "trim" and event.until is None:
        row.until = _last_activity(session, event.entry)


def _last_activity(session: Session, uuid: str) -> datetime:
    query = select(TimerEventRow.until).where(TimerEventRow.entry_uuid == uuid, TimerEventRow.kind == "ask")
    until = session.scalar(query.order_by(TimerEventRow.at.desc()).limit(1))
    if until is None:
        message = "Say to which instant the entry is cut."
        raise RuleViolation(message)
    return until
