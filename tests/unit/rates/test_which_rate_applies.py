from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
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


def test_a_card_that_has_ended_leaves_its_level_empty_even_where_an_older_one_had_no_end():
    cards = [
        card(["person"], "1"),
        card(["person"], "2", effective_from=date(2026, 3, 1), effective_until=date(2026, 3, 1)),
        card([], "3"),
    ]

    rates = [find_rate(cards, replace(WORK, worked_on=date(2026, month, 1))) for month in (2, 3, 4)]

    assert [rate.amount for rate in rates if isinstance(rate, RateHit)] == [1, 2, 3]


def test_a_missing_rate_names_the_card_that_has_ended():
    ended = card(["person"], effective_from=date(2026, 1, 1), effective_until=date(2026, 2, 28))

    missing = find_rate([ended], WORK)

    assert isinstance(missing, RateMissing)
    assert missing.reason.endswith("passed over: person ann ended on 2026-02-28")


DAYS = st.dates(date(2020, 1, 1), date(2026, 12, 31))
CARDS = st.lists(
    st.builds(
        card,
        st.sampled_from(LEVELS),
        st.integers(0, 10**6).map(str),
        effective_from=DAYS,
        currency=st.sampled_from(["EUR", "EUR", "EUR", "USD"]),
    ),
    max_size=12,
    unique_by=lambda one: one.identity,
)


@settings(max_examples=150)
@given(CARDS, DAYS)
def test_a_higher_level_wins_however_old_it_is_and_in_a_level_the_latest_that_had_begun(cards, worked_on):
    rate = find_rate(cards, replace(WORK, worked_on=worked_on))

    usable = [one for one in cards if one.currency == "EUR" and one.effective_from <= worked_on]
    if not usable:
        assert isinstance(rate, RateMissing)
        return
    best = min(usable, key=lambda one: (LEVELS.index(one.level), -one.effective_from.toordinal()))
    assert isinstance(rate, RateHit)
    assert (rate.amount, rate.level) == (best.amount, " + ".join(best.level) or "company")


@pytest.mark.parametrize(
    ("mode", "step", "typed", "billed"),
    [
        (RoundingMode.UP, 15, (13, 90, 48), (15, 90, 60)),
        (RoundingMode.DOWN, 6, (14,), (12,)),
        (RoundingMode.NEAREST, 15, (20, 25), (15, 30)),
    ],
    ids=["up", "down", "nearest"],
)
def test_the_published_examples_of_rounding(mode, step, typed, billed):
    policy = RoundingPolicy(mode=mode, step_seconds=step * 60)

    assert tuple(policy.billable_seconds(minutes * 60) // 60 for minutes in typed) == billed


@settings(max_examples=150)
@given(
    st.sampled_from(list(RoundingMode)),
    st.integers(1, 1440),
    st.integers(0, 600),
    st.integers(0, 3600),
    st.integers(0, 10**6),
)
def test_rounding_holds_its_promises_for_any_policy(mode, step_minutes, minimum_minutes, grace_seconds, worked):
    step = step_minutes * 60
    policy = RoundingPolicy(mode, step, minimum_minutes * 60, grace_seconds if mode is RoundingMode.UP else 0)

    billed = policy.billable_seconds(worked)

    assert policy.billable_seconds(0) == 0
    assert not worked or billed >= minimum_minutes * 60
    if worked and billed > minimum_minutes * 60:
        assert mode is RoundingMode.NONE or billed % step == 0
        assert abs(billed - worked) < step or (mode is RoundingMode.UP and worked < step)
    if mode is RoundingMode.UP and not grace_seconds:
        assert billed >= worked


def test_a_policy_rounds_as_it_says():
    policy = RoundingPolicy(mode=RoundingMode.UP, step_seconds=900, minimum_seconds=1800)

    assert [policy.billable_seconds(seconds) for seconds in (0, 1, 1801)] == [0, 1800, 2700]
    assert RoundingPolicy().billable_seconds(61) == 120
