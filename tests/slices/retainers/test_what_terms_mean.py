"""While terms are typed they are said in plain words and tried on the last months; they change from a month to come."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.retainers import queries
from helpdesk.retainers.models import Agreement, AgreementTerms
from helpdesk.retainers.service import NewTerms, changing
from helpdesk.retainers.terms_page import preview_of, sentence_of
from tests.conftest import NOW
from tests.slices.retainers.conftest import Story

DECEMBER = Month(2026, 12)
FORM = {"client_id": "", "name": "Care", "starts_on": "2026-12-01", "fee_timing": "advance", "at_cap": "warn"}
HOUR = 3600


@pytest.fixture
def worked(office):
    """12 h in August and 6 h in October, at 100.00 by the hour; nobody has a retainer."""
    with unit_of_work() as session:
        story = Story(session, office)
        story.log("12", "2026-08-03")
        story.log("6", "2026-10-05")
    return FORM | {"client_id": str(office.acme.id)}


@pytest.fixture
def agreed(office):
    """Acme's 10 h a month since March, with a rule that no form asks for."""
    with unit_of_work() as session:
        return Story(session, office).agree(per_month="10", overage_rate_minor=12000, draw_order="current_month").id


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


SAID = {
    "10 h a month for €1,000.00, drafted in advance; unused hours live 2 more months; beyond that €120.00 an hour,"
    " billed at month-end.": NewTerms(36000, fee_minor=100000, overage_rate_minor=12000, rollover_months=2),
    "7:30 h a month for €0.00, drafted after the month; unused hours live 1 more month, at most 5:00 of them;"
    " beyond that the rate of the work, billed at month-end; nothing is approved beyond.": NewTerms(
        27000, fee_timing="arrears", rollover_months=1, rollover_cap_seconds=18000, at_cap="stop"
    ),
    "10 h a month for €0.00, drafted in advance; unused hours expire at the end of the month; what goes beyond is"
    " taken from the next month; only what the client agrees to.": NewTerms(
        36000, carry_deficit=True, overage_rate_minor=12000, at_cap="ask"
    ),
}


def test_terms_are_said_in_a_sentence(app):
    with app.test_request_context():
        said = [sentence_of(terms, "EUR") for terms in SAID.values()]

    assert said == list(SAID)


def test_terms_are_tried_on_the_real_time_of_the_last_six_months(app, worked, office, session):
    terms = NewTerms(36000, fee_minor=100000, overage_rate_minor=12000)

    with app.test_request_context():
        shown = preview_of(session, client=office.acme, terms=terms, now=NOW)

    assert [row.label for row in shown.rows][::5] == ["May 2026", "Oct 2026"]
    august, october = shown.rows[3], shown.rows[5]
    assert (august.used_seconds, august.covered_seconds, august.overage_seconds) == (12 * HOUR, 10 * HOUR, 2 * HOUR)
    assert (august.fee, august.beyond, august.total) == ("€1,000.00", "€240.00", "€1,240.00")
    assert (october.overage_seconds, october.total) == (0, "€1,000.00")
    assert shown.sums is not None
    assert shown.sums.total == "€6,240.00"


def test_the_form_shows_what_terms_mean_and_saves_nothing_until_it_is_told_to(worked, office, sign_in_as):
    browser = sign_in_as(office.account_manager)
    typed = worked | {"hours_per_month": "10", "fee": "1000", "overage_rate": "120", "show": "1"}

    page = browser.post("/retainers/new", data=typed)
    part = browser.post("/retainers/new", data=typed, headers={"HX-Request": "true"})
    half = browser.post("/retainers/new", data=typed | {"fee": "much"}, headers={"HX-Request": "true"})
    lacks = browser.post("/retainers/new", data=typed | {"overage_rate": "", "at_cap": "ask"})
    refused = browser.post("/retainers/new", data=worked | {"hours_per_month": "10", "at_cap": "ask"})

    assert (page.status_code, part.status_code, half.status_code, lacks.status_code) == (200, 200, 200, 200)
    assert "10 h a month for €1,000.00" in text_of(page.text)
    assert "Aug 2026 12:00 10:00 2:00 €1,000.00 €240.00 €0.00 €1,240.00" in text_of(part.text)
    assert "<html" not in part.text
    assert "Fee a month" in text_of(half.text)
    assert "name the price of an hour" in lacks.text
    assert refused.status_code == 422
    assert 'id="overage_rate-error"' in refused.text
    with unit_of_work() as session:
        assert session.scalars(select(Agreement)).all() == []


def test_terms_change_from_a_month_to_come_and_keep_what_the_form_does_not_ask(agreed, office, sign_in_as):
    browser, path = sign_in_as(office.account_manager), f"/retainers/{agreed}/terms"
    offered = browser.get(path).text
    new = {"hours_per_month": "20", "fee": "2000", "fee_timing": "arrears", "overage_rate": "110", "at_cap": "stop"}

    answers = [browser.post(path, data=new | {"month": month}) for month in ("2026-12", "2026-12", "2026-11")]
    page = text_of(browser.get(path).text)

    assert '<option value="2026-12">' in offered
    assert '<option value="2026-11">' not in offered
    assert [answer.status_code for answer in answers] == [303, 303, 422]
    assert "From 1 Dec 2026 20 h a month for €2,000.00, drafted after the month" in page
    with unit_of_work() as session:
        rows = session.scalars(select(AgreementTerms).order_by(AgreementTerms.effective_on)).all()
        found = [(row.effective_on, row.allowance_seconds, row.draw_order, row.at_cap) for row in rows]
        whole = queries.agreements_of(session, client_id=office.acme.id)[0]
        assert changing.newest_terms(whole, Month(2026, 11)).allowance_seconds == 10 * HOUR
    assert found == [
        (date(2026, 3, 1), 10 * HOUR, "current_month", "warn"),
        (date(2026, 12, 1), 20 * HOUR, "current_month", "stop"),
    ]


@pytest.mark.parametrize("month", [Month(2026, 11), Month(2026, 3), Month(2027, 12)])
def test_a_month_that_runs_is_over_or_is_far_away_keeps_its_terms(agreed, session, month):
    with pytest.raises(RuleViolation, match="a month to come"):
        changing.change_terms(
            session, actor=SYSTEM, now=NOW, agreement_id=agreed, month=month, terms=NewTerms(allowance_seconds=0)
        )
