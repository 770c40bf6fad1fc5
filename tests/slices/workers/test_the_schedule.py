"""The periodic table is rung when it is due, by one scheduler in the world."""

import threading

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import Lease, PeriodicRun
from tests.conftest import NOW
from tests.waiting import eventually
from workers import schedule
from workers.schedule import PERIODIC, Periodic


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setattr(
        schedule, "PERIODIC", (Periodic("sweep_outbox", 30, "mail"), Periodic("forget_old_attempts", 3600))
    )


def tick(fixed_clock, holder="one"):
    with unit_of_work() as session:
        return schedule.tick(session, holder=holder, now=fixed_clock.now)


def names(rung):
    return [bell.job for bell in rung]


@pytest.mark.usefixtures("app", "table", "rung")
class TestTicking:
    def test_everything_is_due_the_first_time_and_then_each_in_its_own_rhythm(self, fixed_clock, rung):
        waits = [tick(fixed_clock)]
        waits.append(tick(fixed_clock))
        fixed_clock.advance(seconds=30)
        waits.append(tick(fixed_clock))

        assert names(rung) == ["sweep_outbox", "forget_old_attempts", "sweep_outbox"]
        assert waits == [20.0, 20.0, 20.0]

    def test_the_wait_ends_when_the_next_line_is_due(self, fixed_clock):
        tick(fixed_clock)
        fixed_clock.advance(seconds=25)

        assert tick(fixed_clock) == 5.0

    def test_only_who_has_the_lease_rings(self, fixed_clock, rung):
        tick(fixed_clock, "one")
        fixed_clock.advance(seconds=30)

        tick(fixed_clock, "two")
        assert names(rung) == ["sweep_outbox", "forget_old_attempts"]
        fixed_clock.advance(seconds=31)
        tick(fixed_clock, "two")

        assert names(rung)[2:] == ["sweep_outbox"]

    def test_a_run_in_the_future_left_by_a_wrong_clock_stops_nothing(self, fixed_clock, rung):
        fixed_clock.advance(days=300)
        tick(fixed_clock)
        fixed_clock.now = NOW
        with unit_of_work() as session:
            session.query(Lease).delete()
        rung.clear()

        tick(fixed_clock)

        assert names(rung) == ["sweep_outbox", "forget_old_attempts"]


def test_the_loop_ends_when_told_and_leaves_its_lease(app, rung):
    stopping = threading.Event()

    def run():
        with app.app_context():
            schedule.run(stopping, holder="loop")

    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: len(rung) >= len(PERIODIC))
    stopping.set()
    thread.join(10)

    assert not thread.is_alive()
    with unit_of_work() as session:
        assert session.query(Lease).count() == 0
        assert session.query(PeriodicRun).count() == len(PERIODIC)
