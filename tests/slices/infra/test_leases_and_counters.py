"""One holder at a time, and no number twice."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select

from helpdesk.infra import leases
from helpdesk.infra.counters import take_next
from helpdesk.infra.db import for_many, next_id, unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.kernel.errors import RuleViolation
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


def test_a_session_for_many_gives_back_the_numbers_that_it_did_not_need(app):
    with unit_of_work() as session:
        for_many(session, 10)
        first = [take_next(session, "work_items") for _ in range(12)]
    with unit_of_work() as session:
        next_one = take_next(session, "work_items")

    assert (first, next_one) == (list(range(1, 13)), 13)


def test_no_number_is_given_twice_where_a_part_of_many_is_undone(app):
    with unit_of_work() as session:
        for_many(session, 10)
        with suppress(RuleViolation), session.begin_nested():
            take_next(session, "work_items")
            raise RuleViolation
        kept = [take_next(session, "work_items") for _ in range(3)]
    with unit_of_work() as session:
        next_one = take_next(session, "work_items")

    assert (kept, next_one) == ([1, 2, 3], 4)


def test_ids_that_are_known_before_their_rows_are_those_of_no_other_row(app):
    with unit_of_work() as session:
        session.add(_audited("by the database"))
    with unit_of_work() as session:
        for_many(session, 3)
        ids = [next_id(session, AuditRow) for _ in range(7)]
        session.add_all(_audited("by us", id=each) for each in reversed(ids[:5]))
    with unit_of_work() as session:
        session.add(_audited("by the database again"))

    with unit_of_work() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.object_kind == "counted")).all()
    assert len(set(ids)) == 7
    assert len({row.id for row in rows}) == len(rows) == 7
    assert {row.id for row in rows if row.action == "by us"} == set(ids[:5])


def _audited(action: str, **more: int) -> AuditRow:
    return AuditRow(
        at=NOW, actor_kind="system", actor_name="Helpdesk", action=action, object_kind="counted", data={}, **more
    )
