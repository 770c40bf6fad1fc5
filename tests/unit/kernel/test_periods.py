from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import (
    Month,
    day_instants,
    day_start,
    local_day,
    local_month,
    month_edges,
    require_utc,
    split_at,
    wall_clock,
    zone_named,
)

BERLIN = zone_named("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_month_is_read_written_and_counted_on():
    march = Month.parse("2026-03")

    assert str(march) == "2026-03"
    assert (march.previous, march.next) == (Month(2026, 2), Month(2026, 4))
    assert Month(2026, 12).next == Month(2027, 1)
    assert Month(2026, 1).plus(-13) == Month(2024, 12)
    assert (march.first_day, march.last_day, march.days) == (date(2026, 3, 1), date(2026, 3, 31), 31)
    assert Month.of(date(2026, 3, 9)) == march


@pytest.mark.parametrize("text", ["2026-3", "2026-13", "2026-00", "03-2026", "2026-03-01", "", "0000-01", "2026-03\n"])
def test_what_is_no_month_is_refused(text):
    with pytest.raises(RuleViolation, match="no month"):
        Month.parse(text)


def test_a_thirteenth_month_is_refused():
    with pytest.raises(RuleViolation):
        Month(2026, 13)


@pytest.mark.parametrize(
    "name", ["", "europe/berlin", "Europe", "../etc/passwd", "Mars/Base", "localtime", "posix/UTC"]
)
def test_what_is_no_zone_is_refused(name):
    with pytest.raises(RuleViolation, match="time zone"):
        zone_named(name)


def test_a_month_begins_and_ends_at_midnight_of_its_zone():
    start, end = Month(2026, 3).instants(BERLIN)

    assert (start, end) == (at("2026-02-28T23:00Z"), at("2026-03-31T22:00Z"))


def test_the_days_of_the_clock_changes_have_23_and_25_hours():
    spring = day_instants(date(2026, 3, 29), BERLIN)
    autumn = day_instants(date(2026, 10, 25), BERLIN)

    assert spring[1] - spring[0] == timedelta(hours=23)
    assert autumn[1] - autumn[0] == timedelta(hours=25)


def test_a_skipped_time_is_read_by_the_offset_before_and_a_repeated_one_is_the_first():
    assert wall_clock(date(2026, 3, 29), time(2, 30), BERLIN) == at("2026-03-29T01:30Z")
    assert wall_clock(date(2026, 10, 25), time(2, 30), BERLIN) == at("2026-10-25T00:30Z")


def test_a_midnight_that_is_skipped_is_the_moment_of_the_change():
    assert day_start(date(2018, 11, 4), zone_named("America/Sao_Paulo")) == at("2018-11-04T03:00Z")


def test_a_late_evening_in_los_angeles_is_the_next_month_in_berlin():
    instant = at("2026-03-31T22:00-07:00")

    assert local_day(instant, BERLIN) == date(2026, 4, 1)
    assert local_month(instant, BERLIN) == Month(2026, 4)


def test_the_hour_repeated_over_midnight_belongs_to_the_new_month():
    st_johns = zone_named("America/St_Johns")
    second_2330_of_october = at("2009-11-01T03:00Z")

    assert second_2330_of_october.astimezone(st_johns).date() == date(2009, 10, 31)
    assert local_month(second_2330_of_october, st_johns) == Month(2009, 11)


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu"]),
)
def test_every_instant_lies_in_its_day_and_in_its_month(instant, name):
    zone = zone_named(name)

    day_from, day_to = day_instants(local_day(instant, zone), zone)
    month_from, month_to = local_month(instant, zone).instants(zone)

    assert day_from <= instant < day_to
    assert month_from <= instant < month_to


def test_a_range_over_two_month_edges_is_cut_in_three():
    start, end = at("2026-01-31T23:30+01:00"), at("2026-03-01T00:30+01:00")

    pieces = split_at(start, end, month_edges(start, end, BERLIN))

    assert pieces == [
        (start, at("2026-02-01T00:00+01:00")),
        (at("2026-02-01T00:00+01:00"), at("2026-03-01T00:00+01:00")),
        (at("2026-03-01T00:00+01:00"), end),
    ]


def test_edges_on_the_ends_cut_nothing_and_an_empty_range_stays_whole():
    start, end = at("2026-03-01T00:00Z"), at("2026-03-02T00:00Z")

    assert split_at(start, end, [start, end]) == [(start, end)]
    assert split_at(start, start, [start]) == [(start, start)]


def test_an_instant_without_an_offset_is_refused():
    assert require_utc(at("2026-03-01T00:00+01:00")) == at("2026-02-28T23:00Z")
    with pytest.raises(RuleViolation, match="no offset"):
        require_utc(datetime(2026, 3, 1))  # noqa: DTZ001 - that is what is refused
