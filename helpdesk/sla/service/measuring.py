"""Clocks of tickets kept true: derived anew from all that happened, in the transaction of each change (rule 19)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra.policy import SYSTEM
from helpdesk.sla import queries
from helpdesk.sla.domain.clocks import Clock
from helpdesk.sla.models import SlaClock, TicketDue
from helpdesk.sla.queries import Measured
from helpdesk.sla.render import told_line
from helpdesk.tickets import service as tickets


def measure(session: Session, item_ids: Collection[int], *, also_off: bool = False) -> None:
    """Derive the clocks of tickets, keep what changed, and note on each what was met or missed; once for each clock.

    Where nothing is promised to anybody this is one query, and leaves what there is; ``also_off`` takes it away.
    """
    promises = queries.promises(session)
    if not promises.any_on and not also_off:
        return
    measured = queries.measure(session, item_ids, promises)
    kept: dict[int, list[SlaClock]] = {}
    for row in queries.stored_clocks(session, measured):
        kept.setdefault(row.work_item_id, []).append(row)
    dues = {
        due.work_item_id: due for due in session.scalars(select(TicketDue).where(TicketDue.work_item_id.in_(measured)))
    }
    for item_id, found in measured.items():
        _keep(session, item_id, found, kept.get(item_id, []))
        _keep_due(session, item_id, found, dues.get(item_id))
    session.flush()


def _keep(session: Session, item_id: int, found: Measured | None, rows: Sequence[SlaClock]) -> None:
    known = {(row.target, row.started_at): row for row in rows}
    for clock in found.clocks if found is not None else ():
        row = known.pop((clock.target, clock.started_at), None)
        if row is None:
            row = SlaClock(
                work_item_id=item_id, target=clock.target, started_at=clock.started_at, missed=False, told=""
            )
            session.add(row)
        elif row.state == "stopped" and row.stopped_at == clock.stopped_at:
            continue  # history: what was met stays met, whatever is promised later (rule 20)
        _copy(row, clock, found.policy.id if found is not None else 0)
        _tell_stopped(session, row, found)
    begun = None if found is None else {found.history.opened_at, *found.history.asked}
    for row in known.values():
        if row.state != "stopped" or (begun is not None and row.started_at not in begun):
            session.delete(row)  # a clock that was stopped is history, as long as what it began with is on the ticket


def _copy(row: SlaClock, clock: Clock, policy_id: int) -> None:
    row.policy_id, row.budget_seconds, row.state = policy_id, clock.budget_seconds, clock.state
    row.due_at, row.at_risk_at, row.stopped_at = clock.due_at, clock.at_risk_at, clock.stopped_at
    row.missed = clock.was_missed
    if row.told == "met" and clock.state != "stopped":
        row.told = ""  # reopened, or an answer taken back: it may still be missed


def _tell_stopped(session: Session, row: SlaClock, found: Measured | None) -> None:
    """Note that a target was met, or missed before anybody looked."""
    outcome = "missed" if row.missed else "met" if row.state == "stopped" else row.told
    if row.told in ("met", "missed") or outcome == row.told or found is None:
        return
    row.told = outcome
    at = row.stopped_at or row.due_at
    if at is not None:
        tell(session, row, now=at)


def tell(session: Session, row: SlaClock, *, now: datetime) -> None:
    """Add the line that says how a target went to the history of its ticket."""
    tickets.add_event(session, actor=SYSTEM, now=now, item_id=row.work_item_id, text=told_line(row.target, row.told))


def _keep_due(session: Session, item_id: int, found: Measured | None, due: TicketDue | None) -> None:
    if found is None or not found.clocks:
        if due is not None:
            session.delete(due)
        return
    if due is None:
        due = TicketDue(work_item_id=item_id)
        session.add(due)
    due.first_answered_at = found.history.answered[0] if found.history.answered else None
    following = _next(found.clocks)
    due.target, due.state = (following.target, following.state) if following else ("", "stopped")
    is_due = following is not None and following.state == "running"
    due.due_at = following.due_at if following and is_due else None
    due.at_risk_at = following.at_risk_at if following and is_due else None


def _next(found: Iterable[Clock]) -> Clock | None:
    """Return the clock that ends first; all of a ticket run or pause together."""
    going = [clock for clock in found if clock.state != "stopped"]
    return min(going, key=_urgency, default=None)


def _urgency(clock: Clock) -> tuple[bool, float]:
    if clock.due_at is None:
        return True, clock.budget_seconds - clock.used_seconds
    return False, clock.due_at.timestamp()
