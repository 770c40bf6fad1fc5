"""Proposed time: what was done without it, accepted as an entry or dismissed (docs/billing.md, "Nothing slips")."""

from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.durations import MINUTE
from helpdesk.kernel.errors import Conflict, Denied, NotFound
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.proposals import queries
from helpdesk.proposals.domain.acts import propose
from helpdesk.proposals.models import ProposalDecision
from helpdesk.proposals.queries import Proposed
from helpdesk.timekeeping import service as time
from helpdesk.timekeeping.domain.worked import Worked, read_worked, write_worked
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.service.ground import entry_of_uuid, lock_owner

LOOKS_BACK = timedelta(days=14)


def proposed(session: Session, *, actor: Actor, now: datetime) -> list[Proposed]:
    """Return what the actor did in the last two weeks without time, as entries that could be written; oldest first.

    Raises:
        Denied: the actor is no person; the system works no hours.
    """
    person_id, since = _person(actor), now - LOOKS_BACK
    settled = queries.settled(session, person_id=person_id, since=since)
    acts, readings, items = queries.traces(session, actor=actor, since=since)
    acts = [act for act in acts if act.key not in settled.keys]
    if not (acts or readings):
        return []
    timed = queries.timed(session, person_id=person_id, since=since, now=now)
    found = propose(acts, timed, now=now, readings=readings, settled=settled.reading)
    return [Proposed(items[one.item_id], one) for one in found]


def accept(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    key: str,
    worked: str,
    note: str = "",
    billable: str = "billable",
    work_type_id: int | None = None,
) -> TimeEntry:
    """Write a proposal as a draft entry of ``worked``, as people type it, and return the entry; once, however often.

    A length that was typed begins where the proposal does.

    Raises:
        Conflict: it was dismissed, or time was written for it meanwhile.
        RuleViolation: what was typed is no time, or the day is locked.
    """
    person_id = _person(actor)
    lock_owner(session, person_id)
    uuid = _entry_uuid(person_id, key)
    made = entry_of_uuid(session, uuid, person_id)
    if made is not None:
        return made
    one = _open(session, actor, now, key)
    entry = time.add_entry(
        session,
        actor=actor,
        now=now,
        item_id=one.item.id,
        day=one.proposal.day,
        worked=_from_where_it_began(one, worked, now),
        note=note,
        billable=billable,
        work_type_id=work_type_id,
        uuid=uuid,
    )
    _decide(session, actor, now, one, decision="accepted", entry_uuid=uuid)
    return entry


def dismiss(session: Session, *, actor: Actor, now: datetime, key: str) -> ProposalDecision:
    """Never propose these acts again, and return the decision, which can be taken back.

    Raises:
        Conflict: it was decided already, or time was written for it meanwhile.
    """
    lock_owner(session, _person(actor))
    return _decide(session, actor, now, _open(session, actor, now, key), decision="dismissed")


def take_back(session: Session, *, actor: Actor, now: datetime, decision_id: int) -> ProposalDecision:
    """Propose again what the actor dismissed.

    Raises:
        NotFound: no such dismissal of the actor's own.
    """
    found = session.get(ProposalDecision, decision_id)
    if found is None or found.person_id != actor.person_id or found.decision != "dismissed":
        message = "There is no such proposal."
        raise NotFound(message)
    found.undone_at = found.undone_at or now
    session.flush()
    return found


def _open(session: Session, actor: Actor, now: datetime, key: str) -> Proposed:
    for one in proposed(session, actor=actor, now=now):
        if one.proposal.key == key:
            return one
    message = "This is not proposed any more: it was decided, or time was written for it meanwhile."
    raise Conflict(message)


def _from_where_it_began(one: Proposed, worked: str, now: datetime) -> str:
    """Return a typed length as a range, where that is within the day and whole minutes; all else as it was typed."""
    zone, start = zone_named(one.item.project.client.time_zone), one.proposal.started_at
    day = local_day(start, zone)
    read = read_worked(worked, day=one.proposal.day, zone=zone, now=now)
    end = start + timedelta(seconds=read.seconds)
    fits = end <= now and local_day(end, zone) == day == one.proposal.day and read.seconds % MINUTE == 0
    return write_worked(Worked(start, end, duration_only=False), zone)[1] if read.duration_only and fits else worked


def _decide(
    session: Session, actor: Actor, now: datetime, one: Proposed, *, decision: str, entry_uuid: str | None = None
) -> ProposalDecision:
    evidence = [
        {"key": act.key, "at": act.at.isoformat(), "says": act.says, "seconds": act.seconds}
        for act in one.proposal.acts
    ]
    row = ProposalDecision(
        person_id=_person(actor),
        work_item_id=one.item.id,
        first_key=one.proposal.key,
        evidence=evidence,
        proposed_seconds=one.proposal.seconds,
        decision=decision,
        entry_uuid=entry_uuid,
        decided_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action=f"{decision} proposed time",
        kind="proposal",
        object_id=row.id,
        now=now,
        item_id=one.item.id,
        proposed_seconds=one.proposal.seconds,
    )
    return row


def _entry_uuid(person_id: int, key: str) -> str:
    return str(uuid5(NAMESPACE_OID, f"proposal:{person_id}:{key}"))


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        message = "Only people work time."
        raise Denied(message)
    return actor.person_id
