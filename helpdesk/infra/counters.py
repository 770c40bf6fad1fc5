"""Running numbers: one UPDATE … RETURNING, so that two takers never get the same."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.infra.db import insert_of
from helpdesk.infra.models import Counter


def take_next(session: Session, name: str) -> int:
    """Return the next number of the counter ``name``, beginning with 1; the counter is made on first use."""
    number = _next(session, name)
    if number is None:
        session.execute(insert_of(session, Counter).values(name=name, last_value=0).on_conflict_do_nothing())
        number = _next(session, name) or 1
    return number


def _next(session: Session, name: str) -> int | None:
    """Return the next number; None where there is no counter yet."""
    return session.execute(
        update(Counter)
        .where(Counter.name == name)
        .values(last_value=Counter.last_value + 1)
        .returning(Counter.last_value)
    ).scalar_one_or_none()
