"""Running numbers: one UPDATE … RETURNING, so that two takers never get the same."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.infra.db import insert_of
from helpdesk.infra.models import Counter


def take_next(session: Session, name: str) -> int:
    """Return the next number of the counter ``name``, beginning with 1; the counter is made on first use."""
    session.execute(insert_of(session, Counter).values(name=name, last_value=0).on_conflict_do_nothing())
    return session.execute(
        update(Counter)
        .where(Counter.name == name)
        .values(last_value=Counter.last_value + 1)
        .returning(Counter.last_value)
    ).scalar_one()
