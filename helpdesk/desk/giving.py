"""One item is given to a person or to a team on its page, so that it can be undone (docs/desk.md rules 7 and 73)."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.desk import bulk, service
from helpdesk.desk.ticket_state import state_of
from helpdesk.infra.policy import Actor
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.service.writing import lock


def to_person(
    session: Session, *, actor: Actor, now: datetime, number: int, assignee_id: int | None, was: str | None
) -> int | None:
    """Give an item to somebody or to nobody, as `service.assign`; return the act that can be undone, if there is one.

    Raises:
        NotFound, Overtaken, RuleViolation: as `service.assign`.
    """

    def give() -> None:
        service.assign(session, actor=actor, now=now, number=number, assignee_id=assignee_id, was=was)

    return _remembered(session, actor, now, number, "assignee", give)


def to_team(
    session: Session, *, actor: Actor, now: datetime, number: int, team_id: int | None, was: str | None
) -> int | None:
    """Give an item to a team or to none, as `service.give_to_team`; return the act that can be undone, if there is one.

    Raises:
        NotFound, Overtaken, RuleViolation: as `service.give_to_team`.
    """

    def give() -> None:
        service.give_to_team(session, actor=actor, now=now, number=number, team_id=team_id, was=was)

    return _remembered(session, actor, now, number, "team", give)


def _remembered(
    session: Session, actor: Actor, now: datetime, number: int, what: str, give: Callable[[], None]
) -> int | None:
    """Do it, and keep what it changed of a ticket; a task is given back by its own menu."""
    item: WorkItem = lock(session, projects.get_item(session, actor=actor, number=number).id)
    before = state_of(session, item)
    give()
    session.flush()
    after = state_of(session, item)
    if item.kind != "ticket" or before == after:
        return None
    change = {"item_id": item.id, "what": what, "before": before, "after": after}
    return bulk.remember(session, actor=actor, now=now, changes=[change])
