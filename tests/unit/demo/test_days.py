"""The demo's days lie where people worked, whatever day it is told on."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.demo.calendar import Days

PARIS = ZoneInfo("Europe/Paris")


def told(year: int, month: int, day: int, hour: int = 9) -> Days:
    return Days(datetime(year, month, day, hour, tzinfo=UTC), PARIS)


@pytest.mark.parametrize(
    ("days", "before", "monday"),
    [
        (told(2026, 11, 27), [26, 25, 24, 23, 20], date(2026, 11, 23)),  # a Friday
        (told(2026, 11, 23), [20, 19, 18, 17, 16], date(2026, 11, 23)),  # a Monday
        (told(2026, 11, 29), [27, 26, 25, 24, 23], date(2026, 11, 23)),  # a Sunday
        (told(2026, 11, 29, 23), [27, 26, 25, 24, 23], date(2026, 11, 30)),  # a Monday already in Paris
    ],
)
def test_working_days_are_counted_back_from_the_day_where_the_client_is(days, before, monday):
    assert [days.before(count).day for count in range(1, 6)] == before
    assert days.of_week(0, 0) == monday
    assert days.of_week(-3, 2) == monday - timedelta(days=19)


def test_clocks_are_those_of_the_client():
    assert told(2026, 11, 27).at(date(2026, 11, 26), "16:52") == datetime(2026, 11, 26, 15, 52, tzinfo=UTC)
