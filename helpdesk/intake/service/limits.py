"""The caps and limits that people set, or the standard ones where nobody did (docs/mail.md rules 11, 26 and 39)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of
from helpdesk.infra.policy import Actor
from helpdesk.intake.models import IntakeLimits

BYTES_IN_A_MEGABYTE = 1024 * 1024


def current(session: Session) -> IntakeLimits:
    """Return the limits that hold now, to be read; the standard ones stand in no table."""
    return next(iter(models_of(session, asked())), None) or IntakeLimits(**standard())


def asked() -> Select[IntakeLimits]:
    """Return the question of `current`, to be asked together with others."""
    return select(IntakeLimits)


def change(session: Session, *, actor: Actor, now: datetime, values: Mapping[str, int | None]) -> IntakeLimits:
    """Set limits by the names of their columns; what changed stands in the audit trail."""
    row = session.get(IntakeLimits, 1)
    if row is None:
        row = IntakeLimits(**standard())
        session.add(row)
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    session.flush()
    if changed:
        audit.record(session, actor=actor, action="changed", kind="mail_limits", object_id=row.id, now=now, **changed)
    return row


def standard() -> dict[str, int]:
    """Return the limits that hold until somebody changes them, by the names of their columns."""
    columns = IntakeLimits.__table__.columns
    return {column.name: column.default.arg for column in columns if column.default is not None}
