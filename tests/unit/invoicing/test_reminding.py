"""When a reminder is due (docs/billing.md rule M1)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.invoicing.domain.reminding import STANDARD, Level, Next, Sent, levels_of, next_level
from helpdesk.kernel.errors import RuleViolation

DUE = date(2026, 12, 1)


def day(number: int) -> date:
    return DUE + timedelta(number)


@pytest.mark.parametrize(
    ("sent", "level", "from_day"),
    [
        ([], 1, 7),
        ([Sent(1, day(7))], 2, 14),
        ([Sent(1, day(40))], 2, 47),
        ([Sent(1, day(7)), Sent(2, day(20))], 3, 34),
    ],
)
def test_levels_come_by_their_days_and_keep_their_distance(sent, level, from_day):
    assert next_level(STANDARD, sent, due_on=DUE) == Next(STANDARD[level - 1], day(from_day))


def test_after_the_last_level_none_comes():
    assert next_level(STANDARD, [Sent(3, day(30))], due_on=DUE) is None


@given(
    days=st.lists(st.integers(1, 365), min_size=1, max_size=5, unique=True).map(sorted),
    late=st.lists(st.integers(0, 100), min_size=6, max_size=6),
)
def test_every_level_goes_out_once_in_order_and_never_two_on_a_day(days, late):
    levels = levels_of(days)
    sent: list[Sent] = []
    for wait in late:
        following = next_level(levels, sent, due_on=DUE)
        if following is not None:
            sent.append(Sent(following.level.number, following.from_day + timedelta(wait)))

    assert [each.level for each in sent] == [level.number for level in levels]
    assert all(sent[at].on < sent[at + 1].on for at in range(len(sent) - 1))
    assert all(each.on >= day(days[each.level - 1]) for each in sent)


def test_an_empty_place_is_no_level_and_later_days_come_later():
    assert levels_of([5, None, 10]) == [Level(1, 5), Level(2, 10)]
    for days in ([], [None], [0], [7, 7], [14, 7], [366]):
        with pytest.raises(RuleViolation):
            levels_of(days)
