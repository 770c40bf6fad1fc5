"""Time that no rate was found for: listed where it arises, never priced at zero (docs/billing.md rule 6)."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.rates import service as rates
from helpdesk.timekeeping import charging, service
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW


def set_rate(amount, **more):
    with unit_of_work() as session:
        said: dict[str, Any] = {"currency": "EUR", "effective_on": date(2026, 1, 1)} | more
        rates.set_rate(session, actor=SYSTEM, now=NOW, amount=amount, **said)


def found(*ids) -> list[TimeEntry]:
    with unit_of_work() as session:
        return list(session.scalars(select(TimeEntry).where(TimeEntry.id.in_(ids)).order_by(TimeEntry.id)))


def test_a_new_rate_prices_approved_time_that_had_none_and_leaves_every_price_that_is_there(office, log_time):
    with_price, covered, mine, others = (log_time(status="submitted") for _ in range(4))
    with unit_of_work() as session:
        session.get_one(TimeEntry, others.id).person_id = office.manager.id
        for entry in (with_price, covered, mine):
            service.approve(session, actor=office.actor("admin"), now=NOW, entry_ids=[entry.id])
        service.approve(session, actor=office.actor("admin"), now=NOW, entry_ids=[others.id])
        session.get_one(TimeEntry, with_price.id).rate_minor = 7700
        charging.hold(session, now=NOW, holder=("gift", 1), ranges=[ChargeRange(covered.id, 0, 3600, 3600, "covered")])

    set_rate("100", currency="USD")
    set_rate("100", effective_on=date(2026, 11, 17))
    assert [entry.rate_minor for entry in found(mine.id, others.id)] == [None, None]
    set_rate("120", person_id=office.technician.id, effective_on=date(2026, 11, 16))

    assert [entry.rate_minor for entry in found(with_price.id, covered.id, mine.id, others.id)] == [
        7700,
        None,
        12000,
        None,
    ]
    assert found(mine.id)[0].rate_reason == "Technician Person, from 2026-11-16"


@pytest.mark.parametrize("status", ["draft", "submitted"])
def test_the_entry_and_the_queue_say_what_is_missing_and_lead_to_the_form_filled_in(
    office, log_time, sign_in_as, status
):
    entry = log_time(status=status)
    form = f"/rates?client={office.acme.id}&amp;person={office.technician.id}&amp;currency=EUR&amp;from=2026-11-16#add"

    page = sign_in_as(office.manager).get(f"/time/entries/{entry.id}").text
    own = sign_in_as(office.technician).get(f"/time/entries/{entry.id}").text
    queue = sign_in_as(office.manager).get("/time/approvals").text
    set_rate("100")
    priced = sign_in_as(office.manager).get(f"/time/entries/{entry.id}").text

    assert form in page
    assert ("No price yet." in own, form in own) == (True, False)
    assert (form in queue) == (status == "submitted")
    assert "No price yet." not in priced


def test_the_project_lists_whose_approved_time_has_no_price_to_those_who_handle_its_money(office, log_time, sign_in_as):
    log_time(status="approved", minutes=90)
    path = f"/projects/{office.acme_project.id}"
    form = (
        f"/rates?project={office.acme_project.id}&amp;person={office.technician.id}"
        "&amp;currency=EUR&amp;from=2026-11-16#add"
    )

    pages = {who: sign_in_as(getattr(office, who)).get(path).text for who in ("technician", "account_manager")}
    set_rate("100")
    priced = sign_in_as(office.account_manager).get(path).text

    assert ("Technician Person 1:30" in pages["account_manager"], form in pages["account_manager"]) == (True, True)
    assert [text for text in (pages["technician"], priced) if "Approved time without a price" in text] == []
