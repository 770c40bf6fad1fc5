"""Payments settle invoices in part and whole, more is the client's credit, and nothing is counted twice (rule 21)."""

import re
import uuid
from datetime import UTC, date, datetime

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.models import Invoice, Payment
from helpdesk.invoicing.money import settling
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from tests.slices.invoicing.conftest import Story
from tests.slices.invoicing.test_credit_notes import credit, due, found_by_doctor

TODAY = date(2026, 12, 1)


def pay(story: Story, invoice: Invoice, amount: str, *, key: str = "", on: date = TODAY) -> Payment:
    with unit_of_work() as session:
        return settling.record_payment(
            session,
            actor=SYSTEM,
            now=story.now,
            invoice_id=invoice.id,
            amount=Money.parse(amount, "EUR"),
            received_on=on,
            method="bank",
            reference="",
            key=key or uuid.uuid4().hex,
        )


def take_back(story: Story, invoice: Invoice, payment: Payment, reason: str = "It bounced") -> None:
    with unit_of_work() as session:
        settling.take_back(
            session, actor=SYSTEM, now=story.now, invoice_id=invoice.id, payment_id=payment.id, reason=reason
        )


def stands(story: Story, invoice: Invoice) -> tuple[str, int, int]:
    """Return the status, what is open, and the client's credit."""
    with unit_of_work() as session:
        row = session.get_one(Invoice, invoice.id)
        credit_minor = settling.credit_of(session, client_id=row.client_id, currency="EUR")
        return row.status, settling.account_of(session, row).open_minor, credit_minor


@pytest.fixture
def invoice(story):
    """An invoice over 119.00."""
    story.log("1")
    return story.issue(story.drafted())


def test_the_list_counts_as_open_what_payments_and_credit_notes_leave(story, invoice):
    pay(story, invoice, "19.00")
    credit(story, invoice, {invoice.lines[0].id: Wish(amount=Money.parse("50.00", "EUR"))})

    assert due(story) == stands(story, invoice)[1] == 4050


def test_an_invoice_is_paid_in_parts_and_what_is_more_is_credit_of_the_next(story, invoice):
    pay(story, invoice, "19.00")
    assert stands(story, invoice) == ("part_paid", 10000, 0)

    pay(story, invoice, "150.00")
    assert stands(story, invoice) == ("paid", 0, 5000)

    story.log("1", "2026-12-02")
    story.now = datetime(2027, 1, 2, 8, 0, tzinfo=UTC)
    following = story.issue(story.drafted(Month(2026, 12)))
    with unit_of_work() as session:
        assert settling.use_credit(session, actor=SYSTEM, now=story.now, invoice_id=following.id) == 5000
    assert stands(story, following) == ("part_paid", 6900, 0)
    with pytest.raises(RuleViolation, match="has no credit"), unit_of_work() as session:
        settling.use_credit(session, actor=SYSTEM, now=story.now, invoice_id=following.id)
    assert found_by_doctor(story) == []


def test_an_invoice_of_nothing_is_paid_by_its_issue_and_still_mailed_and_voided(story):
    story.mailbox()
    story.change_client(invoice_email="pay@acme.example")
    story.log("1", rate="0")
    mailed = story.print_and_send(story.issue(story.drafted()))
    story.log("1", "2026-12-01", rate="0")
    at_home = story.issue(story.drafted(Month(2026, 12)))

    with unit_of_work() as session:
        service.void(session, actor=SYSTEM, now=story.now, invoice_id=at_home.id, reason="Wrong month")
        with pytest.raises(RuleViolation, match="was sent or paid"):
            service.void(session, actor=SYSTEM, now=story.now, invoice_id=mailed.id, reason="Wrong month")

    assert (mailed.total_minor, mailed.status, mailed.outgoing_message_id is not None) == (0, "paid", True)
    assert story.invoice(at_home.id).status == "void"


def test_a_credit_note_over_a_paid_invoice_gives_the_client_credit(story, invoice):
    pay(story, invoice, "119.00")

    credit(story, invoice, {invoice.lines[0].id: Wish(amount=Money.parse("50.00", "EUR"))})
    assert stands(story, invoice) == ("paid", 0, 5950)

    credit(story, invoice, {invoice.lines[0].id: Wish(whole=True)})
    assert stands(story, invoice) == ("credited", 0, 11900)
    assert found_by_doctor(story) == []


def test_a_payment_that_is_taken_back_opens_what_it_settled_once(story, invoice):
    payment = pay(story, invoice, "119.00")

    take_back(story, invoice, payment)

    assert stands(story, invoice) == ("issued", 11900, 0)
    with pytest.raises(Conflict, match="before"):
        take_back(story, invoice, payment)
    with pytest.raises(RuleViolation, match="Say why"):
        take_back(story, invoice, pay(story, invoice, "1.00"), reason=" ")
    assert found_by_doctor(story) == []


def test_a_payment_of_another_client_is_none_of_this_invoice(story, invoice):
    payment = pay(story, invoice, "119.00")
    with unit_of_work() as session:
        session.get_one(Invoice, invoice.id)  # of Acme
        other = Invoice(client_id=story.office.globex.id, idempotency_key="x", currency="EUR", created_at=story.now)
        session.add(other)

    with pytest.raises(NotFound):
        take_back(story, other, payment)


def test_a_repeat_notes_one_payment(story, invoice):
    first = pay(story, invoice, "19.00", key="a" * 32)

    assert pay(story, invoice, "19.00", key="a" * 32).id == first.id
    assert stands(story, invoice) == ("part_paid", 10000, 0)


@pytest.mark.parametrize(
    ("amount", "on", "said"), [("0", TODAY, "above zero"), ("1", date(2026, 12, 2), "still to come")]
)
def test_what_is_no_payment_is_refused_and_named(story, invoice, amount, on, said):
    with pytest.raises(RuleViolation, match=said):
        pay(story, invoice, amount, on=on)

    assert stands(story, invoice) == ("issued", 11900, 0)


def test_pages_take_a_payment_and_show_what_is_overdue(story, invoice, sign_in_as, fixed_clock):
    fixed_clock.now = datetime(2027, 1, 20, 8, 0, tzinfo=UTC)
    browser = sign_in_as(story.office.bookkeeper)
    page = browser.get(f"/invoices/{invoice.id}").text
    key = re.search(r'name="key"[^>]*value="([0-9a-f]{32})"', page)
    assert key is not None
    form = {"key": key[1], "received_on": "2027-01-19", "method": "bank", "reference": "statement 4"}

    refused = browser.post(f"/invoices/{invoice.id}/payments", data={**form, "amount": "ninety"})
    taken = browser.post(f"/invoices/{invoice.id}/payments", data={**form, "amount": "19.00"})

    assert (refused.status_code, taken.status_code) == (422, 303)
    assert "ninety" in refused.text
    assert "statement 4" in browser.get(f"/invoices/{invoice.id}").text
    ages = browser.get("/invoices/ageing").text
    assert re.search(r'data-label="31 to 60">100\.00', ages)
