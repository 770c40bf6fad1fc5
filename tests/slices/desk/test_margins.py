"""Revenue against cost on the page of a client, for those who may see costs (docs/billing.md rule 7)."""

from datetime import date, timedelta
from typing import Any

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.rates import service as rates
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.queries.margins import margins_of
from tests.conftest import NOW
from tests.slices.timekeeping.conftest import MORNING

JANUARY = date(2026, 1, 1)
YEAR: dict[str, Any] = {"begins": MORNING - timedelta(days=300), "ends": NOW}


@pytest.fixture
def priced(office):
    said: dict[str, Any] = {"actor": SYSTEM, "now": NOW, "effective_on": JANUARY}
    with unit_of_work() as session:
        rates.set_rate(session, amount="100", currency="EUR", **said)
        rates.set_cost(session, amount="40.50", currency="EUR", person_id=office.technician.id, **said)
        rates.set_cost(session, amount="90", currency="USD", person_id=office.manager.id, **said)


def approve(office, *entries):
    with unit_of_work() as session:
        timekeeping.approve(session, actor=office.actor("admin"), now=NOW, entry_ids=[entry.id for entry in entries])


def test_revenue_is_at_the_price_of_approval_and_cost_is_of_all_work(office, priced, log_time, count_queries):
    approve(
        office,
        log_time(minutes=60, status="submitted"),
        log_time(minutes=20, status="submitted", billable="no_charge"),
        log_time(minutes=30, status="submitted", person_id=office.manager.id),
    )
    log_time(minutes=600, status="submitted")
    log_time(minutes=600, started_at=MORNING - timedelta(days=400), status="approved")

    with unit_of_work() as session, count_queries() as statements:
        [margin] = margins_of(session, client=office.acme, **YEAR)

    assert len([each for each in statements if each.startswith("SELECT")]) == 1
    assert (margin.name, margin.worked_seconds, margin.billable_seconds) == ("Support", 110 * 60, 90 * 60)
    assert (str(margin.revenue), str(margin.cost), str(margin.margin)) == ("150.00", "54.00", "96.00")
    assert (margin.percent, margin.unpriced_seconds, margin.uncosted_seconds, margin.is_whole) == (64, 0, 1800, False)


def test_only_those_with_the_right_see_a_margin_and_choose_its_days(office, priced, log_time, sign_in_as):
    approve(office, log_time(minutes=60, status="submitted"))
    path = f"/clients/{office.acme.id}"

    pages = {
        who: sign_in_as(getattr(office, who)).get(path).text
        for who in ("technician", "account_manager", "bookkeeper", "manager", "admin")
    }
    other_days = sign_in_as(office.manager).get(path, query_string={"from": "2026-01-01", "to": "2026-01-31"}).text

    assert {who for who, page in pages.items() if "€40.50" in page or 'id="margin"' in page} == {"manager", "admin"}
    assert ("€59.50" in pages["manager"], "60 %" in pages["manager"]) == (True, True)
    assert "No approved time in these days." in other_days
