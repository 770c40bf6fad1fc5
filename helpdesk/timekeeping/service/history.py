"""What an entry said before and after a change, for the audit trail (docs/billing.md rule 2)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.infra import audit, live
from helpdesk.infra.policy import Actor
from helpdesk.timekeeping.models import TimeEntry

KIND = "time_entry"


def facts_of(entry: TimeEntry) -> dict[str, Any]:
    """Return what people may ask about later, as plain JSON."""
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


def settle_rounding(session: Session, *, actor: Actor, now: datetime, settled: Iterable[tuple[TimeEntry, int]]) -> None:
    """Write to entries what their day or ticket was rounded to; where that differs, their history says so (rule 4)."""
    acts = []
    for entry, seconds in settled:
        if seconds != entry.billable_seconds:
            change = {"before": {"billable_seconds": entry.billable_seconds}, "after": {"billable_seconds": seconds}}
            acts.append((entry.id, "rounded", change))
            entry.billable_seconds = seconds
    audit.record_many(session, actor=actor, kind=KIND, now=now, acts=acts)


def record(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    action: str,
    entry: TimeEntry,
    before: dict[str, Any] | None = None,
    reason: str = "",
    **more: Any,  # noqa: ANN401 - whatever JSON explains the act
) -> None:
    """Add a row to the entry's history: the facts that changed, before and after, and why where somebody said so.

    Open pages of its ticket or task are told to look again.
    """
    data: dict[str, Any] = dict(more)
    if before is not None:
        after = facts_of(entry)
        changed = [name for name, value in after.items() if before.get(name) != value]
        data["before"] = {name: before.get(name) for name in changed}
        data["after"] = {name: after[name] for name in changed}
    if reason.strip():
        data["reason"] = reason.strip()
    audit.record(session, actor=actor, action=action, kind=KIND, object_id=entry.id, now=now, **data)
    live.publish(session, audience=live.to_item(entry.work_item_id), topic=live.SHOWN, now=now)
