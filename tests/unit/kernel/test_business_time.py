from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpdesk.kernel.business_time import (
    DAYS,
    Calendar,
    WeeklyHours,
    add_business_seconds,
    business_seconds_between,
    parse_holidays,
    written_holidays,
)
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import zone_named

HOUR = 3600
BERLIN = zone_named("Europe/Berlin")
OFFICE = Calendar(WeeklyHours.parse("Mon-Fri 9:00-12:00, 13:00-17:00"), BERLIN, frozenset({date(2026, 12, 25)}))
NIGHTS = Calendar(WeeklyHours.parse("Sat 22:00-6:00"), BERLIN)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("calendar", "start", "seconds", "end"),
    [
        pytest.param(OFFICE, "2026-11-27 16:30", 2 * HOUR, "2026-11-30 10:30", id="over a weekend"),
        pytest.param(OFFICE, "2026-11-27 16:30", HOUR // 2, "2026-11-27 17:00", id="to the end of the day, not later"),
        pytest.param(OFFICE, "2026-11-27 11:30", HOUR, "2026-11-27 13:30", id="over noon"),
        pytest.param(OFFICE, "2026-11-28 03:00", 60, "2026-11-30 09:01", id="from a day off"),
        pytest.param(OFFICE, "2026-11-28 03:00", 0, "2026-11-28 03:00", id="nothing to wait for"),
        pytest.param(OFFICE, "2026-12-24 16:00", 2 * HOUR, "2026-12-28 10:00", id="over a holiday and a weekend"),
        pytest.param(NIGHTS, "2026-11-28 12:00", 8 * HOUR, "2026-11-29 06:00", id="over midnight"),
        pytest.param(NIGHTS, "2026-03-28 22:00", 7 * HOUR, "2026-03-29 06:00", id="a night that lacks an hour"),
        pytest.param(NIGHTS, "2026-10-24 22:00", 9 * HOUR, "2026-10-25 06:00", id="a night with an hour twice"),
    ],
)
def test_working_time_goes_by_in_the_hours_of_the_calendar(calendar, start, seconds, end):
    assert add_business_seconds(calendar, at(start), seconds) == at(end)
    assert business_seconds_between(calendar, at(start), at(end)) == seconds


def test_a_holiday_takes_its_own_day_and_leaves_the_night_before_until_midnight():
    nights = Calendar(WeeklyHours.parse("Mon-Sun 22:00-6:00"), BERLIN, frozenset({date(2026, 12, 25)}))

    assert business_seconds_between(nights, at("2026-12-24 20:00"), at("2026-12-26 03:00")) == (2 + 3) * HOUR


def test_hours_are_read_as_people_write_them():
    hours = WeeklyHours.parse("mon-tue 8:00–12:00, 13:00-17:30; Fri 22:00-6:00\nSun 0:00-24:00")

    assert dict(zip(DAYS, hours.days, strict=True)) == {
        **dict.fromkeys(("Mon", "Tue"), ((480, 720), (780, 1050))),
        **dict.fromkeys(("Wed", "Thu"), ()),
        "Fri": ((1320, 1440),),
        "Sat": ((0, 360),),
        "Sun": ((0, 1440),),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "at least one hour a week"),
        ("Mon 9:00-9:59", "at least one hour a week"),
        ("Mon-Fri", "'Mon-Fri' are no hours"),
        ("Fri-Mon 9:00-17:00", "ends before it begins"),
        ("Mon 9:00-17:00; Fun 9:00-17:00", "'Fun 9:00-17:00' are no hours"),
        ("Mon 9:00-25:00", "'9:00-25:00' is no time"),
        ("Mon 9:00-9:00", "'9:00-9:00' is no time"),
        ("Mon 9:00-12:00, 11:00-17:00", "Two times of Mon overlap"),
        ("Mon 22:00-6:00; Tue 5:00-9:00", "Two times of Tue overlap"),
    ],
)
def test_hours_that_mean_nothing_are_refused(text, says):
    with pytest.raises(RuleViolation, match=says):
        WeeklyHours.parse(text)


def test_holidays_are_a_line_each_and_written_back_in_order():
    text = "2026-12-25 Christmas Day\n\n 2026-05-01\n"

    assert written_holidays(parse_holidays(text)) == "2026-05-01\n2026-12-25 Christmas Day"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-05-01 May Day\n25.12.2026 Christmas", "Line 2: '25.12.2026' is no day"),
        ("2026-02-30", "Line 1: '2026-02-30' is no day"),
        ("2026-05-01\n2026-05-01 May Day", "Line 2: 2026-05-01 stands there twice"),
    ],
)
def test_a_line_that_is_no_holiday_is_named(text, says):
    with pytest.raises(RuleViolation, match=says):
        parse_holidays(text)


minutes = st.integers(0, 1439)
spans = st.lists(st.tuples(minutes, minutes), max_size=3).map(
    lambda pairs: tuple(
        (pairs_[i], pairs_[i + 1])
        for pairs_ in [sorted({minute for pair in pairs for minute in pair})]
        for i in range(0, len(pairs_) - 1, 2)
    )
)
instants = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - aware by timezones


@st.composite
def calendars(draw):
    days = tuple(draw(spans) for _day in DAYS)
    assume(sum(closes - opens for day in days for opens, closes in day) >= 60)
    holidays = draw(st.frozensets(st.dates(date(2025, 1, 1), date(2027, 12, 31)), max_size=5))
    return Calendar(WeeklyHours(days), zone_named(draw(st.sampled_from(ZONES))), holidays)


@given(calendars(), instants, st.integers(0, 200 * HOUR), st.integers(0, 5 * HOUR))
def test_time_that_is_added_lies_between_and_more_of_it_ends_later(calendar, start, seconds, more):
    end = add_business_seconds(calendar, start, seconds)

    assert business_seconds_between(calendar, start, end) == seconds
    assert add_business_seconds(calendar, start, seconds + more) == add_business_seconds(calendar, end, more)
    assert add_business_seconds(calendar, start + timedelta(seconds=more), seconds) >= end >= start
    assert business_seconds_between(calendar, start, end) <= (end - start).total_seconds()
