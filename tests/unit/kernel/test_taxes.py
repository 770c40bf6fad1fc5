"""Kinds of tax: what may be said of them, and what a document needs for them (docs/billing.md rule 20)."""

import pytest

from helpdesk.invoicing.domain.lacking import Lack, lacks
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.taxes import category_of, check_mode, check_tax


@pytest.mark.parametrize(
    ("category", "percent", "reason"),
    [
        ("S", "19", ""),
        ("S", "0", ""),
        ("Z", "0.0", ""),
        ("E", "0", "§ 19 UStG"),
        ("AE", "0", ""),
        ("K", "0", ""),
        ("G", "0", "mine"),
        ("O", "0", ""),
    ],
)
def test_what_a_client_may_be_set_to(category, percent, reason):
    check_tax(category, percent, reason)


@pytest.mark.parametrize(
    ("category", "percent", "reason", "field"),
    [
        ("X", "0", "", "tax_category"),
        ("s", "19", "", "tax_category"),
        ("AE", "19", "", "tax_percent"),
        ("Z", "7", "", "tax_percent"),
        ("E", "0", " ", "tax_reason"),
    ],
)
def test_what_no_invoice_may_say(category, percent, reason, field):
    with pytest.raises(RuleViolation) as refusal:
        check_tax(category, percent, reason)

    assert refusal.value.field == field


def test_a_standard_rate_of_nothing_is_the_zero_rate():
    assert [category_of("S", text) for text in ("19", "0", "0.00")] == ["S", "Z", "Z"]
    assert category_of("AE", "0") == "AE"


def test_a_reverse_charge_needs_the_vat_ids_of_both_sides_and_an_export_ours():
    known = {"address": "Kajen 12", "country": "DE", "tax_number": "48/1"}
    nothing, something = known | {"vat_id": " "}, known | {"vat_id": "DE300000001"}

    assert lacks(nothing, nothing, {"S", "AE", "K"}) == [Lack("seller", "vat_id", "AE"), Lack("buyer", "vat_id", "AE")]
    assert lacks(nothing, nothing, {"G"}) == [Lack("seller", "vat_id", "G")]
    assert lacks(something, nothing, {"K"}) == [Lack("buyer", "vat_id", "K")]
    assert lacks(something, something, {"AE", "G"}) == []
    assert lacks(nothing, nothing, {"S", "Z", "E", "O"}) == []


def test_every_invoice_needs_both_addresses_and_our_number():
    known = {"address": "Kajen 12", "country": "DE"}

    assert lacks(known | {"vat_id": "DE300000001"}, known, {"S"}) == []
    assert lacks(known, known, {"S"}) == [Lack("seller", "tax_number")]
    assert [
        (lack.side, lack.field) for lack in lacks({"tax_number": "1"}, {"address": " \n", "country": ""}, {"S"})
    ] == [
        ("seller", "address"),
        ("seller", "country"),
        ("buyer", "address"),
        ("buyer", "country"),
    ]


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"rounding": "often", "basis": "net"}, "tax_rounding"),
        ({"rounding": "sum", "basis": "company"}, "price_basis"),
    ],
)
def test_tax_is_taken_in_known_ways_alone(said, at):
    with pytest.raises(RuleViolation) as refused:
        check_mode(**said)

    assert refused.value.field == at
    check_mode(rounding="company", basis="gross", more=("company",))
