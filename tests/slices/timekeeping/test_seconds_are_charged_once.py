"""Charges: no second of an entry is ever held twice (rule 17, invariant 3)."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.kernel.durations import free_ranges
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.models import Charge, TimeEntry
from tests.conftest import NOW

DRAFT, OTHER = ("invoice", 1), ("invoice", 2)


def seconds(entry: TimeEntry, start: int, end: int) -> ChargeRange:
    return ChargeRange(entry.id, start, end, burn_seconds=end - start, kind="hourly")


def status_of(entry: TimeEntry) -> str:
    with unit_of_work() as session:
        return session.get_one(TimeEntry, entry.id).status


def test_a_draft_holds_seconds_and_locks_the_entry(log_time):
    entry = log_time(minutes=60, status="approved")

    with unit_of_work() as session:
        charging.hold(session, now=NOW, holder=DRAFT, ranges=[seconds(entry, 0, 3600)])

    with unit_of_work() as session:
        assert charging.live_ranges(session, [entry.id]) == {entry.id: [(0, 3600)]}
        assert not session.scalars(select(TimeEntry.id).where(~charging.is_charged())).all()
    assert status_of(entry) == "locked"


def test_a_part_that_is_held_leaves_the_rest_to_others(log_time):
    entry = log_time(minutes=60, status="approved")

    with unit_of_work() as session:
        charging.hold(session, now=NOW, holder=DRAFT, ranges=[seconds(entry, 0, 1800)])
        charging.hold(session, now=NOW, holder=OTHER, ranges=[seconds(entry, 1800, 3600)])

    with unit_of_work() as session:
        assert charging.live_ranges(session, [entry.id])[entry.id] == [(0, 1800), (1800, 3600)]


@pytest.mark.parametrize(("start", "end"), [(0, 600), (600, 1200), (1700, 3600), (0, 3600)])
def test_who_comes_second_is_told_who_holds_the_seconds(log_time, start, end):
    entry = log_time(minutes=60, status="approved")
    charging.name_holders("invoice", lambda number, _nothing: f"draft {number} for Acme")
    with unit_of_work() as session:
        charging.hold(session, now=NOW, holder=DRAFT, ranges=[seconds(entry, 300, 1800)])

    with pytest.raises(Conflict, match="already in draft 1 for Acme"), unit_of_work() as session:
        charging.hold(session, now=NOW, holder=OTHER, ranges=[seconds(entry, start, end)])


def test_a_refused_hold_holds_nothing_of_the_rest(log_time):
    free, taken = log_time(status="approved"), log_time(status="approved")
    with unit_of_work() as session:
        charging.hold(session, now=NOW, holder=DRAFT, ranges=[seconds(taken, 0, 60)])

    with pytest.raises(Conflict), unit_of_work() as session:
        charging.hold(session, now=NOW, holder=OTHER, ranges=[seconds(free, 0, 3600), seconds(taken, 0, 3600)])

    with unit_of_work() as session:
        assert charging.live_ranges(session, [free.id]) == {free.id: []}
    assert status_of(free) == "approved"


def test_released_seconds_are_free_again_and_their_history_stays(log_time):
    entry = log_time(minutes=60, status="approved")
    with unit_of_work() as session:
        charging.hold(session, now=NOW, holder=DRAFT, ranges=[seconds(entry, 0, 3600)])
        charging.fix_each(session, kind=DRAFT[0], ids=[DRAFT[1]])

    with unit_of_work() as session:
        charging.release(session, now=NOW + timedelta(days=1), holder=DRAFT)

    assert status_of(entry) == "approved"
    with unit_of_work() as session:
        charging.hold(session, now=NOW, holder=OTHER, ranges=[seconds(entry, 0, 3600)], state="fixed")
        states = session.scalars(select(Charge.state).order_by(Charge.id)).all()
        assert states == ["released", "fixed"]


def test_an_entry_that_another_holds_too_stays_locked_when_one_lets_go(log_time):
    entry = log_time(minutes=60, status="approved")
    with unit_of_work() as session:
        charging.hold(session, now=NOW, holder=DRAFT, ranges=[seconds(entry, 0, 1800)])
        charging.hold(session, now=NOW, holder=OTHER, ranges=[seconds(entry, 1800, 3600)])

    with unit_of_work() as session:
        charging.release(session, now=NOW, holder=DRAFT)

    assert status_of(entry) == "locked"


def test_what_nobody_holds_is_released_and_fixed_without_effect(log_time):
    entry = log_time(status="approved")

    with unit_of_work() as session:
        charging.fix_each(session, kind=DRAFT[0], ids=[DRAFT[1]])
        charging.release(session, now=NOW, holder=DRAFT)

    assert status_of(entry) == "approved"


@pytest.mark.parametrize(("start", "end"), [(0, 3601), (-1, 60), (60, 60), (90, 60)])
def test_seconds_that_the_entry_does_not_bill_cannot_be_charged(log_time, start, end):
    entry = log_time(minutes=60, status="approved")

    with pytest.raises(RuleViolation, match="no part of entry"), unit_of_work() as session:
        charging.hold(session, now=NOW, holder=DRAFT, ranges=[seconds(entry, start, end)])


def test_the_same_seconds_twice_in_one_call_are_refused(log_time):
    entry = log_time(minutes=60, status="approved")

    with pytest.raises(RuleViolation, match="twice"), unit_of_work() as session:
        charging.hold(session, now=NOW, holder=DRAFT, ranges=[seconds(entry, 0, 60), seconds(entry, 59, 90)])


@pytest.mark.parametrize("status", ["draft", "submitted", "rejected"])
def test_only_approved_time_is_charged(log_time, status):
    entry = log_time(minutes=60, status=status, billable_seconds=3600)

    with pytest.raises(Conflict, match=f"is {status}"), unit_of_work() as session:
        charging.hold(session, now=NOW, holder=DRAFT, ranges=[seconds(entry, 0, 60)])


def test_an_entry_that_is_gone_cannot_be_charged(office):
    with pytest.raises(NotFound), unit_of_work() as session:
        charging.hold(session, now=NOW, holder=DRAFT, ranges=[ChargeRange(999, 0, 60, 60, "hourly")])


def test_of_many_that_reach_for_the_same_seconds_at_once_one_gets_them(app: Flask, log_time):
    entry = log_time(minutes=60, status="approved")
    together, outcomes = Barrier(6), []

    def reach(holder_id: int) -> None:
        with app.app_context():
            together.wait()
            try:
                with unit_of_work() as session:
                    charging.hold(session, now=NOW, holder=("invoice", holder_id), ranges=[seconds(entry, 0, 3600)])
            except Conflict:
                outcomes.append("refused")
            else:
                outcomes.append("held")

    threads = [Thread(target=reach, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["held"] + ["refused"] * 5


actions = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), st.integers(1, 3), st.integers(0, 58), st.integers(1, 60)),
        st.tuples(st.just("fix"), st.integers(1, 3), st.just(0), st.just(0)),
        st.tuples(st.just("release"), st.integers(1, 3), st.just(0), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions)
def test_no_sequence_of_holds_and_releases_ever_charges_a_second_twice(log_time, done):
    entry = log_time(minutes=1, status="approved")
    model: dict[int, set[int]] = {}

    with unit_of_work() as session:
        for act, number, start, end in done:
            holder = (f"draft-of-{entry.id}", number)
            wanted = set(range(start, end))
            taken = set().union(*model.values())
            if act == "release":
                charging.release(session, now=NOW, holder=holder)
                model.pop(number, None)
            elif act == "fix":
                charging.fix_each(session, kind=holder[0], ids=[holder[1]])
            elif not wanted:
                with pytest.raises(RuleViolation):
                    charging.hold(session, now=NOW, holder=holder, ranges=[seconds(entry, start, end)])
            elif wanted & taken:
                with pytest.raises(Conflict):
                    charging.hold(session, now=NOW, holder=holder, ranges=[seconds(entry, start, end)])
            else:
                charging.hold(session, now=NOW, holder=holder, ranges=[seconds(entry, start, end)])
                model.setdefault(number, set()).update(wanted)

        live = charging.live_ranges(session, [entry.id])[entry.id]
        charged = [second for start, end in live for second in range(start, end)]
        assert sorted(charged) == sorted(set().union(*model.values()))
        free = [second for start, end in free_ranges(60, live) for second in range(start, end)]
        assert sorted(charged + free) == list(range(60))
