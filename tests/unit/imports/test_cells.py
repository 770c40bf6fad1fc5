"""Single cells: days, times, durations, yes and no."""

from datetime import UTC, date, datetime, time

import pytest

from helpdesk.imports.domain.cells import (
    order_of_dates,
    read_day,
    read_decimal,
    read_flag,
    read_instant,
    read_length,
    read_time,
)
from helpdesk.kernel.errors import RuleViolation


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["03/04/2026", "05/06/2026"], None),
        (["03/04/2026", "05/16/2026"], "mdy"),
        (["03/04/2026", "16/05/2026"], "dmy"),
        (["03.04.2026"], "dmy"),
        (["2026-04-03", ""], "dmy"),
        (["03-04-26 09:00"], None),
    ],
)
def test_the_order_of_day_and_month_is_found_in_all_rows_or_must_be_asked(cells, order):
    assert order_of_dates(cells) == order


def test_days_in_two_orders_in_one_file_are_refused():
    with pytest.raises(RuleViolation, match=r"16/05/2026 has the day first and 05/17/2026 the month"):
        order_of_dates(["16/05/2026", "05/17/2026"])


@pytest.mark.parametrize(
    ("cell", "order", "day"),
    [
        ("2026-03-04", "mdy", date(2026, 3, 4)),
        ("04.03.2026", "mdy", date(2026, 3, 4)),
        ("4.3.26", "dmy", date(2026, 3, 4)),
        ("04/03/2026", "dmy", date(2026, 3, 4)),
        ("03/04/2026", "mdy", date(2026, 3, 4)),
    ],
)
def test_a_day_is_read_by_its_order(cell, order, day):
    assert read_day(cell, order=order) == day


@pytest.mark.parametrize(
    ("cell", "found"),
    [("09:15", time(9, 15)), ("9:15:30", time(9, 15, 30)), ("01:26:00 PM", time(13, 26)), ("12:05 am", time(0, 5))],
)
def test_a_time_of_day_is_read_by_either_clock(cell, found):
    assert read_time(cell) == found


def test_an_instant_with_an_offset_is_one_and_without_it_is_what_a_clock_showed():
    assert read_instant("2026-03-04T09:00:00+01:00", order="dmy") == datetime(2026, 3, 4, 8, tzinfo=UTC)
    assert read_instant("04.03.2026 09:30", order="dmy") == (date(2026, 3, 4), time(9, 30))


@pytest.mark.parametrize(
    ("cell", "unit", "seconds"),
    [
        ("01:30:00", "clock", 5400),
        ("1:30", "hours", 5400),
        ("1.5", "clock", 5400),
        ("1,50", "hours", 5400),
        ("0.33", "hours", 1188),
        ("7", "hours", 25200),
        ("90", "minutes", 5400),
        ("5400", "seconds", 5400),
        ("1h 30m", "clock", 5400),
        ("45 min", "clock", 2700),
        ("26:15", "clock", 94500),
    ],
)
def test_a_duration_is_read_by_its_unit(cell, unit, seconds):
    assert read_length(cell, unit=unit) == seconds


@pytest.mark.parametrize(
    ("read", "cell", "why"),
    [
        (lambda cell: read_length(cell, unit="clock"), "90", "hours or minutes"),
        (lambda cell: read_length(cell, unit="hours"), "soon", "no duration"),
        (lambda cell: read_length(cell, unit="hours"), "-1", "no duration"),
        (lambda cell: read_day(cell, order="dmy"), "31.02.2026", "no day of the calendar"),
        (lambda cell: read_day(cell, order="dmy"), "yesterday", "no date"),
        (read_time, "25:00", "no time of day"),
        (read_time, "13:00 PM", "no time of day"),
        (read_flag, "perhaps", "neither yes nor no"),
        (read_decimal, "1,2,3", "no number"),
    ],
)
def test_what_cannot_be_read_says_why(read, cell, why):
    with pytest.raises(RuleViolation, match=why):
        read(cell)


def test_yes_and_no_and_numbers_come_in_several_languages():
    assert [read_flag(word) for word in ("Yes", "ja", "1", "TRUE", "Nein", "0", "no")] == [True] * 4 + [False] * 3
    assert [read_decimal(word) for word in ("1.234,50", "1,234.50", "19 %", "12,5")] == [
        "1234.50",
        "1234.50",
        "19",
        "12.5",
    ]
