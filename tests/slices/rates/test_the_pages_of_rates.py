"""The pages of rates: levels, what follows what, what never counts, and refusals beside the field."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.rates import service
from helpdesk.rates.models import CostRate, Rate, WorkType
from tests.conftest import NOW

RATE = {"amount": "120.00", "currency": "EUR", "effective_on": "2026-11-01"}


def set_rates(*rates):
    with unit_of_work() as session:
        said: dict[str, Any] = {"session": session, "actor": SYSTEM, "now": NOW, "currency": "EUR"}
        return [
            service.set_rate(amount=amount, effective_on=date.fromisoformat(day), **said, **to).id
            for amount, day, to in rates
        ]


def rates() -> list[Rate]:
    with unit_of_work() as session:
        return list(session.scalars(select(Rate).order_by(Rate.effective_on)))


def test_the_list_shows_what_is_in_force_planned_and_on_request_ended(office, sign_in_as, count_queries):
    set_rates(("90", "2026-01-01", {}), ("100", "2026-03-01", {}), ("110", "2027-01-01", {}))
    browser = sign_in_as(office.manager)
    browser.get("/rates")

    with count_queries() as few:
        page = browser.get("/rates").text
    set_rates(("95", "2026-02-01", {"client_id": office.acme.id}))
    with count_queries() as more:
        browser.get("/rates")
    everything = browser.get("/rates?ended=1").text

    assert ("10. Company" in page, "€100.00" in page, "€110.00" in page, "€90.00" in page) == (True, True, True, False)
    assert "Planned" in page
    assert "Show 1 that has ended" in page
    assert "28 Feb 2026" in everything
    assert len(more) == len(few)


def test_one_rate_is_shown_with_its_neighbours_ends_and_is_removed_while_it_is_planned(office, sign_in_as):
    now_id, later_id = set_rates(
        ("100", "2026-03-01", {"client_id": office.acme.id}), ("110", "2027-01-01", {"client_id": office.acme.id})
    )
    browser = sign_in_as(office.account_manager)

    page = browser.get(f"/rates/{now_id}").text
    too_late = browser.post(f"/rates/{now_id}/end", data={"ends_on": "2027-03-01"})
    too_soon = browser.post(f"/rates/{now_id}/end", data={"ends_on": "2026-02-01"})
    kept = browser.post(f"/rates/{now_id}/remove", follow_redirects=True)
    gone = browser.post(f"/rates/{later_id}/remove", follow_redirects=True)
    ended = browser.post(f"/rates/{now_id}/end", data={"ends_on": "2026-11-30"}, follow_redirects=True)

    assert f"/rates?client={office.acme.id}&amp;currency=EUR#add" in page
    assert (too_late.status_code, too_soon.status_code) == (422, 422)
    assert "its successor begins, on 2027-01-01" in too_late.text.split('id="ends_on-error"')[1]
    assert "It begins on 2026-03-01" in too_soon.text.split('id="ends_on-error"')[1]
    assert "let it end instead" in kept.text
    assert "The planned rate is removed." in gone.text
    assert "Approved time keeps its price." in ended.text
    assert [rate.ends_on for rate in rates()] == [date(2026, 11, 30)]
    with unit_of_work() as session:
        acts = session.scalars(select(AuditRow.action).where(AuditRow.object_kind == "rate").order_by(AuditRow.id))
        assert list(acts) == ["set", "set", "removed", "ended"]


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"amount": "-1"}, "amount", "not negative"),
        ({"amount": "100.005"}, "amount", "finer than EUR allows"),
        ({"amount": "99999999"}, "amount", "is it a slip?"),
        ({"amount": "cheap"}, "amount", "no plain decimal"),
        ({"currency": "EUX"}, "currency", "no ISO 4217 currency"),
        ({"effective_on": "0203-11-01"}, "effective_on", "years go from 1970"),
        ({"effective_on": "2026-03-01"}, "effective_on", "from 2026-03-01 already, 100.00 EUR"),
        ({"person_id": "999999"}, "person_id", "Not a valid choice"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(office, sign_in_as, typed, field, said):
    set_rates(("100", "2026-03-01", {}))

    answer = sign_in_as(office.manager).post("/rates", data=RATE | typed)

    assert answer.status_code == 422
    assert said in answer.text.split(f'id="{field}-error"')[1].split("</small>")[0]
    assert "What you typed is still here" in answer.text
    assert len(rates()) == 1


def test_a_rate_in_a_currency_that_is_not_billed_says_that_it_never_counts(office, sign_in_as):
    browser = sign_in_as(office.manager)

    added = browser.post("/rates", data=RATE | {"currency": "usd", "client_id": office.acme.id}, follow_redirects=True)

    assert "Never counts: no client is billed in USD." in added.text
    assert "Never counts: Acme is billed in EUR." in added.text
    assert "Time that was approved with a price keeps it" in added.text


def test_the_link_of_a_missing_rate_fills_in_the_form(office, sign_in_as):
    page = (
        sign_in_as(office.manager)
        .get(f"/rates?client={office.acme.id}&person={office.technician.id}&currency=CHF&from=2026-03-01")
        .text
    )

    form = page.split('id="add"')[1]
    assert f'<option selected value="{office.acme.id}">Acme</option>' in form
    assert f'<option selected value="{office.technician.id}">Technician Person</option>' in form
    assert ('value="CHF"' in form, 'value="2026-03-01"' in form) == (True, True)


def test_a_work_type_is_renamed_archived_and_brought_back_but_never_the_default(office, sign_in_as):
    browser = sign_in_as(office.manager)
    browser.post("/rates/work-types", data={"name": "On-site", "billable": "y"})
    with unit_of_work() as session:
        on_site = session.scalars(select(WorkType.id).where(WorkType.name == "On-site")).one()

    taken = browser.post(f"/rates/work-types/{on_site}", data={"name": "remote SUPPORT"})
    browser.post(f"/rates/work-types/{on_site}", data={"name": "Field work"})
    refused = browser.post(f"/rates/work-types/{office.remote.id}/archive", follow_redirects=True)
    browser.post(f"/rates/work-types/{on_site}/archive")
    offered = browser.get("/time").text
    again = browser.post("/rates/work-types", data={"name": "Field work"})
    page = browser.post(f"/rates/work-types/{on_site}/restore", follow_redirects=True).text

    assert "needs a name of its own" in taken.text.split('id="name-error"')[1]
    assert "choose another default first" in refused.text
    assert "Field work" not in offered
    assert "is in the archive; bring it back" in again.text
    assert "Archived" not in page
    with unit_of_work() as session:
        field_work = session.get_one(WorkType, on_site)
        assert (field_work.name, field_work.billable, field_work.archived_at) == ("Field work", False, None)


def test_costs_follow_one_another_and_a_planned_one_is_removed(office, sign_in_as):
    browser = sign_in_as(office.manager)
    for amount, day in (("40", "2026-01-01"), ("55.50", "2027-01-01")):
        said = {"person_id": office.technician.id, "amount": amount, "currency": "EUR", "effective_on": day}
        browser.post("/rates/costs", data=said)

    twice = browser.post("/rates/costs", data=said)
    with unit_of_work() as session:
        ids = list(session.scalars(select(CostRate.id).order_by(CostRate.effective_on)))
    begun = browser.post(f"/rates/costs/{ids[0]}/remove", follow_redirects=True)
    browser.post(f"/rates/costs/{ids[1]}/remove")

    assert "from 2027-01-01 already, 55.50 EUR" in twice.text.split('id="effective_on-error"')[1]
    assert "31 Dec 2026" in twice.text
    assert "a later one takes its place" in begun.text
    with unit_of_work() as session:
        assert list(session.scalars(select(CostRate.id))) == ids[:1]
