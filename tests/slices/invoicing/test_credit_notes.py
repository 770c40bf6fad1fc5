"""A credit note takes back of an issued invoice, and what it names is free again (docs/billing.md rules 17 and 19)."""

import json
import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from helpdesk import doctor
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import queries, render, service
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.document import entries_behind
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.timekeeping.models import Charge, TimeEntry
from tests.slices.invoicing.conftest import Story, mail_of
from tests.slices.invoicing.test_expenses_on_invoices import spend, status_of

NEW_YEAR = datetime(2027, 1, 2, 8, 0, tzinfo=UTC)
DECEMBER_MONTH = Month(2026, 12)


def credit(
    story: Story, invoice: Invoice, wishes: dict[int, Wish], *, key: str = "", reason: str = "Agreed"
) -> Invoice:
    with unit_of_work() as session:
        made = service.credit(
            session,
            actor=SYSTEM,
            now=story.now,
            invoice_id=invoice.id,
            wishes=wishes,
            reason=reason,
            key=key or uuid.uuid4().hex,
        )
    return story.invoice(made.id)


def charge_of(entry: TimeEntry) -> int:
    with unit_of_work() as session:
        return session.scalars(
            select(Charge.id).where(Charge.time_entry_id == entry.id, Charge.released_at.is_(None))
        ).one()


def due(story: Story) -> int:
    """Return what the list says of open invoices."""
    with unit_of_work() as session:
        found = queries.sums(session, actor=SYSTEM, today=story.now.date())
        return sum(each.total_minor for each in found if each.key == "open")


def found_by_doctor(story: Story) -> list[str]:
    with unit_of_work() as session:
        return [each.message for each in doctor.examine(session, store=blobs.store(), now=story.now)]


def test_credit_by_entry_frees_its_seconds_and_the_next_invoice_bills_them_once(story):
    """Billed 4.5 h + 3.5 h, credit the 3.5 h, log 1 h: the next invoice is 4.5 h, not 9."""
    story.log("4.5")
    wrong = story.log("3.5", "2026-11-17")
    invoice = story.print_and_send(story.issue(story.drafted()))
    (line,) = invoice.lines

    note = credit(story, invoice, {line.id: Wish(charge_ids=frozenset({charge_of(wrong)}))})

    assert (note.kind, note.number, note.status, note.total_minor) == ("credit_note", "CN-2026-0001", "issued", -41650)
    assert [(each.minutes, each.unit_price, each.amount_minor) for each in note.lines] == [("-210", "100.00", -35000)]
    assert story.invoice(invoice.id).status == "issued"
    with unit_of_work() as session:
        behind = entries_behind(session, session.get_one(Invoice, note.id))
        kept = entries_behind(session, session.get_one(Invoice, invoice.id))
    assert [(each.entry.id, each.charged_seconds) for each in behind[note.lines[0].id]] == [(wrong.id, 12600)]
    assert len(kept[line.id]) == 2  # the invoice still shows what it billed

    story.log("1", "2026-12-01")
    story.now = NEW_YEAR
    following = story.drafted(DECEMBER_MONTH)
    assert sum(each.amount_minor for each in following.lines) == 45000
    assert found_by_doctor(story) == []


def test_an_invoice_credited_whole_counts_as_credited_and_its_month_can_be_drafted_anew(story):
    story.agree(per_month="1", fee="500", overage="120")
    story.log("3")
    train = spend(story)
    story.close()
    invoice = story.issue(story.invoice(story.drafted().id))

    note = credit(story, invoice, {line.id: Wish(whole=True) for line in invoice.lines})

    assert (note.net_minor, note.tax_minor) == (-invoice.net_minor, -invoice.tax_minor)
    assert (story.invoice(invoice.id).status, status_of(train)) == ("credited", "approved")
    assert "> hours<" not in render.to_html(json.loads(str(note.canonical_json)))
    again = story.drafted()
    assert again.id != invoice.id
    assert [(each.kind, each.amount_minor) for each in again.lines] == [
        (each.kind, each.amount_minor) for each in invoice.lines
    ]
    assert found_by_doctor(story) == []


