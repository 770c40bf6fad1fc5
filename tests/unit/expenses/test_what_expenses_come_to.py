"""Worked examples of tax, distances, days, currencies and markup (docs/billing.md rules E1 to E4)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.expenses.domain.amounts import (
    ExchangeStep,
    RateStep,
    billed_amount,
    convert,
    exchange_on,
    mileage_amount,
    per_diem_amount,
    split_tax,
    step_on,
)
from helpdesk.expenses.domain.facts import Facts, FieldRefused, check_facts, read_amount, read_number, read_percent
from helpdesk.kernel.money import Money

AUSTRIA = [
    RateStep(date(2025, 1, 1), Decimal("26.40"), Decimal("13.20")),
    RateStep(date(2026, 1, 1), Decimal(30), Decimal(15)),
]


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


@pytest.mark.parametrize(
    ("typed", "percent", "included", "net", "tax", "gross"),
    [
        ("119.00", "19", True, "100.00", "19.00", "119.00"),
        ("100.00", "19", False, "100.00", "19.00", "119.00"),
        ("10.00", "7", True, "9.35", "0.65", "10.00"),
        ("0.05", "19", True, "0.04", "0.01", "0.05"),
        ("12.50", "0", True, "12.50", "0.00", "12.50"),
        ("33.33", "8.1", False, "33.33", "2.70", "36.03"),
    ],
)
def test_tax_is_told_apart_whether_it_is_in_the_amount_or_on_top(typed, percent, included, net, tax, gross):
    taxed = split_tax(eur(typed), Decimal(percent), included=included)

    assert (str(taxed.net), str(taxed.tax), str(taxed.gross)) == (net, tax, gross)


@given(
    minor=st.integers(0, 10**9),
    percent=st.decimals(0, 100, places=3, allow_nan=False),
    included=st.booleans(),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_net_and_tax_always_make_the_gross(minor, percent, included, currency):
    typed = Money(minor, currency)

    taxed = split_tax(typed, percent, included=included)

    assert taxed.net + taxed.tax == taxed.gross
    assert typed == (taxed.gross if included else taxed.net)
    assert Money.zero(currency) <= taxed.tax <= taxed.gross


@pytest.mark.parametrize(
    ("distance", "rate", "currency", "amount"),
    [
        ("240", "0.30", "EUR", "72.00"),
        ("123.4", "0.30", "EUR", "37.02"),
        ("100.5", "0.45", "GBP", "45.23"),  # 45.225 is a tie
        ("87", "0.725", "USD", "63.08"),  # 63.075 is a tie
        ("13", "37.5", "JPY", "488"),  # 487.5 is a tie
        ("1", "0.0005", "KWD", "0.001"),
    ],
)
def test_a_distance_is_worth_its_rate_rounded_half_up_once(distance, rate, currency, amount):
    assert str(mileage_amount(Decimal(distance), Decimal(rate), currency)) == amount


@pytest.mark.parametrize(
    ("full", "partial", "step", "amount"),
    [
        (2, 2, RateStep(date(2026, 1, 1), Decimal(28), Decimal(14)), "84.00"),
        (0, 1, RateStep(date(2026, 1, 1), Decimal(28), Decimal(14)), "14.00"),
        (3, 0, RateStep(date(2026, 1, 1), Decimal("26.40"), Decimal("13.20")), "79.20"),
        (1, 1, RateStep(date(2026, 1, 1), Decimal("10.005"), Decimal("0.001")), "10.01"),
    ],
)
def test_whole_and_partial_days_are_worth_what_the_table_says(full, partial, step, amount):
    assert str(per_diem_amount(full, partial, step, "EUR")) == amount


@pytest.mark.parametrize(
    ("day", "amount"), [("2024-12-31", None), ("2025-01-01", "26.40"), ("2025-12-31", "26.40"), ("2026-07-01", "30")]
)
def test_a_table_pays_what_had_begun_on_the_day(day, amount):
    found = step_on(AUSTRIA, date.fromisoformat(day))

    assert (found and str(found.amount)) == amount


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        ("2026-10-31", None),
        ("2026-11-01", "0.92"),
        ("2026-11-09", "0.92"),
        ("2026-11-10", "0.93"),
        ("2026-12-12", None),
    ],
)
def test_a_rate_of_exchange_counts_for_its_day_and_the_31_after_it(day, rate):
    steps = [ExchangeStep(date(2026, 11, n), Decimal(at), "ECB") for n, at in ((1, "0.92"), (10, "0.93"))]

    found = exchange_on(steps, date.fromisoformat(day))

    assert (found and str(found.rate)) == rate


@pytest.mark.parametrize(
    ("amount", "currency", "rate", "own", "worth"),
    [
        ("100.00", "USD", "0.92", "EUR", "92.00"),
        ("1000", "JPY", "0.0061", "EUR", "6.10"),
        ("1.000", "KWD", "3.0015", "EUR", "3.00"),
        ("0.005", "KWD", "1", "EUR", "0.01"),
        ("10.00", "EUR", "162.45", "JPY", "1625"),  # 1624.5 is a tie
        ("3.00", "EUR", "0.3331", "KWD", "0.999"),
    ],
)
def test_currencies_keep_their_decimals_when_exchanged(amount, currency, rate, own, worth):
    assert str(convert(Money.parse(amount, currency), Decimal(rate), own)) == worth


@pytest.mark.parametrize(
    ("net", "rate", "markup", "currency", "billed"),
    [
        ("100.00", "1", "0", "EUR", "100.00"),
        ("100.00", "1", "10", "EUR", "110.00"),
        ("33.35", "1", "10", "EUR", "36.69"),  # 36.685 is a tie
        ("100.00", "0.92", "10", "EUR", "101.20"),
        ("0.01", "1", "49", "EUR", "0.01"),
        ("0.01", "1", "50", "EUR", "0.02"),  # 0.015 is a tie
        ("10.00", "162.45", "5", "JPY", "1706"),
        ("10.00", "0.335", "12.5", "KWD", "3.769"),  # 3.76875
    ],
)
def test_markup_and_exchange_are_one_step_rounded_half_up_once(net, rate, markup, currency, billed):
    amount = billed_amount(eur(net), rate=Decimal(rate), markup_percent=Decimal(markup), currency=currency)

    assert (str(amount), amount.currency) == (billed, currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12,50", "EUR", 1250), (" 12.5 ", "EUR", 1250), ("1500", "JPY", 1500), ("1,234", "KWD", 1234), ("7", "EUR", 700)],
)
def test_amounts_are_read_with_a_point_or_a_comma(text, currency, minor):
    assert read_amount(text, currency).minor == minor


@pytest.mark.parametrize(
    ("text", "currency", "field", "says"),
    [
        ("", "EUR", "amount", "how much"),
        ("0", "EUR", "amount", "more than nothing"),
        ("-5", "EUR", "amount", "not between"),
        ("twelve", "EUR", "amount", "no number"),
        ("1.234,50", "EUR", "amount", "no number"),
        ("12.345", "EUR", "amount", "finer than EUR"),
        ("12.5", "JPY", "amount", "finer than JPY"),
        ("99999999999", "EUR", "amount", "not between"),
        ("5", "euro", "currency", "no ISO 4217 currency"),
        ("5", "", "currency", "no ISO 4217 currency"),
    ],
)
def test_what_is_no_amount_says_so_beside_its_field(text, currency, field, says):
    with pytest.raises(FieldRefused, match=says) as refusal:
        read_amount(text, currency)

    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "gift"}, "kind"),
        ({"billing": "twice"}, "billing"),
        ({"spent_on": date(2026, 11, 19)}, "spent_on"),
        ({"spent_on": date(1926, 11, 18)}, "spent_on"),
        ({"note": "x" * 2001}, "note"),
    ],
)
def test_what_no_expense_can_be_is_refused_where_it_stands(changed, field):
    with pytest.raises(FieldRefused) as refusal:
        check_facts(Facts(**{"spent_on": date(2026, 11, 18), **changed}), today=date(2026, 11, 18))

    assert refusal.value.field == field


def test_percentages_and_numbers_have_their_limits():
    assert read_percent("8,1 %", "tax_percent") == Decimal("8.1")
    assert read_number("", "distance", most=10) == 0
    for text in ("101", "-1", "x", "1e3", "NaN"):
        with pytest.raises(FieldRefused):
            read_percent(text, "tax_percent")
