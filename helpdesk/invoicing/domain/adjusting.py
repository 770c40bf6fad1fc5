"""Discounts and surcharges: percents and amounts over lines of several taxes, to the minor unit (rule 20)."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money

T = TypeVar("T")
MOST_DISCOUNT = Decimal(100)
MOST_SURCHARGE = Decimal(1000)


def percent_of(base: Money, percent: Decimal) -> Money:
    """Return so many percent of an amount, half up: 10 % of 99.99 -> 10.00, -2.5 % of 33.33 -> -0.83."""
    return base.times(Fraction(percent) / 100)


def check_adjusting_percent(percent: Decimal, *, is_discount: bool) -> Decimal:
    """Return the percent with its sign: below zero for a discount.

    Raises:
        RuleViolation: nothing, below zero, or more than there is to take off (a surcharge: more than tenfold).
    """
    most = MOST_DISCOUNT if is_discount else MOST_SURCHARGE
    if not 0 < percent <= most:
        message = f"{percent} % is none that can be; write more than 0 and at most {most}."
        raise RuleViolation(message, field="percent")
    return -percent if is_discount else percent


def spread_over(amount: Money, bases: Mapping[T, Money]) -> dict[T, Money]:
    """Share an amount out in proportion to the bases, in whole minor units; what is left over goes to the largest rest.

    10.00 over 100.00 at 19 % and 50.00 at 7 % is 6.67 and 3.33. Parts of nothing are left out.

    Raises:
        RuleViolation: the bases add up to nothing.
    """
    whole = sum(base.minor for base in bases.values())
    if whole <= 0:
        message = "There is nothing to take it from: these lines come to zero."
        raise RuleViolation(message)
    exact = {key: Fraction(abs(amount.minor) * base.minor, whole) for key, base in bases.items()}
    parts = {key: int(share) for key, share in exact.items()}
    left = abs(amount.minor) - sum(parts.values())
    for key in sorted(exact, key=lambda each: parts[each] - exact[each])[:left]:
        parts[key] += 1
    sign = -1 if amount.minor < 0 else 1
    return {key: Money(sign * part, amount.currency) for key, part in parts.items() if part}
