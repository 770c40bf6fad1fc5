"""Typed entries: added, changed, deleted; charged time is answered by a reversal (docs/billing.md rules 1 and 2)."""

from datetime import date, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients.locks import refuse_locked_days
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.errors import Conflict, Denied, NotFound, RuleViolation
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping import charging, claims, limits
from helpdesk.timekeeping.domain.worked import Worked, check_worked, read_worked, write_worked
from helpdesk.timekeeping.models import BILLABLE, TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.service import corrections, events, history
from helpdesk.timekeeping.service.ground import entry_of_uuid, is_internal, lock_owner, refuse_closed
from helpdesk.timekeeping.service.limits import refuse_overfull_day
from helpdesk.timekeeping.service.locks import refuse_locked_entry


def add_entry(  # noqa: PLR0913 - an entry has that many facts
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item_id: int,
    day: date,
    worked: str | Worked,
    note: str = "",
    billable: str = "billable",
    work_type_id: int | None = None,
    person_id: int | None = None,
    uuid: str | None = None,
    reason: str = "",
) -> TimeEntry:
    """Add a draft of what was worked on ``day`` (of the client's zone) and return it.

    ``worked`` is a duration (``1.5``, starts at 12:00), a range (``9:15-10:40``), or an interval that is read already
    and begins on ``day``. Managers may write for others.
    A ``uuid`` that was used before gives the entry of then. ``reason`` says why, where the day is locked. An empty
    ``billable`` is what the work type says.

    Raises:
        NotFound: no such item, or not for the actor; no such person or work type.
        RuleViolation: nothing worked, more than a day, in the future, the day is locked, or the project is closed or
            takes no more billable time.
        Denied: somebody else's time, without the role for it.
    """
    item = projects.get_item(session, actor=actor, item_id=item_id)
    refuse_closed(item)
    owner_id = _owner(session, actor, person_id)
    if (repeated := entry_of_uuid(session, uuid, owner_id)) is not None:
        return repeated
    zone = zone_named(item.project.client.time_zone)
    if isinstance(worked, Worked):
        check_worked(worked, zone=zone, now=now)
    read = worked if isinstance(worked, Worked) else read_worked(worked, day=day, zone=zone, now=now)
    locked = refuse_locked_days(session, actor=actor, client=item.project.client, days=[day], reason=reason)
    billed = _known(session, billable, item, work_type_id)
    if billed == "billable":
        limits.refuse_over_limit(session, item.project, added_seconds=read.seconds)
    refuse_overfull_day(session, person_id=owner_id, item=item, day=day, seconds=read.seconds, now=now)
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
        billable=billed,
        created_at=now,
        created_by_id=actor.person_id,
    )
    session.add(entry)
    session.flush()
    action = "added" if owner_id == actor.person_id else "added_for_another"
    history.record(session, actor=actor, now=now, action=action, entry=entry, reason=reason, **locked)
    return entry


def edit_entry(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    entry_id: int,
    day: date,
    worked: str | Worked,
    note: str = "",
    billable: str = "billable",
    work_type_id: int | None = None,
    reason: str = "",
) -> TimeEntry:
    """Change an entry and return it: a draft again, whatever it was before. Approved time changes with a reason.

    A ``worked`` that still reads as the entry was written leaves its interval alone, to the second; an interval may
    be given in place of a text. Where a closed period has drawn the entry it is reversed, and what is returned is its
    replacement, submitted.

    Raises:
        NotFound: no such entry, or somebody else's.
        Conflict: it is reversed already, or a draft or an issued invoice holds seconds of it; the holder is named.
        RuleViolation: the timer still runs, no reason for a change of approved time, or as for `add_entry`.
    """
    entry = _at_rest(session, actor, entry_id)
    zone = zone_named(queries.client_of(entry).time_zone)
    billed_before = _billed_seconds(entry)
    billed = _known(session, billable, entry.work_item, work_type_id)
    facts: dict[str, Any] = {"note": note, "work_type_id": work_type_id, "billable": billed}
    read = _reread(entry, worked, day=day, zone=zone, now=now)
    if read != queries.worked_of(entry):
        _refuse_overfull(session, entry, read, zone, now)
        facts |= {"started_at": read.started_at, "ended_at": read.ended_at, "duration_only": read.duration_only}
    moved_to = local_day(read.started_at, zone)
    locked = refuse_locked_entry(session, actor=actor, entry=entry, reason=reason, also=[moved_to])
    held_by = claims.claims_of(session, entry)
    if held_by:
        return corrections.replace(
            session, actor=actor, now=now, entry=entry, facts=facts, reason=reason, held_by=held_by
        )
    _require_reason(entry, reason)
    before = history.facts_of(entry)
    if entry.status != "draft":
        entry.edited_at = now
    for name, value in facts.items():
        setattr(entry, name, value)
    to_draft(entry)
    if _billed_seconds(entry) > billed_before:
        limits.refuse_over_limit(
            session, entry.work_item.project, added_seconds=_billed_seconds(entry), but_not=[entry.id]
        )
    session.flush()
    events.settle(session, now=now, entry=entry)
    history.record(session, actor=actor, now=now, action="edited", entry=entry, before=before, reason=reason, **locked)
    return entry


