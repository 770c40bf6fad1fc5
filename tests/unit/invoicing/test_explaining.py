"""Each step of a derivation leads to the next to the cent, and what does not is said (docs/billing.md rule 18)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.invoicing.domain.explaining import (
    EntryWhy,
    FeeWhy,
    LineWhy,
    Rounded,
    Taken,
    TaxWhy,
    TotalWhy,
    exact_text,
    fee_gaps,
    gaps,
    tax_gaps,
    total_gaps,
    whole_of,
)
from helpdesk.kernel.durations import to_minutes
from helpdesk.kernel.money import Money
from helpdesk.kernel.taxes import TaxMode
from helpdesk.rates.domain import RoundingPolicy, amount_for
from helpdesk.retainers.domain.grants import GrantDrawn

START = datetime(2026, 11, 16, 9, tzinfo=UTC)


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def entry(seconds: int, *taken: Taken) -> EntryWhy:
    ranges = taken or (Taken(0, seconds, seconds, "hourly", is_here=True),)
    return EntryWhy(
        entry_id=1,
        day=date(2026, 11, 16),
        person="Ann",
        note="",
        starts=START,
        ends=START,
        is_typed=True,
        worked_seconds=seconds,
        billable_seconds=seconds,
        rounded=Rounded(RoundingPolicy(), seconds, seconds),
        taken=ranges,
        counted_seconds=sum(each.seconds for each in ranges if each.is_here),
        price=Decimal(100),
        price_reason="company",
    )


def line(*entries: EntryWhy, price: str = "100", minutes: Decimal | None = None) -> LineWhy:
    seconds = sum(each.counted_seconds for each in entries)
    return LineWhy(
        position=1,
        kind="time",
        description="Scanner gateway lost",
        minutes=to_minutes(seconds) if minutes is None else minutes,
        unit_price=Decimal(price),
        amount=amount_for(seconds, Decimal(price), "EUR"),
        entries=entries,
    )


@pytest.mark.parametrize(
    ("minutes", "price", "exact", "amount"),
    [(20, "100", "33.333333…", "33.33"), (240, "150", "600", "600.00"), (75, "100.333", "125.41625", "125.42")],
)
def test_minutes_times_price_by_60_are_the_amount(minutes, price, exact, amount):
    found = line(entry(minutes * 60), price=price)

    assert (exact_text(found.exact), str(found.amount), gaps(found)) == (exact, amount, [])


def test_fifty_seconds_are_the_printed_part_of_a_minute():
    found = line(entry(50))

    assert (found.minutes, str(found.amount), gaps(found)) == (Decimal("0.8333"), "1.39", [])


@given(
    st.lists(st.integers(1, 40_000), min_size=1, max_size=6),
    st.decimals(min_value=0, max_value=500, places=3),
    st.data(),
)
def test_every_line_of_seconds_adds_up_and_no_second_more(lengths, price, data):
    cuts = [data.draw(st.integers(0, each)) for each in lengths]
    entries = [
        entry(
            length,
            *whole_of(length, [Taken(cut, length, length - cut, "hourly", is_here=True)] if cut < length else []),
        )
        for length, cut in zip(lengths, cuts, strict=True)
    ]
    found = line(*entries, price=f"{price:f}")

    assert gaps(found) == []
    assert gaps(replace(found, amount=found.amount + eur("0.01"))) == ["amount"]


def test_what_does_not_lead_to_the_next_step_is_said():
    good = line(entry(3600))
    torn = entry(3600, Taken(0, 1800, 1800, "hourly", is_here=True), Taken(2000, 3600, 1600, "hourly", is_here=True))
    unpaid = entry(60, Taken(0, 60, 90, "covered", grants=(GrantDrawn("allowance of 2026-11", 60),)))

    assert gaps(good) == []
    assert gaps(line(torn)) == ["entry"]
    assert gaps(replace(good, minutes=Decimal(59))) == ["minutes", "amount"]
    assert gaps(line(unpaid)) == ["grants"]
    assert gaps(replace(good, entries=(replace(good.entries[0], billable_seconds=7200),))) == ["entry"]


def test_between_what_is_held_the_rest_of_an_entry_is_open():
    found = whole_of(100, [Taken(60, 80, 20, "hourly"), Taken(0, 20, 20, "covered")])

    assert [(each.from_second, each.to_second, each.kind) for each in found] == [
        (0, 20, "covered"),
        (20, 60, "open"),
        (60, 80, "hourly"),
        (80, 100, "open"),
    ]


def test_a_fee_from_10_february_is_19_of_28_days():
    fee = FeeWhy(
        "Managed", "2026-02", date(2026, 2, 10), Decimal(2000), 19, 28, is_prorated=True, amount=eur("1357.14")
    )

    assert (exact_text(fee.exact), fee_gaps(fee)) == ("1357.142857…", [])
    assert fee_gaps(replace(fee, amount=eur("1357.15"))) == ["fee"]
    assert fee_gaps(replace(fee, is_prorated=False, amount=eur("2000.00"))) == []


def test_tax_is_that_of_the_sum_and_the_total_of_all():
    lines = tuple((at, "Work", eur("33.33")) for at in (1, 2, 3))
    tax = TaxWhy("S", Decimal(19), lines, eur("99.99"), eur("19.00"))
    total = TotalWhy(eur("99.99"), (tax,), eur("118.99"))

    assert (exact_text(tax.exact), tax_gaps(tax), total_gaps(total)) == ("18.9981", [], [])
    assert tax_gaps(replace(tax, net=eur("100.00"))) == ["net"]
    assert tax_gaps(replace(tax, tax=eur("19.01"))) == ["tax"]
    assert total_gaps(replace(total, total=eur("119.00"))) == ["total"]
    assert total_gaps(replace(total, net=eur("99.98"))) == ["net", "total"]


def test_tax_that_is_in_the_lines_or_rounded_on_each_is_explained_as_it_was_taken():
    lines = tuple((at, "Work", eur("33.33")) for at in (1, 2, 3))
    inside = TaxWhy("S", Decimal(19), lines, eur("84.03"), eur("15.96"), TaxMode(included=True))
    by_line = TaxWhy("S", Decimal(19), lines, eur("99.99"), eur("18.99"), TaxMode(per_line=True))
    rest = TaxWhy("S", Decimal(19), lines[:1], eur("33.33"), eur("6.34"), is_rest=True)

    assert [tax_gaps(tax) for tax in (inside, by_line, rest)] == [[], [], []]
    assert (exact_text(inside.exact), by_line.of_line(eur("33.33"))) == ("84.025210…", eur("6.33"))
    assert tax_gaps(replace(inside, net=eur("84.02"))) == ["net"]
    assert tax_gaps(replace(by_line, tax=eur("19.00"))) == ["tax"]
    assert tax_gaps(replace(rest, net=eur("33.00"))) == ["net"]


def test_a_credit_mirrors_its_line():
    taken = line(entry(1200))
    credit = replace(taken, minutes=Decimal(-20), amount=eur("-33.33"))

    assert gaps(credit) == []
    assert exact_text(credit.exact) == "-33.333333…"


def test_a_part_of_a_second_burns_what_its_factor_says():
    assert Taken(0, 600, 900, "covered").factor == Fraction(3, 2)
    assert Taken(5, 5, 1, "covered").factor == 1


def test_a_quantity_and_a_percentage_multiply_out_too():
    licences = LineWhy(1, "fixed_fee", "Licences", None, Decimal("9.99"), eur("29.97"), quantity=Decimal(3))
    base = ((1, "Licences", eur("29.97")), (2, "Work", eur("33.33")))
    rebate = LineWhy(3, "discount", "Rebate", None, Decimal("-6.33"), eur("-6.33"), percent=Decimal(-10), base=base)

    assert (exact_text(licences.exact), gaps(licences)) == ("29.97", [])
    assert (exact_text(rebate.exact), gaps(rebate)) == ("-6.33", [])
    assert gaps(replace(rebate, amount=eur("-6.34"))) == ["amount"]
