"""Who sells and who buys, as EN 16931 wants to know it (BG-4, BG-7)."""

import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from helpdesk.invoicing.domain.einvoice.tree import maybe, node

_TOWN = re.compile(r"(?:[A-Z]{1,3}[- ])?(?P<postcode>\d{4,5}|\d{3} \d{2}|\d{4} [A-Z]{2}) +(?P<city>\D.*)")
_LINES = ("LineOne", "LineTwo", "LineThree")

Side = Mapping[str, str]


def seller(side: Side, *, says_tax: bool) -> Element:
    """Return our own side; what is not subject to tax is invoiced without a VAT ID (BR-O-2).

    One of our numbers has to identify us (BR-CO-26): where there is no other, the one of the tax office.
    """
    is_named = side["registration"].strip() or (says_tax and side["vat_id"].strip())
    return node(
        "SellerTradeParty",
        None if is_named else maybe("ID", side["tax_number"]),
        node("Name", side["legal_name"] or side["name"]),
        _organization(side, side["registration"]),
        _address(side),
        _mail(side["email"]),
        _numbers(side, "VA", "vat_id") if says_tax else None,
        _numbers(side, "FC", "tax_number"),
    )


def buyer(side: Side, *, says_tax: bool) -> Element:
    """Return the side of the client."""
    return node(
        "BuyerTradeParty",
        maybe("ID", side["customer_number"]),
        node("Name", side["legal_name"] or side["name"]),
        _address(side),
        _numbers(side, "VA", "vat_id") if says_tax else None,
    )


def place_of_delivery(side: Side) -> Element:
    """Return where a supply within the EU goes to (BR-IC-12)."""
    return node("ShipToTradeParty", _address(side))


def _organization(side: Side, registration: str) -> Element | None:
    trades_as = side["name"] if side["legal_name"] and side["legal_name"] != side["name"] else ""
    if not registration.strip() and not trades_as:
        return None
    return node("SpecifiedLegalOrganization", maybe("ID", registration), maybe("TradingBusinessName", trades_as))


def _address(side: Side) -> Element:
    lines = [line.strip() for line in side["address"].splitlines() if line.strip()]
    town = next((found for found in map(_TOWN.fullmatch, lines) if found), None)
    others = [line for line in lines if town is None or line != town[0]]
    return node(
        "PostalTradeAddress",
        maybe("PostcodeCode", town["postcode"] if town else ""),
        _lines(others),
        maybe("CityName", town["city"] if town else ""),
        node("CountryID", side["country"]),
    )


def _lines(lines: list[str]) -> Iterator[Element]:
    """Yield at most three lines; what is more goes to the last one."""
    shown = [*lines[:2], ", ".join(lines[2:])] if len(lines) > len(_LINES) else lines
    for name, line in zip(_LINES, shown, strict=False):
        yield node(name, line)


def _mail(address: str) -> Element | None:
    found = maybe("URIID", address, schemeID="EM")
    return None if found is None else node("URIUniversalCommunication", found)


def _numbers(side: Side, scheme: str, name: str) -> Element | None:
    number = "".join(side.get(name, "").split()) if scheme == "VA" else side.get(name, "")
    found = maybe("ID", number, schemeID=scheme)
    return None if found is None else node("SpecifiedTaxRegistration", found)
