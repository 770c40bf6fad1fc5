"""Tax categories of EN 16931 (UNTDID 5305): what kind of tax an amount has (docs/billing.md rule 20)."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import parse_decimal


class TaxCategory(StrEnum):
    """Why an amount is taxed as it is; all but ``S`` have 0 percent."""

    STANDARD = "S"  # a standard or a reduced rate
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"
    OUTSIDE_SCOPE = "O"


TAX_CATEGORIES = tuple(category.value for category in TaxCategory)
EXPLAINED = frozenset(TAX_CATEGORIES) - {"S", "Z"}
"""Those of which an invoice has to say why there is no tax (BR-E-10, BR-AE-10, BR-IC-10, BR-G-10, BR-O-10)."""


ROUNDINGS = ("sum", "line")
"""Whether tax is rounded once for each rate, on the sum of its lines, or on each of them."""
PRICE_BASES = ("net", "gross")
"""Whether tax comes on top of prices, or is in them."""


@dataclass(frozen=True, slots=True)
class TaxMode:
    """How tax is taken: on the sum of a group or on each of its lines, and on top of the amounts or out of them."""

    per_line: bool = False
    included: bool = False


def mode_of(*, rounding: str, basis: str) -> TaxMode:
    """Return how tax is taken, of one of `ROUNDINGS` and one of `PRICE_BASES`."""
    return TaxMode(per_line=rounding == "line", included=basis == "gross")


def check_mode(*, rounding: str, basis: str, more: tuple[str, ...] = ()) -> None:
    """Refuse what is no way to take tax; ``more`` are words that are allowed beside the known ones.

    Raises:
        RuleViolation: an unknown word; it names the field ``tax_rounding`` or ``price_basis``.
    """
    for at, said, known in (("tax_rounding", rounding, ROUNDINGS), ("price_basis", basis, PRICE_BASES)):
        if said not in (*more, *known):
            message = f"{said!r} is not offered here; there are {', '.join((*more, *known))}."
            raise RuleViolation(message, field=at)


def category_of(category: str, percent: str) -> str:
    """Return the category that an amount has: a standard rate of 0 percent is the zero rate."""
    return TaxCategory.ZERO.value if category == "S" and not Decimal(percent) else category


def check_tax(category: str, percent: str, reason: str) -> None:
    """Refuse what no invoice may say of its tax.

    Raises:
        RuleViolation: an unknown category, a percentage where there is no tax, or an exemption that says no reason.
    """
    if category not in TAX_CATEGORIES:
        message = f"{category!r} is no tax category; there are {', '.join(TAX_CATEGORIES)}."
        raise RuleViolation(message, field="tax_category")
    if category != "S" and parse_decimal(percent):
        message = "This kind of tax has 0 percent. Write 0, or choose the standard or reduced rate."
        raise RuleViolation(message, field="tax_percent")
    if category == "E" and not reason.strip():
        message = "Say why there is no tax, as the law words it; the invoice has to print it."
        raise RuleViolation(message, field="tax_reason")
