"""What an invoice still lacks before it can be issued (docs/billing.md rule 20)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

OURS, THEIRS = "seller", "buyer"
_NEEDS_VAT_IDS = {"AE": (OURS, THEIRS), "K": (OURS, THEIRS), "G": (OURS,)}
"""BR-AE-2, BR-IC-2, BR-G-2."""


@dataclass(frozen=True, slots=True)
class Lack:
    """A field that is empty at one of the sides, and the tax category that needs it ("" where all invoices do)."""

    side: str
    field: str
    category: str = ""


def lacks(seller: Mapping[str, str], buyer: Mapping[str, str], categories: Collection[str]) -> list[Lack]:
    """Return every field that is missing, ours first; both sides are given by the names of their fields.

    Every invoice names both sides with address and country, and our VAT ID or tax number.
    """
    sides = {OURS: seller, THEIRS: buyer}
    found = {
        (side, name): Lack(side, name)
        for side, values in sides.items()
        for name in ("address", "country")
        if not values.get(name, "").strip()
    }
    if not any(seller.get(name, "").strip() for name in ("vat_id", "tax_number")):
        found[OURS, "tax_number"] = Lack(OURS, "tax_number")
    for category in sorted(set(categories) & set(_NEEDS_VAT_IDS)):
        for side in _NEEDS_VAT_IDS[category]:
            if not sides[side].get("vat_id", "").strip():
                found.setdefault((side, "vat_id"), Lack(side, "vat_id", category))
    return sorted(found.values(), key=lambda lack: lack.side != OURS)
