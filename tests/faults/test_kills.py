"""Processes are killed at every step of a mail's way, and nothing is lost, doubled or left behind."""

from itertools import islice

from helpdesk.doctor import examine
from helpdesk.infra import blobs, clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.failpoints import POINTS
from tests.faults.load import load, opening

SEED = 7


def test_a_kill_at_each_step_costs_nothing(desk):
    first = opening(4, seed=SEED)
    desk.deliver(*first)
    desk.settle()
    rest = load(len(POINTS) * 3, seed=SEED, answering=first)

    for point in POINTS:
        desk.arm(point)
        desk.deliver(*islice(rest, 3))
        desk.struck(point)
    desk.settle()

    toll = desk.toll()
    assert toll.faults() == {}
    assert len(toll.repeats) <= 1, "the server took one mail whose sender died before he noted it"
    with unit_of_work() as session:
        assert examine(session, store=blobs.store(), now=clock.now()) == []