def test_an_amount_alone_leaves_everything_billed(story):
    entry = story.log("2")
    invoice = story.issue(story.drafted())
    (line,) = invoice.lines

    note = credit(story, invoice, {line.id: Wish(amount=Money.parse("50.00", "EUR"))})

    assert [(each.minutes, each.unit_price, each.amount_minor) for each in note.lines] == [(None, "-50.00", -5000)]
    assert story.charges() == [("hourly", 7200, "fixed")]
    assert due(story) == 17850  # 200.00 less 50.00, with 19 %
    rest = credit(story, invoice, {line.id: Wish(charge_ids=frozenset({charge_of(entry)}))})
    assert [each.amount_minor for each in rest.lines] == [-20000, 5000]
    assert due(story) == 0
    assert story.invoice(invoice.id).status == "credited"
    assert found_by_doctor(story) == []


def test_a_fee_of_which_only_an_amount_was_taken_back_is_not_billed_again(story):
    story.agree(per_month="1", fee="500")
    story.close()
    invoice = story.issue(story.invoice(story.drafted().id))

    credit(story, invoice, {invoice.lines[0].id: Wish(amount=Money.parse("500.00", "EUR"))})

    assert story.invoice(invoice.id).status == "credited"
    assert story.draft() is None
    assert found_by_doctor(story) == []


def test_time_at_a_price_of_zero_is_credited_too_even_where_no_money_is_left(story, sign_in_as, fixed_clock):
    free = story.log("1", rate_minor=0)
    story.log("2", item=story.ticket("Cables"))
    invoice = story.issue(story.drafted())
    paid = {line.id: Wish(whole=True) for line in invoice.lines if line.amount_minor}
    credit(story, invoice, paid)
    browser, path = sign_in_as(story.office.bookkeeper), f"/invoices/{invoice.id}"

    linked = f'href="{path}/credit"' in browser.get(path).text
    page = browser.get(f"{path}/credit").text
    chosen = page.split('name="entry" value="')[1].split('"')[0]
    form = {"key": "0" * 32, "entry": chosen, "reason": "Never done", "act": "issue"}
    answer = browser.post(f"{path}/credit", data=form)

    assert (linked, answer.status_code) == (True, 303)
    with unit_of_work() as session:
        assert session.get_one(TimeEntry, free.id).status == "approved"
    assert story.charges() == []
    assert f'href="{path}/credit"' not in browser.get(path).text
    assert found_by_doctor(story) == []


def test_the_document_names_what_it_corrects_in_positive_figures_and_prints_in_the_clients_words(story):
    story.log("1.5")
    invoice = story.issue(story.drafted())

    note = story.print_and_send(credit(story, invoice, {invoice.lines[0].id: Wish(whole=True)}, reason="Twice billed"))

    document = json.loads(str(note.canonical_json))
    assert document["corrects"] == {"number": invoice.number, "issued_on": "2026-12-01"}
    assert (document["kind"], document["total"], document["lines"][0]["minutes"]) == ("credit_note", "178.50", "90")
    assert note.pdf_sha256
    page = render.to_html({**document, "language": "de"})
    assert f"Rechnungskorrektur {note.number}" in page
    assert "Twice billed" in page
    assert mail_of({**document, "language": "de"}).subject.startswith("Rechnungskorrektur CN-2026-0001")


def test_a_repeat_gives_the_same_credit_note_and_a_second_one_finds_the_entry_gone(story):
    entry = story.log("1")
    story.log("1", "2026-11-17")
    invoice = story.issue(story.drafted())
    wish = {invoice.lines[0].id: Wish(charge_ids=frozenset({charge_of(entry)}))}

    first = credit(story, invoice, wish, key="a")

    assert credit(story, invoice, wish, key="a").id == first.id
    with pytest.raises(Conflict, match="credited in the meantime"):
        credit(story, invoice, wish, key="b")
    story.now = NEW_YEAR
    story.log("1", "2026-12-01")
    another = story.issue(story.drafted(DECEMBER_MONTH))
    with pytest.raises(Conflict, match=f"credited {invoice.number} already"):
        credit(story, another, {another.lines[0].id: Wish(whole=True)}, key="a")


