"""Database leases: at most one holder at a time, and nobody waits for a dead one longer than the lease."""

import os
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
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


def drop_of_the_dead(session: Session, *, host: str) -> list[str]:
    """Drop leases whose holder was a process of ``host`` that is no more, and return their names.

    Called where a process starts on that host, so that after a crash nobody waits for a lease to end. Holders are
    named as ``workers.runtime.process_name`` does. Where a pid was given to another process, the lease simply ends
    in its time.
    """
    held = session.scalars(select(Lease).where(Lease.holder.startswith(f"{host}:", autoescape=True)))
    dead = [lease.name for lease in held if _is_dead(lease.holder[len(host) + 1 :].partition(":")[0])]
    session.execute(delete(Lease).where(Lease.name.in_(dead)))
    return dead


def _is_dead(pid: str) -> bool:
    if not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
