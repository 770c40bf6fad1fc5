"""What has come due since somebody looked: told once, on the ticket (docs/sla.md rules 21 and 22)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from helpdesk.infra import audit, live
from helpdesk.infra.policy import SYSTEM
from helpdesk.projects import telling
from helpdesk.projects.models import WorkItem
from helpdesk.sla.models import UNTOLD, SlaClock
from helpdesk.sla.service.measuring import tell

PAGE = 200
WORDS = {
    "first_answer": "The first answer",
    "next_answer": "The next answer",
    "resolution": "The solution",
    "at_risk": "is at risk",
    "missed": "is overdue",
}


def tell_due(session: Session, *, now: datetime) -> bool:
    """Tell of clocks that are at risk or missed by now, and return whether there may be more.

    Each is told of once: at risk in the trail alone, missed in the history of its ticket, too.
    """
    rows = _untold(session, now)
    for row in rows:
        is_missed = row.due_at is not None and row.due_at < now
        row.told, row.missed = ("missed", True) if is_missed else ("at_risk", row.missed)
        if is_missed:
            tell(session, row, now=now)
        audit.record(
            session,
            actor=SYSTEM,
            action=f"{row.target} {row.told}",
            kind="ticket",
            object_id=row.work_item_id,
            now=now,
            due_at=row.due_at.isoformat() if row.due_at else None,
        )
        _tell_people(session, row, now)
        live.publish(session, audience=live.to_item(row.work_item_id), topic="queue", now=now)
    session.flush()
    return len(rows) == PAGE


def _tell_people(session: Session, row: SlaClock, now: datetime) -> None:
    """Tell whoever has the ticket or follows it: once of each clock, of the risk or else that it is missed."""
    item = session.get_one(WorkItem, row.work_item_id)
    key = f"target:{item.id}:{row.target}:{row.started_at.isoformat()}"
    what = telling.Said("at_risk", key, excerpt=f"{WORDS[row.target]} {WORDS[row.told]}.")
    people = telling.audience(session, item)
    telling.tell(session, actor=SYSTEM, now=now, item=item, what=what, person_ids=people)


def _untold(session: Session, now: datetime) -> Sequence[SlaClock]:
    query = (
        select(SlaClock)
        .where(
            text(f"({UNTOLD})"),
            SlaClock.at_risk_at <= now,
            (SlaClock.told == "") | (SlaClock.due_at < now),
        )
        .order_by(SlaClock.at_risk_at)
        .limit(PAGE)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()