@pytest.mark.parametrize(
    ("wish", "reason", "said"),
    [
        (Wish(), "Agreed", "Choose what the credit note takes back"),
        (Wish(whole=True), " ", "Say why"),
        (Wish(whole=True, amount=Money(1, "EUR")), "Agreed", "either an amount"),
        (Wish(amount=Money(10001, "EUR")), "Agreed", r"Only 100\.00 of the line is left"),
    ],
)
def test_a_refused_credit_says_why_and_takes_no_number(story, wish, reason, said):
    story.log("1")
    invoice = story.issue(story.drafted())

    with pytest.raises(RuleViolation, match=said):
        credit(story, invoice, {invoice.lines[0].id: wish}, reason=reason)

    assert credit(story, invoice, {invoice.lines[0].id: Wish(whole=True)}).number == "CN-2026-0001"


def test_drafts_and_credit_notes_are_not_credited_and_a_credited_invoice_is_not_voided(story):
    story.log("1")
    story.log("1", "2026-11-17")
    draft = story.drafted()
    wish = {draft.lines[0].id: Wish(amount=Money(100, "EUR"))}
    with pytest.raises(RuleViolation, match="takes back of an issued invoice"):
        credit(story, draft, wish)
    note = credit(story, story.issue(draft), wish)

    with pytest.raises(RuleViolation, match="takes back of an issued invoice"):
        credit(story, note, {note.lines[0].id: Wish(whole=True)})
    for document, said in ((draft, "has a credit note"), (note, "is a credit note")):
        with pytest.raises(RuleViolation, match=said), unit_of_work() as session:
            service.void(session, actor=SYSTEM, now=story.now, invoice_id=document.id, reason="Wrong")


def test_history_refuses_to_be_rewritten(story):
    entry = story.log("1")
    invoice = story.issue(story.drafted())
    note = credit(story, invoice, {invoice.lines[0].id: Wish(charge_ids=frozenset({charge_of(entry)}))})

    for statement in (
        "UPDATE invoices SET reason = 'another' WHERE id = :note",
        "UPDATE invoices SET corrects_id = NULL WHERE id = :note",
        "DELETE FROM credited_charges WHERE line_id <> -:note",
    ):
        with pytest.raises(DBAPIError), unit_of_work() as session:
            session.execute(text(statement), {"note": note.id})


def test_the_page_shows_what_it_comes_to_and_issues_once(story, sign_in_as, fixed_clock):
    story.log("1")
    story.log("2", "2026-11-17")
    invoice = story.issue(story.drafted())
    browser = sign_in_as(story.office.bookkeeper)
    page = browser.get(f"/invoices/{invoice.id}/credit")
    form = {
        "key": page.text.split('name="key" value="')[1][:32],
        "entry": page.text.split('name="entry" value="')[1].split('"')[0],
        "reason": "Twice billed",
    }

    looked_at = browser.post(f"/invoices/{invoice.id}/credit", data={**form, "act": "preview"})
    refused = browser.post(f"/invoices/{invoice.id}/credit", data={**form, "act": "issue", "amount-1": "x"})
    issued = [browser.post(f"/invoices/{invoice.id}/credit", data={**form, "act": "issue"}) for _time in range(2)]

    assert "CN-2026-0001 would credit €119.00" in looked_at.text
    assert refused.status_code == 422
    assert [answer.status_code for answer in issued] == [303, 303]
    assert issued[0].location == issued[1].location
    shown = browser.get(f"/invoices/{invoice.id}").text
    assert "CN-2026-0001" in shown
    assert "Twice billed" in shown
    note = browser.get(issued[0].location).text
    assert invoice.number in note
    assert "VAT 19 % on -100.00</dt>" in note
    assert "-19.00" in note
    assert "due 1 Dec" not in note
