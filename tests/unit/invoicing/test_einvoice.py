"""Electronic invoices are valid: by their schema, and by the rules of EN 16931 that Saxon runs (docs/billing.md 22)."""

from typing import Any

import pytest
from lxml import etree  # type: ignore[import-untyped]

from helpdesk.invoicing.domain.einvoice.cii import cross_industry_invoice
from helpdesk.invoicing.domain.einvoice.tree import NAMESPACES
from helpdesk.invoicing.domain.einvoice.wanted import FACTUR_X, einvoice_lacks, is_wanted
from tests.einvoice_rules import faults_of

SELLER = {
    "name": "Halden & Okoye",
    "legal_name": "Halden & Okoye GmbH",
    "address": "Kajen 12\n20459 Hamburg",
    "country": "DE",
    "vat_id": "DE 300000001",
    "tax_number": "",
    "registration": "HRB 158 204",
    "email": "billing@halden.example",
    "website": "halden.example",
    "bank_name": "Hansebank Hamburg",
    "iban": "DE21 9999 0000 0012 3456 78",
    "bic": "HNSBDEHHXXX",
}
BY_TAX_NUMBER = SELLER | {"vat_id": "", "registration": "", "tax_number": "27/123/45678"}
BUYER = {
    "name": "Kühn",
    "legal_name": "Kühn Präzision GmbH",
    "address": "Accounts payable\nZuffenhauser Straße 84\n70435 Stuttgart",
    "country": "DE",
    "vat_id": "DE300000002",
    "customer_number": "10417",
    "purchase_order": "PO-88231",
}


def line(amount: str, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "time",
        "reference": "",
        "description": "Router <& switch>",
        "detail": "",
        "minutes": None,
        "unit_price": amount,
        "amount": amount,
        "tax_category": "S",
        "tax_percent": "19",
    } | changes


def hourly(minutes: str, price: str, amount: str, **changes: Any) -> dict[str, Any]:
    return line(amount, minutes=minutes, unit_price=price, reference="#4893", detail="3 Nov, Ann 1:30") | changes


def tax(net: str, amount: str, category: str = "S", percent: str = "19", reason: str = "") -> dict[str, str]:
    return {"category": category, "percent": percent, "net": net, "tax": amount, "reason": reason}


def document(
    lines: list[dict[str, Any]], taxes: list[dict[str, str]], sums: tuple[str, str, str], **changes: Any
) -> Any:
    net, amount, total = sums
    return {
        "kind": "invoice",
        "number": "HO-2026-0412",
        "issued_on": "2026-12-01",
        "due_on": "2026-12-15",
        "language": "en",
        "currency": "EUR",
        "period": {"month": "2026-11", "from": "2026-11-01", "to": "2026-11-30", "time_zone": "Europe/Berlin"},
        "seller": SELLER,
        "buyer": BUYER,
        "lines": lines,
        "taxes": taxes,
        "net": net,
        "tax": amount,
        "total": total,
        "terms": "Two per cent off\nwithin a week.",
        "payment_days": 14,
        "retainers": [],
    } | changes


def of_kind(category: str, reason: str, **changes: Any) -> Any:
    """Return an invoice over 200.00 of a category without tax."""
    lines = [hourly("120", "100", "200.00", tax_category=category, tax_percent="0")]
    return document(lines, [tax("200.00", "0.00", category, "0", reason)], ("200.00", "0.00", "200.00"), **changes)


