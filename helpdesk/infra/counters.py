"""Running numbers: one UPDATE … RETURNING, so that two takers never get the same."""

from typing import cast

from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session

from helpdesk.infra.db import insert_of
from helpdesk.infra.models import Counter

COUNTERS = cast("Table", Counter.__table__)
TAKE = (
    update(COUNTERS)
    .where(COUNTERS.c.name == bindparam("counter"))
    .values(last_value=COUNTERS.c.last_value + 1)
    .returning(COUNTERS.c.last_value)
)


def take_next(session: Session, name: str) -> int:
    """Return the next number of the counter ``name``, beginning with 1; the counter is made on first use."""
    number = _next(session, name)
    if number is None:
        session.execute(insert_of(session, Counter).values(name=name, last_value=0).on_conflict_do_nothing())
        number = _next(session, name) or 1
    return number


def _next(session: Session, name: str) -> int | None:
    """Return the next number; None where there is no counter yet."""
    return session.execute(TAKE, {"counter": name}).scalar_one_or_none()