def put_on(session: Session, *, actor: Actor, now: datetime, entry_id: int, item: WorkItem) -> TimeEntry:
    """Put an entry on another item of the same project and return it; price, day and status stay.

    Raises:
        NotFound: no such entry, or somebody else's.
        Conflict: a draft invoice, an issued one or a closed period holds seconds of it.
        RuleViolation: the item is in another project, it is approved, its day is locked, or its timer runs.
    """
    entry = _at_rest(session, actor, entry_id)
    number = entry.work_item.number
    if entry.work_item.project_id != item.project_id:
        message = f"#{item.number} is in another project than #{number}, where this time stays."
        raise RuleViolation(message)
    refuse_charged(session, entry)
    if entry.status in charging.APPROVED:
        message = f"This time is approved for #{number}, and stays there."
        raise RuleViolation(message)
    locked = refuse_locked_entry(session, actor=actor, entry=entry, reason=f"put on #{item.number}")
    before = history.facts_of(entry)
    entry.work_item_id = item.id
    session.flush()
    session.expire(entry, ["work_item"])
    history.record(session, actor=actor, now=now, action="put on another item", entry=entry, before=before, **locked)
    return entry


def delete_entry(session: Session, *, actor: Actor, now: datetime, entry_id: int, reason: str = "") -> None:
    """Delete an entry; the audit trail keeps what it said, and one of the timer can be restored.

    Raises:
        NotFound: no such entry, or somebody else's.
        Conflict: seconds of it are or were charged, or later work or a reversal names it.
        RuleViolation: its day is locked, or it is approved and no reason was given.
    """
    entry = _at_rest(session, actor, entry_id, may_run=True)
    refuse_charged(session, entry)
    if entry.charges or queries.is_named(session, entry.id) or claims.is_remembered(session, entry.id):
        message = "Charges, a month that was closed once or other entries name this one; change it instead."
        raise Conflict(message)
    locked = refuse_locked_entry(session, actor=actor, entry=entry, reason=reason)
    _require_reason(entry, reason)
    before = history.facts_of(entry)
    history.record(session, actor=actor, now=now, action="deleted", entry=entry, reason=reason, was=before, **locked)
    if not events.discard(session, now=now, entry=entry):
        session.delete(entry)
        session.flush()


def to_draft(entry: TimeEntry) -> None:
    """Take back everything that submitting and approving wrote."""
    entry.status, entry.rejected_because, entry.returned_because = "draft", "", ""
    entry.submitted_at = entry.approved_at = entry.approved_by_id = None
    entry.billable_seconds = entry.rate_minor = entry.rate_currency = None
    entry.cost_rate_minor = entry.cost_rate_currency = entry.rounding_policy_id = None
    entry.rate_reason = ""


def refuse_charged(session: Session, entry: TimeEntry) -> None:
    """Keep charged time as it is (rule 2).

    Raises:
        Conflict: a draft invoice, an issued one or a closed period holds seconds of it; it is named.
    """
    holders = [claim.name for claim in claims.claims_of(session, entry)]
    if holders:
        message = f"This time is in {', '.join(holders)}. Void or credit that first, or correct the entry."
        raise Conflict(message)


def _require_reason(entry: TimeEntry, reason: str) -> None:
    if entry.status in charging.APPROVED and not reason.strip():
        message = "This time is approved. Say why it changes; whoever approves it again reads that."
        raise RuleViolation(message)


def _at_rest(session: Session, actor: Actor, entry_id: int, *, may_run: bool = False) -> TimeEntry:
    """Return the entry, locked after its person and its client's books, the order of timers and of the close."""
    before = queries.get(session, actor=actor, entry_id=entry_id)
    lock_owner(session, before.person_id)
    claims.lock_books(session, queries.client_of(before).id)
    found = queries.entries_by_id(session, [entry_id], lock=True)
    if not found:
        message = "There is no such time entry."
        raise NotFound(message)
    entry = found[0]
    if entry.ended_at is None and not may_run:
        message = "The timer still runs on this entry; stop it first."
        raise RuleViolation(message)
    if entry.status == "reversed":
        message = "This entry is reversed; what stands in its place is corrected instead."
        raise Conflict(message)
    return entry


def _reread(entry: TimeEntry, worked: str | Worked, *, day: date, zone: ZoneInfo, now: datetime) -> Worked:
    if isinstance(worked, Worked):
        return worked
    before = queries.worked_of(entry)
    unchanged = (day, worked.strip()) == write_worked(before, zone)
    return before if unchanged else read_worked(worked, day=day, zone=zone, now=now)


def _refuse_overfull(session: Session, entry: TimeEntry, read: Worked, zone: ZoneInfo, now: datetime) -> None:
    """Let an entry that grows, or goes to another day, not make that day longer than a day is."""
    day = local_day(read.started_at, zone)
    if read.seconds > queries.worked_of(entry).seconds or day != queries.day_of(entry):
        refuse_overfull_day(
            session,
            person_id=entry.person_id,
            item=entry.work_item,
            day=day,
            seconds=read.seconds,
            now=now,
            entry_id=entry.id,
        )


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


def _known(session: Session, billable: str, item: WorkItem, work_type_id: int | None) -> str:
    kind = session.get(WorkType, work_type_id) if work_type_id is not None else None
    if work_type_id is not None and kind is None:
        message = "There is no such work type."
        raise NotFound(message)
    if not billable:
        billable = "billable" if kind is None or kind.billable else "not_billable"
    if billable not in BILLABLE:
        message = f"{billable!r} is none of {', '.join(BILLABLE)}."
        raise RuleViolation(message)
    return "not_billable" if is_internal(item) else billable


def _billed_seconds(entry: TimeEntry) -> int:
    """Return what the limit of the project counts of an entry that is not approved."""
    return queries.worked_of(entry).seconds if entry.billable == "billable" else 0
