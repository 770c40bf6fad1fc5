"""What the page of a ticket says of what we promised: when it is due, how that stands, and why (docs/sla.md)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.sla import queries
from helpdesk.sla.explain import Explanation, explain, standing
from helpdesk.sla.render import TARGET_NAMES


@dataclass(frozen=True)
class DuePanel:
    """``standing`` is on_track, at_risk, overdue or paused; empty where the ticket is done."""

    standing: str
    target: str
    due_at: datetime | None
    why: Explanation


def due_panel(session: Session, item_id: int, *, now: datetime) -> DuePanel | None:
    """Return what the page shows; None, after one query, where nothing is promised for the item."""
    due = queries.due_of(session, item_id)
    why = explain(session, item_id, now=now) if due is not None else None
    if due is None or why is None:
        return None
    stands = standing(state=due.state, due_at=due.due_at, at_risk_at=due.at_risk_at, now=now)
    return DuePanel(stands, str(TARGET_NAMES.get(due.target, "")), due.due_at, why)
