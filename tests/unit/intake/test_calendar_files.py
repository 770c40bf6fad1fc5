"""A calendar file as values: whole days end where they end, zones are looked up and never worked out."""

import pytest

from helpdesk.intake.parser.calendar import read_calendar


def calendar(*lines: str, method: str = "REQUEST") -> bytes:
    inside = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        *lines,
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "\r\n".join(inside).encode()


def event(*lines: str, method: str = "REQUEST"):
    return read_calendar(calendar(*lines, method=method))["events"][0]


def test_an_instant_has_the_senders_clock_and_ours():
    found = event(
        "SUMMARY:Printer swap",
        "DTSTART;TZID=America/New_York:20261203T100000",
        "DURATION:PT90M",
        "LOCATION:Room 2",
        'ORGANIZER;CN="Ann Berg":mailto:ann@acme.example',
        "ATTENDEE;CN=Bob;PARTSTAT=DECLINED:MAILTO:bob@acme.example",
    )

    assert found["begins"] == {
        "at": "2026-12-03T15:00:00+00:00",
        "local": "2026-12-03T10:00",
        "zone": "America/New_York",
    }
    assert found["ends"]["at"] == "2026-12-03T16:30:00+00:00"
    assert found["organiser"] == "Ann Berg <ann@acme.example>"
    assert found["people"] == [{"who": "Bob <bob@acme.example>", "answer": "DECLINED"}]


def test_whole_days_end_with_their_last_day():
    found = event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227")

    assert (found["is_all_day"], found["begins"]["local"], found["ends"]["local"]) == (True, "2026-12-24", "2026-12-26")


def test_a_zone_that_nobody_knows_leaves_the_senders_clock_alone():
    found = event("DTSTART;TZID=Moon/Crater:20261203T100000")

    assert found["begins"] == {"at": None, "local": "2026-12-03T10:00", "zone": "Moon/Crater"}


@pytest.mark.parametrize(
    ("rule", "is_simple", "days"),
    [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=10", True, [0, 2]),
        ("FREQ=DAILY;UNTIL=20261231T000000Z", True, []),
        ("FREQ=MONTHLY;BYDAY=2TU", False, []),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", False, []),
    ],
)
def test_a_simple_rule_is_told_from_one_that_words_would_get_wrong(rule, is_simple, days):
    found = event("DTSTART:20261203T100000Z", f"RRULE:{rule}")["repeats"]

    assert (found["is_simple"], found["days"]) == (is_simple, days)


def test_a_cancelled_event_says_so_however_it_says_it():
    assert event("DTSTART:20261203T100000Z", method="CANCEL")["is_cancelled"]
    assert event("DTSTART:20261203T100000Z", "STATUS:CANCELLED", method="PUBLISH")["is_cancelled"]


def test_what_is_no_calendar_is_refused():
    with pytest.raises(ValueError, match=r".+"):
        read_calendar(b"<script>alert(1)</script>")
