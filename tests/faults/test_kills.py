"""Processes are killed at every step of a mail's way, and nothing is lost, doubled or left behind."""

from helpdesk.doctor import examine
from helpdesk.infra import blobs, clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.failpoints import POINTS
from tests.faults.load import load, opening
from tests.waiting import eventually

SEED = 7


def test_a_kill_at_each_step_costs_nothing(desk):
    first = opening(4, seed=SEED)
    desk.deliver(*first)
    desk.settle()
    for point in POINTS:
        desk.arm(point)

    for sent in load(40, seed=SEED, answering=first):
        desk.deliver(sent)
    eventually(lambda: not desk.armed())
    desk.settle()

    toll = desk.toll()
    assert toll.faults() == {}
    assert len(toll.repeats) <= 1, "the server took one mail whose sender died before he noted it"
    with unit_of_work() as session:
        assert examine(session, store=blobs.store(), now=clock.now()) == []
