"""What an account manager sees: who runs over, the picture and its table, the entries behind each number."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.retainers.models import RetainerAlert
from tests.slices.retainers.conftest import Story


@pytest.fixture
def over(office):
    """Acme's 10 h of March are over by 2:30, closed; April has 3 h and 1 h pending."""
    with unit_of_work() as session:
        story = Story(session, office)
        story.agree(per_month="10", overage_rate_minor=12000, fee_minor=120000)
        story.log("8", "2026-03-02")
        story.log("4.5", "2026-03-03")
        story.close("2026-03")
        story.log("3", "2026-04-07")
        story.log("1", "2026-04-08", status="submitted")
        assert story.agreement is not None
        return story.agreement.id


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_board_says_who_is_over_and_by_how_much(over, office, sign_in_as):
    board = text_of(sign_in_as(office.account_manager).get("/retainers?month=2026-03").text)

    assert "Acme 10 h a month 10:00 12:30" in board
    assert "Over by 2:30" in board


def test_the_agreement_shows_picture_table_entries_and_ledger(over, office, sign_in_as):
    page = sign_in_as(office.account_manager).get(f"/retainers/{over}?month=2026-03").text

    assert "<title" in page
    assert "Overage 2:30, €300.00" in text_of(page)
    assert "Ledger of the closed month" in page
    assert "Printer prints blank labels" in page


def test_what_another_grant_paid_for_is_said_of_the_entry_and_in_the_ledger(office, sign_in_as):
    with unit_of_work() as session:
        story = Story(session, office)
        agreement_id = story.agree(per_month="10", rollover_months=1).id
        story.log("6", "2026-03-02")
        story.close("2026-03")
        story.log("9", "2026-04-03")
        story.close("2026-04")
        story.log("1", "2026-05-04")
    browser = sign_in_as(office.account_manager)

    march, april, may = (
        text_of(browser.get(f"/retainers/{agreement_id}?month=2026-0{month}").text) for month in (3, 4, 5)
    )

    paid = "allowance of March 2026 4:00, allowance of April 2026 5:00"
    assert f"Drawn from {paid}" in april
    assert f"covered by the retainer of 2026-04: {paid} -9:00" in april
    assert "Drawn from" not in march
    assert "covered by the retainer of 2026-03: allowance of March 2026 6:00 -6:00" in march
    assert "Drawn from allowance of April 2026 1:00" in may


def test_pending_time_stands_apart(over, office, sign_in_as):
    page = text_of(sign_in_as(office.account_manager).get(f"/retainers/{over}?month=2026-04").text)

    assert "7:00, or 6:00 with pending" in page


def test_a_month_before_the_agreement_is_not_found(over, office, sign_in_as):
    assert sign_in_as(office.admin).get(f"/retainers/{over}?month=2026-02").status_code == 404


def test_a_month_that_is_none_is_refused_in_plain_words(over, office, sign_in_as):
    answer = sign_in_as(office.admin).get(f"/retainers/{over}?month=march")

    assert answer.status_code == 422
    assert "is no month" in answer.text


def test_a_new_agreement_is_made_and_opens(office, sign_in_as):
    form = {
        "client_id": office.acme.id,
        "name": "Care",
        "starts_on": "2026-03-01",
        "hours_per_month": "7.5",
        "fee": "900",
        "fee_timing": "advance",
        "overage_rate": "130.00",
    }

    answer = sign_in_as(office.account_manager).post("/retainers/new", data=form, follow_redirects=False)
    page = text_of(sign_in_as(office.account_manager).get(f"{answer.location}?month=2026-03").text)

    assert answer.status_code == 303
    assert "7:30 h a month" in page
    assert "€130.00 an hour" in page


def test_a_refused_agreement_keeps_what_was_typed(over, office, sign_in_as):
    form = {"client_id": office.acme.id, "name": "Second", "starts_on": "2026-03-01", "hours_per_month": "5"}

    answer = sign_in_as(office.account_manager).post("/retainers/new", data=form | {"fee_timing": "advance"})

    assert answer.status_code == 422
    assert "covers the same work" in answer.text
    assert 'value="Second"' in answer.text


