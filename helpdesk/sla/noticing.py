"""Which tickets a transaction has touched: noted as rows are written, so that no act can forget to tell."""

from itertools import chain
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from helpdesk.infra.db import before_the_end, write_leaves
from helpdesk.projects.models import WorkItem
from helpdesk.sla.service.measuring import measure
from helpdesk.tickets.models import Message

TOUCHED = "tickets to measure"


def watch() -> None:
    """Measure from now on each ticket that a unit of work has touched, at its end (docs/sla.md rule 19)."""
    if not event.contains(Session, "after_flush", _note):
        event.listen(Session, "after_flush", _note)


def _note(session: Session, _flush: object) -> None:
    touched: set[int] = session.info.setdefault(TOUCHED, set())
    before = len(touched)
    for row in chain(session.new, session.dirty):
        if isinstance(row, WorkItem):
            touched.update(inspect(row).identity or (row.id,))
        elif isinstance(row, Message) and row.__dict__.get("kind") in ("mail", "reply", None):
            touched.update(_items_of(row))
    if len(touched) > before:
        before_the_end(session, _measure_touched)


def _items_of(row: Message) -> set[int]:
    """Return the work item that has the message, and the one that had it before."""
    history: Any = inspect(row).attrs.work_item_id.history
    return {item_id for item_id in (row.__dict__.get("work_item_id"), *(history.deleted or ())) if item_id is not None}


def _measure_touched(session: Session) -> None:
    write_leaves(session)  # what was done stands in audit rows, too
    measure(session, session.info.pop(TOUCHED, ()))
