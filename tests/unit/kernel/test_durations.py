from datetime import time
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpdesk.kernel.durations import (
    RoundingMode,
    format_hm,
    format_hms,
    free_ranges,
    largest_remainder,
    parse_time_range,
    parse_typed_duration,
    reading,
    round_duration,
    to_minutes,
)
from helpdesk.kernel.errors import RuleViolation


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("15", 15),
        ("15m", 15),
        ("90 min", 90),
        ("90m", 90),
        ("1h", 60),
        ("1h30", 90),
        ("1 h 30 m", 90),
        ("1:30", 90),
        ("0:05", 5),
        ("1.5", 90),
        ("1,5", 90),
        ("0.25h", 15),
        (" 1,5 h ", 90),
        ("1.0", 60),
    ],
)
def test_people_type_durations_in_many_ways(typed, minutes):
    assert parse_typed_duration(typed) == minutes * 60


@pytest.mark.parametrize("typed", ["", "2d", "-15", "1:60", "1h60", "abc", "1.5.2", "1e3", "h", ":30", "٣"])
def test_what_is_no_duration_is_refused(typed):
    with pytest.raises(RuleViolation, match="no duration"):
        parse_typed_duration(typed)


@pytest.mark.parametrize(
    ("typed", "shown"), [("15", "0:15"), ("1,5", "1:30"), ("0.333", "0:19:59"), ("1:00:01", "1:00:01")]
)
def test_the_reading_shows_what_was_understood(typed, shown):
    assert reading(typed) == shown


@given(st.integers(0, 9999 * 3600))
def test_a_duration_written_to_the_second_is_read_back(seconds):
    assert parse_typed_duration(format_hms(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "shown"), [(5459, "1:30"), (0, "0:00"), (-900, "-0:15"), (-30, "0:00"), (360000, "100:00")]
)
def test_hours_and_minutes_cut_the_seconds_off(seconds, shown):
    assert format_hm(seconds) == shown


def test_a_negative_duration_keeps_its_sign():
    assert format_hms(-3661) == "-1:01:01"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("9:15-10:40", (time(9, 15), time(10, 40))),
        ("9-10:30", (time(9), time(10, 30))),
        ("09:00 – 17:00", (time(9), time(17))),
        ("23:40-0:25", (time(23, 40), time(0, 25))),
    ],
)
def test_a_range_of_times_is_read(typed, expected):
    assert parse_time_range(typed) == expected


@pytest.mark.parametrize("typed", ["", "9:15", "9:15-", "25-26", "9:60-10", "9:15-10:40-11", "9:00-9:00"])
def test_what_is_no_range_is_refused(typed):
    with pytest.raises(RuleViolation, match="9:15-10:40"):
        parse_time_range(typed)


@pytest.mark.parametrize(
    ("mode", "step", "worked", "billable"),
    [
        ("up", 15, 13, 15),
        ("up", 15, 90, 90),
        ("up", 15, 48, 60),
        ("down", 6, 14, 12),
        ("nearest", 15, 20, 15),
        ("nearest", 15, 25, 30),
        ("none", 15, 7, 7),
        ("up", 15, 0, 0),
        ("down", 15, 5, 0),
    ],
)
def test_time_is_rounded_as_agreed(mode, step, worked, billable):
    rounded = round_duration(worked * 60, mode=RoundingMode(mode), step_seconds=step * 60)

    assert rounded == billable * 60


def test_nearest_takes_a_tie_up():
    assert round_duration(450, mode=RoundingMode.NEAREST, step_seconds=900) == 900


@pytest.mark.parametrize(
    ("mode", "worked", "billable"),
    [("up", 60, 1800), ("up", 1860, 2700), ("down", 60, 1800), ("none", 60, 1800), ("up", 0, 0)],
)
def test_the_minimum_counts_where_something_was_worked(mode, worked, billable):
    rounded = round_duration(worked, mode=RoundingMode(mode), step_seconds=900, minimum_seconds=1800)

    assert rounded == billable


@pytest.mark.parametrize(("worked", "billable"), [(960, 900), (961, 1800), (30, 900), (900, 900), (1800 + 60, 1800)])
def test_grace_drops_a_small_remainder_but_never_the_first_step(worked, billable):
    assert round_duration(worked, mode=RoundingMode.UP, step_seconds=900, grace_seconds=60) == billable


def test_grace_is_for_rounding_up_alone():
    assert round_duration(920, mode=RoundingMode.NEAREST, step_seconds=30, grace_seconds=29) == 930


@pytest.mark.parametrize(("worked", "step"), [(-1, 60), (60, 0)])
def test_a_negative_duration_or_no_step_is_refused(worked, step):
    with pytest.raises(RuleViolation):
        round_duration(worked, mode=RoundingMode.UP, step_seconds=step)


@given(st.integers(0, 10**9), st.integers(1, 86400))
def test_rounding_up_lands_on_a_multiple_less_than_a_step_away(worked, step):
    rounded = round_duration(worked, mode=RoundingMode.UP, step_seconds=step)

    assert rounded % step == 0
    assert 0 <= rounded - worked < step


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_shares_add_up_and_lie_within_a_second_of_their_due(total, weights):
    assume(sum(weights) > 0)

    shares = largest_remainder(total, weights)

    assert sum(shares) == total
    assert all(
        abs(share * sum(weights) - total * weight) < sum(weights) for share, weight in zip(shares, weights, strict=True)
    )


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_shares_of_the_exact_sum_are_the_weights(weights):
    assert largest_remainder(sum(weights), weights) == weights


def test_left_over_seconds_go_to_the_earlier_of_equal_fractions():
    assert largest_remainder(10, [1, 1, 1]) == [4, 3, 3]
    assert largest_remainder(2700, [1200, 1500]) == [1200, 1500]


def test_nothing_is_shared_as_nothing():
    assert largest_remainder(0, [0, 0]) == [0, 0]
    assert largest_remainder(0, []) == []


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0]), (-1, [1]), (1, [-1, 2])])
def test_shares_of_a_debt_or_among_nobody_are_refused(total, weights):
    with pytest.raises(RuleViolation):
        largest_remainder(total, weights)


def test_after_a_credit_only_the_released_seconds_are_free():
    assert free_ranges(28800, [(0, 16200)]) == [(16200, 28800)]
    assert free_ranges(10, [(8, 12), (0, 2), (4, 6)]) == [(2, 4), (6, 8)]
    assert free_ranges(10, [(0, 10)]) == []
    assert free_ranges(0, []) == []


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(4500, "75"), (50, "0.8333"), (90, "1.5"), (0, "0"), (360000, "6000"), (1, "0.0167")]
)
def test_minutes_have_four_decimals_at_most(seconds, minutes):
    assert str(to_minutes(seconds)) == minutes
    assert to_minutes(seconds) == Decimal(minutes)
