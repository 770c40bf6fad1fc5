"""Each level that is looked for, and what became of its cards (docs/billing.md rule 5)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.rates.domain import LEVELS, RateHit, find_rate
from helpdesk.rates.explain import Verdict, explain
from tests.unit.rates.test_which_rate_applies import CARDS, DAYS, WORK, card


def test_what_was_passed_over_says_why_and_the_newest_comes_first():
    cards = [
        card(["project"], "1", currency="USD"),
        card(["client"], "2", effective_from=date(2026, 1, 1), effective_until=date(2026, 2, 1)),
        card(["person"], "3", effective_from=date(2026, 1, 1)),
        card(["person"], "4", effective_from=date(2026, 2, 1)),
        card(["person"], "5", effective_from=date(2027, 1, 1)),
        card([], "6"),
    ]

    looked = explain(cards, replace(WORK, work_type=None))

    assert [(each.card.amount, each.verdict) for level in looked for each in level.cards] == [
        (Decimal(1), Verdict.OTHER_CURRENCY),
        (Decimal(2), Verdict.ENDED),
        (Decimal(5), Verdict.BEGINS_LATER),
        (Decimal(4), Verdict.HIT),
        (Decimal(3), Verdict.REPLACED),
        (Decimal(6), Verdict.OUTRANKED),
    ]
    assert [level.level for level in looked] == list(LEVELS)
    assert [level.level for level in looked if not level.asked] == [
        ("project", "work_type"),
        ("client", "work_type"),
        ("person", "work_type"),
        ("work_type",),
    ]


@settings(max_examples=100)
@given(CARDS, DAYS, st.sampled_from(["remote", None]))
def test_the_one_that_decides_is_the_one_that_prices(cards, worked_on, work_type):
    question = replace(WORK, worked_on=worked_on, work_type=work_type)

    hits = [each.card for level in explain(cards, question) for each in level.cards if each.verdict is Verdict.HIT]

    rate = find_rate(cards, question)
    assert [one.amount for one in hits] == ([rate.amount] if isinstance(rate, RateHit) else [])
