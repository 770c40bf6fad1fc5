from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.invoicing.domain.documents import canonical_json, format_number, sha256_of
from helpdesk.invoicing.domain.totals import TaxRate, total_up
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money

STANDARD = TaxRate("S", Decimal(19))
REDUCED = TaxRate("S", Decimal(7))


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def test_tax_is_taken_once_on_the_sum_of_a_group():
    totals = total_up([(eur("33.33"), STANDARD)] * 3 + [(eur("10.00"), REDUCED)], "EUR")

    assert [(each.rate, str(each.net), str(each.tax)) for each in totals.groups] == [
        (REDUCED, "10.00", "0.70"),
        (STANDARD, "99.99", "19.00"),
    ]
    assert (totals.net, totals.tax, totals.total) == (eur("109.99"), eur("19.70"), eur("129.69"))


def test_19_percent_of_100_are_19_and_9_975_percent_of_140_are_13_97():
    assert total_up([(eur("100.00"), STANDARD)], "EUR").tax == eur("19.00")
    assert total_up([(Money.parse("140.00", "CAD"), TaxRate("S", Decimal("9.975")))], "CAD").tax.minor == 1397


def test_no_lines_are_nothing():
    totals = total_up([], "EUR")

    assert (totals.net, totals.total, totals.groups) == (eur("0"), eur("0"), ())


@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.sampled_from([STANDARD, REDUCED]))), st.randoms())
def test_totals_add_up_in_any_order(minors, random):
    amounts = [(Money(minor, "EUR"), rate) for minor, rate in minors]

    totals = total_up(amounts, "EUR")

    assert totals.net.minor == sum(minor for minor, _ in minors)
    assert totals.total == totals.net + totals.tax
    assert total_up(random.sample(amounts, len(amounts)), "EUR") == totals


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("HO-{year}-{number:04}", "HO-2026-0007"),
        ("{number}", "7"),
        ("{year}{number:09}/A", "2026000000007/A"),
    ],
)
def test_a_pattern_makes_the_number(pattern, number):
    assert format_number(pattern, year=2026, number=7) == number


def test_a_number_longer_than_its_zeros_is_not_cut():
    assert format_number("{number:02}", year=2026, number=12345) == "12345"


@pytest.mark.parametrize(
    "pattern",
    [
        "HO-{year}",
        "",
        "{number}{number}",
        "{number!r}",
        "{number.__class__}",
        "{number:>9}",
        "{number}{x}",
        "{number}}",
        "{number}\n",
    ],
)
def test_a_pattern_that_makes_no_certain_number_is_refused(pattern):
    with pytest.raises(RuleViolation, match="no pattern of numbers"):
        format_number(pattern, year=2026, number=7)


def test_the_canonical_text_is_the_same_whatever_the_order_of_the_fields():
    text = canonical_json({"b": [1, None, True], "a": {"ü": "€"}})

    assert text == '{"a":{"ü":"€"},"b":[1,null,true]}'
    assert text == canonical_json({"a": {"ü": "€"}, "b": [1, None, True]})
    assert sha256_of(text) == "4c786ce293929b957b999685fe198df9ef13d9fb53603596f05f7a4ef8670c83"


@pytest.mark.parametrize("value", [1.5, {"a": float("nan")}, [Decimal(1)], {1: "a"}, {"a": (1,)}])
def test_what_has_no_exact_form_is_refused(value):
    with pytest.raises(RuleViolation):
        canonical_json(value)
