"""What acts of the desk can change of a ticket, to be given back (docs/desk.md rule 7)."""

from typing import Any

from sqlalchemy.orm import Session

from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import TicketDetails

Change = dict[str, Any]


def state_of(session: Session, item: WorkItem) -> Change:
    """Return what an act can change of a ticket."""
    details = session.get(TicketDetails, item.id)
    return {
        "spam": details is not None and details.spam_at is not None,
        "status": item.status,
        "closed_at": item.closed_at.isoformat() if item.closed_at else None,
        "assignee": item.assignee_id,
        "team": item.team_id,
        "priority": item.priority,
        "type": item.type_id,
        "tags": sorted(one.tag for one in item.tags),
        "snoozed_until": item.snoozed_until.isoformat() if item.snoozed_until else None,
    }
