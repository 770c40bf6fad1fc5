"""An issued document as a Cross Industry Invoice of the profile EN 16931 (docs/billing.md rule 22).

It is a function of the canonical JSON alone and says what that says: no amount is reckoned anew.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import Element

from helpdesk.invoicing.domain.einvoice import parties
from helpdesk.invoicing.domain.einvoice.tree import day, maybe, node, to_bytes
from helpdesk.kernel.money import plain

Document = dict[str, Any]

PROFILE = "urn:cen.eu:en16931:2017"
TYPES = {"invoice": "380", "credit_note": "381"}
MINUTE, PIECE, MINUTES_OF_A_PRICE = "MIN", "C62", "60"
PRICE_DECIMALS = 10
SEPA, TRANSFER = "58", "30"
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_REASON_CODES = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}


def cross_industry_invoice(document: Document) -> bytes:
    """Return the XML; the same document gives the same bytes."""
    return to_bytes(
        node(
            "rsm:CrossIndustryInvoice",
            node(
                "rsm:ExchangedDocumentContext", node("GuidelineSpecifiedDocumentContextParameter", node("ID", PROFILE))
            ),
            node(
                "rsm:ExchangedDocument",
                node("ID", document["number"]),
                node("TypeCode", TYPES[document["kind"]]),
                day("IssueDateTime", document["issued_on"]),
                [node("IncludedNote", maybe("Content", text)) for text in _notes(document)],
            ),
            node(
                "rsm:SupplyChainTradeTransaction",
                [_line(at, line) for at, line in enumerate(document["lines"], start=1)],
                _agreement(document),
                _delivery(document),
                _settlement(document),
            ),
        )
    )


def _notes(document: Document) -> Iterator[str]:
    """Yield why a credit note corrects, and our terms."""
    yield from filter(str.strip, (document.get("reason", ""), document["terms"]))


def _line(at: int, line: Document) -> Element:
    """Return a line: minutes at the price of sixty, or pieces; a discount is pieces less (BR-27)."""
    is_time, (price, total) = line["minutes"] is not None, _net_of(line)
    quantity = Decimal(line["minutes"] if is_time else line.get("quantity") or 1)
    if price < 0:
        price, quantity = -price, -quantity
    unit = MINUTE if is_time else PIECE
    basis = node("BasisQuantity", MINUTES_OF_A_PRICE, unitCode=MINUTE) if is_time else None
    name = " ".join(filter(None, (line["reference"], line["description"])))
    return node(
        "IncludedSupplyChainTradeLineItem",
        node("AssociatedDocumentLineDocument", node("LineID", str(at))),
        node("SpecifiedTradeProduct", node("Name", name or "-"), maybe("Description", line["detail"])),
        node(
            "SpecifiedLineTradeAgreement",
            node("NetPriceProductTradePrice", node("ChargeAmount", f"{price:f}"), basis),
        ),
        node("SpecifiedLineTradeDelivery", node("BilledQuantity", f"{quantity:f}", unitCode=unit)),
        node(
            "SpecifiedLineTradeSettlement",
            node(
                "ApplicableTradeTax",
                node("TypeCode", "VAT"),
                node("CategoryCode", line["tax_category"]),
                _percent(line["tax_category"], line["tax_percent"]),
            ),
            node("SpecifiedTradeSettlementLineMonetarySummation", node("LineTotalAmount", total)),
        ),
    )


def _net_of(line: Document) -> tuple[Decimal, str]:
    """Return price and amount of a line without tax; where prices have it in them, the price that gives the net."""
    price, amount = line["unit_price"], line["amount"]
    net = str(line.get("net_amount", amount))
    if net == amount:
        return Decimal(price), str(amount)
    exact = Fraction(Decimal(price)) * Fraction(Decimal(net)) / Fraction(Decimal(amount))
    return Decimal(plain(exact, decimals=PRICE_DECIMALS)).normalize(), net


def _percent(category: str, percent: str) -> Element | None:
    return None if category == "O" else node("RateApplicablePercent", percent)  # BR-O-5


def _agreement(document: Document) -> Element:
    order, says_tax = document["buyer"]["purchase_order"], _says_tax(document)
    named = maybe("IssuerAssignedID", order)
    return node(
        "ApplicableHeaderTradeAgreement",
        maybe("BuyerReference", order),
        parties.seller(document["seller"], says_tax=says_tax),
        parties.buyer(document["buyer"], says_tax=says_tax),
        None if named is None else node("BuyerOrderReferencedDocument", named),
    )


def _says_tax(document: Document) -> bool:
    return all(tax["category"] != "O" for tax in document["taxes"])


def _delivery(document: Document) -> Element:
    """Return when: on the last day of work, else the day of the invoice (BT-72); within the EU also where to."""
    is_within_eu = any(tax["category"] == "K" for tax in document["taxes"])
    last = document["period"]["to"] if document["period"] else document["issued_on"]
    return node(
        "ApplicableHeaderTradeDelivery",
        parties.place_of_delivery(document["buyer"]) if is_within_eu else None,
        node("ActualDeliverySupplyChainEvent", day("OccurrenceDateTime", last)),
    )


def _settlement(document: Document) -> Element:
    period, corrects = document["period"], document.get("corrects")
    return node(
        "ApplicableHeaderTradeSettlement",
        node("PaymentReference", document["number"]),
        node("InvoiceCurrencyCode", document["currency"]),
        _means(document["seller"]) if document["kind"] == "invoice" else None,
        [_tax(tax) for tax in document["taxes"]],
        period
        and node("BillingSpecifiedPeriod", day("StartDateTime", period["from"]), day("EndDateTime", period["to"])),
        node("SpecifiedTradePaymentTerms", day("DueDateDateTime", document["due_on"])),
        node(
            "SpecifiedTradeSettlementHeaderMonetarySummation",
            node("LineTotalAmount", document["net"]),
            node("TaxBasisTotalAmount", document["net"]),
            node("TaxTotalAmount", document["tax"], currencyID=document["currency"]),
            node("GrandTotalAmount", document["total"]),
            node("DuePayableAmount", document["total"]),
        ),
        corrects and _corrected(corrects),
    )


def _means(seller: Document) -> Element | None:
    """Return the account that we are paid on: by SEPA where it has an IBAN; without an account nothing."""
    account = "".join(seller["iban"].split()).upper()
    if not account:
        return None
    is_iban = bool(_IBAN.fullmatch(account))
    bank = maybe("BICID", "".join(seller["bic"].split()).upper()) if is_iban else None
    return node(
        "SpecifiedTradeSettlementPaymentMeans",
        node("TypeCode", SEPA if is_iban else TRANSFER),
        node(
            "PayeePartyCreditorFinancialAccount",
            node("IBANID" if is_iban else "ProprietaryID", account if is_iban else seller["iban"]),
        ),
        None if bank is None else node("PayeeSpecifiedCreditorFinancialInstitution", bank),
    )


def _tax(tax: Document) -> Element:
    return node(
        "ApplicableTradeTax",
        node("CalculatedAmount", tax["tax"]),
        node("TypeCode", "VAT"),
        maybe("ExemptionReason", tax["reason"]),
        node("BasisAmount", tax["net"]),
        node("CategoryCode", tax["category"]),
        maybe("ExemptionReasonCode", _REASON_CODES.get(tax["category"], "")),
        _percent(tax["category"], tax["percent"]),
    )


def _corrected(invoice: Document) -> Element:
    """Return which invoice a credit note corrects (BT-25, BT-26)."""
    written = node("qdt:DateTimeString", invoice["issued_on"].replace("-", ""), format="102")
    return node(
        "InvoiceReferencedDocument",
        node("IssuerAssignedID", invoice["number"]),
        node("FormattedIssueDateTime", written),
    )
