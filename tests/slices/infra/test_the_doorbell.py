"""Jobs ring after the commit, never before; a broker that is away costs a wait, never work."""

import time

import pytest

from helpdesk.infra import jobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.jobs import Bell
from helpdesk.kernel.errors import Conflict
from tests.silent import silent_server


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


def test_a_command_beside_the_embedded_broker_leaves_bells_and_knocks_to_the_sweeper(app, monkeypatch):
    monkeypatch.setitem(app.config, "REDIS_URL", "")
    monkeypatch.delitem(app.extensions, "helpdesk.redis", raising=False)
    monkeypatch.setitem(app.extensions, "helpdesk.knock_broken_at", None)

    with unit_of_work() as session:
        jobs.ring(session, "deliver_outgoing", 7)
        jobs.knock_later(session)

    assert jobs.enqueue(Bell("deliver_outgoing", (7,), "mail")) is False


def test_a_broker_that_takes_connections_and_never_answers_costs_one_short_wait_for_all_bells(app, monkeypatch):
    monkeypatch.setattr(jobs, "ANSWER_SECONDS", 0.3)
    with silent_server() as port:
        monkeypatch.setitem(app.config, "REDIS_URL", f"redis://127.0.0.1:{port}")
        app.extensions.pop("helpdesk.redis", None)
        began = time.monotonic()

        with unit_of_work() as session:
            for message_id in range(50):
                jobs.ring(session, "deliver_outgoing", message_id, queue="mail")

        assert time.monotonic() - began < 50 * 0.3, "each bell would have waited anew"
    app.extensions.pop("helpdesk.redis").close()


def test_nobody_waits_for_the_broker_longer_than_a_person_would():
    assert jobs.CONNECT_SECONDS + jobs.ANSWER_SECONDS <= 5