def test_another_account_managers_client_cannot_be_chosen(office, sign_in_as):
    form = {"client_id": office.globex.id, "name": "Mine", "starts_on": "2026-03-01", "hours_per_month": "5"}

    answer = sign_in_as(office.account_manager).post("/retainers/new", data=form | {"fee_timing": "advance"})

    assert answer.status_code == 422
    assert "Globex" not in answer.text


def test_the_board_costs_the_same_queries_however_long_it_is(over, office, sign_in_as, count_queries):
    browser = sign_in_as(office.admin)
    browser.get("/retainers?month=2026-04")
    with count_queries() as few:
        browser.get("/retainers?month=2026-04")
    with unit_of_work() as session:
        story = Story(session, office)
        for name, project in (("Of Support", office.acme_project), ("Of Globex", office.globex_project)):
            client_id = project.client_id
            story.agree(per_month="5", name=name, project_ids=(project.id,), client_id=client_id)

    with count_queries() as many:
        page = browser.get("/retainers?month=2026-04").text

    assert page.count("<tr data-row") == 3
    assert len(many) == len(few)


def test_an_agreement_ends_with_this_month_and_makes_room_for_the_next(over, office, sign_in_as):
    browser = sign_in_as(office.account_manager)
    offered = '<option value="2026-11">November 2026' in browser.get(f"/retainers/{over}").text

    answer = browser.post(f"/retainers/{over}/end", data={"month": "2026-11"}, follow_redirects=True)

    after = {
        "client_id": office.acme.id,
        "name": "Bigger",
        "starts_on": "2026-12-01",
        "hours_per_month": "20",
        "fee_timing": "advance",
    }
    assert offered
    assert "Support ends with November 2026." in answer.text
    assert "30 Nov 2026" in answer.text
    assert "End it" not in answer.text
    assert browser.post("/retainers/new", data=after).status_code == 303


@pytest.mark.parametrize(
    ("month", "complaint"),
    [("2026-10", "ends with this month or a later one"), ("soon", "is no month"), ("2027-01", "ends before that")],
)
def test_an_end_that_cannot_be_is_refused_in_words(over, office, sign_in_as, month, complaint):
    browser = sign_in_as(office.account_manager)
    if complaint == "ends before that":
        browser.post(f"/retainers/{over}/end", data={"month": "2026-12"})

    answer = browser.post(f"/retainers/{over}/end", data={"month": month}, follow_redirects=True)

    assert complaint in answer.text


def test_what_was_told_stands_on_page_and_board_and_what_is_told_is_set_there(over, office, sign_in_as):
    noon = datetime(2026, 4, 7, 12, tzinfo=UTC)
    april = {"agreement_id": over, "month": date(2026, 4, 1), "allowance_seconds": 36000, "found_at": noon}
    with unit_of_work() as session:
        session.add(RetainerAlert(threshold="50", reached_seconds=18000, told=["client", "manager"], **april))
        session.add(RetainerAlert(threshold="80", reached_seconds=30000, told=[], **april))
    browser = sign_in_as(office.account_manager)

    board = text_of(browser.get("/retainers?month=2026-04").text)
    page = text_of(browser.get(f"/retainers/{over}?month=2026-04").text)
    refused = browser.post(f"/retainers/{over}/alerts", data={"thresholds": ["80", "90"]}, follow_redirects=True).text
    browser.post(f"/retainers/{over}/alerts", data={"thresholds": ["80", "forecast"]})

    after = browser.get(f"/retainers/{over}").text
    assert "50 % told 7 Apr" in board
    assert "50 % 7 Apr, told the account manager and the client 80 % 7 Apr, nobody could be told" in page
    assert "is not a valid choice" in refused
    assert re.findall(r'value="(\w+)" checked', after) == ["80", "forecast"]
    with unit_of_work() as session:
        [event] = session.scalars(select(AuditRow).where(AuditRow.action == "alerts set"))
        assert event.data == {"thresholds": ["80", "forecast"], "tell_client": False}
