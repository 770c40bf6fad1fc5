"""Whether a document becomes an electronic invoice, and what EN 16931 then demands to be known (billing.md rule 22)."""

from collections.abc import Collection, Mapping
from typing import Any

from helpdesk.invoicing.domain.lacking import OURS, THEIRS, Lack
from helpdesk.kernel.money import exponent_of

FACTUR_X = "factur-x"
"""What a document that is one says in its field ``einvoice``; as the category of a lack: that Factur-X needs it."""
MOST_DECIMALS = 2


def is_wanted(by_company: bool, by_client: str) -> bool:  # noqa: FBT001 - the company's switch
    """Return whether documents for a client are electronic: the client's own setting goes before the company's."""
    return by_client == "always" or (by_client == "company" and by_company)


def is_factur_x(document: Mapping[str, Any]) -> bool:
    """Return whether a document was issued as an electronic invoice."""
    return document.get("einvoice") == FACTUR_X


def einvoice_lacks(
    seller: Mapping[str, str], buyer: Mapping[str, str], categories: Collection[str], currency: str
) -> list[Lack]:
    """Return what is missing for EN 16931, ours first; both sides are given by the names of their fields.

    Countries are BR-9 and BR-11, our number BR-S-2 and the like, or BR-CO-26 where the numbers of taxes are not said;
    amounts have at most two decimals (BR-DEC), and what is not subject to tax stands alone (BR-O-11).
    """
    ours = ["country"] if not _has(seller, "country") else []
    if "O" in categories and not _has(seller, "registration", "tax_number"):
        ours.append("registration")
    if "O" not in categories and not _has(seller, "vat_id", "tax_number"):
        ours.append("vat_id")
    theirs = ["country"] if not _has(buyer, "country") else []
    theirs += ["tax_category"] if "O" in categories and len(set(categories)) > 1 else []
    theirs += ["currency"] if exponent_of(currency) > MOST_DECIMALS else []
    return [Lack(OURS, name, FACTUR_X) for name in ours] + [Lack(THEIRS, name, FACTUR_X) for name in theirs]


def _has(side: Mapping[str, str], *names: str) -> bool:
    return any(side.get(name, "").strip() for name in names)
