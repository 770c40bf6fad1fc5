"""Net, tax and total of a document (docs/billing.md rule 20)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Self

from helpdesk.kernel.money import Money
from helpdesk.kernel.taxes import TaxMode


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

    @classmethod
    def of(cls, groups: tuple[TaxGroup, ...], currency: str) -> Self:
        """Return what the groups come to."""
        net = sum((group.net for group in groups), Money.zero(currency))
        tax = sum((group.tax for group in groups), Money.zero(currency))
        return cls(net, tax, net + tax, groups)

    def __neg__(self) -> Self:
        """Return the same with the opposite sign: a credit note in the books and on paper."""
        groups = tuple(TaxGroup(group.rate, -group.net, -group.tax) for group in self.groups)
        return type(self)(-self.net, -self.tax, -self.total, groups)


ON_TOP = TaxMode()


def total_up(amounts: Iterable[tuple[Money, TaxRate]], currency: str, mode: TaxMode = ON_TOP) -> Totals:
    """Return the totals of line amounts with their tax rates; tax is rounded half up once a group, or once a line.

    100.00 at 19 % -> 19.00; 3 x 33.33 at 19 % -> tax on 99.99, 19.00; 140.00 at 9.975 % -> 13.97. By line
    3 x 33.33 -> 3 x 6.33, 18.99. With tax in them the amounts stay the total: 3 x 33.33 -> net 84.03, tax 15.96.
    """
    lines: dict[TaxRate, list[Money]] = defaultdict(list)
    for amount, rate in amounts:
        lines[rate].append(amount)
    groups = tuple(_group(rate, lines[rate], currency, mode) for rate in sorted(lines))
    return Totals.of(groups, currency)


def line_nets(amounts: Sequence[tuple[Money, TaxRate]], currency: str, mode: TaxMode) -> list[Money]:
    """Return the net of each line; those of a group add up to its net, what rounding leaves goes to the largest lines.

    Lines of 3 x 100.00 with 19 % in them have 84.04, 84.03 and 84.03: together 252.10.
    """
    if not mode.included:
        return [amount for amount, _rate in amounts]
    nets = [amount.times(1 / (1 + _factor(rate))) for amount, rate in amounts]
    if not mode.per_line:
        for group in total_up(amounts, currency, mode).groups:
            places = [place for place, (_amount, rate) in enumerate(amounts) if rate == group.rate]
            places.sort(key=lambda place: -abs(nets[place].minor))
            rest = group.net.minor - sum(nets[place].minor for place in places)
            for place in places[: abs(rest)]:
                nets[place] += Money(1 if rest > 0 else -1, currency)
    return nets


def rest_of(whole: Iterable[TaxGroup], taken: Iterable[TaxGroup], currency: str) -> dict[TaxRate, TaxGroup]:
    """Return what is left of the groups of a document when those of others are taken from it."""
    left = {group.rate: group for group in whole}
    for group in taken:
        there = left.get(group.rate, TaxGroup(group.rate, Money.zero(currency), Money.zero(currency)))
        left[group.rate] = TaxGroup(group.rate, there.net - group.net, there.tax - group.tax)
    return left


def take_rest(totals: Totals, left: Mapping[TaxRate, TaxGroup], mode: TaxMode, *, is_last: bool) -> Totals:
    """Return the totals of a credit note that never takes back more tax than is left, and as the last one all of it.

    So the credit notes of an invoice are together the invoice, group by group, to the cent. All figures are positive.
    """
    currency, here = totals.net.currency, {group.rate: group for group in totals.groups}
    if is_last:
        rates = set(here) | {rate for rate, group in left.items() if group.net or group.tax}
        return Totals.of(tuple(left.get(rate) or here[rate] for rate in sorted(rates)), currency)
    return Totals.of(tuple(_at_most(group, left.get(group.rate), mode) for group in totals.groups), currency)


def _at_most(group: TaxGroup, left: TaxGroup | None, mode: TaxMode) -> TaxGroup:
    if left is None or not Money.zero(group.tax.currency) <= left.tax <= group.tax:
        return group
    return TaxGroup(group.rate, group.net + group.tax - left.tax if mode.included else group.net, left.tax)


def _group(rate: TaxRate, amounts: Sequence[Money], currency: str, mode: TaxMode) -> TaxGroup:
    together, factor = sum(amounts, Money.zero(currency)), _factor(rate)
    rounded = amounts if mode.per_line else [together]
    if mode.included:
        net = sum((each.times(1 / (1 + factor)) for each in rounded), Money.zero(currency))
        return TaxGroup(rate, net, together - net)
    return TaxGroup(rate, together, sum((each.times(factor) for each in rounded), Money.zero(currency)))


def _factor(rate: TaxRate) -> Fraction:
    return Fraction(rate.percent) / 100
