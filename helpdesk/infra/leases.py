"""Database leases: at most one holder at a time, and nobody waits for a dead one longer than the lease."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from helpdesk.infra.models import Lease


def take(session: Session, *, name: str, holder: str, now: datetime, seconds: int) -> bool:
    """Take or renew the lease ``name`` for ``seconds``; return whether ``holder`` has it now."""
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    session.execute(
        insert(Lease)
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
