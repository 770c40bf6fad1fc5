"""How closed periods answer when an entry that they have drawn is corrected (docs/billing.md rule 2).

A closed period stays as it is. Where an entry is reversed, `queries` gives the drawn seconds back in the next open
month as long as the period that drew them is live; reopening that period takes both away.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.kernel.periods import Month
from helpdesk.retainers import queries
from helpdesk.retainers.models import Agreement, LedgerRow, RetainerPeriod
from helpdesk.timekeeping import claims
from helpdesk.timekeeping.claims import Claimant
from helpdesk.timekeeping.models import TimeEntry

DRAWN = ("draw", "overage")


def register(kind: str) -> None:
    """Let closed periods, holders of ``kind``, answer for what they have drawn."""
    claims.register(kind, Claimant(objection=_objection, postings=_periods_of, lock=_lock, remembers=_rows_of))


def _periods_of(session: Session, entry_id: int) -> list[int]:
    """Return the live closed periods whose ledger names the entry; overage waits there without a charge."""
    query = (
        select(LedgerRow.period_id)
        .join(LedgerRow.period)
        .where(LedgerRow.time_entry_id == entry_id, LedgerRow.kind.in_(DRAWN), RetainerPeriod.reversed_at.is_(None))
    )
    return list(session.scalars(query.distinct().order_by(LedgerRow.period_id)))


def _rows_of(session: Session, entry_id: int) -> list[int]:
    """Return a row of the ledger that names the entry, of whatever period, if there is one."""
    return list(session.scalars(select(LedgerRow.id).where(LedgerRow.time_entry_id == entry_id).limit(1)))


def _objection(session: Session, _entry: TimeEntry, period_id: int) -> str:
    agreement = session.get_one(RetainerPeriod, period_id).agreement
    closed = queries.closed_periods(session, agreement_ids=[agreement.id])[agreement.id]
    if agreement.ends_on is None or max(closed) < Month.of(agreement.ends_on):
        return ""
    return (
        f"{agreement.name} ended with {max(closed)}, so no later month can give the hours back. "
        f"Reopen {max(closed)} first, or add a new entry for the difference."
    )


def _lock(session: Session, client_id: int) -> None:
    query = select(Agreement.id).where(Agreement.client_id == client_id).order_by(Agreement.id)
    session.execute(query.with_for_update()).all()
