"""Who asks on a ticket is changed on its page, and changed back (docs/desk.md rules 7 and 90)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Contact
from helpdesk.desk import asker, bulk, opening
from helpdesk.desk.opening import Whom
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.service.writing import lock


def change(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    whom: Whom,
    former_in_copy: bool,
    was: int | None = None,
) -> int:
    """Let somebody else ask on a ticket, somebody new too, and return the act that can be undone.

    ``was`` is the contact who was seen to ask. Promises and the question whether they were content stay as they are.

    Raises:
        NotFound: no such ticket or contact, or not for this actor.
        Conflict: it was merged into another ticket, or somebody else changed who asks.
        RuleViolation: nobody is meant, or whoever cannot ask there.
    """
    item = lock(session, projects.get_item(session, actor=actor, number=number).id)
    tickets.refuse_merged(session, item)
    details = ticket_queries.get_details(session, item.id)
    if details is None or (was is not None and details.requester_id != was):
        message = "Somebody changed who asks since you looked. Nothing was changed; look again."
        raise Conflict(message)
    known = opening.meant(session, actor=actor, whom=whom)
    contact = opening.contact_at(session, actor=actor, now=now, whom=whom, known=known, project=item.project)
    kept = tickets.set_requester(
        session, actor=actor, now=now, item=item, contact=contact, former_in_copy=former_in_copy
    )
    session.flush()
    nothing = {"item_id": item.id, "what": "requester", "before": {}, "after": {}}
    return bulk.remember(session, actor=actor, now=now, changes=[{**nothing, "kept": kept}])


def choices(session: Session, *, actor: Actor, item: WorkItem, typed: str) -> list[Contact]:
    """Return who could ask there instead: found by what was typed, else people at the client."""
    client = item.project.client
    found = (
        asker.find(session, actor=actor, typed=typed)
        if typed.strip()
        else [one for one in clients.contacts_of(session, client.id) if one.retired_at is None]
    )
    details = ticket_queries.get_details(session, item.id)
    asks = details.requester_id if details is not None else None
    fit = [one for one in found if client.is_internal or one.client_id in (None, client.id)]
    return [one for one in fit if one.id != asks][: asker.MOST_FOUND]
