"""Lock dates: who set them, and what they refuse (docs/billing.md rule 2)."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.clients.lock_dates import LockDates, refuse_locked
from helpdesk.clients.models import Client, TimeLock
from helpdesk.company import service as company
from helpdesk.infra import audit
from helpdesk.infra.policy import LOCKED_TIME, LOCKS, Actor
from helpdesk.kernel.dates import day_words
from helpdesk.kernel.errors import Denied, NotFound, RuleViolation
from helpdesk.kernel.periods import local_day, zone_named

COMPANY = "company"
NAMED = 3


def lock_dates(session: Session, client: Client) -> LockDates:
    """Return what is locked for a client: company-wide, and its own."""
    keys = (COMPANY, key_of(client.id))
    query = select(TimeLock.scope_key, TimeLock.through).where(TimeLock.scope_key.in_(keys))
    found = {row.scope_key: row.through for row in session.execute(query)}
    return LockDates(found.get(COMPANY), found.get(keys[1]), client.name)


def refuse_locked_days(
    session: Session, *, actor: Actor, client: Client, days: Iterable[date], reason: str, what: str = "Time"
) -> dict[str, Any]:
    """Return what the audit trail says of a change on locked days: the lock date; nothing where none is locked.

    ``what`` is Time or Expenses, as the refusal calls it.

    Raises:
        RuleViolation: a day is locked, and the actor may not change it or gave no reason.
    """
    locked, wanted = lock_dates(session, client), list(days)
    if not any(map(locked.covers, wanted)):
        return {}
    may = actor.is_one_of(LOCKED_TIME)
    refuse_locked(wanted, locked, may=may, reason=reason, who_can="" if may else _who_can(session), what=what)
    return {"locked_through": str(locked.through)}


def set_lock(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    through: date | None,
    client_id: int | None = None,
    reason: str = "",
) -> TimeLock:
    """Lock time and expenses up to and with a day, for everybody or for one client, and return the row; None unlocks.

    Raises:
        Denied: the actor's role sets no lock dates.
        NotFound: no such client.
        RuleViolation: the day is not over yet, or days are opened again without a reason.
    """
    if not actor.is_one_of(LOCKS):
        message = "Your role sets no lock dates."
        raise Denied(message)
    zone = zone_named(_zone_of(session, client_id))
    if through is not None and through >= local_day(now, zone):
        message = f"{day_words(through)} is not over yet; lock days that are."
        raise RuleViolation(message)
    lock = _row(session, client_id, now)
    before = lock.through
    if through == before:
        return lock
    if before is not None and (through is None or through < before) and not reason.strip():
        message = f"That opens days up to {day_words(before)} again. Say why; the reason stays in the audit trail."
        raise RuleViolation(message)
    lock.through, lock.set_at, lock.set_by_id = through, now, actor.person_id
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="locked" if through else "unlocked",
        kind="time_lock",
        object_id=lock.id,
        now=now,
        scope=lock.scope_key,
        before=str(before) if before else None,
        after=str(through) if through else None,
        reason=reason.strip(),
    )
    return lock


def key_of(client_id: int | None) -> str:
    """Return the key of the one row of a client, or of everybody."""
    return COMPANY if client_id is None else f"client:{client_id}"


def _zone_of(session: Session, client_id: int | None) -> str:
    if client_id is None:
        return company.get_company(session).time_zone
    client = session.get(Client, client_id)
    if client is None:
        message = "There is no such client."
        raise NotFound(message)
    return client.time_zone


def _row(session: Session, client_id: int | None, now: datetime) -> TimeLock:
    key = key_of(client_id)
    lock = session.scalar(select(TimeLock).where(TimeLock.scope_key == key).with_for_update())
    if lock is None:
        lock = TimeLock(scope_key=key, client_id=client_id, set_at=now)
        session.add(lock)
        session.flush()
    return lock


def _who_can(session: Session) -> str:
    """Return the names of those who may change locked days, three at most, or their roles where there is nobody."""
    names = [name for _id, name in accounts.choices(session, roles=LOCKED_TIME)]
    if not names:
        return "A manager or an administrator"
    return " or ".join(names[:NAMED])
