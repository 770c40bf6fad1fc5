"""Discounts and surcharges go back with the lines that they are of (docs/billing.md rule 20)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.invoicing.domain.adjusting import percent_of
from helpdesk.invoicing.domain.sharing import Adjusting, before, shares
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money

DISCOUNT = 99


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


def discount(left: int, **lines: int) -> Adjusting:
    """Return an adjusting line over lines 1, 2 … of which so much is left."""
    return Adjusting(DISCOUNT, frozenset(range(1, len(lines) + 1)), euros(left), euros(sum(lines.values())))


def test_a_share_goes_back_with_each_line_and_the_last_takes_the_rest():
    assert shares([discount(-1500, time=10000, cables=5000)], {1: euros(10000)}) == {DISCOUNT: euros(-1000)}
    assert shares([discount(-500, cables=5000)], {1: euros(5000)}) == {DISCOUNT: euros(-500)}
    assert shares([discount(-500, cables=5000)], {7: euros(5000)}) == {}


def test_more_than_was_paid_for_a_line_is_refused():
    with pytest.raises(RuleViolation, match=r"Only 45\.00 was paid"):
        before([discount(-500, cables=5000)], line_id=1, left=euros(5000), paid=euros(4501))


@given(
    amounts=st.lists(st.integers(1, 100_000), min_size=1, max_size=5),
    percent=st.integers(-100, 100).filter(bool),
    parts=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 100)), max_size=12),
)
def test_whatever_is_credited_in_whatever_order_comes_to_what_was_billed(amounts, percent, parts):
    left = {number: euros(minor) for number, minor in enumerate(amounts, start=1)}
    adjusting = whole = percent_of(euros(sum(amounts)), percent)
    paid_back = 0

    for turn, hundredths in [*parts, *((number, 100) for number in range(len(amounts)))]:
        number = turn % len(amounts) + 1
        taken = euros(left[number].minor * hundredths // 100)
        now = Adjusting(DISCOUNT, frozenset(left), adjusting, sum(left.values(), euros(0)))
        share = shares([now], {number: taken}).get(DISCOUNT, euros(0))
        adjusting, left[number] = adjusting - share, left[number] - taken
        paid_back += taken.minor + share.minor
        assert abs(share.minor) <= abs(whole.minor)
        assert abs(share.minor - taken.minor * percent / 100) <= len(parts) + 6  # in proportion, but for rounding

    assert adjusting == euros(0)
    assert paid_back == sum(amounts) + whole.minor


@given(line=st.integers(1, 100_000), others=st.integers(0, 100_000), percent=st.integers(-99, -1), data=st.data())
def test_an_amount_is_what_the_client_gets_back_to_the_cent(line, others, percent, data):
    adjusting = Adjusting(DISCOUNT, frozenset({1, 2}), percent_of(euros(line + others), percent), euros(line + others))
    worth = line + adjusting.share_of(euros(line))
    paid = euros(data.draw(st.integers(1, int(worth)) if worth >= 1 else st.just(0)))

    gross = before([adjusting], line_id=1, left=euros(line), paid=paid)

    given_back = gross + shares([adjusting], {1: gross}).get(DISCOUNT, euros(0)) if paid else paid
    assert abs(given_back.minor - paid.minor) <= (gross == adjusting.base_left)
    assert gross.minor <= line


@given(
    lines=st.lists(st.integers(2, 100_000), min_size=2, max_size=4),
    percent=st.integers(-95, -1),
    hundredths=st.lists(st.integers(1, 90), min_size=4, max_size=4),
)
def test_amounts_of_several_lines_in_one_note_are_together_what_the_client_gets_back(lines, percent, hundredths):
    """9.03 each of two lines of 33.33 with 10 % off are 18.06, not 18.05."""
    left = {number: euros(minor) for number, minor in enumerate(lines, start=1)}
    whole = euros(sum(lines))
    adjusting = [Adjusting(DISCOUNT, frozenset(left), percent_of(whole, percent), whole)]
    taken: dict[int, Money] = {}
    asked = 0

    for (number, of_line), part in zip(left.items(), hundredths, strict=False):
        paid = int((of_line.minor + adjusting[0].share_of(of_line)) * part / 100)
        if paid:
            taken[number] = before(adjusting, line_id=number, left=of_line, paid=euros(paid), taken=taken)
            asked += paid

    assert sum(each.minor for each in (*taken.values(), *shares(adjusting, taken).values())) == asked
