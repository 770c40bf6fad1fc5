"""The caps and limits that people set, or the standard ones where nobody did (docs/mail.md rules 11, 26 and 39)."""

from sqlalchemy.orm import Session

from helpdesk.intake.models import IntakeLimits

BYTES_IN_A_MEGABYTE = 1024 * 1024


def current(session: Session) -> IntakeLimits:
    """Return the limits that hold now, to be read; the standard ones stand in no table."""
    return session.get(IntakeLimits, 1) or IntakeLimits(**standard())


def standard() -> dict[str, int]:
    """Return the limits that hold until somebody changes them, by the names of their columns."""
    columns = IntakeLimits.__table__.columns
    return {column.name: column.default.arg for column in columns if column.default is not None}
