"""A quarter shares its hours on every page, in alerts, caps and changes, and is closed month by month (rule 8)."""

from datetime import UTC, date, datetime

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.retainers import queries
from helpdesk.retainers import service as retainers
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.service import NewTerms, changing
from helpdesk.retainers.service.room import surely_has_room
from helpdesk.retainers.statements import paper
from helpdesk.timekeeping import limits
from tests.slices.retainers.conftest import Story, hours
from tests.slices.retainers.test_alerts import add_mailbox, look, mails, thresholds
from tests.slices.retainers.test_statements_on_paper import words_of
from tests.slices.retainers.test_the_pages_of_retainers import text_of

MARCH, APRIL, MAY, JUNE = (Month(2026, number) for number in range(3, 7))
IN_APRIL = datetime(2026, 4, 20, 18, tzinfo=UTC)
IN_MAY = datetime(2026, 5, 2, 8, tzinfo=UTC)
TERMS = {"hours_per_month": "10", "fee": "500", "fee_timing": "advance", "at_cap": "warn"}


@pytest.fixture
def quarter(story):
    """30 h for March to May; 12 h were used in March, which is closed, and 15 h in April, which runs."""
    story.agree(per_month="10", overage_rate_minor=12_000, fee_minor=50_000, pool_months=3)
    story.log("12", "2026-03-02")
    story.close("2026-03", now=IN_APRIL)
    story.log("15", "2026-04-07")
    return story


def agreement_of(story: Story) -> Agreement:
    assert story.agreement is not None
    return story.agreement


def change(story: Story, month: Month, *, now: datetime = IN_APRIL, pool_months: int = 1) -> None:
    changing.change_terms(
        story.session,
        actor=SYSTEM,
        now=now,
        agreement_id=agreement_of(story).id,
        month=month,
        terms=NewTerms(hours("8"), pool_months=pool_months),
    )


def test_a_month_of_the_quarter_has_what_those_before_it_left_however_much_of_the_past_is_read(quarter):
    agreement, ids = agreement_of(quarter), [quarter.office.acme.id]

    views = [
        shelf.month_view(agreement, month=APRIL, now=IN_APRIL)
        for shelf in (
            queries.shelf_of(quarter.session, client_ids=ids),
            queries.shelf_of(quarter.session, client_ids=ids, month=APRIL, through=APRIL, now=IN_APRIL),
        )
    ]

    for view in views:
        assert view is not None
        statement = view.statement
        assert (view.span, view.left_seconds, statement.used_percent) == (Span(MARCH, MAY), hours("3"), 90)
        assert (statement.allowance_seconds, statement.burned_seconds) == (hours("30"), hours("27"))
        assert statement.period.carried_in_seconds == hours("18")
    assert views[0] is not None
    assert views[1] is not None
    assert views[0].statement.days == views[1].statement.days


def test_a_threshold_is_told_once_a_quarter_and_the_mail_says_so(quarter, office):
    office.acme.account_manager_id = office.account_manager.id
    quarter.session.merge(office.acme)
    add_mailbox(quarter)
    counts = [look(quarter, IN_APRIL), look(quarter, IN_APRIL)]
    quarter.close("2026-04", now=IN_MAY)
    quarter.log("4", "2026-05-01")
    counts.append(look(quarter, IN_MAY))

    assert counts == [3, 0, 1]
    assert thresholds(quarter) == [("2026-03", each) for each in ("forecast", "50", "80", "100")]
    assert [mail.subject for mail in mails(quarter)] == [
        f"Acme, Support: {level} % of the hours of March 2026 \N{EN DASH} May 2026 are used" for level in (80, 100)
    ]
    assert mails(quarter)[0].text.startswith("Hours of the quarter: 30:00 h\nUsed: 27:00 h (90 %)\nLeft: 3:00 h\n")
    assert "Forecast for the quarter: " in mails(quarter)[0].text


def test_the_cap_is_that_of_the_quarter(quarter):
    agreement_of(quarter).terms[0].at_cap = "stop"
    fits = quarter.log("3", "2026-04-08", status="draft")
    quarter.session.flush()
    assert retainers.refusal(quarter.session, [_approved(fits)]) == ""
    beyond = quarter.log("0.5", "2026-05-01", status="draft")

    assert retainers.refusal(quarter.session, [_approved(beyond)]) == (
        "Support has 0:00 of its quarter left for 2026-05, and with this 0:30 are used. Nothing was approved: agree on"
        " more hours on the page of the retainer, or say that the time is not billable."
    )


def test_the_quick_look_counts_all_months_of_the_quarter(story):
    story.agree(per_month="10", pool_months=3)
    story.log("12", "2026-03-02")
    free = story.log("1", "2026-04-07", status="draft")
    assert (surely_has_room(story.session, free), limits.warning_of(story.session, free)) == (True, "")

    story.log("17.5", "2026-04-08")

    assert not surely_has_room(story.session, free)
    assert "Support has 18:00 of its quarter left for 2026-04, and with what is not approved 18:30" in (
        limits.warning_of(story.session, free)
    )


