"""What happens to tickets: noted as rows are written, so that no act can forget to tell (docs/automation.md rule 6).

The note is a row in the transaction of what happened, written only where a rule waits for it. Nothing is decided here,
so that no rule can ever lose a mail.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import event, insert, inspect, select
from sqlalchemy.orm import Session

from helpdesk.automation.domain.rules import Trigger
from helpdesk.automation.models import AutomationEvent, AutomationRule
from helpdesk.infra import jobs
from helpdesk.infra.db import before_the_end, once
from helpdesk.projects.models import ItemTag, WorkItem
from helpdesk.sla.models import SlaClock
from helpdesk.tickets.models import Message, Talk

QUIET = "rules act"
OPENED = "tickets that opened"
Happened = tuple[int, Trigger, datetime, int | None]

_CHANGES = {"status": Trigger.STATUS_CHANGED, "assignee_id": Trigger.ASSIGNED, "priority": Trigger.PRIORITY_CHANGED}
_WRITTEN = {"mail": Trigger.CLIENT_ANSWERED, "reply": Trigger.WE_ANSWERED, "note": Trigger.NOTED}


def watch() -> None:
    """Note from now on what happens to tickets."""
    if not event.contains(Session, "after_flush", _note):
        event.listen(Session, "after_flush", _note)


def hush(session: Session) -> None:
    """Let what this session does be noted no more: what rules do lets no rule act (docs/automation.md rule 7)."""
    session.info[QUIET] = True


def _note(session: Session, _flush: object) -> None:
    if session.info.get(QUIET):
        return
    happened = [one for row in chain(session.new, session.dirty) for one in _of(session, row)]
    if happened:
        _write(session, happened)


def _of(session: Session, row: object) -> Iterator[Happened]:
    if isinstance(row, Message):
        yield from _of_message(session, row)
    elif isinstance(row, WorkItem) and row.kind == "ticket":
        yield from _of_ticket(session, row)
    elif isinstance(row, Talk) and row.answers and row in session.new:
        told = session.get_one(Message, row.message_id)
        yield told.work_item_id, Trigger.WE_ANSWERED, told.posted_at, told.id
    elif isinstance(row, ItemTag) and row in session.new:
        item = session.get(WorkItem, row.work_item_id)
        if item is not None and item.kind == "ticket" and item.id not in _opened(session):
            yield item.id, Trigger.TAGGED, item.updated_at, None
    elif isinstance(row, SlaClock) and row.told in ("at_risk", "missed") and _changed(row, "told"):
        at = row.at_risk_at if row.told == "at_risk" else row.due_at
        yield row.work_item_id, Trigger(row.told), at or row.started_at, None


def _of_message(session: Session, row: Message) -> Iterator[Happened]:
    is_news = row in session.new or (_changed(row, "held") and not row.held)
    opened = _opened(session)
    if row.kind == "mail" and row.work_item_id in opened and row in session.new:
        opened[row.work_item_id] = (row.posted_at, row.id)
    elif row.kind in _WRITTEN and is_news and row.work_item_id not in opened and not _says_nothing(row):
        yield row.work_item_id, _WRITTEN[row.kind], row.posted_at, row.id


def _says_nothing(row: Message) -> bool:
    """Whether a mail is no answer of the client: of a colleague, held, or automatic."""
    return row.kind == "mail" and (row.contact_id is None or row.held or row.automatic)


def _of_ticket(session: Session, row: WorkItem) -> Iterator[Happened]:
    if row in session.new:
        _opened(session)[row.id] = (row.created_at, None)
        before_the_end(session, _note_opened)
        return
    for name, trigger in _CHANGES.items():
        if _changed(row, name) and row.id not in _opened(session):
            yield row.id, trigger, row.updated_at, None


def _changed(row: object, name: str) -> bool:
    history: Any = getattr(inspect(row).attrs, name).history
    return bool(history.added) and history.added != history.deleted


def _opened(session: Session) -> dict[int, tuple[datetime, int | None]]:
    opened: dict[int, tuple[datetime, int | None]] = session.info.setdefault(OPENED, {})
    return opened


def _note_opened(session: Session) -> None:
    """Note tickets that opened, once all is written: what came with them is no change of its own."""
    opened = _opened(session)
    if not opened or session.info.get(QUIET) or not _wanted(session) & {Trigger.OPENED_BY_MAIL, Trigger.OPENED_BY_HAND}:
        return
    there = session.scalars(select(WorkItem.id).where(WorkItem.id.in_(opened)))  # a savepoint may have been undone
    found = [(item_id, *opened[item_id]) for item_id in there]
    _write(
        session,
        [
            (item_id, Trigger.OPENED_BY_HAND if message_id is None else Trigger.OPENED_BY_MAIL, at, message_id)
            for item_id, at, message_id in found
        ],
    )


def _write(session: Session, happened: list[Happened]) -> None:
    """Write what a rule waits for, on the connection itself: an undone savepoint takes it along."""
    rows = [
        {"work_item_id": item_id, "trigger": trigger.value, "happened_at": at, "due_at": at, "message_id": message_id}
        for item_id, trigger, at, message_id in happened
        if trigger in _wanted(session)
    ]
    if rows:
        session.connection().execute(
            insert(AutomationEvent), [{**row, "state": "waiting", "attempts": 0} for row in rows]
        )
        jobs.ring(session, "act_on_events")


def _wanted(session: Session) -> frozenset[str]:
    query = select(AutomationRule.trigger).where(AutomationRule.active).distinct()
    return once(session, "automation triggers", read=lambda: frozenset(session.connection().scalars(query)))
