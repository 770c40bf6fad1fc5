"""Processes are killed at every step of a mail's way, and nothing is lost, doubled or left behind."""

from collections import Counter
from itertools import islice

import pytest

from helpdesk.doctor import examine
from helpdesk.infra import blobs, clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.failpoints import POINTS
from tests.faults.load import load, opening
from tests.faults.soak import VICTIMS, fewest, plan

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


@pytest.mark.parametrize(("kills", "of_each"), [(200, 5), (95, 5), (60, 3), (19, 1)])
def test_the_long_form_kills_at_every_point_and_every_process(kills, of_each):
    planned = Counter(plan(kills, seed=SEED))

    assert planned.total() == kills
    assert min(planned[victim] for victim in VICTIMS) >= of_each == fewest(kills)
    assert {"watcher", "worker", "reader", "horse", "web"} < set(planned)
