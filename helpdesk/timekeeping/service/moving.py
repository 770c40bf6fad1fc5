"""Time that goes along when its ticket or task moves to another project (docs/billing.md rule 3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients.locks import refuse_locked_days
from helpdesk.infra import audit
from helpdesk.infra.holders import Ids
from helpdesk.infra.policy import Actor
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects.models import Project
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.domain.moves import MovingTime, Outcome, Place, move_time
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.service.entries import to_draft

HeldBy = Mapping[int, Sequence[str]]


@dataclass(frozen=True)
class Returned:
    """An entry that was approved and waits for approval again, and who had approved it."""

    entry: TimeEntry
    approved_by_id: int | None


def place_of(project: Project) -> Place:
    """Return what of a project matters to the time on its items."""
    is_internal = project.billing == "internal" or project.client.is_internal
    return Place(zone_named(project.client.time_zone), is_internal)


def as_moving(session: Session, entries: Sequence[TimeEntry], *, ids: Ids, also_held: HeldBy) -> dict[int, MovingTime]:
    """Return by id what a move would find of ``entries``; ``also_held`` names holders that charges do not know.

    ``ids`` are those of the entries, or the query of them.
    """
    held = charging.holders_of_each(session, ids)
    return {
        entry.id: MovingTime(
            status=entry.status,
            billable=entry.billable,
            started_at=entry.started_at,
            ended_at=entry.ended_at,
            duration_only=entry.duration_only,
            held_by=tuple(dict.fromkeys((*held.get(entry.id, ()), *also_held.get(entry.id, ())))),
        )
        for entry in entries
    }


def refuse_held(entries: Iterable[TimeEntry], moving: Mapping[int, MovingTime]) -> None:
    """Keep an item with charged time where it is.

    Raises:
        Conflict: an entry is charged; time, person and what holds it are named.
    """
    held = [entry for entry in entries if moving[entry.id].outcome is Outcome.HELD]
    if held:
        named = "; ".join(
            f"{format_hm(queries.worked_of(entry).seconds)} of {entry.person.name} on #{entry.work_item.number} in "
            f"{', '.join(moving[entry.id].held_by) or 'a closed document'}"
            for entry in held
        )
        message = (
            f"Charged time stays where it was charged, and its {held[0].work_item.kind} with it: {named}. Nothing was "
            f"moved. Open a new {held[0].work_item.kind} for what follows, or void or credit that first."
        )
        raise Conflict(message)


def carry_time(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    entries: Sequence[TimeEntry],
    moving: Mapping[int, MovingTime],
    before: Project,
    after: Project,
    bill_own_time: bool = False,
) -> list[Returned]:
    """Let locked ``entries`` follow their item, which has moved from ``before`` to ``after``.

    Nothing keeps a price of the old project: what was approved waits for approval again, and says so. Returned is
    what did.

    Raises:
        RuleViolation: approved time lies on a day that is locked, and the actor may not change it.
    """
    places = place_of(before), place_of(after)
    returned = [Returned(entry, entry.approved_by_id) for entry in entries if entry.status == "approved"]
    zone, reason = places[0].zone, f"moved to {after.client.name}, {after.name}"
    days = [local_day(each.entry.started_at, zone) for each in returned]
    refuse_locked_days(session, actor=actor, client=before.client, days=days, reason=reason)
    for entry in entries:
        then = move_time(moving[entry.id], before=places[0], after=places[1], bill_own_time=bill_own_time)
        _follow(session, actor, now, entry, then, before)
    session.flush()
    return returned


def _follow(session: Session, actor: Actor, now: datetime, entry: TimeEntry, then: MovingTime, before: Project) -> None:
    was = {name: getattr(entry, name) for name in ("status", "billable", "billable_seconds", "rate_minor")}
    if entry.status == "approved":
        to_draft(entry)
        entry.submitted_at = now
        entry.returned_because = (
            f"Was approved for {before.client.name}, {before.name}, before its {entry.work_item.kind} moved."
        )
    entry.status, entry.billable = then.status, then.billable
    entry.started_at, entry.ended_at = then.started_at, then.ended_at
    audit.record(
        session,
        actor=actor,
        action="moved",
        kind="time_entry",
        object_id=entry.id,
        now=now,
        from_project=before.id,
        before=was,
    )
