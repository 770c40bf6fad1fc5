"""Typed entries: added, changed, deleted, as long as nothing is charged (docs/billing.md rules 1 and 2)."""

from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra import audit
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.errors import Conflict, Denied, NotFound, RuleViolation
from helpdesk.kernel.periods import zone_named
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.timekeeping import charging, queries
from helpdesk.timekeeping.domain import read_worked, write_worked
from helpdesk.timekeeping.models import BILLABLE, TimeEntry
from helpdesk.timekeeping.service.timers import entry_of_uuid, is_internal, refuse_closed


def add_entry(  # noqa: PLR0913 - an entry has that many facts
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item_id: int,
    day: date,
    worked: str,
    note: str = "",
    billable: str = "billable",
    work_type_id: int | None = None,
    person_id: int | None = None,
    uuid: str | None = None,
) -> TimeEntry:
    """Add a draft of what was worked on ``day`` (of the client's zone) and return it.

    ``worked`` is a duration (``1.5``, starts at 12:00) or a range (``9:15-10:40``). Managers may write for others.
    A ``uuid`` that was used before gives the entry of then.

    Raises:
        NotFound: no such item, or not for the actor; no such person.
        RuleViolation: nothing worked, more than a day, in the future, or the project is closed.
        Denied: somebody else's time, without the role for it.
    """
    item = projects.get_item(session, actor=actor, item_id=item_id)
    refuse_closed(item)
    owner_id = _owner(session, actor, person_id)
    if (repeated := entry_of_uuid(session, uuid, owner_id)) is not None:
        return repeated
    read = read_worked(worked, day=day, zone=zone_named(item.project.client.time_zone), now=now)
    entry = TimeEntry(
        uuid=uuid or str(uuid4()),
        work_item=item,
        person_id=owner_id,
        work_type_id=work_type_id,
        started_at=read.started_at,
        ended_at=read.ended_at,
        duration_only=read.duration_only,
        source="typed",
        note=note,
        billable=_known(billable, item),
        created_at=now,
    )
    session.add(entry)
    session.flush()
    if owner_id != actor.person_id:
        audit.record(session, actor=actor, action="added_for_another", kind="time_entry", object_id=entry.id, now=now)
    return entry


def edit_entry(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    entry_id: int,
    day: date,
    worked: str,
    note: str = "",
    billable: str = "billable",
    work_type_id: int | None = None,
) -> TimeEntry:
    """Change an entry and return it: a draft again, whatever it was before.

    A ``worked`` that still reads as the entry was written leaves its interval alone, to the second.

    Raises:
        NotFound: no such entry, or somebody else's.
        Conflict: seconds of it are charged; the holder is named.
        RuleViolation: the timer still runs, or as for `add_entry`.
    """
    entry = _changeable(session, actor, entry_id)
    zone = zone_named(queries.client_of(entry).time_zone)
    before = _as_json(entry)
    if (day, worked.strip()) != write_worked(queries.worked_of(entry), zone):
        read = read_worked(worked, day=day, zone=zone, now=now)
        entry.started_at, entry.ended_at, entry.duration_only = read.started_at, read.ended_at, read.duration_only
    entry.note, entry.billable, entry.work_type_id = note, _known(billable, entry.work_item), work_type_id
    to_draft(entry)
    session.flush()
    audit.record(session, actor=actor, action="edited", kind="time_entry", object_id=entry.id, now=now, before=before)
    return entry


def delete_entry(session: Session, *, actor: Actor, now: datetime, entry_id: int) -> None:
    """Delete an entry; the audit trail keeps what it said.

    Raises:
        NotFound: no such entry, or somebody else's.
        Conflict: seconds of it are or were charged, or later work resumed it.
    """
    entry = _changeable(session, actor, entry_id, may_run=True)
    if entry.charges or session.scalar(select(TimeEntry.id).where(TimeEntry.resumes_id == entry.id).limit(1)):
        message = "Charges or later entries name this one; change it instead of deleting it."
        raise Conflict(message)
    audit.record(
        session, actor=actor, action="deleted", kind="time_entry", object_id=entry.id, now=now, before=_as_json(entry)
    )
    session.delete(entry)
    session.flush()


def to_draft(entry: TimeEntry) -> None:
    """Take back everything that submitting and approving wrote."""
    entry.status, entry.rejected_because, entry.returned_because = "draft", "", ""
    entry.submitted_at = entry.approved_at = entry.approved_by_id = None
    entry.billable_seconds = entry.rate_minor = entry.rate_currency = None
    entry.cost_rate_minor = entry.rounding_policy_id = None
    entry.rate_reason = ""


def refuse_charged(session: Session, entry: TimeEntry) -> None:
    """Keep charged time as it is (rule 2).

    Raises:
        Conflict: a draft invoice, an issued one or a closed period holds seconds of it; it is named.
    """
    holders = charging.holders_of(session, entry.id)
    if holders:
        message = f"This time is in {', '.join(holders)}. Void or credit that first, or add a new entry."
        raise Conflict(message)


def _changeable(session: Session, actor: Actor, entry_id: int, *, may_run: bool = False) -> TimeEntry:
    queries.get(session, actor=actor, entry_id=entry_id)
    found = queries.entries_by_id(session, [entry_id], lock=True)
    if not found:
        message = "There is no such time entry."
        raise NotFound(message)
    entry = found[0]
    if entry.ended_at is None and not may_run:
        message = "The timer still runs on this entry; stop it first."
        raise RuleViolation(message)
    refuse_charged(session, entry)
    return entry


def _owner(session: Session, actor: Actor, person_id: int | None) -> int:
    wanted = person_id or actor.person_id
    if wanted != actor.person_id and not actor.is_one_of(APPROVERS):
        message = "Only managers write time for others."
        raise Denied(message)
    owner = session.get(Person, wanted) if wanted else None
    if owner is None or not owner.active:
        message = "There is no such person."
        raise NotFound(message)
    return owner.id


def _known(billable: str, item: WorkItem) -> str:
    if billable not in BILLABLE:
        message = f"{billable!r} is none of {', '.join(BILLABLE)}."
        raise RuleViolation(message)
    return "not_billable" if is_internal(item) else billable


def _as_json(entry: TimeEntry) -> dict[str, object]:
    return {
        "work_item": entry.work_item.number,
        "person_id": entry.person_id,
        "started_at": entry.started_at.isoformat(),
        "ended_at": entry.ended_at.isoformat() if entry.ended_at else None,
        "note": entry.note,
        "billable": entry.billable,
        "work_type_id": entry.work_type_id,
        "status": entry.status,
        "billable_seconds": entry.billable_seconds,
        "rate_minor": entry.rate_minor,
    }
