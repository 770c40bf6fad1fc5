"""Database leases: at most one holder at a time, and nobody waits for a dead one longer than the lease."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session

from helpdesk.infra.db import insert_of
from helpdesk.infra.models import Lease


def take(session: Session, *, name: str, holder: str, now: datetime, seconds: int) -> bool:
    """Take or renew the lease ``name`` for ``seconds``; return whether ``holder`` has it now."""
    session.execute(
        insert_of(session, Lease)
        .values(name=name, holder=holder, expires_at=now + timedelta(seconds=seconds))
        .on_conflict_do_nothing()
    )
    taken = session.execute(
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.expires_at <= now))
        .values(holder=holder, expires_at=now + timedelta(seconds=seconds))
        .returning(Lease.name)
    )
    return taken.scalar_one_or_none() is not None


def release(session: Session, *, name: str, holder: str) -> None:
    """Give the lease back if ``holder`` still has it."""
    session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))
