"""Overdue invoices are reminded of once for each level, and never of what is not owed (docs/billing.md rule M1)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.reminding import holds, rules, sending
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.outbox.models import OutgoingMessage
from tests.slices.invoicing.conftest import Story
from tests.slices.invoicing.test_credit_notes import credit
from tests.slices.invoicing.test_payments import pay

DUE = datetime(2026, 12, 15, 8, 0, tzinfo=UTC)  # fourteen days after issue


@pytest.fixture
def invoice(story):
    """An invoice over 119.00, printed, mailed, and due on 15 December."""
    story.mailbox()
    story.log("1")
    return story.print_and_send(story.issue(story.drafted()))


def after(story: Story, days: int) -> int:
    """Let it be so many days after the due day, run the job, and return how many reminders went out."""
    story.now = DUE + timedelta(days)
    return sending.remind(unit_of_work, clock=lambda: story.now)


def switch_on(story: Story) -> None:
    with unit_of_work() as session:
        rules.set_rules(session, actor=SYSTEM, now=story.now, days=[7, 14, 28], automatic=True)


def mails(invoice: Invoice) -> list[OutgoingMessage]:
    with unit_of_work() as session:
        query = select(OutgoingMessage).where(OutgoingMessage.idempotency_key.like(f"reminder:{invoice.id}:%"))
        found = list(session.scalars(query.order_by(OutgoingMessage.id)))
        for mail in found:
            assert [file.name for file in mail.attachments] == [f"{invoice.number}.pdf"]
        return found


def send(story: Story, invoice: Invoice, level: int) -> None:
    with unit_of_work() as session:
        sending.send(session, actor=SYSTEM, now=story.now, invoice_id=invoice.id, level=level)


def test_each_level_goes_out_once_by_itself_with_the_pdf_and_what_is_open(story, invoice):
    story.change_client(language="de")
    switch_on(story)
    pay(story, invoice, "19.00")

    assert [after(story, days) for days in (6, 7, 7, 13, 14, 14, 27, 28, 99)] == [0, 1, 0, 0, 1, 0, 0, 1, 0]

    subjects = [mail.subject for mail in mails(invoice)]
    assert len(subjects) == 3
    assert all(str(invoice.number) in subject for subject in subjects)
    first = mails(invoice)[0]
    assert "100,00 €" in first.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "15. Dezember 2026" in first.text
    assert first.to[0]["address"] == "accounts@acme.example"


def test_nothing_goes_out_by_itself_unless_company_and_client_let_it(story, invoice):
    assert after(story, 30) == 0
    switch_on(story)
    with unit_of_work() as session:
        rules.let_go_by_itself(session, actor=SYSTEM, now=story.now, client_id=invoice.client_id, allowed=False)
    assert after(story, 31) == 0

    send(story, invoice, 1)

    assert len(mails(invoice)) == 1


@pytest.mark.parametrize("how", ["paid", "credited"])
def test_what_is_settled_in_the_meantime_is_never_reminded_of(story, invoice, how):
    switch_on(story)
    story.now = DUE + timedelta(8)
    with unit_of_work() as session:
        found = sending.due_by_itself(session, story.now)
    if how == "paid":
        pay(story, invoice, "119.00")
    else:
        credit(story, invoice, {line.id: Wish(whole=True) for line in invoice.lines})

    with unit_of_work() as session:
        assert found == [invoice.id]  # it was due when the job looked, and is no more when it sends
        assert not sending.send_if_due(session, now=story.now, invoice_id=invoice.id)
    with pytest.raises(RuleViolation, match="not overdue"):
        send(story, invoice, 1)
    assert (after(story, 60), mails(invoice)) == (0, [])


def test_a_hold_keeps_reminders_back_up_to_its_day(story, invoice):
    switch_on(story)
    story.now = DUE
    with unit_of_work() as session:
        through = date(2026, 12, 24)
        holds.hold(
            session, actor=SYSTEM, now=story.now, invoice_id=invoice.id, through=through, reason="They look at it"
        )

    assert after(story, 9) == 0
    with pytest.raises(RuleViolation, match="held until 2026-12-24: They look at it"):
        send(story, invoice, 1)
    assert after(story, 10) == 1

    with unit_of_work() as session:
        holds.hold(
            session, actor=SYSTEM, now=story.now, invoice_id=invoice.id, through=None, reason="Disputed", disputed=True
        )
    assert after(story, 90) == 0
    with unit_of_work() as session:
        holds.release(session, actor=SYSTEM, now=story.now, invoice_id=invoice.id)
    assert after(story, 90) == 1


def test_a_level_is_sent_once_and_stays_as_it_was(story, invoice):
    story.now = DUE + timedelta(1)
    send(story, invoice, 1)

    with pytest.raises(Conflict):
        send(story, invoice, 1)
    with pytest.raises(RuleViolation):
        send(story, invoice, 3)
    with pytest.raises(DBAPIError, match="stays"), unit_of_work() as session:
        session.execute(text("DELETE FROM invoice_reminders"))


def test_pages_propose_send_and_hold(story, invoice, sign_in_as, fixed_clock):
    fixed_clock.now = DUE + timedelta(8)
    browser = sign_in_as(story.office.bookkeeper)
    assert "Reminders that are due" in browser.get("/invoices/ageing").text

    refused = browser.post(f"/invoices/{invoice.id}/hold", data={"through": "2026-12-01", "reason": "They asked"})
    sent = browser.post("/invoices/remind", data={"chosen": f"{invoice.id}.1"})
    again = browser.post("/invoices/remind", data={"chosen": f"{invoice.id}.1"}, follow_redirects=True)

    assert (refused.status_code, sent.status_code) == (422, 303)
    assert "is over" in refused.text
    assert "They asked" in refused.text
    assert "sent before" in again.text
    assert "accounts@acme.example" in browser.get(f"/invoices/{invoice.id}").text
    assert len(mails(invoice)) == 1


def test_reminders_are_worded_where_every_mail_is_and_the_highest_level_is_the_last(story, invoice, sign_in_as):
    browser = sign_in_as(story.office.admin)
    first, second = "/settings/letters/reminder_1/en", "/settings/letters/reminder_2/en"

    refused = browser.post(first, data={"subject": "Pay {{nobody}}", "text": "Soon"})
    saved = browser.post(first, data={"subject": "Pay {{number}}", "text": "{{open}} please"})
    story.now = DUE + timedelta(8)
    send(story, invoice, 1)
    of_three = browser.get(second).text
    assert browser.post("/settings/reminders", data={"days_1": "9", "days_2": "3"}).status_code == 422
    assert browser.post("/settings/reminders", data={"days_1": "3", "days_2": "9"}).status_code == 303
    of_two = browser.get(second).text
    assert browser.post("/settings/reminders", data={"days_1": "3", "automatic": "y"}).status_code == 303

    assert (refused.status_code, saved.status_code) == (422, 303)
    assert [(mail.subject, mail.text) for mail in mails(invoice)] == [(f"Pay {invoice.number}", "€119.00 please\n")]
    assert "Second reminder: invoice {{number}}" in of_three
    assert "Last reminder: invoice {{number}}" in of_two
    assert browser.get(second).status_code == 404
    assert "Second reminder" not in browser.get("/settings/letters").text
