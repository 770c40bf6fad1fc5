"""Who begins a reply on a ticket that nobody has gets it (docs/desk.md rules 45 and 46)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.desk import bulk, service
from helpdesk.desk.ticket_state import state_of
from helpdesk.infra.policy import DESK, Actor
from helpdesk.projects import queries as projects
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import TicketDetails
from helpdesk.tickets.queries import merged_now
from helpdesk.tickets.service import Typed
from helpdesk.tickets.service.writing import lock

BEGAN = ", who began a reply"
"""How the line ends that tells of it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether a draft is kept, and the act that gave the ticket to its writer, which can be undone; None: none."""

    is_kept: bool
    act_id: int | None = None


def keep_draft(
    session: Session, *, actor: Actor, now: datetime, number: int, kind: str, typed: Typed, last_seen_id: int | None
) -> Kept:
    """Keep what somebody typed; where a reply begins with it and nobody has the ticket, it is the writer's.

    Raises:
        NotFound: no such work item, or not for this actor.
    """
    item = projects.get_item(session, actor=actor, number=number)
    begins = kind == "reply" and bool(typed.body) and item.assignee_id is None and _may_take(session, actor, item.id)
    if begins:  # before anything is written: of two who begin at once the second one finds it taken
        item = lock(session, item.id)
    kept = tickets.save_draft(
        session, actor=actor, now=now, item_id=item.id, kind=kind, typed=typed, last_seen_id=last_seen_id
    )
    if not (kept and begins) or item.assignee_id is not None or merged_now(session, item.id) is not None:
        return Kept(kept)
    before = state_of(session, item)
    service.assign(session, actor=actor, now=now, number=number, assignee_id=actor.person_id, how=BEGAN)
    change = {"item_id": item.id, "what": "assignee", "before": before, "after": state_of(session, item)}
    return Kept(kept, bulk.remember(session, actor=actor, now=now, changes=[change]))


def _may_take(session: Session, actor: Actor, item_id: int) -> bool:
    """Return whether the first draft of a reply gives the ticket to the actor."""
    if not (company.get_company(session).typing_assigns and actor.is_one_of(DESK)):
        return False
    details = session.get(TicketDetails, item_id)
    is_asked = details is not None and details.spam_at is None
    return is_asked and not tickets.has_draft(session, actor=actor, item_id=item_id, kind="reply")
