"""A ticket that became a task is one again, and the other way round, as before (docs/desk.md rule 91)."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict
from helpdesk.projects import kinds
from helpdesk.projects import queries as projects
from helpdesk.projects.snoozing import put_to_sleep
from helpdesk.tickets import service as tickets
from helpdesk.tickets.service.writing import lock


def give_back(session: Session, *, actor: Actor, now: datetime, number: int, kept: dict[str, Any]) -> None:
    """Let an item be of the kind again that it had; what the act gave it goes unless somebody used it since.

    Raises:
        NotFound: no such item, or not for this actor.
        Conflict: somebody changed its kind since.
        RuleViolation: it cannot be of that kind any more.
    """
    item = lock(session, projects.get_item(session, actor=actor, number=number).id)
    if item.kind == kept["kind"]:
        message = "somebody changed it since"
        raise Conflict(message)
    if kept["kind"] == "ticket":
        kinds.become_ticket(session, actor=actor, now=now, item_id=item.id)
        if kept["is_new"]:
            kinds.leave_plan(session, item=item)
        until = datetime.fromisoformat(kept["snoozed_until"]) if kept["snoozed_until"] else None
        if until is not None and until > now:
            put_to_sleep(session, actor=actor, now=now, item=item, until=until)
    else:
        kinds.become_task(session, actor=actor, now=now, item_id=item.id)
        if kept["is_new"]:
            tickets.drop_details(session, item=item)
    tickets.add_event(session, actor=actor, now=now, item_id=item.id, text=f"made this a {kept['kind']} again")
