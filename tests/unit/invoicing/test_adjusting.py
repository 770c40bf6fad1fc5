"""Discounts and surcharges, to the cent (docs/billing.md rule 20)."""

from decimal import Decimal

import pytest

from helpdesk.invoicing.domain.adjusting import check_adjusting_percent, percent_of, spread_over
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def test_a_percent_is_rounded_half_up_and_a_discount_mirrors_a_surcharge():
    assert percent_of(eur("99.99"), Decimal(10)) == eur("10.00")
    assert percent_of(eur("33.33"), Decimal("2.5")) == eur("0.83")
    assert percent_of(eur("0.05"), Decimal(-10)) == eur("-0.01")


def test_an_amount_is_shared_out_to_the_cent():
    assert spread_over(eur("10.00"), {"19": eur("100.00"), "7": eur("50.00")}) == {"19": eur("6.67"), "7": eur("3.33")}
    assert spread_over(eur("-0.01"), {"19": eur("1.00"), "7": eur("1.00")}) == {"19": eur("-0.01")}


@pytest.mark.parametrize("cents", [1, 2, 99, 1001, 333_333])
def test_the_parts_are_the_whole_whatever_the_amount(cents):
    parts = spread_over(Money(cents, "EUR"), {1: eur("33.33"), 2: eur("0.01"), 3: eur("66.67")})

    assert sum(part.minor for part in parts.values()) == cents


def test_nothing_can_be_taken_from_nothing():
    with pytest.raises(RuleViolation, match="come to zero"):
        spread_over(eur("1.00"), {"19": eur("0.00")})


def test_a_discount_is_at_most_everything():
    assert check_adjusting_percent(Decimal(100), is_discount=True) == -100
    assert check_adjusting_percent(Decimal(150), is_discount=False) == 150
    for percent in ("0", "-3", "100.5"):
        with pytest.raises(RuleViolation):
            check_adjusting_percent(Decimal(percent), is_discount=True)
