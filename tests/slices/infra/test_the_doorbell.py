"""Jobs ring after the commit, never before; a broker that is away costs a wait, never work."""

import pytest

from helpdesk.infra import jobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.jobs import Bell
from helpdesk.kernel.errors import Conflict


def test_bells_ring_once_each_after_the_commit(app, rung):
    with unit_of_work() as session:
        jobs.ring(session, "deliver_outgoing", 7, queue="mail")
        jobs.ring(session, "deliver_outgoing", 7, queue="mail")
        assert rung == []

    assert rung == [Bell("deliver_outgoing", (7,), "mail")]


def test_work_that_is_undone_rings_nothing(app, rung):
    def ring_and_fail() -> None:
        with unit_of_work() as session:
            jobs.ring(session, "deliver_outgoing", 7)
            raise Conflict

    with pytest.raises(Conflict):
        ring_and_fail()

    assert rung == []


def test_a_broker_that_is_away_does_not_undo_the_work(app):
    assert jobs.enqueue(Bell("deliver_outgoing", (7,), "mail")) is False
