"""What an expense comes to: tax, distance, days abroad, currencies, markup. Pure (docs/billing.md rules E1 to E4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from helpdesk.kernel.money import Exact, Money

EXCHANGE_DAYS = 31
"""A rate of exchange that is older than this says nothing about the day."""


@dataclass(frozen=True, slots=True)
class Taxed:
    """An amount with its tax told apart: ``gross`` = ``net`` + ``tax``, to the minor unit."""

    net: Money
    tax: Money
    gross: Money


@dataclass(frozen=True, slots=True)
class RateStep:
    """What a kilometre, a mile or a day is worth from ``effective_on`` on; ``partial`` is a day that is not whole."""

    effective_on: date
    amount: Decimal
    partial: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ExchangeStep:
    """One unit of a currency is ``rate`` of the company's on ``effective_on``, as ``source`` says."""

    effective_on: date
    rate: Decimal
    source: str


def split_tax(typed: Money, percent: Exact, *, included: bool) -> Taxed:
    """Return the amount with its tax, half up to the minor unit (rule E2).

    119.00 with 19 % included -> 100.00 + 19.00; 100.00 with 19 % on top -> 100.00 + 19.00 as well.
    """
    share = Fraction(percent) / 100
    if included:
        tax = typed.times(share / (1 + share))
        return Taxed(typed - tax, tax, typed)
    tax = typed.times(share)
    return Taxed(typed, tax, typed + tax)


def mileage_amount(distance: Exact, rate: Exact, currency: str) -> Money:
    """Return what a distance comes to, half up once: 123.4 km at 0.30 EUR -> 37.02."""
    return Money.rounded(Fraction(distance) * Fraction(rate), currency)


def per_diem_amount(full_days: int, partial_days: int, step: RateStep, currency: str) -> Money:
    """Return what days away come to, half up once: 2 whole at 28 and 2 partial at 14 -> 84.00."""
    return Money.rounded(full_days * Fraction(step.amount) + partial_days * Fraction(step.partial), currency)


def step_on(steps: Iterable[RateStep], day: date) -> RateStep | None:
    """Return the latest step that had begun on ``day``; None where none had."""
    return max((step for step in steps if step.effective_on <= day), key=lambda step: step.effective_on, default=None)


def exchange_on(steps: Iterable[ExchangeStep], day: date) -> ExchangeStep | None:
    """Return the latest rate of ``day`` or of the `EXCHANGE_DAYS` before it; None where there is none (rule E3)."""
    oldest = day - timedelta(days=EXCHANGE_DAYS)
    known = (step for step in steps if oldest <= step.effective_on <= day)
    return max(known, key=lambda step: step.effective_on, default=None)


def convert(money: Money, rate: Exact, currency: str) -> Money:
    """Return the amount in another currency, half up: 1000 JPY at 0.0061 -> 6.10 EUR; 1.000 KWD at 3 -> 3.00 EUR."""
    return Money.rounded(Fraction(money.amount) * Fraction(rate), currency)


def billed_amount(net: Money, *, rate: Exact, markup_percent: Exact, currency: str) -> Money:
    """Return what the client pays before tax: exchanged and marked up in one step, rounded half up once (rule E4).

    100.00 USD at 0.92 with 10 % -> 101.20 EUR; 33.35 EUR with 10 % -> 36.69, for 36.685 is a tie.
    """
    return convert(net, Fraction(rate) * (1 + Fraction(markup_percent) / 100), currency)
