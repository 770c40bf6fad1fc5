"""Running numbers: one UPDATE … RETURNING, so that two takers never get the same."""

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from helpdesk.infra.models import Counter


def take_next(session: Session, name: str) -> int:
    """Return the next number of the counter ``name``, beginning with 1; the counter is made on first use."""
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    session.execute(insert(Counter).values(name=name, last_value=0).on_conflict_do_nothing())
    return session.execute(
        update(Counter)
        .where(Counter.name == name)
        .values(last_value=Counter.last_value + 1)
        .returning(Counter.last_value)
    ).scalar_one()
