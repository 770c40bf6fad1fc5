"""What was recovered, by the week in which it was accepted and by person."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from helpdesk.proposals.queries import Recovered
from helpdesk.proposals.render import recovered_weeks

ZURICH = ZoneInfo("Europe/Zurich")
TODAY = date(2026, 11, 25)
ANN, TOM, HOUR = 1, 2, 3600


def accepted(day: int, hour: int, person: int, seconds: int) -> Recovered:
    return Recovered(person, {ANN: "Ann", TOM: "Tom"}[person], datetime(2026, 11, day, hour, tzinfo=UTC), seconds)


def test_weeks_begin_on_monday_where_the_reader_is_and_people_stand_by_name():
    found = [
        accepted(8, 12, ANN, HOUR),  # Sunday
        accepted(22, 22, ANN, 600),  # Sunday in UTC, 23:00 in Zurich
        accepted(22, 23, TOM, HOUR),  # Monday, 00:00 in Zurich
        accepted(24, 9, ANN, 900),
        accepted(25, 9, ANN, 900),
    ]

    weeks = recovered_weeks(found, person_id=ANN, zone=ZURICH, today=TODAY)

    assert [(week.monday, week.own_seconds, week.seconds, week.people) for week in weeks] == [
        (date(2026, 11, 23), 1800, 5400, [("Ann", 1800), ("Tom", 3600)]),
        (date(2026, 11, 16), 600, 600, [("Ann", 600)]),
        (date(2026, 11, 2), 3600, 3600, [("Ann", 3600)]),
    ]


def test_this_week_stands_there_without_anything():
    (week,) = recovered_weeks([], person_id=ANN, zone=ZURICH, today=TODAY)

    assert (week.monday, week.own_seconds, week.seconds, week.people) == (date(2026, 11, 23), 0, 0, [])
