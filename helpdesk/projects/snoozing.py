"""Tickets that sleep until an instant (docs/desk.md rules 10 to 13)."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.infra import audit, live
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries
from helpdesk.projects.models import OPEN_STATUSES, WorkItem

LONGEST = timedelta(days=366)


def snooze(session: Session, *, actor: Actor, now: datetime, item_id: int, until: datetime) -> WorkItem:
    """Put an open ticket to sleep; one that sleeps already does so until the new instant.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: it is a task or done, or the instant is over or more than a year away.
    """
    item = queries.get_item(session, actor=actor, item_id=item_id)
    if item.kind != "ticket" or item.status not in OPEN_STATUSES:
        message = "Only a ticket that is open can be snoozed."
        raise RuleViolation(message)
    if not now < until <= now + LONGEST:
        message = "Choose an instant to come, within a year."
        raise RuleViolation(message)
    put_to_sleep(session, actor=actor, now=now, item=item, until=until)
    return item


def put_to_sleep(session: Session, *, actor: Actor, now: datetime, item: WorkItem, until: datetime) -> None:
    """Let a ticket sleep until then, whatever it is; one that sleeps until that very instant stays as it is."""
    if item.snoozed_until != until:
        item.snoozed_until, item.updated_at = until, now
        _changed(session, actor, now, item, "snoozed", until=until.isoformat())


def wake(session: Session, *, actor: Actor, now: datetime, item: WorkItem) -> bool:
    """Wake a ticket, and return whether it slept."""
    if item.snoozed_until is None:
        return False
    item.snoozed_until, item.updated_at = None, now
    _changed(session, actor, now, item, "woke")
    return True


def _changed(session: Session, actor: Actor, now: datetime, item: WorkItem, action: str, **data: str) -> None:
    session.flush()
    audit.record(session, actor=actor, action=action, kind=item.kind, object_id=item.id, now=now, **data)
    live.publish(session, audience=live.to_item(item.id), topic="queue", now=now)
