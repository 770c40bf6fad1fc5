from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import (
    Money,
    check_currency,
    exponent_of,
    format_money,
    format_price,
    parse_decimal,
    plain,
    round_half_up,
)


@pytest.mark.parametrize(
    ("value", "whole"),
    [("2.5", 3), ("2.4", 2), ("-2.5", -3), ("-2.4", -2), ("0.5", 1), ("-0.5", -1), ("0", 0), ("3", 3)],
)
def test_a_tie_goes_away_from_zero(value, whole):
    assert round_half_up(Decimal(value)) == whole


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=12))
def test_a_credit_is_rounded_as_the_mirror_of_its_invoice(amount):
    assert Money.rounded(-amount, "EUR") == -Money.rounded(amount, "EUR")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=12))
def test_rounding_moves_an_amount_by_at_most_half_a_unit(amount):
    moved = abs(Decimal(round_half_up(amount)) - amount)

    assert moved <= Decimal("0.5")


@pytest.mark.parametrize(("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("HUF", 2)])
def test_a_currency_has_the_decimals_of_iso_4217(currency, decimals):
    assert exponent_of(currency) == decimals


@pytest.mark.parametrize("code", ["eur", "EURO", "ABC", "", "EU", "E R", "€"])
def test_what_is_no_currency_is_refused(code):
    with pytest.raises(RuleViolation, match="ISO 4217"):
        check_currency(code)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("1234.5", "EUR", 123450), ("-3", "EUR", -300), ("1500", "JPY", 1500), ("1.234", "KWD", 1234)],
)
def test_a_plain_decimal_is_read_exactly(text, currency, minor):
    assert Money.parse(text, currency).minor == minor


@pytest.mark.parametrize("text", ["1,50", "1e3", "NaN", "", " 1", "1.", ".5", "+1", "1\n", "1.12345678901", "١"])
def test_what_is_no_plain_decimal_is_refused(text):
    with pytest.raises(RuleViolation, match="plain decimal"):
        parse_decimal(text)


def test_an_amount_finer_than_its_currency_is_refused():
    with pytest.raises(RuleViolation, match="finer than JPY"):
        Money.parse("10.5", "JPY")


@given(st.integers(-(10**30), 10**30), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_an_amount_is_written_with_exactly_its_decimals_and_read_back(minor, currency):
    money = Money(minor, currency)

    assert Money.rounded(Decimal(str(money)), currency) == money
    assert len(str(money).partition(".")[2]) == exponent_of(currency)


def test_amounts_of_two_currencies_do_not_meet():
    with pytest.raises(RuleViolation, match="EUR and USD"):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(RuleViolation, match="EUR and USD"):
        _ = Money(1, "EUR") < Money(1, "USD")


def test_amounts_of_one_currency_add_subtract_and_compare():
    assert Money(150, "EUR") + Money(50, "EUR") - Money(1, "EUR") == Money(199, "EUR")
    assert Money(1, "EUR") < Money(2, "EUR") <= Money(2, "EUR")
    assert not Money.zero("EUR")


def test_a_tax_of_9_975_percent_on_140_is_13_97():
    assert Money.parse("140.00", "CAD").times(Decimal("0.09975")) == Money(1397, "CAD")


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [("100", "EUR", "100.00"), ("0.1250", "EUR", "0.125"), ("90.0", "JPY", "90"), ("90.5", "JPY", "90.5")],
)
def test_a_price_has_at_least_the_decimals_of_its_currency(amount, currency, shown):
    assert format_price(Decimal(amount), currency) == shown


def test_plain_rounds_and_pads():
    assert plain(Decimal("1234.565"), decimals=2) == "1234.57"
    assert plain(Decimal("-0.004"), decimals=2) == "0.00"
    assert plain(Decimal("-0.05"), decimals=1) == "-0.1"


@pytest.mark.parametrize(
    ("money", "locale", "shown"),
    [
        (Money(123450, "EUR"), "en", "€1,234.50"),
        (Money(123450, "EUR"), "de", "1.234,50\N{NO-BREAK SPACE}€"),
        (Money(1500, "JPY"), "en", "¥1,500"),
        (Money(-1234567, "KWD"), "en", "-KWD\N{NO-BREAK SPACE}1,234.567"),
        (Money(123450, "HUF"), "de", "1.234,50\N{NO-BREAK SPACE}HUF"),
    ],
)
def test_people_see_the_amount_as_their_language_writes_it(money, locale, shown):
    assert format_money(money, locale) == shown