CORRECTED = {"corrects": {"number": "HO-2026-0400", "issued_on": "2026-11-01"}, "reason": "Wrong month"}
DOCUMENTS = {
    "hours": document([hourly("90", "100.333", "150.50")], [tax("150.50", "28.60")], ("150.50", "28.60", "179.10")),
    "retainer and overage": document(
        [
            line("5000.00", kind="retainer_fee", detail="20:00"),
            hourly("0.3333", "200.00", "1.11", kind="overage"),
            hourly("300", "200.00", "1000.00", kind="overage"),
        ],
        [tax("6001.11", "1140.21")],
        ("6001.11", "1140.21", "7141.32"),
    ),
    "no charge": document(
        [hourly("60", "0", "0.00"), hourly("60", "80", "80.00")], [tax("80.00", "15.20")], ("80.00", "15.20", "95.20")
    ),
    "discount": document(
        [hourly("120", "100", "200.00"), line("-20.00", kind="free", description="Discount")],
        [tax("180.00", "34.20")],
        ("180.00", "34.20", "214.20"),
    ),
    "expenses at two rates": document(
        [hourly("60", "100", "100.00"), line("33.33", kind="expense", tax_percent="7"), line("0.01", tax_percent="7")],
        [tax("33.34", "2.33", percent="7"), tax("100.00", "19.00")],
        ("133.34", "21.33", "154.67"),
    ),
    "expenses without tax, for several reasons": document(
        [
            hourly("60", "100", "100.00"),
            line("8.50", kind="expense", tax_category="E", tax_percent="0"),
            line("50.00", kind="expense", tax_category="AE", tax_percent="0"),
            line("3.00", kind="expense", tax_category="Z", tax_percent="0"),
        ],
        [
            tax("50.00", "0.00", "AE", "0", "Reverse charge."),
            tax("8.50", "0.00", "E", "0", "§ 4 Nr. 11b UStG"),
            tax("100.00", "19.00"),
            tax("3.00", "0.00", "Z", "0"),
        ],
        ("161.50", "19.00", "180.50"),
    ),
    "tax in the prices": document(
        [hourly("60", "100", "100.00", net_amount=net) for net in ("84.04", "84.03", "84.03")],
        [tax("252.10", "47.90")],
        ("252.10", "47.90", "300.00"),
    ),
    "tax of each line": document(
        [hourly("60", "33.33", "33.33")] * 3, [tax("99.99", "18.99")], ("99.99", "18.99", "118.98")
    ),
    "pieces": document(
        [line("96.00", quantity="40", unit_price="2.40"), line("-4.80", quantity="2", unit_price="-2.40")],
        [tax("91.20", "17.33")],
        ("91.20", "17.33", "108.53"),
    ),
    "credit note": document(
        [hourly("30", "100", "50.00"), line("-0.01", description="Difference of rounding")],
        [tax("49.99", "9.50")],
        ("49.99", "9.50", "59.49"),
        kind="credit_note",
        period=None,
        due_on="2026-12-01",
        **CORRECTED,
    ),
    "reverse charge": of_kind("AE", "Reverse charge.", buyer=BUYER | {"country": "AT", "vat_id": "ATU30000001"}),
    "within the EU": of_kind("K", "Intra-Community supply.", buyer=BUYER | {"country": "AT", "vat_id": "ATU30000001"}),
    "export": of_kind("G", "Export.", buyer=BUYER | {"country": "CH", "vat_id": "", "address": "Gasse 1\nZürich"}),
    "exempt, by tax number": of_kind("E", "§ 19 UStG", seller=BY_TAX_NUMBER),
    "not subject to tax": of_kind("O", "Not subject to VAT."),
    "not subject to tax, by tax number": of_kind("O", "No VAT.", seller=BY_TAX_NUMBER),
    "zero rate": of_kind("Z", ""),
    "nothing but what must be": document(
        [line("10", description="")],
        [tax("10", "2")],
        ("10", "2", "12"),
        currency="JPY",
        terms="",
        period=None,
        seller=SELLER | dict.fromkeys(("legal_name", "address", "registration", "email", "iban", "bic"), ""),
        buyer=BUYER | dict.fromkeys(("legal_name", "address", "vat_id", "customer_number", "purchase_order"), ""),
    ),
}


def test_every_kind_of_document_is_valid():
    for name, each in DOCUMENTS.items():
        xml = cross_industry_invoice(each)

        assert faults_of(xml) == [], name
        assert cross_industry_invoice(each) == xml


BROKEN = [
    ("<ram:TypeCode>380</ram:TypeCode>", "", "TypeCode )"),
    ("<ram:GrandTotalAmount>179.10", "<ram:GrandTotalAmount>179.11", "BR-CO-15"),
    ("<ram:LineTotalAmount>150.50", "<ram:LineTotalAmount>150.51", "BR-CO-10"),
    ("<ram:CategoryCode>S", "<ram:CategoryCode>X", "'ram:CategoryCode' is not allowed"),
    ('<ram:ID schemeID="VA">DE300000001</ram:ID>', '<ram:ID schemeID="VA">300000001</ram:ID>', "BR-CO-09"),
    ("<ram:InvoiceCurrencyCode>EUR", "<ram:InvoiceCurrencyCode>EUX", "'ram:InvoiceCurrencyCode' is not allowed"),
]


def test_the_rules_refuse_what_is_broken():
    for old, new, rule in BROKEN:
        broken = cross_industry_invoice(DOCUMENTS["hours"]).decode().replace(old, new, 1)

        assert new in broken
        assert rule in " ".join(faults_of(broken.encode()))


def test_time_is_minutes_at_the_price_of_an_hour_and_a_fee_is_one_piece():
    fee, seconds, _hours = said("retainer and overage", ".//ram:IncludedSupplyChainTradeLineItem")

    assert text_of(fee, "ram:BilledQuantity") == "1"
    assert found(fee, "ram:BilledQuantity").get("unitCode") == "C62"
    assert (text_of(seconds, "ram:BilledQuantity"), text_of(seconds, "ram:ChargeAmount")) == ("0.3333", "200.00")
    assert found(seconds, "ram:BilledQuantity").get("unitCode") == "MIN"
    assert text_of(seconds, "ram:BasisQuantity") == "60"
    assert text_of(seconds, "ram:LineTotalAmount") == "1.11"


