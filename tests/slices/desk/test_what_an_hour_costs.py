"""The page that answers what an hour on a ticket would cost, and why."""

from datetime import date

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from tests.conftest import NOW

JANUARY = date(2026, 1, 1)


@pytest.fixture
def asked(office, sign_in_as):
    def ask(**more):
        question = {
            "number": office.acme_ticket.number,
            "person_id": office.technician.id,
            "work_type_id": office.remote.id,
            "on": "2026-11-17",
            "worked": "0:13",
        }
        return sign_in_as(office.account_manager).get("/rates/ask", query_string=question | more)

    return ask


def set_rate(amount, effective_on=JANUARY, **to):
    with unit_of_work() as session:
        rates.set_rate(session, actor=SYSTEM, now=NOW, amount=amount, currency="EUR", effective_on=effective_on, **to)


def set_rounding(**more):
    with unit_of_work() as session:
        rates.set_rounding(session, actor=SYSTEM, now=NOW, effective_on=JANUARY, mode="up", step_minutes=15, **more)


def test_the_answer_names_the_rate_that_decides_what_was_passed_over_and_reckons_the_length(office, asked):
    set_rate("100")
    set_rate("120", client_id=office.acme.id, person_id=office.technician.id)
    set_rate("140", effective_on=date(2026, 12, 1), project_id=office.acme_project.id)
    set_rounding()

    page = asked().text

    assert "client Acme + Technician Person, from 2026-01-01" in page
    assert "0:15 <small" in page
    assert "of 0:13 worked" in page
    assert page.count("€30.00") == 2  # a quarter of an hour at 120
    assert "€140.00" in page
    assert "begins later" in page
    assert "a level before it has decided" in page
    assert "Billed in steps of 15 min, rounded up. For all, from 1 Jan 2026." in page
    assert "None covers this work: it is billed by the hour." in page


def test_what_a_retainer_covers_is_reckoned_by_the_engine_that_bills(office, asked):
    set_rate("100")
    set_rounding(client_id=office.acme.id)
    with unit_of_work() as session:
        retainers.add_agreement(
            session,
            actor=SYSTEM,
            now=NOW,
            client_id=office.acme.id,
            name="Care",
            starts_on=date(2026, 11, 1),
            terms=retainers.NewTerms(
                allowance_seconds=1800, overage_rate_minor=15000, multipliers=((office.remote.id, "2"),)
            ),
        )

    page = asked(worked="0:25").text

    assert "Covered by the retainer" in page
    assert "Over the allowance" in page
    assert "€37.50" in page  # half an hour at factor 2 burns an hour: 15 min are covered, 15 min cost 150 an hour
    assert "Burns 1:00, factor 2 by its work type" in page
    assert "Of this client, from 1 Jan 2026." in page


def test_no_rate_is_no_price_of_zero_and_leads_to_the_form(office, asked):
    page = asked().text

    assert "No price." in page
    assert "no rate in EUR on 2026-11-17; tried" in page
    form = f"/rates?client={office.acme.id}&amp;person={office.technician.id}&amp;currency=EUR&amp;from=2026-11-17#add"
    assert form in page


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"number": "999999"}, "number", "There is no such ticket or task."),
        ({"person_id": "999999"}, "person_id", "Not a valid choice"),
        ({"worked": "soon"}, "worked", "is no duration"),
        ({"worked": "30h"}, "worked", "no more than a day"),
        ({"on": "tomorrow"}, "on", "Not a valid date"),
    ],
)
def test_a_wrong_question_says_what_is_wrong_beside_its_field(asked, wrong, field, said):
    answer = asked(**wrong)

    assert answer.status_code == 422
    assert said in answer.text.split(f'id="{field}-error"')[1].split("</small>")[0]
