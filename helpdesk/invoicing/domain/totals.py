"""Net, tax and total of a document (docs/billing.md rule 20)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from helpdesk.kernel.money import Money


@dataclass(frozen=True, order=True, slots=True)
class TaxRate:
    """A tax category of EN 16931 (``S`` standard, ``Z`` zero, ``E`` exempt, ``AE`` reverse charge) and its percent."""

    category: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """The lines of one tax rate: the sum of their rounded amounts, and the tax on that sum."""

    rate: TaxRate
    net: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class Totals:
    """Net is the sum of the rounded lines, tax the sum of the groups, total both (EN 16931 BR-CO-10, -15, -17)."""

    net: Money
    tax: Money
    total: Money
    groups: tuple[TaxGroup, ...]


def total_up(amounts: Iterable[tuple[Money, TaxRate]], currency: str) -> Totals:
    """Return the totals of line amounts with their tax rates; tax is rounded half up once a group.

    100.00 at 19 % -> 19.00; 3 x 33.33 at 19 % -> tax on 99.99, 19.00; 140.00 at 9.975 % -> 13.97.
    """
    nets: dict[TaxRate, Money] = defaultdict(lambda: Money.zero(currency))
    for amount, rate in amounts:
        nets[rate] += amount
    groups = tuple(TaxGroup(rate, nets[rate], nets[rate].times(_factor(rate))) for rate in sorted(nets))
    net = sum((group.net for group in groups), Money.zero(currency))
    tax = sum((group.tax for group in groups), Money.zero(currency))
    return Totals(net, tax, net + tax, groups)


def _factor(rate: TaxRate) -> Fraction:
    return Fraction(rate.percent) / 100
