"""Each line of an invoice has its kind of tax, and the document says why there is none (docs/billing.md rule 20)."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from helpdesk.expenses import service as expenses
from helpdesk.expenses.models import ExpenseCategory
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import render, service
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.errors import RuleViolation
from tests.slices.invoicing.test_expenses_on_invoices import spend

OURS, THEIRS = "DE300000001", "ATU30000001"


def document_of(invoice: Invoice) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(str(invoice.canonical_json))
    return document


def test_a_reverse_charge_says_so_in_the_clients_language_and_names_both_vat_ids(story):
    story.change_company(vat_id=OURS)
    story.change_client(tax_category="AE", tax_percent="0", vat_id=THEIRS, language="de")
    story.log("2")

    document = document_of(story.issue(story.drafted()))

    said = "Steuerschuldnerschaft des Leistungsempfängers (Reverse Charge)."
    assert document["taxes"] == [{"category": "AE", "percent": "0", "net": "200.00", "tax": "0.00", "reason": said}]
    assert (document["lines"][0]["tax_category"], document["lines"][0]["tax_percent"]) == ("AE", "0")
    assert (document["seller"]["vat_id"], document["buyer"]["vat_id"]) == (OURS, THEIRS)
    assert said in render.to_html(document)


def test_without_the_vat_ids_it_is_refused_says_where_to_go_on_and_loses_no_number(story, sign_in_as):
    story.change_client(tax_category="AE", tax_percent="0")
    story.log("2")
    draft = story.drafted()

    with pytest.raises(RuleViolation, match=r"Our own VAT ID is missing.* The VAT ID of Acme is missing"):
        story.issue(draft)

    page = sign_in_as(story.office.admin).get(f"/invoices/{draft.id}").text
    assert "It cannot be issued yet." in page
    assert f'href="/clients/{story.office.acme.id}/edit#vat_id"' in page
    assert 'href="/settings/company#vat_id"' in page
    assert "/settings/company#vat_id" not in sign_in_as(story.office.bookkeeper).get(f"/invoices/{draft.id}").text
    story.change_company(vat_id=OURS)
    story.change_client(vat_id=THEIRS)
    assert story.issue(draft).number == "INV-2026-0001"


def test_an_own_reason_takes_the_place_of_the_usual_words(story):
    story.change_client(tax_category="E", tax_percent="0", tax_reason="Kleinunternehmer, § 19 UStG")
    story.log("2")

    document = document_of(story.issue(story.drafted()))

    assert document["taxes"][0]["reason"] == "Kleinunternehmer, § 19 UStG"
    assert "Kleinunternehmer, § 19 UStG" in render.to_html(document)


def test_a_document_from_before_there_were_reasons_is_printed_as_it_was(story):
    story.log("2")
    document = document_of(story.issue(story.drafted()))
    for tax in document["taxes"]:
        del tax["reason"]

    assert "VAT 19 % on 200.00" in render.to_html(document)


def test_prices_with_tax_in_them_stay_what_is_paid_and_the_document_says_so(story):
    story.change_client(price_basis="gross")
    for title in ("One", "Two", "Three"):
        story.log("1", rate="100", item=story.ticket(title))

    invoice = story.issue(story.drafted())

    document = document_of(invoice)
    assert (invoice.net_minor, invoice.tax_minor, invoice.total_minor) == (25210, 4790, 30000)
    assert [line["amount"] for line in document["lines"]] == ["100.00"] * 3
    assert [line["net_amount"] for line in document["lines"]] == ["84.04", "84.03", "84.03"]
    assert "Prices and amounts of the lines include VAT." in render.to_html(document)


def test_tax_of_each_line_is_rounded_where_the_client_wants_it(story):
    story.change_client(tax_rounding="line")
    for title in ("One", "Two", "Three"):
        story.log("1", rate="33.33", item=story.ticket(title))

    invoice = story.issue(story.drafted())

    assert (invoice.net_minor, invoice.tax_minor) == (9999, 1899)
    assert "VAT is rounded on each line." in render.to_html(document_of(invoice))


def test_tax_is_taken_as_the_company_says_where_the_client_says_nothing(story):
    story.change_company(price_basis="gross", tax_rounding="line")
    story.log("1", rate="33.33")
    as_the_company = story.drafted()
    story.change_client(price_basis="net")
    with unit_of_work() as session:
        service.drop_draft(session, actor=SYSTEM, now=story.now, invoice_id=as_the_company.id)
    otherwise = story.drafted()

    assert [(each.prices_include_tax, each.tax_per_line, each.total_minor) for each in (as_the_company, otherwise)] == [
        (True, True, 3333),
        (False, True, 3966),
    ]


@pytest.mark.parametrize("included", [False, True])
def test_the_last_credit_note_takes_the_rest_of_the_tax(story, included):
    story.change_client(price_basis="gross" if included else "net")
    for title in ("One", "Two", "Three"):
        story.log("1", rate="33.33", item=story.ticket(title))
    invoice = story.issue(story.drafted())

    notes = []
    for number, line in enumerate(invoice.lines):
        with unit_of_work() as session:
            wishes = {line.id: Wish(whole=True)}
            note = service.credit(
                session,
                actor=SYSTEM,
                now=story.now,
                invoice_id=invoice.id,
                wishes=wishes,
                reason="Wrong",
                key=str(number),
            )
        notes.append(note)

    assert [note.tax_minor for note in notes] == ([-532, -532, -532] if included else [-633, -633, -634])
    assert sum(note.total_minor for note in notes) == -invoice.total_minor
    assert sum(note.net_minor for note in notes) == -invoice.net_minor
    assert document_of(notes[-1])["taxes"][0]["tax"] == ("5.32" if included else "6.34")
    assert story.invoice(invoice.id).status == "credited"


def test_month_end_lists_what_invoices_will_lack_before_there_are_any_and_issue_refuses(story, sign_in_as):
    story.change_company(tax_number="")
    story.change_client(address="", country="")
    story.log("2")
    spend(story)
    with unit_of_work() as session:
        session.execute(update(ExpenseCategory).values(tax_category="AE", tax_percent="0"))

    page = sign_in_as(story.office.manager).get("/close/2026-11").text

    assert "Our own VAT ID or tax number is missing." in page
    assert "The address of Acme is missing." in page
    assert "The VAT ID of Acme is missing: a reverse charge names the VAT IDs of both sides." in page
    assert f'href="/clients/{story.office.acme.id}/edit#country"' in page
    draft = story.drafted()
    with pytest.raises(RuleViolation, match=r"VAT ID or tax number is missing\..*address of Acme.*country of Acme"):
        story.issue(draft)


def test_an_invoice_in_another_currency_keeps_the_rate_of_its_issue(story, sign_in_as):
    story.change_client(currency="USD")
    story.log("2", rate_currency="USD")
    draft = story.drafted()
    with pytest.raises(RuleViolation, match=r"no rate of exchange from USD to EUR for 2026-12-01 .* lists of expenses"):
        story.issue(draft)
    manager = sign_in_as(story.office.manager)
    assert 'href="/expenses/lists#exchange"' in manager.get(f"/invoices/{draft.id}").text
    assert "There is no rate of exchange from USD to EUR" in manager.get("/close/2026-11").text
    enter_rate(story, "0.92")

    invoice = story.issue(draft)
    enter_rate(story, "0.95")

    assert (invoice.exchange_rate, invoice.exchanged_on, invoice.exchange_source) == ("0.92", date(2026, 11, 30), "ECB")
    document = document_of(invoice)
    assert document["exchange"] == {
        "currency": "EUR",
        "rate": "0.92",
        "on": "2026-11-30",
        "source": "ECB",
        "tax": "34.96",
        "total": "218.96",
    }
    assert "In EUR: VAT 34.96, total 218.96, at 1 USD = 0.92 EUR of 30 November 2026 (ECB)." in render.to_html(document)
    with unit_of_work() as session:
        wishes = {line.id: Wish(whole=True) for line in invoice.lines}
        note = service.credit(
            session, actor=SYSTEM, now=story.now, invoice_id=invoice.id, wishes=wishes, reason="Wrong", key="1"
        )
        assert (note.exchange_rate, document_of(note)["exchange"]["tax"]) == ("0.92", "34.96")


def test_what_is_open_is_told_in_our_currency_at_the_rates_of_issue(story, sign_in_as):
    enter_rate(story, "0.92")
    story.change_client(currency="USD")
    story.log("2", rate_currency="USD")
    story.issue(story.drafted())

    page = sign_in_as(story.office.bookkeeper).get("/invoices/ageing").text

    assert "All in EUR" in page
    assert "€218.96" in page


def enter_rate(story: Any, rate: str) -> None:
    with unit_of_work() as session:
        expenses.set_exchange_rate(
            session,
            actor=SYSTEM,
            now=story.now,
            currency="USD",
            effective_on=date(2026, 11, 30),
            rate=rate,
            source="ECB",
        )
