"""Running numbers: one UPDATE … RETURNING, so that two takers never get the same."""

from collections import deque
from typing import cast

from sqlalchemy import Integer, Table, bindparam, event, update
from sqlalchemy.orm import Session

from helpdesk.infra.db import at_once, insert_of
from helpdesk.infra.models import Counter

COUNTERS = cast("Table", Counter.__table__)
ADD = (
    update(COUNTERS)
    .where(COUNTERS.c.name == bindparam("counter"))
    .values(last_value=COUNTERS.c.last_value + bindparam("count", type_=Integer))
    .returning(COUNTERS.c.last_value)
)


def take_next(session: Session, name: str) -> int:
    """Return the next number of the counter ``name``, beginning with 1; the counter is made on first use.

    A session for many takes several at once, and gives those back that it did not need: nobody else gets a number
    before it is over. Within a savepoint, which may be undone alone, it takes one.
    """
    stocks: dict[str, deque[int]] = session.info.setdefault("numbers", {})
    stock = stocks.setdefault(name, deque())
    if not stock:
        count = 1 if session.in_nested_transaction() else at_once(session)
        last = _add(session, name, count)
        if last is None:
            session.execute(insert_of(session, Counter).values(name=name, last_value=0).on_conflict_do_nothing())
            last = _add(session, name, count) or count
        if count > 1 and "numbers given back" not in session.info:
            session.info["numbers given back"] = True
            event.listen(session, "before_commit", _give_back)
        stock.extend(range(last - count + 1, last + 1))
    return stock.popleft()


def _add(session: Session, name: str, count: int) -> int | None:
    """Return the last of the next ``count`` numbers; None where there is no counter yet."""
    return session.execute(ADD, {"counter": name, "count": count}).scalar_one_or_none()


def _give_back(session: Session) -> None:
    for name, stock in session.info["numbers"].items():
        if stock:
            _add(session, name, -len(stock))
            stock.clear()
