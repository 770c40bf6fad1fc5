"""Interest on what is paid late, reckoned by hand and by any history (docs/billing.md rule M2)."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.invoicing.domain.late import Stretch, formula, interest, stretches

START = date(2026, 12, 1)


def day(number: int) -> date:
    return START + timedelta(number)


def test_interest_is_the_open_amount_by_percent_and_days():
    assert interest([Stretch(11900, 16)], yearly_percent=Decimal(9)) == 47  # 46.95
    assert interest([Stretch(11900, 16)], yearly_percent=Decimal(9), share=Fraction(100, 119)) == 39  # 39.45
    assert interest([Stretch(36500, 1)], yearly_percent=Decimal("0.5")) == 1  # exactly half a cent, up
    assert interest([], yearly_percent=Decimal(9)) == 0


def test_what_is_paid_in_part_bears_interest_for_the_rest_from_that_day():
    parts = stretches([(day(-14), 11900), (day(10), -10000), (day(20), -1900)], first=day(0), until=day(30))

    assert parts == [Stretch(11900, 10), Stretch(1900, 10)]
    said = formula(parts, yearly_percent=Decimal("9.0"), decimals=2)
    assert said == "119.00 × 9 % × 10 / 365 + 19.00 × 9 % × 10 / 365"
    assert formula([Stretch(11900, 1)], yearly_percent=Decimal(9), decimals=2, share=(10000, 11900)) == (
        "119.00 × 100.00 / 119.00 × 9 % × 1 / 365"
    )


@given(
    changes=st.lists(st.tuples(st.integers(-5, 40), st.integers(-500, 1000)), max_size=8),
    cut=st.integers(0, 30),
)
def test_stretches_say_what_was_open_on_every_day_and_can_be_cut_anywhere(changes, cut):
    dated = [(day(at), minor) for at, minor in changes]
    opens = [max(sum(minor for at, minor in changes if at <= number), 0) for number in range(30)]

    whole = stretches(dated, first=day(0), until=day(30))
    cut_up = [*stretches(dated, first=day(0), until=day(cut)), *stretches(dated, first=day(cut), until=day(30))]

    assert sum(part.open_minor * part.days for part in whole) == sum(opens)
    assert sum(part.open_minor * part.days for part in cut_up) == sum(opens)
    assert sum(part.days for part in whole) == sum(amount > 0 for amount in opens)
