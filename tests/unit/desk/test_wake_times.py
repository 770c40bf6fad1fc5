"""What is offered to sleep until, by working hours on the clock of who reads (docs/desk.md rule 11)."""

from datetime import UTC, date, datetime

import pytest

from helpdesk.desk.snoozing import read, wake_times
from helpdesk.kernel.business_time import Calendar, WeeklyHours
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import zone_named

BERLIN = zone_named("Europe/Berlin")
OFFICE = "Mon-Fri 9:00-12:00, 13:00-17:00"


def offered(at: str, hours: str = OFFICE, *, holidays: tuple[date, ...] = ()) -> dict[str, str]:
    """What is offered at an instant of Berlin's clock, on that clock: key to ``Thu 19 09:00``."""
    calendar = Calendar(WeeklyHours.parse(hours), BERLIN, frozenset(holidays))
    now = datetime.fromisoformat(at).replace(tzinfo=BERLIN).astimezone(UTC)
    return {key: f"{one.astimezone(BERLIN):%a %d %H:%M}" for key, one in wake_times(calendar, now).items()}


def test_in_the_middle_of_a_week_there_is_today_tomorrow_monday_and_the_same_day_next_week():
    assert offered("2026-11-18T10:10") == {
        "today": "Wed 18 13:30",
        "tomorrow": "Thu 19 09:00",
        "monday": "Mon 23 09:00",
        "week": "Wed 25 09:00",
    }


@pytest.mark.parametrize(
    ("at", "today"),
    [
        ("2026-11-18T05:00", "Wed 18 09:00"),  # before work, it is when work begins
        ("2026-11-18T09:00", "Wed 18 13:00"),  # at noon nobody is there
        ("2026-11-18T15:10", "Wed 18 16:00"),  # an hour before the end of work
        ("2026-11-18T15:31", None),
        ("2026-11-18T18:00", None),
        ("2026-11-21T10:00", None),
    ],
)
def test_later_today_is_within_working_time_and_half_an_hour_away_at_least(at, today):
    assert offered(at).get("today") == today


def test_no_day_is_offered_on_which_nothing_is_worked_and_none_twice():
    friday, sunday = offered("2026-11-20T10:00"), offered("2026-11-22T10:00")
    before_a_holiday = offered("2026-11-18T10:00", holidays=(date(2026, 11, 19), date(2026, 11, 23)))

    assert (friday.get("tomorrow"), friday["monday"], friday.get("next")) == (None, "Mon 23 09:00", None)
    assert (sunday["tomorrow"], sunday.get("monday")) == ("Mon 23 09:00", None)
    assert before_a_holiday == {"today": "Wed 18 13:00", "next": "Fri 20 09:00", "week": "Wed 25 09:00"}


def test_where_work_never_stops_a_day_begins_at_six():
    assert offered("2026-11-18T20:10", "Mon-Sun 0:00-24:00") == {
        "today": "Wed 18 23:00",
        "tomorrow": "Thu 19 06:00",
        "monday": "Mon 23 06:00",
        "week": "Wed 25 06:00",
    }


def test_a_typed_time_is_that_of_the_readers_clock():
    assert read("2026-11-19T09:15", zone=BERLIN) == datetime(2026, 11, 19, 8, 15, tzinfo=UTC)
    assert read("2026-11-19T09:15:00+00:00", zone=BERLIN) == datetime(2026, 11, 19, 9, 15, tzinfo=UTC)
    with pytest.raises(RuleViolation, match="Choose a day and a time"):
        read("tomorrow", zone=BERLIN)
