"""Conversations that sleep: put to sleep, woken by hand, by an answer of the client or by their time."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.kernel.dates import instant_words
from helpdesk.projects import queries as project_queries
from helpdesk.projects import snoozing
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.service.writing import add_event, lock

AT_ONCE = 100


def snooze(session: Session, *, actor: Actor, now: datetime, item_id: int, until: datetime, zone: ZoneInfo) -> WorkItem:
    """Put a ticket to sleep and say so in its conversation, on the clock of ``zone``.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: it is a task or done, or the instant is over or more than a year away.
    """
    project_queries.get_item(session, actor=actor, item_id=item_id)
    before = lock(session, item_id).snoozed_until
    item = snoozing.snooze(session, actor=actor, now=now, item_id=item_id, until=until)
    if item.snoozed_until != before:
        add_event(session, actor=actor, now=now, item_id=item_id, text=f"snoozed this until {_words(until, zone)}")
    return item


def wake(session: Session, *, actor: Actor, now: datetime, item_id: int, why: str = "woke this up") -> bool:
    """Wake a ticket, say so in its conversation, and return whether it slept.

    Raises:
        NotFound: no such item, or not for this actor.
    """
    project_queries.get_item(session, actor=actor, item_id=item_id)
    slept = snoozing.wake(session, actor=actor, now=now, item=lock(session, item_id))
    if slept:
        add_event(session, actor=actor, now=now, item_id=item_id, text=why)
    return slept


def wake_due(session: Session, *, now: datetime, limit: int = AT_ONCE) -> bool:
    """Wake the tickets whose time has come, what was due first, and return whether there may be more."""
    query = select(WorkItem.id).where(WorkItem.snoozed_until <= now).order_by(WorkItem.snoozed_until).limit(limit)
    found = session.scalars(query).all()
    for item_id in sorted(found):
        item = lock(session, item_id)
        if item.snoozed_until is not None and item.snoozed_until <= now:
            wake(session, actor=SYSTEM, now=now, item_id=item_id, why="woke up: its time has come")
    return len(found) == limit


def _words(until: datetime, zone: ZoneInfo) -> str:
    return f"{instant_words(until, zone)} ({zone})"
