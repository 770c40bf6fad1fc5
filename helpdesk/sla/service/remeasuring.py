"""Open tickets measured anew after a promise has changed, some at a time (docs/sla.md rule 20)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra import jobs
from helpdesk.projects import queries as projects
from helpdesk.sla import queries
from helpdesk.sla.models import Remeasuring
from helpdesk.sla.service.measuring import measure

PAGE = 100


def want(session: Session, *, now: datetime) -> None:
    """Have all open tickets measured anew, from the first one on, once this is committed."""
    row = session.get(Remeasuring, 1) or Remeasuring(id=1)
    row.wanted_at, row.through_id, row.done, row.finished_at = now, 0, 0, None
    row.total = queries.open_ticket_count(session)
    session.add(row)
    session.flush()
    jobs.ring(session, "remeasure_tickets")


def go_on(session: Session, *, now: datetime) -> bool:
    """Measure the next page of open tickets, and return whether more are left; safe to run again at any time."""
    row = session.scalar(select(Remeasuring).where(Remeasuring.finished_at.is_(None)).with_for_update())
    if row is None:
        return False
    ids = queries.open_ticket_ids(session, after=row.through_id, limit=PAGE)
    projects.lock_items(session, ids)  # whoever acts on one of them measures it, too
    measure(session, ids, also_off=True)
    row.through_id, row.done = ids[-1] if ids else row.through_id, row.done + len(ids)
    row.finished_at = None if len(ids) == PAGE else now
    return row.finished_at is None


def ring_unfinished(session: Session) -> None:
    """Ring again where measuring has not come to its end."""
    row = queries.remeasuring(session)
    if row is not None and row.finished_at is None:
        jobs.ring(session, "remeasure_tickets")
