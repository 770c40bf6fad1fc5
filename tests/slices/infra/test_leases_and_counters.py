"""One holder at a time, and no number twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from helpdesk.infra import leases
from helpdesk.infra.counters import take_next
from helpdesk.infra.db import unit_of_work
from tests.conftest import NOW


def test_a_lease_has_one_holder_until_it_expires(session):
    taken = [leases.take(session, name="poll 1", holder=holder, now=NOW, seconds=60) for holder in ("a", "b", "a")]
    later = leases.take(session, name="poll 1", holder="b", now=NOW + timedelta(seconds=61), seconds=60)

    assert taken == [True, False, True]
    assert later


def test_only_its_holder_gives_a_lease_back(session):
    leases.take(session, name="poll 1", holder="a", now=NOW, seconds=60)

    leases.release(session, name="poll 1", holder="b")
    assert not leases.take(session, name="poll 1", holder="b", now=NOW, seconds=60)

    leases.release(session, name="poll 1", holder="a")
    assert leases.take(session, name="poll 1", holder="b", now=NOW, seconds=60)


def test_many_takers_at_once_get_each_number_once(app):
    def take(_: int) -> int:
        with app.app_context(), unit_of_work() as session:
            return take_next(session, "work_items")

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(take, range(40)))

    assert sorted(numbers) == list(range(1, 41))
