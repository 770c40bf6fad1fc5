"""A deposit is paid on an invoice of its own and taken off later ones, each cent once (docs/billing.md rule 21)."""

import uuid
from collections.abc import Sequence
from datetime import date

import pytest

from helpdesk import doctor
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.drafts.deducting import deduct, draft_deposit
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.invoicing.money import settling
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from tests.slices.invoicing.conftest import DECEMBER, Story


@pytest.fixture
def deposit(story):
    """Acme's deposit of 100.00, with 19.00 tax, issued."""
    with unit_of_work() as session:
        made = draft_deposit(
            session,
            actor=SYSTEM,
            now=story.now,
            client_id=story.office.acme.id,
            text="Deposit for the move",
            amount_minor=10000,
            key="d",
        )
    return story.issue(made)


def pay(story: Story, invoice: Invoice, amount: str) -> int:
    with unit_of_work() as session:
        return settling.record_payment(
            session,
            actor=SYSTEM,
            now=story.now,
            invoice_id=invoice.id,
            amount=Money.parse(amount, "EUR"),
            received_on=date(2026, 11, 30),
            method="bank",
            reference="",
            key=uuid.uuid4().hex,
        ).id


def take_off(story: Story, draft: Invoice, deposit: Invoice) -> Invoice:
    with unit_of_work() as session:
        deduct(
            session,
            actor=SYSTEM,
            now=story.now,
            invoice_id=draft.id,
            version=story.invoice(draft.id).version,
            deposit_id=deposit.lines[0].id,
        )
    return story.invoice(draft.id)


def credit(story: Story, invoice: Invoice, lines: Sequence[InvoiceLine] = ()) -> Invoice:
    with unit_of_work() as session:
        wishes = {line.id: Wish(whole=True) for line in lines or invoice.lines}
        return service.credit(
            session,
            actor=SYSTEM,
            now=story.now,
            invoice_id=invoice.id,
            wishes=wishes,
            reason="Wrong",
            key=uuid.uuid4().hex,
        )


def test_a_paid_deposit_is_taken_off_once_with_its_tax(story, deposit):
    story.log("1.5")
    draft = story.drafted()
    with pytest.raises(Conflict, match="Nothing of this deposit is free"):
        take_off(story, draft, deposit)
    pay(story, deposit, "119")

    draft = take_off(story, draft, deposit)
    with pytest.raises(Conflict, match="Nothing of this deposit is free"):
        take_off(story, draft, deposit)
    issued = story.issue(draft)

    assert [(line.kind, line.amount_minor) for line in issued.lines] == [("time", 15000), ("deposit", -10000)]
    assert issued.lines[1].description == "Deposit for the move (INV-2026-0001)"
    assert (issued.net_minor, issued.tax_minor) == (5000, 950)
    with pytest.raises(RuleViolation, match="take this deposit off already"):
        credit(story, deposit)
    with unit_of_work() as session:
        assert doctor.examine(session, store=blobs.store(), now=story.now) == []


def test_only_what_is_paid_is_free_and_what_is_left_goes_on_the_next(story, deposit):
    story.log("0.4")
    pay(story, deposit, "59.50")

    small = take_off(story, story.drafted(), deposit)
    story.log("1", "2026-11-17")
    story.issue(small)
    next_one = take_off(story, story.drafted(Month(2026, 12)), deposit)

    assert (small.lines[1].amount_minor, small.total_minor) == (-4000, 0)
    assert next_one.lines[1].amount_minor == -1000


def test_a_credit_note_over_the_later_invoice_frees_the_deposit(story, deposit):
    story.log("2")
    pay(story, deposit, "119")
    issued = story.issue(take_off(story, story.drafted(), deposit))

    credit(story, issued)
    again = take_off(story, story.drafted(), deposit)

    assert again.lines[1].amount_minor == -10000


def test_an_invoice_at_another_tax_than_its_deposit_is_credited_whole_and_never_beyond_its_total(story, deposit):
    story.log("3")
    pay(story, deposit, "119")
    story.change_client(tax_percent="7")
    issued = story.issue(take_off(story, story.drafted(), deposit))
    time, taken_off = issued.lines
    with pytest.raises(RuleViolation, match=r"Only 200\.00 of INV-2026-0002 is left; take back what was taken off"):
        credit(story, issued, [time])
    with pytest.raises(RuleViolation, match="A credit note gives back"):
        credit(story, issued, [taken_off])

    note = credit(story, issued)

    assert (issued.net_minor, issued.tax_minor, note.net_minor, note.tax_minor) == (20000, 200, -20000, -200)
    assert story.invoice(issued.id).status == "credited"
    assert take_off(story, story.drafted(), deposit).lines[1].amount_minor == -10000
    with unit_of_work() as session:
        assert doctor.examine(session, store=blobs.store(), now=story.now) == []


def test_a_payment_that_was_taken_back_is_in_the_way_of_issuing(story, deposit):
    story.log("2")
    payment = pay(story, deposit, "119")
    draft = take_off(story, story.drafted(), deposit)
    with unit_of_work() as session:
        settling.take_back(
            session, actor=SYSTEM, now=story.now, invoice_id=deposit.id, payment_id=payment, reason="Bounced"
        )

    with pytest.raises(RuleViolation, match="is not paid any more"):
        story.issue(draft)


def test_the_pages_draft_a_deposit_once_and_offer_it(story, sign_in_as, fixed_clock):
    fixed_clock.now = DECEMBER
    story.log("2")
    draft, bookkeeper = story.drafted(), sign_in_as(story.office.bookkeeper)
    sent = {"key": "b" * 32, "client_id": story.office.acme.id, "text": "Deposit", "amount": "50"}

    made = bookkeeper.post("/invoices/deposit", data=sent)
    twice = bookkeeper.post("/invoices/deposit", data=sent)
    paid = story.issue(story.invoice(int(made.location.rsplit("/", 1)[1])))
    pay(story, paid, "59.50")
    offered = bookkeeper.get(f"/invoices/{draft.id}").text
    taken = bookkeeper.post(
        f"/invoices/{draft.id}/deduct", data={"version": draft.version, "deposit": paid.lines[0].id}
    )

    assert made.location == twice.location
    assert "€50.00 of them is free" in offered
    assert taken.status_code == 303
    assert story.invoice(draft.id).net_minor == 15000
