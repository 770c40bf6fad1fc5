"""What is done while parts of it are open is asked about first (docs/desk.md rule 28)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict
from helpdesk.projects import queries as projects_queries
from helpdesk.projects import service as projects
from helpdesk.projects.models import OPEN_STATUSES, WorkItem
from helpdesk.tickets import service as tickets


class OpenParts(Conflict):
    """Parts of an item are open that would be done; the message names them."""


def refuse_open_parts(session: Session, *, actor: Actor, item: WorkItem, status: str) -> None:
    """Pass unless the item would be done while parts of it are open.

    Raises:
        OpenParts: there are such parts.
    """
    if status in OPEN_STATUSES or item.status not in OPEN_STATUSES:
        return
    parts = tickets.open_parts(session, actor=actor, item_id=item.id)
    if parts:
        named = ", ".join(f"#{one.number}" for one in parts)
        message = (
            f"Parts of #{item.number} are open: {named}. Set its status by itself: there you are asked about them."
        )
        raise OpenParts(message)


def close_parts(session: Session, *, actor: Actor, now: datetime, number: int, status: str) -> list[WorkItem]:
    """Give all open parts of an item, and what is part of these, a status, and return them.

    Raises:
        NotFound: no such item or part, or not for this actor.
        RuleViolation: no such status.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    done: list[WorkItem] = []
    waiting = tickets.open_parts(session, actor=actor, item_id=item.id)
    while waiting:
        part = waiting.pop(0)
        projects.set_status(session, actor=actor, now=now, item_id=part.id, status=status)
        words = f"set the status to {status.replace('_', ' ')} with #{number}, of which this is a part"
        tickets.add_event(session, actor=actor, now=now, item_id=part.id, text=words)
        waiting += tickets.open_parts(session, actor=actor, item_id=part.id)
        done.append(part)
    return done
