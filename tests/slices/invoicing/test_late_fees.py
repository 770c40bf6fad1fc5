"""Late fees and interest are proposed, charged by hand on a draft of their own, and each once (rule M2)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.money import late_fees
from helpdesk.invoicing.reminding import rules
from helpdesk.kernel.errors import RuleViolation
from tests.slices.invoicing.conftest import Story
from tests.slices.invoicing.test_credit_notes import found_by_doctor
from tests.slices.invoicing.test_payments import pay
from tests.slices.invoicing.test_reminders import DUE, send


@pytest.fixture
def invoice(story):
    """An invoice over 119.00, due on 15 December and reminded of once, eight days later."""
    story.mailbox()
    story.log("1")
    invoice = story.print_and_send(story.issue(story.drafted()))
    story.now = DUE + timedelta(8)
    send(story, invoice, 1)
    return invoice


def switch_on(story: Story, *, fee: str = "5", percent: str = "9") -> None:
    with unit_of_work() as session:
        rules.set_rules(
            session,
            actor=SYSTEM,
            now=story.now,
            days=[7, 14],
            automatic=False,
            fees=[fee, ""],
            yearly_percent=percent,
        )


def proposed(story: Story) -> list[late_fees.Proposal]:
    with unit_of_work() as session:
        return late_fees.proposals(session, client_id=story.office.acme.id, currency="EUR", now=story.now)


def charge(story: Story, keys: list[str]) -> Invoice:
    with unit_of_work() as session:
        made = late_fees.charge(
            session, actor=SYSTEM, now=story.now, client_id=story.office.acme.id, currency="EUR", keys=keys
        )
    return story.invoice(made.id)


def test_nothing_is_proposed_before_somebody_sets_it(story, invoice):
    assert proposed(story) == []


def test_a_fee_and_interest_are_charged_once_without_tax_and_say_how_they_came_about(story, invoice):
    switch_on(story)
    story.change_client(language="de")
    pay(story, invoice, "19.00", on=date(2026, 12, 20))
    story.now = datetime(2026, 12, 31, 8, 0, tzinfo=UTC)

    fee, interest = proposed(story)
    draft = charge(story, [fee.key, interest.key])

    # 119.00 for 4 days, 16 to 19 December, then 100.00 for 12
    assert interest.detail == "119.00 × 9 % × 4 / 365 + 100.00 × 9 % × 12 / 365"
    assert [(line.kind, line.amount_minor, line.detail) for line in draft.lines] == [
        ("late_fee", 500, ""),
        ("late_fee", 41, interest.detail),
    ]
    assert draft.lines[1].description == f"Verzugszinsen zur Rechnung {invoice.number}"
    assert (draft.net_minor, draft.tax_minor, draft.status) == (541, 0, "draft")
    assert proposed(story) == []
    with pytest.raises(RuleViolation, match="meanwhile"):
        charge(story, [fee.key])
    story.now += timedelta(10)
    assert [(each.from_day, each.amount_minor) for each in proposed(story)] == [(date(2027, 1, 1), 25)]
    assert story.issue(draft).number is not None
    story.now += timedelta(60)
    assert {each.invoice.id for each in proposed(story)} == {invoice.id}  # no interest on interest
    assert found_by_doctor(story) == []


def test_interest_of_days_whose_draft_was_dropped_is_proposed_anew_beside_later_days(story, invoice):
    switch_on(story, fee="")
    story.now = datetime(2026, 12, 25, 8, 0, tzinfo=UTC)
    first = charge(story, [each.key for each in proposed(story)])
    story.now = datetime(2027, 1, 4, 8, 0, tzinfo=UTC)
    charge(story, [each.key for each in proposed(story)])

    with unit_of_work() as session:
        service.drop_draft(session, actor=SYSTEM, now=story.now, invoice_id=first.id)

    assert [(each.from_day, each.until_day) for each in proposed(story)] == [(date(2026, 12, 16), date(2026, 12, 26))]


def test_interest_on_what_turns_out_to_be_paid_in_time_is_not_issued(story, invoice):
    switch_on(story, fee="")
    story.now = datetime(2026, 12, 25, 8, 0, tzinfo=UTC)
    draft = charge(story, [each.key for each in proposed(story)])
    pay(story, invoice, "119.00", on=date(2026, 12, 10))

    with pytest.raises(RuleViolation, match=f"interest on {invoice.number} comes to 0.00 by now"):
        story.issue(draft)

    assert story.invoice(draft.id).status == "draft"


def test_what_is_dropped_or_taken_off_is_proposed_anew(story, invoice, sign_in_as, fixed_clock):
    switch_on(story, percent="")
    (fee,) = proposed(story)
    draft = charge(story, [fee.key])
    with unit_of_work() as session:
        service.give_up(session, actor=SYSTEM, now=story.now, invoice_id=draft.id, reason="Goodwill")
    assert [each.key for each in proposed(story)] == [fee.key]

    fixed_clock.now = story.now
    browser = sign_in_as(story.office.bookkeeper)
    page = f"/clients/{invoice.client_id}/account"
    assert fee.key in browser.get(page).text
    made = browser.post(f"/clients/{invoice.client_id}/late-fees", data={"chosen": fee.key})
    assert made.status_code == 303
    assert fee.key not in browser.get(page).text
    draft = story.invoice(int(made.location.rpartition("/")[2]))
    assert browser.post(f"/clients/{invoice.client_id}/late-fees", data={"chosen": fee.key}).status_code == 422
    off = {"version": str(draft.version), "act": "off", "text": draft.lines[0].description}
    assert browser.post(f"/invoices/{draft.id}/lines/{draft.lines[0].id}", data=off).status_code == 303
    assert [each.key for each in proposed(story)] == [fee.key]
