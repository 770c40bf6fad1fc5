"""docs/billing.md, "Nothing slips": how long something was read, and when that is worth proposing."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.proposals.domain.acts import Activity, Timed, propose
from helpdesk.proposals.domain.reading import Reading, pieces, says, told

NINE = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 18)
EVENING = NINE + timedelta(hours=12)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def read(start: float, end: float, *, item: int = 1, key: str = "") -> Reading:
    return Reading(key or f"reading:{item}-{start}-{end}", item, at(start), at(end), DAY)


def act(minutes: float, *, item: int = 1, seconds: int = 60) -> Activity:
    return Activity(f"audit:{item}:{minutes}", item, at(minutes), DAY, "set status to solved", seconds)


def timed(start: float, end: float, *, item: int = 1, duration_only: bool = False) -> Timed:
    return Timed(item, at(start), at(end), DAY, duration_only)


def minutes(start: datetime, end: datetime) -> tuple[float, float]:
    return (start - NINE).total_seconds() / 60, (end - NINE).total_seconds() / 60


def proposed(*readings, acts=(), written=(), now=EVENING, settled=()) -> list[tuple[int, float, float]]:
    """Item, first and last minute after nine."""
    found = propose(acts, written, now=now, readings=readings, settled=settled)
    return [(one.item_id, *minutes(one.started_at, one.ended_at)) for one in found]


def left(*readings, taken=()) -> list[tuple[int, float, float]]:
    return [(one.item_id, *minutes(one.started_at, one.ended_at)) for one in pieces(readings, taken=taken)]


def test_a_page_tells_lengths_and_our_clock_says_when():
    first = told(60, at=at(10))
    second = told(120, at=at(11), known=first)

    assert minutes(*first) == (9, 10)
    assert minutes(*second) == (9, 11)


@pytest.mark.parametrize(
    ("seconds", "heard", "span"),
    [
        (60, 11, (9, 10)),  # the first message again
        (60, 300, (9, 10)),  # and hours later
        (90, 10.1, (9, 10.1)),  # a clock that runs ahead reaches no further than now
        (240, 13, (9, 12.5)),  # more than one message can know of
        (8 * 3600, 8 * 60, (9, 12.5)),  # the night of a closed laptop
        (120, 9.5, (9, 10)),  # our own clock was set back
        (-5, 11, (9, 10)),
    ],
)
def test_no_message_adds_what_was_not_read(seconds, heard, span):
    known = told(60, at=at(10))

    assert minutes(*told(seconds, at=at(heard), known=known)) == span


def test_a_first_message_of_hours_counts_for_minutes():
    assert minutes(*told(8 * 3600, at=at(600))) == (597.5, 600)


def test_of_two_things_at_once_the_one_opened_later_is_read():
    assert left(read(0, 20), read(5, 8, item=2)) == [(1, 0, 5), (2, 5, 8), (1, 8, 20)]


def test_two_tabs_of_one_ticket_count_once():
    found = left(read(0, 10), read(4, 12), read(4, 12, key="again"))

    assert found == [(1, 0, 4), (1, 4, 12)]


def test_what_is_taken_is_not_read_again():
    assert left(read(0, 10), taken=[(at(8), at(30)), (at(-5), at(1)), (at(2), at(3))]) == [(1, 1, 2), (1, 3, 8)]


def test_reading_at_length_is_proposed_for_as_long_as_it_lasted():
    (one,) = propose([], [], now=EVENING, readings=[read(10, 16.5)])

    assert minutes(one.started_at, one.ended_at) == (10, 17)
    assert [each.says for each in one.acts] == ["read for 6 minutes"]


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([(10, 12.9)], []),  # a glance
        ([(10, 12), (14, 15.5)], [(1, 10, 14)]),  # together at length; what lay between is not counted
        ([(10, 12), (17, 18.9)], []),  # too far apart to be one reading
        ([(10, 14), (30, 35)], [(1, 10, 14), (1, 30, 35)]),
    ],
)
def test_a_glance_is_nothing_and_glances_close_together_are_something(readings, expected):
    assert proposed(*(read(*edges) for edges in readings)) == expected


def test_reading_before_an_act_makes_it_begin_earlier():
    assert proposed(read(10, 16), acts=[act(18)]) == [(1, 10, 18)]


def test_a_glance_at_another_ticket_parts_nothing():
    assert proposed(read(12, 13, item=2), acts=[act(10), act(20)]) == [(1, 9, 20)]
    assert proposed(read(12, 16, item=2), acts=[act(10), act(20)]) == [(1, 9, 10), (2, 12, 16), (1, 19, 20)]


def test_a_late_glance_makes_no_proposal_longer():
    assert proposed(read(16, 17), acts=[act(10)]) == [(1, 9, 10)]
    assert proposed(read(12, 13), acts=[act(10), act(25)]) == [(1, 9, 25)]


def test_reading_while_a_timer_runs_or_of_a_day_that_was_typed_is_timed_already():
    assert proposed(read(0, 60), written=[timed(20, 40, item=2)]) == [(1, 0, 18), (1, 45, 60)]
    assert proposed(read(0, 60), written=[timed(300, 360, duration_only=True)]) == []


def test_what_is_read_still_waits():
    assert proposed(read(0, 10), now=at(12.9)) == []
    assert proposed(read(0, 10), now=at(13)) == [(1, 0, 10)]


def test_what_was_settled_stays_settled_while_one_reads_on():
    settled = [(at(0), at(10))]

    assert proposed(read(0, 12), settled=settled) == []
    assert proposed(read(0, 15), settled=settled) == [(1, 10, 15)]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "read for 1 second"), (40, "read for 40 seconds"), (60, "read for 1 minute"), (400, "read for 6 minutes")],
)
def test_evidence_says_how_long(seconds, said):
    assert says(seconds) == said


SPANS = st.lists(
    st.builds(
        lambda start, length, item, number: read(start / 10, (start + length) / 10, item=item, key=f"reading:{number}"),
        st.integers(0, 3600),
        st.integers(0, 400),
        st.integers(1, 3),
        st.uuids(),
    ),
    max_size=10,
)
ACTS = st.lists(st.builds(act, st.integers(0, 360), item=st.integers(1, 3)), max_size=5, unique_by=lambda one: one.key)
WRITTEN = st.lists(
    st.builds(
        lambda start, length, item: timed(start, start + length, item=item),
        st.integers(0, 360),
        st.integers(1, 60),
        st.integers(1, 3),
    ),
    max_size=3,
)


@settings(max_examples=120)
@given(readings=SPANS, acts=ACTS, written=WRITTEN, data=st.data())
def test_no_minute_is_proposed_twice_or_beside_time_that_is_written(readings, acts, written, data):
    found = propose(acts, written, now=EVENING, readings=readings)
    shuffled = propose(acts, written, now=EVENING, readings=data.draw(st.permutations(readings)))

    assert shuffled == found
    for before, after in pairwise(found):
        assert before.ended_at <= after.started_at
    for one in found:
        assert one.seconds >= 60
        assert one.seconds % 60 == 0
        assert not any(span.started_at < one.ended_at and one.started_at < span.ended_at for span in written)
        if all(each.is_reading for each in one.acts):
            assert sum(each.seconds for each in one.acts) >= 180
            assert one.seconds < sum(each.seconds for each in one.acts) + 60
    keys = [each.key for one in found for each in one.acts]
    assert len(keys) == len(set(keys))
