"""What a credit note takes back of a line, to the cent (docs/billing.md rule 17)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.invoicing.domain.crediting import Billed, credit_amount, credit_seconds, credit_whole
from helpdesk.kernel.durations import to_minutes
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.rates.domain import amount_for


def euros(text):
    return Money.parse(text, "EUR")


def hour_at_100(**more):
    """An hour at 100.00, of which nothing is credited yet."""
    fresh = Billed(Decimal(60), Decimal("100.00"), euros("100.00"), Decimal(0), euros("0"))
    return replace(fresh, **more)


def test_seconds_are_credited_at_their_price():
    (part,) = credit_seconds(hour_at_100(), 1200, is_rest=False)

    assert (part.minutes, part.unit_price, part.amount) == (Decimal(20), Decimal("100.00"), euros("33.33"))


def test_the_rest_takes_back_what_is_left_and_names_the_difference():
    rest, difference = credit_seconds(
        hour_at_100(credited_minutes=Decimal(40), credited=euros("66.66")), 1200, is_rest=True
    )

    assert (rest.minutes, rest.amount, rest.is_difference) == (Decimal(20), euros("33.33"), False)
    assert (difference.minutes, difference.amount, difference.is_difference) == (None, euros("0.01"), True)


def test_an_amount_that_was_given_before_comes_off_the_rest():
    rest, difference = credit_seconds(hour_at_100(credited=euros("30.00")), 3600, is_rest=True)

    assert (rest.amount, difference.amount) == (euros("100.00"), euros("-30.00"))


def test_seconds_never_cost_more_than_is_left():
    with pytest.raises(RuleViolation, match=r"only 20\.00 of the line is left"):
        credit_seconds(hour_at_100(credited=euros("80.00")), 1800, is_rest=False)


@pytest.mark.parametrize(
    ("text", "said"), [("0", "above zero"), ("-1", "no plain decimal|above zero"), ("100.01", r"Only 100\.00")]
)
def test_an_amount_is_above_zero_and_no_more_than_is_left(text, said):
    with pytest.raises(RuleViolation, match=said):
        credit_amount(hour_at_100(), euros(text))


def test_a_fee_is_credited_whole_as_far_as_it_is_left():
    fee = Billed(None, Decimal("1000.00"), euros("1000.00"), Decimal(0), euros("250.00"))

    assert credit_whole(fee).amount == euros("750.00")
    with pytest.raises(RuleViolation, match="above zero"):
        credit_whole(replace(fee, credited=euros("1000.00")))


@given(
    st.lists(st.integers(1, 100_000), min_size=1, max_size=8),
    st.decimals("0.01", "500", places=2),
    st.randoms(use_true_random=False),
)
def test_credits_of_all_entries_in_any_order_are_the_line(seconds, price, random):
    amount = amount_for(sum(seconds), price, "EUR")
    billed = Billed(to_minutes(sum(seconds)), price, amount, Decimal(0), euros("0"))
    random.shuffle(seconds)

    for place, each in enumerate(seconds):
        is_rest = place == len(seconds) - 1
        try:
            parts = credit_seconds(billed, each, is_rest=is_rest)
        except RuleViolation:
            assert not is_rest  # rounded up, it would cost more than the line has left
            continue
        for part in parts:
            exact = part.unit_price if part.minutes is None else part.unit_price * part.minutes / 60
            assert Money.rounded(exact, "EUR") == part.amount
            billed = replace(
                billed,
                credited=billed.credited + part.amount,
                credited_minutes=billed.credited_minutes + (part.minutes or 0),
            )

    assert billed.left == euros("0")
