"""docs/billing.md, "Nothing slips": what acts without time suggest, and what they never do."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.proposals.domain.acts import AFTER, BEFORE, Activity, Timed, propose, writing_seconds

NINE = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 18)
EVENING = NINE + timedelta(hours=12)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def act(minutes: float, *, item: int = 1, seconds: int = 60, key: str = "") -> Activity:
    return Activity(key or f"audit:{item}:{minutes}", item, at(minutes), DAY, "set status to solved", seconds)


def timed(start: float, end: float, *, item: int = 1, duration_only: bool = False) -> Timed:
    return Timed(item, at(start), at(end), DAY, duration_only)


def spans(found) -> list[tuple[int, int, int]]:
    """Item, first and last minute after nine."""
    return [
        (one.item_id, *(int((edge - NINE).total_seconds()) // 60 for edge in (one.started_at, one.ended_at)))
        for one in found
    ]


def test_one_answer_is_proposed_with_the_time_that_it_took():
    found = propose([act(30, seconds=5 * 60)], [], now=EVENING)

    assert spans(found) == [(1, 25, 30)]
    assert found[0].seconds == 300


def test_acts_that_follow_each_other_are_one_piece_of_work():
    found = propose([act(30), act(45), act(64.5), act(100)], [], now=EVENING)

    assert spans(found) == [(1, 29, 65), (1, 99, 100)]
    assert [len(one.acts) for one in found] == [3, 1]


def test_an_act_on_another_item_ends_a_piece_of_work():
    found = propose([act(10), act(15, item=2), act(20)], [], now=EVENING)

    assert spans(found) == [(1, 9, 10), (2, 14, 15), (1, 19, 20)]


@pytest.mark.parametrize("item", [1, 2])
def test_what_was_done_while_a_timer_ran_is_timed_already(item):
    assert propose([act(30)], [timed(20, 40, item=item)], now=EVENING) == []


@pytest.mark.parametrize("minutes", [19, 43])
def test_an_act_right_before_or_after_a_timer_belongs_to_it(minutes):
    assert propose([act(minutes)], [timed(20, 40)], now=EVENING) == []


def test_a_typed_length_covers_its_item_on_its_day_and_no_other():
    found = propose([act(30), act(200, item=2)], [timed(180, 240, duration_only=True)], now=EVENING)

    assert spans(found) == [(2, 199, 200)]


def test_nothing_is_proposed_within_time_that_is_written():
    found = propose([act(50, seconds=30 * 60)], [timed(20, 40, item=2)], now=EVENING)

    assert spans(found) == [(1, 40, 50)]


def test_time_between_two_acts_tells_them_apart():
    found = propose([act(10), act(28)], [timed(13, 20, item=2)], now=EVENING)

    assert spans(found) == [(1, 9, 10), (1, 27, 28)]


def test_the_minute_that_is_not_over_yet_waits():
    acts = [act(30.5)]

    assert propose(acts, [], now=at(30.6)) == []
    assert spans(propose(acts, [], now=at(31))) == [(1, 29, 31)]


def test_a_long_text_was_pasted():
    assert writing_seconds(words=0, files=0) == 60
    assert writing_seconds(words=80, files=2) == 60 + 120 + 120
    assert writing_seconds(words=100_000, files=0) == 60 + 20 * 60


ACTS = st.lists(
    st.builds(
        act,
        st.integers(0, 6 * 60 * 60).map(lambda seconds: seconds / 60),
        item=st.integers(1, 3),
        seconds=st.integers(0, 1500),
    ),
    max_size=12,
    unique_by=lambda one: one.key,
)
TIMED = st.lists(
    st.builds(
        lambda start, length, item: timed(start, start + length, item=item),
        st.integers(0, 360),
        st.integers(1, 60),
        st.integers(1, 3),
    ),
    max_size=4,
)


@settings(max_examples=120)
@given(acts=ACTS, written=TIMED, data=st.data())
def test_every_uncovered_act_is_in_one_proposal_and_none_overlaps_what_is_written(acts, written, data):
    found = propose(acts, written, now=EVENING)
    shuffled = propose(data.draw(st.permutations(acts)), data.draw(st.permutations(written)), now=EVENING)

    covered = {
        one.key for one in acts if any(span.started_at - BEFORE <= one.at <= span.ended_at + AFTER for span in written)
    }
    assert shuffled == found
    assert sorted(one.key for proposal in found for one in proposal.acts) == sorted({one.key for one in acts} - covered)
    for proposal in found:
        assert proposal.seconds >= 60
        assert proposal.seconds % 60 == 0
        assert not any(span.started_at < proposal.ended_at and proposal.started_at < span.ended_at for span in written)
    for before, after in pairwise(found):
        assert before.ended_at <= after.started_at