@pytest.mark.parametrize("month", ["2026-05", "2026-07"])
def test_terms_change_with_a_quarter_and_another_month_names_the_right_one(quarter, month):
    offered = changing.months_to_change(agreement_of(quarter), now=IN_APRIL)
    right = "2026-06" if month == "2026-05" else "2026-09"

    with pytest.raises(RuleViolation, match=f"other terms count from {right} on, with the next one") as refusal:
        change(quarter, Month.parse(month))

    assert refusal.value.field == "month"
    assert [str(each) for each in offered] == ["2026-06", "2026-09", "2026-12", "2027-03"]


def test_a_quarter_is_not_agreed_over_terms_that_begin_inside_of_it(quarter):
    change(quarter, JUNE)
    change(quarter, JUNE.plus(1))

    with pytest.raises(RuleViolation, match="agreed from 2026-07 on, inside of the quarter 2026-06 to 2026-08"):
        change(quarter, JUNE, pool_months=3)
    with pytest.raises(RuleViolation, match="of a month, or of a quarter"):
        change(quarter, JUNE.plus(1), pool_months=2)


def test_an_agreement_ends_with_a_quarter(quarter):
    def end(month: Month) -> date | None:
        agreement_id = agreement_of(quarter).id
        return retainers.end_agreement(
            quarter.session, actor=SYSTEM, now=IN_APRIL, agreement_id=agreement_id, last_month=month
        ).ends_on

    with pytest.raises(RuleViolation, match="2026-03 to 2026-05 are one quarter and share their hours; end it with"):
        end(APRIL)
    assert end(MAY) == date(2026, 5, 31)


def test_late_time_and_what_is_reversed_move_within_the_quarter(quarter):
    quarter.close("2026-04", now=IN_MAY)
    quarter.log("2", "2026-03-20")

    view = queries.month_view(quarter.session, agreement=agreement_of(quarter), month=MAY, now=IN_MAY)

    assert view is not None
    assert (view.statement.burned_seconds, view.left_seconds) == (hours("29"), hours("1"))


def test_the_statement_on_paper_says_quarter(quarter, office):
    quarter.close("2026-04", now=IN_MAY)

    march, april = (
        words_of(paper.to_html(paper.read_sheet(quarter.session, agreement_of(quarter), month=month, now=IN_MAY)))
        for month in (MARCH, APRIL)
    )

    assert "The month is that of Europe/Berlin. March 2026 – May 2026 share their hours, 30:00 h." in march
    assert "Hours of the quarter 30:00 30:00" in march
    assert "Carried in Allowance Used Over Expired Carried on 18:00 0:00 15:00 0:00 0:00 3:00" in april
    assert "Tue 7 15:00 27:00" in april
    assert "Mon 2 " not in april
    assert "Mar Apr May" in april
    assert "drawn from" not in april


def test_pages_say_quarter_where_it_is_one(office, sign_in_as):
    with unit_of_work() as session:
        story = Story(session, office)
        agreement_id = story.agree(per_month="10", fee_minor=50_000, pool_months=3, carry_deficit=True).id
        story.log("12", "2026-03-02")
        story.log("15", "2026-04-07")
    browser = sign_in_as(office.account_manager)

    board = text_of(browser.get("/retainers?month=2026-04").text)
    page = text_of(browser.get(f"/retainers/{agreement_id}?month=2026-04").text)
    terms = text_of(browser.get(f"/retainers/{agreement_id}/terms").text)
    what_if = browser.get(f"/retainers/what-if?agreement={agreement_id}").text

    assert "Acme 30 h a quarter 30:00 27:00" in board
    assert "Burn-down of Acme, March to May 2026" in page
    assert "Left 3:00 Allowance 30:00 Used in the quarter 27:00" in page
    assert "Allowance 30 h a quarter" in page
    assert "carried to the next quarter" in page
    assert (
        "30 h a quarter for €500.00 a month, drafted in advance; unused hours expire at the end of the quarter; what"
        " goes beyond is taken from the next quarter." in terms
    )
    assert '<option selected value="3">the three months of a quarter</option>' in what_if


def test_a_quarter_is_agreed_and_changed_in_a_form(office, sign_in_as):
    browser = sign_in_as(office.account_manager)
    new = TERMS | {"client_id": office.acme.id, "name": "Care", "starts_on": "2026-10-01", "pool_months": "3"}

    agreed = browser.post("/retainers/new", data=new)
    page = text_of(browser.get(agreed.location).text)
    form = browser.get(f"{agreed.location}/terms").text
    wrong = browser.post(f"{agreed.location}/terms", data=TERMS | {"month": "2026-12"})
    right = browser.post(f"{agreed.location}/terms", data=TERMS | {"month": "2027-01"})
    ends = browser.post(f"{agreed.location}/end", data={"month": "2026-11"}, follow_redirects=True)

    assert "Allowance 30 h a quarter" in page
    assert '<option value="2026-12">' not in form
    assert wrong.status_code == 422
    assert "count from 2027-01 on" in wrong.text.split('id="month-error"')[1].split("</small>")[0]
    assert right.status_code == 303
    assert "end it with 2026-12" in ends.text


def _approved(entry):
    entry.status, entry.billable_seconds = "approved", int((entry.ended_at - entry.started_at).total_seconds())
    return entry
