"""Each line of an invoice has its kind of tax, and the document says why there is none (docs/billing.md rule 20)."""

import json
from typing import Any

import pytest

from helpdesk.invoicing import render
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.errors import RuleViolation

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
