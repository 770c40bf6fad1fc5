"""What more hours cost a client at most (docs/billing.md rule 14). Pure."""

from decimal import Decimal
from fractions import Fraction

from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.money import Money
from helpdesk.retainers.domain.terms import OverageBasis, Terms


def most_it_costs(terms: Terms, seconds: int, currency: str) -> Money | None:
    """Return what ``seconds`` of burn beyond the cap come to at most; None where the terms name no price of an hour.

    Work with a factor below 1 takes fewer hours from the cap than it bills on basis worked: 5 h at 0.5 and 120.00 an
    hour are 10 h of work, 1,200.00. A factor above 1 makes it less, never more. Lines are rounded one by one, each by
    less than a cent, and this is the sum before that.
    """
    if terms.overage_rate is None:
        return None
    factors = [each.factor for each in terms.multipliers if each.factor > 0]
    if terms.after_hours and terms.after_hours.factor > 0:
        factors.append(terms.after_hours.factor)
    slowest = min([Decimal(1), *factors]) if terms.overage_basis is OverageBasis.WORKED else Decimal(1)
    return Money.rounded(Fraction(terms.overage_rate) * seconds / HOUR / Fraction(slowest), currency)
