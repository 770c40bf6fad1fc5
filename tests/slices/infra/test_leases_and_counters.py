"""One holder at a time, and no number twice."""

import os
import subprocess
import sys
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


def test_leases_of_processes_that_died_on_this_machine_are_dropped_and_no_others(session):
    died = subprocess.Popen([sys.executable, "-c", ""])
    died.wait()
    holders = {
        "died": f"here:{died.pid}:ab12:7",
        "lives": f"here:{os.getpid()}:ab12",
        "elsewhere": f"there:{died.pid}:ab12",
        "unreadable": "here:who",
    }
    for name, holder in holders.items():
        leases.take(session, name=name, holder=holder, now=NOW, seconds=60)

    dropped = leases.drop_of_the_dead(session, host="here")

    assert dropped == ["died"]
    free = [name for name in holders if leases.take(session, name=name, holder="new", now=NOW, seconds=60)]
    assert free == ["died"]


def test_many_takers_at_once_get_each_number_once(app):
    def take(_: int) -> int:
        with app.app_context(), unit_of_work() as session:
            return take_next(session, "work_items")

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(take, range(40)))

    assert sorted(numbers) == list(range(1, 41))
