"""What people type about their work, read and written back."""

from contextlib import nullcontext
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping.domain.worked import Week, Worked, read_length, read_worked, write_worked
from tests.typed_work import CASES

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)  # 11:00 in Berlin
TODAY = date(2026, 11, 18)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "seconds"), [("15", 900), ("1.5", 5400), ("1,5", 5400), ("1:30", 5400), ("24h", 86400)]
)
def test_a_duration_starts_at_noon_of_its_day_in_the_contracts_zone(typed, seconds):
    worked = read_worked(typed, day=TODAY, zone=BERLIN, now=NOW)

    assert (worked.started_at, worked.seconds, worked.duration_only) == (at("2026-11-18 11:00"), seconds, True)


@pytest.mark.parametrize(("typed", "day", "zone", "seconds"), CASES)
def test_what_is_typed_is_read_as_the_table_says(typed, day, zone, seconds):
    expected = pytest.raises(RuleViolation) if seconds is None else nullcontext()

    with expected:
        assert read_length(typed, day=date.fromisoformat(day), zone=ZoneInfo(zone)).seconds == seconds


def test_an_end_before_its_start_says_what_it_would_be():
    with pytest.raises(RuleViolation, match=r"10:40 to 09:15 ends before it starts.*22:35"):
        read_worked("10:40-9:15", day=date(2026, 11, 16), zone=BERLIN, now=NOW)


def test_a_range_is_wall_clock_time_of_the_contracts_zone():
    worked = read_worked("9:15-10:40", day=TODAY, zone=BERLIN, now=NOW)

    assert worked == Worked(at("2026-11-18 08:15"), at("2026-11-18 09:40"), duration_only=False)


def test_a_range_over_midnight_ends_the_next_day():
    worked = read_worked("23:40-0:25", day=date(2026, 11, 16), zone=BERLIN, now=NOW)

    assert worked.seconds == 45 * 60


@pytest.mark.parametrize(("day", "seconds"), [("2026-03-29", 3600), ("2026-10-25", 3 * 3600)])
def test_a_range_over_a_clock_change_is_as_long_as_it_was(day, seconds):
    worked = read_worked("1:30-3:30", day=date.fromisoformat(day), zone=BERLIN, now=NOW)

    assert worked.seconds == seconds


@pytest.mark.parametrize(
    ("typed", "day", "complaint"),
    [
        ("0", TODAY, "no time at all"),
        ("25h", TODAY, "more than a day"),
        ("9:00-9:00", TODAY, "same minute"),
        ("10:30-11:30", TODAY, "later than now"),
        ("1.5", date(2026, 11, 19), "not here yet"),
        ("-1", TODAY, "no duration"),
        ("soon", TODAY, "no duration"),
        ("", TODAY, "no duration"),
        ("2:15-3:10", date(2026, 3, 29), "no time at all"),  # 2:15 was skipped: it is 3:15
    ],
)
def test_what_cannot_have_been_worked_is_refused_with_a_reason(typed, day, complaint):
    with pytest.raises(RuleViolation, match=complaint):
        read_worked(typed, day=day, zone=BERLIN, now=NOW)


def test_a_day_that_began_for_the_technician_waits_for_the_clients_clock():
    honolulu = ZoneInfo("Pacific/Honolulu")

    with pytest.raises(RuleViolation, match="where the client is"):
        read_worked("15", day=date(2026, 11, 19), zone=honolulu, now=at("2026-11-19 09:00"))


@pytest.mark.parametrize("typed", ["9:15-10:40", "1:30", "0:00:20", "24:00"])
def test_what_was_read_is_written_as_it_is_read_again(typed):
    worked = read_worked(typed, day=TODAY, zone=BERLIN, now=NOW)

    assert write_worked(worked, BERLIN) == (TODAY, typed)


def test_weeks_follow_iso_8601_over_the_turn_of_the_year():
    week = Week.of(date(2027, 1, 1))

    assert (str(week), str(week.plus(1)), week.monday) == ("2026-W53", "2027-W01", date(2026, 12, 28))


@pytest.mark.parametrize("text", ["2026-W54", "2025-W53", "2026-47", "W47", "0000-W01", "9999-W53"])
def test_a_week_that_no_calendar_has_is_refused(text):
    with pytest.raises(RuleViolation, match="no week"):
        Week.parse(text)
