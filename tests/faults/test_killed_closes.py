"""A month-end that is killed at every step, or done by many at once, ends as an undisturbed one does."""

from collections import Counter

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import process, service
from helpdesk.invoicing.models import HOLDER, Invoice, InvoiceLine
from helpdesk.kernel.errors import Conflict
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.models import Charge
from tests.faults.closing import (
    AFTER,
    NOVEMBER,
    POINTS,
    MonthEnd,
    all_at_once,
    faults_of,
    foreseen,
    furnish,
    plan,
)

SEED = 7


@pytest.fixture
def clients(office, smtp):
    return furnish(clients=4, entries=4, smtp_port=smtp.port)


def close_all(client_ids):
    return process.close(unit_of_work, actor=SYSTEM, clock=lambda: AFTER, month=NOVEMBER, client_ids=client_ids)


def issue_all(invoice_ids):
    return process.issue_reviewed(unit_of_work, actor=SYSTEM, clock=lambda: AFTER, invoice_ids=invoice_ids)


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # the long form does both
def test_a_kill_at_each_step_of_a_close_costs_nothing(office, smtp, tmp_path):
    clients = furnish(clients=2, entries=4, smtp_port=smtp.port)
    (tmp_path / "orders").mkdir()
    expected = foreseen(clients)
    work = MonthEnd(tmp_path / "orders", clients)

    for point in POINTS:
        work.run(point)
    while not work.run():
        pass

    assert set(work.struck) == set(POINTS)
    assert faults_of(expected, smtp.taken) == []


def test_many_closes_and_issues_at_once_give_one_invoice_each_and_numbers_without_gaps(clients):
    all_at_once([lambda: close_all(clients)] * 4)
    with unit_of_work() as session:
        drafts = session.scalars(select(Invoice.id)).all()

    all_at_once([lambda: issue_all(drafts), lambda: issue_all(drafts[::-1])])

    with unit_of_work() as session:
        rows = session.scalars(select(Invoice)).all()
        assert Counter(row.client_id for row in rows) == dict.fromkeys(clients, 1)
        assert sorted(row.series_number or 0 for row in rows) == [1, 2, 3, 4]
        seconds = [(row.time_entry_id, row.from_second) for row in session.scalars(select(Charge))]
    assert len(seconds) == len(set(seconds))


def test_whoever_comes_second_is_told_which_invoice_has_the_time(clients):
    close_all(clients[1:2])

    with unit_of_work() as session:
        charge = session.scalars(select(Charge).where(Charge.holder_kind == HOLDER).limit(1)).one()
        line = session.get_one(InvoiceLine, charge.holder_id)
        ranges = [ChargeRange(charge.time_entry_id, charge.from_second, charge.to_second, 1, "hourly")]
        with pytest.raises(Conflict, match=f"the draft invoice {line.invoice_id} for Client 0001"):
            charging.hold(session, now=AFTER, holder=(HOLDER, line.id + 99), ranges=ranges)
    with unit_of_work() as session:
        december = service.draft_month(session, actor=SYSTEM, now=AFTER, client_id=clients[1], month=NOVEMBER.next)
    assert december is None


def test_the_plan_strikes_every_point_equally_often():
    assert Counter(plan(5, seed=SEED)) == dict.fromkeys(POINTS, 5)
    assert plan(5, seed=SEED) == plan(5, seed=SEED)