def test_a_price_with_tax_in_it_is_told_without():
    first, *_others = said("tax in the prices", ".//ram:IncludedSupplyChainTradeLineItem")

    assert (text_of(first, "ram:ChargeAmount"), text_of(first, "ram:LineTotalAmount")) == ("84.04", "84.04")


def test_a_discount_is_a_piece_less_at_a_price_that_is_not_negative():
    _hours, discount = said("discount", ".//ram:IncludedSupplyChainTradeLineItem")

    assert (text_of(discount, "ram:BilledQuantity"), text_of(discount, "ram:ChargeAmount")) == ("-1", "20.00")
    assert text_of(discount, "ram:LineTotalAmount") == "-20.00"


def test_pieces_are_counted():
    some, fewer = said("pieces", ".//ram:IncludedSupplyChainTradeLineItem")

    assert [text_of(each, "ram:BilledQuantity") for each in (some, fewer)] == ["40", "-2"]
    assert {text_of(each, "ram:ChargeAmount") for each in (some, fewer)} == {"2.40"}


def test_a_credit_note_is_positive_and_names_its_invoice_and_no_account():
    [note] = said("credit note", ".")

    assert text_of(note, "ram:TypeCode") == "381"
    assert text_of(note, "ram:GrandTotalAmount") == "59.49"
    assert text_of(note, "ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == "HO-2026-0400"
    assert text_of(note, "ram:InvoiceReferencedDocument//qdt:DateTimeString") == "20261101"
    assert text_of(note, "ram:IncludedNote/ram:Content") == "Wrong month"
    assert not note.findall(".//ram:SpecifiedTradeSettlementPaymentMeans", NAMESPACES)


def test_days_account_and_references_are_those_of_the_document():
    [invoice] = said("hours", ".")

    assert text_of(invoice, "ram:BillingSpecifiedPeriod/ram:StartDateTime/udt:DateTimeString") == "20261101"
    assert text_of(invoice, "ram:BillingSpecifiedPeriod/ram:EndDateTime/udt:DateTimeString") == "20261130"
    assert text_of(invoice, "ram:DueDateDateTime/udt:DateTimeString") == "20261215"
    assert text_of(invoice, "ram:IBANID") == "DE21999900000012345678"
    assert text_of(invoice, "ram:BuyerReference") == "PO-88231"
    assert text_of(invoice, "ram:BuyerTradeParty/ram:ID") == "10417"
    assert text_of(invoice, "ram:BuyerTradeParty//ram:PostcodeCode") == "70435"
    assert text_of(invoice, "ram:BuyerTradeParty//ram:LineTwo") == "Zuffenhauser Straße 84"


def test_an_account_of_another_kind_is_no_iban():
    xml = cross_industry_invoice(DOCUMENTS["hours"] | {"seller": SELLER | {"iban": "12-3456-789"}}).decode()

    assert "<ram:ProprietaryID>12-3456-789<" in xml
    assert "BICID" not in xml


def test_signs_that_xml_cannot_hold_are_left_out():
    xml = cross_industry_invoice(DOCUMENTS["hours"] | {"terms": "Pay\x0b soon\x00"}).decode()

    assert "<ram:Content>Pay soon<" in xml


NOTHING, KNOWN = dict.fromkeys(SELLER, ""), {"country": "DE", "vat_id": "DE300000001"}


@pytest.mark.parametrize(
    ("seller", "buyer", "categories", "currency", "missing"),
    [
        (NOTHING, NOTHING, {"S"}, "EUR", ["seller country", "seller vat_id", "buyer country"]),
        (KNOWN, KNOWN, {"S", "AE"}, "EUR", []),
        ({"country": "DE", "tax_number": "27/1"}, KNOWN, {"S"}, "JPY", []),
        (KNOWN, KNOWN, {"O"}, "EUR", ["seller registration"]),
        (KNOWN | {"registration": "HRB 1"}, KNOWN, {"O"}, "EUR", []),
        (KNOWN | {"registration": "HRB 1"}, KNOWN, {"O", "S"}, "EUR", ["buyer tax_category"]),
        (KNOWN, KNOWN, {"S"}, "KWD", ["buyer currency"]),
    ],
)
def test_what_an_electronic_invoice_has_to_know(seller, buyer, categories, currency, missing):
    found_missing = einvoice_lacks(seller, buyer, categories, currency)

    assert [f"{lack.side} {lack.field}" for lack in found_missing] == missing
    assert {lack.category for lack in found_missing} <= {FACTUR_X}


def test_the_clients_setting_goes_before_the_companys():
    assert [is_wanted(False, each) for each in ("company", "always", "never")] == [False, True, False]
    assert [is_wanted(True, each) for each in ("company", "always", "never")] == [True, True, False]


def said(name: str, path: str) -> Any:
    return etree.fromstring(cross_industry_invoice(DOCUMENTS[name])).findall(path, NAMESPACES)


def found(element: Any, path: str) -> Any:
    child = element.find(f".//{path}", NAMESPACES)
    assert child is not None
    return child


def text_of(element: Any, path: str) -> Any:
    return found(element, path).text
