from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.durations import RoundingMode
from helpdesk.kernel.errors import RuleViolation
from helpdesk.rates.domain import (
    LEVELS,
    RateCard,
    RateHit,
    RateMissing,
    RateQuestion,
    RoundingPolicy,
    find_rate,
)

KEYS = {"project": "web", "client": "acme", "person": "ann", "work_type": "remote"}
WORK = RateQuestion(
    worked_on=date(2026, 3, 2), currency="EUR", project="web", client="acme", person="ann", work_type="remote"
)


def card(level: Iterable[str], amount: str = "100", **more: Any) -> RateCard:
    return RateCard(Decimal(amount), **({"currency": "EUR"} | {field: KEYS[field] for field in level} | more))


@pytest.mark.parametrize(("higher", "lower"), list(pairwise(LEVELS)))
def test_the_published_order_decides_before_the_date(higher, lower):
    older = card(higher, "80", effective_from=date(2020, 1, 1))
    newer = card(lower, "90", effective_from=date(2026, 3, 1))

    rate = find_rate([newer, older], WORK)

    assert isinstance(rate, RateHit)
    assert rate.amount == 80


def test_the_entrys_own_rate_comes_before_all_cards():
    rate = find_rate([card(level) for level in LEVELS], replace(WORK, own_rate=Decimal(0)))

    assert rate == RateHit(Decimal(0), "EUR", "entry", "the entry's own rate")


def test_in_one_level_the_latest_card_that_has_begun_wins():
    cards = [
        card(["person"], "1"),
        card(["person"], "2", effective_from=date(2026, 3, 2)),
        card(["person"], "3", effective_from=date(2026, 3, 3)),
    ]

    on_the_day = find_rate(cards, WORK)
    before = find_rate(cards, replace(WORK, worked_on=date(2026, 3, 1)))

    assert isinstance(on_the_day, RateHit)
    assert isinstance(before, RateHit)
    assert [on_the_day.amount, before.amount] == [Decimal(2), Decimal(1)]


def test_a_hit_says_why():
    named = card(["project", "person"], label="project Acme Web + Ann", effective_from=date(2026, 3, 1))
    unnamed = card(["person", "work_type"])

    assert find_rate([named], WORK) == RateHit(
        Decimal(100), "EUR", "project + person", "project Acme Web + Ann, from 2026-03-01"
    )
    assert find_rate([unnamed], WORK) == RateHit(
        Decimal(100), "EUR", "person + work_type", "person ann + work type remote, always"
    )


def test_another_currency_is_no_hit_and_the_answer_says_what_was_tried():
    cards = [card([], currency="USD"), card(["person"], effective_from=date(2027, 1, 1))]

    missing = find_rate(cards, replace(WORK, project=None, client=None, work_type=None))

    assert missing == RateMissing(
        "no rate in EUR on 2026-03-02; tried person ann, company; "
        "passed over: company at 100.00 USD, another currency; person ann begins on 2027-01-01"
    )


def test_no_rate_is_not_a_rate_of_zero():
    assert isinstance(find_rate([], WORK), RateMissing)


@pytest.mark.parametrize(
    "level", [("project", "client"), ("project", "person", "work_type"), ("client", "person", "work_type")]
)
def test_a_card_whose_fields_name_no_level_is_refused(level):
    with pytest.raises(RuleViolation, match="no rate is looked up by"):
        card(level)


def test_a_card_of_somebody_else_does_not_hit():
    assert isinstance(find_rate([card(["person"], person="bob")], WORK), RateMissing)


@given(st.permutations([card(level, str(at)) for at, level in enumerate(LEVELS)]), st.data())
def test_the_order_in_which_cards_are_given_changes_nothing(cards, data):
    some = data.draw(st.lists(st.sampled_from(cards), unique_by=id))

    assert find_rate(some, WORK) == find_rate(some[::-1], WORK)


def test_a_policy_rounds_as_it_says():
    policy = RoundingPolicy(mode=RoundingMode.UP, step_seconds=900, minimum_seconds=1800)

    assert [policy.billable_seconds(seconds) for seconds in (0, 1, 1801)] == [0, 1800, 2700]
    assert RoundingPolicy().billable_seconds(61) == 120
