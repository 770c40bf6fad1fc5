"""A client's account adds up on every day, and its credit is paid back once (docs/billing.md rules M3 to M5)."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from flask_babel import force_locale
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.domain.statement import Statement
from helpdesk.invoicing.models import Invoice, Refund
from helpdesk.invoicing.money import accounts, ageing, refunding, settling
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.outbox.models import OutgoingMessage
from tests.slices.invoicing.conftest import Story
from tests.slices.invoicing.test_credit_notes import credit, found_by_doctor
from tests.slices.invoicing.test_payments import pay, stands, take_back

TODAY = date(2026, 12, 1)


@pytest.fixture
def invoice(story):
    """An invoice over 119.00."""
    story.log("1")
    return story.issue(story.drafted())


def pay_back(story: Story, amount: str, *, key: str = "", reason: str = "They asked", on: date = TODAY) -> Refund:
    with unit_of_work() as session:
        return refunding.pay_back(
            session,
            actor=SYSTEM,
            now=story.now,
            client_id=story.office.acme.id,
            amount=Money.parse(amount, "EUR"),
            paid_on=on,
            method="bank",
            reference="",
            reason=reason,
            key=key or uuid.uuid4().hex,
        )


def undo(story: Story, refund: Refund, reason: str = "It came back") -> None:
    with unit_of_work() as session:
        refunding.undo(
            session, actor=SYSTEM, now=story.now, client_id=refund.client_id, refund_id=refund.id, reason=reason
        )


def account(story: Story, first: date = date(2026, 1, 1)) -> Statement:
    """Return the account up to today, once it is what ageing says is open, less the credit."""
    with force_locale("en"), unit_of_work() as session:
        client_id, today = story.office.acme.id, story.now.date()
        found = accounts.statement(session, client_id=client_id, currency="EUR", first=first, last=today)
        aged = ageing.ageing_page(session, actor=SYSTEM, now=story.now)
        open_minor = sum(row["total_minor"] for row in aged["rows"] if row["client_id"] == client_id)
        credit_minor = settling.credit_of(session, client_id=client_id, currency="EUR")
    assert found.closing_minor == open_minor - credit_minor
    return found


def test_the_account_says_what_ageing_says_after_every_act(story, invoice):
    (line,) = invoice.lines
    assert account(story).closing_minor == 11900
    first = pay(story, invoice, "150.00")
    assert account(story).closing_minor == -3100
    refund = pay_back(story, "11.00")
    assert account(story).closing_minor == -2000
    for cents in ("33.33", "33.33"):  # the tax of several credit notes is rounded by itself
        credit(story, invoice, {line.id: Wish(amount=Money.parse(cents, "EUR"))})
        account(story)
    credit(story, invoice, {line.id: Wish(whole=True)})
    assert (account(story).closing_minor, stands(story, invoice)[0]) == (-13900, "credited")
    with pytest.raises(RuleViolation, match="paid back on 2026-12-01"):
        take_back(story, invoice, first)
    undo(story, refund)
    assert account(story).closing_minor == -15000
    take_back(story, invoice, first)
    assert account(story).closing_minor == 0
    story.now = datetime(2027, 1, 2, 8, 0, tzinfo=UTC)
    story.log("2", "2026-12-02")
    story.issue(story.drafted(Month(2026, 12)))

    found = account(story, date(2027, 1, 1))

    assert (found.opening_minor, found.charged_minor, found.closing_minor) == (
        0,
        35700,
        35700,
    )  # the credited hour is billed anew
    assert found_by_doctor(story) == []


def test_a_credit_is_paid_back_the_oldest_payment_first_and_never_beyond_it(story, invoice):
    later, earlier = pay(story, invoice, "129.00"), pay_more(story, invoice)

    refund = pay_back(story, "25.00", key="a" * 32)
    again = pay_back(story, "25.00", key="a" * 32)

    with unit_of_work() as session:
        parts = [(part.payment_id, part.amount_minor) for part in session.get_one(Refund, refund.id).parts]
    assert parts == [(earlier, 2000), (later.id, 500)]
    assert again.id == refund.id
    for amount, said in (("5.01", "credit of 5.00 EUR"), ("0", "above zero")):
        with pytest.raises(RuleViolation, match=said):
            pay_back(story, amount)
    with pytest.raises(RuleViolation, match="still to come"):
        pay_back(story, "1", on=date(2026, 12, 2))
    undo(story, refund)
    with pytest.raises(Conflict):
        undo(story, refund)
    assert stands(story, invoice)[2] == 3000
    with pytest.raises(DBAPIError, match="undone"), unit_of_work() as session:
        session.execute(text("UPDATE refunds SET amount_minor = 1"))


def pay_more(story: Story, invoice: Invoice) -> int:
    """Add 20.00 of an earlier day that settle nothing, and return their id."""
    with unit_of_work() as session:
        session.execute(
            text(
                "INSERT INTO payments (id, client_id, received_on, amount_minor, currency, method, reference,"
                " idempotency_key, created_at, taken_back_because)"
                " VALUES (99, :client, '2026-11-20', 2000, 'EUR', 'bank', '', 'early', :at, '')"
            ),
            {"client": invoice.client_id, "at": "2026-11-20 09:00:00+00:00"},
        )
    return 99


def test_of_two_refunds_and_two_payments_at_once_none_takes_what_is_not_there(story, invoice, app):
    pay(story, invoice, "149.00")

    def refund(amount: str) -> str:
        with app.app_context():
            try:
                pay_back(story, amount)
            except RuleViolation as refusal:
                return str(refusal)
            return ""

    with ThreadPoolExecutor(2) as both:
        said = sorted(both.map(refund, ["20.00", "20.00"]))
    assert [bool(each) for each in said] == [False, True]
    assert stands(story, invoice) == ("paid", 0, 1000)

    story.now = datetime(2027, 1, 2, 8, 0, tzinfo=UTC)
    story.log("1", "2026-12-02")
    following = story.issue(story.drafted(Month(2026, 12)))

    def settle(amount: str) -> None:
        with app.app_context():
            pay(story, following, amount)

    with ThreadPoolExecutor(2) as both:
        list(both.map(settle, ["100.00", "100.00"]))
    assert stands(story, following) == ("paid", 0, 9100)
    assert found_by_doctor(story) == []


def test_pages_show_the_account_pay_back_and_keep_what_was_refused(story, invoice, sign_in_as, fixed_clock):
    fixed_clock.now = datetime(2026, 12, 20, 8, 0, tzinfo=UTC)
    browser = sign_in_as(story.office.bookkeeper)
    page = browser.get(f"/invoices/{invoice.id}").text
    key = re.search(r'name="key"[^>]*value="([0-9a-f]{32})"', page)
    assert key is not None
    form = {"key": key[1], "received_on": "2026-12-19", "method": "bank", "reference": "statement 4"}
    wrong = browser.post(f"/invoices/{invoice.id}/payments", data={**form, "amount": "150 USD"})
    to_come = browser.post(
        f"/invoices/{invoice.id}/payments", data={**form, "amount": "150", "received_on": "2026-12-21"}
    )
    more = browser.post(f"/invoices/{invoice.id}/payments", data={**form, "amount": "150 EUR"}, follow_redirects=True)

    account_of = f"/clients/{story.office.acme.id}/account"
    refund = {"key": "b" * 32, "paid_on": "2026-12-20", "method": "bank", "reason": "Paid twice"}
    refunds = f"/clients/{story.office.acme.id}/refunds"
    too_much = browser.post(refunds, data={**refund, "amount": "31.01"})
    done = browser.post(refunds, data={**refund, "amount": "31.00"}, follow_redirects=True)
    backwards = browser.get(f"{account_of}?from=2026-12-02&to=2026-12-01")
    table = browser.get(f"{account_of}?export=csv").text

    assert (wrong.status_code, to_come.status_code, too_much.status_code) == (422, 422, 422)
    assert "in EUR, not in USD" in wrong.text
    assert re.search(r'id="received_on-error".*still to come', to_come.text)
    assert "€31.00 more than was open" in more.text
    assert re.search(r'id="amount-error".*credit of 31.00 EUR', too_much.text)
    assert "Paid twice" in too_much.text
    assert "Paid twice" in done.text
    assert "before the first" in backwards.text
    assert "Payment,statement 4,INV-2026-0001 119.00,-150.00,-31.00,EUR" in table
    assert "Closing balance,,,0.00,0.00,EUR" in table


def test_the_account_goes_to_the_client_in_its_language_once(story, invoice, sign_in_as):
    story.mailbox()
    story.change_client(language="de")
    browser = sign_in_as(story.office.bookkeeper)
    send, days = f"/clients/{invoice.client_id}/account/send", "from=2026-12-01&to=2026-12-31"

    for _ in range(2):
        assert browser.post(f"{send}?{days}", data={"key": "c" * 32}).status_code == 303

    with unit_of_work() as session:
        (mail,) = session.scalars(select(OutgoingMessage).where(OutgoingMessage.about_kind == "client"))
        (file,) = mail.attachments
        assert mail.subject == "Kontoauszug von Halden & Okoye, 31. Dezember 2026"
        assert "Offen sind 119,00" in mail.text
        assert blobs.store().get(file.blob_sha256).startswith(b"%PDF")
        assert file.name == "Acme-2026-12-01-2026-12-31.pdf"
    printed = browser.get(f"/clients/{invoice.client_id}/account.pdf?{days}")
    assert (printed.mimetype, printed.data[:4]) == ("application/pdf", b"%PDF")
