"""Until when somebody is quiet (docs/notifications.md rules 24 and 25)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.errors import RuleViolation
from helpdesk.notices.domain import QuietHours, quiet_until

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
WORKING, WEEKEND, ALL = frozenset(range(5)), frozenset({5, 6}), frozenset(range(7))
EVENINGS = QuietHours(time(18), time(8), WORKING, WEEKEND)
SUNDAYS = QuietHours(time(12), time(13), frozenset(), frozenset({6}))
LUNCH = QuietHours(time(12), time(13), ALL, frozenset())


def until(hours: QuietHours | None, at: str, zone: ZoneInfo = BERLIN) -> str | None:
    """Ask on the wall clock of ``zone``, and return what it shows at the end."""
    found = quiet_until(hours, now=datetime.fromisoformat(at).replace(tzinfo=zone).astimezone(UTC), zone=zone)
    return None if found is None else f"{found.astimezone(zone):%a %d %H:%M}"


@pytest.mark.parametrize(
    ("hours", "at", "ends"),
    [
        pytest.param(EVENINGS, "2026-11-18T17:59:59", None, id="a moment before"),
        pytest.param(EVENINGS, "2026-11-18T18:00:00", "Thu 19 08:00", id="from the first moment on"),
        pytest.param(EVENINGS, "2026-11-19T00:00:00", "Thu 19 08:00", id="over midnight"),
        pytest.param(EVENINGS, "2026-11-19T07:59:59", "Thu 19 08:00", id="up to the last moment"),
        pytest.param(EVENINGS, "2026-11-19T08:00:00", None, id="no longer"),
        pytest.param(EVENINGS, "2026-11-20T19:00:00", "Mon 23 08:00", id="Friday's evening goes on over the weekend"),
        pytest.param(EVENINGS, "2026-11-22T23:59:59", "Mon 23 08:00", id="a whole day goes on into the night"),
        pytest.param(EVENINGS, "2026-11-23T00:00:00", "Mon 23 08:00", id="and up to the morning"),
        pytest.param(SUNDAYS, "2026-11-22T23:59:59", "Mon 23 00:00", id="or ends at midnight where there is no night"),
        pytest.param(LUNCH, "2026-11-18T12:30:00", "Wed 18 13:00", id="within a day"),
        pytest.param(LUNCH, "2026-11-18T00:30:00", None, id="not in the night"),
        pytest.param(None, "2026-11-18T03:00:00", None, id="nobody's"),
        pytest.param(QuietHours(time(18), time(8), frozenset(), frozenset()), "2026-11-18T20:00:00", None, id="no day"),
        pytest.param(
            QuietHours(time(20), time(7), ALL, frozenset({0, 1, 2, 3, 4, 5})), "2026-11-16T09:00:00", "Sun 22 07:00",
            id="many days in a row",
        ),
    ],
)  # fmt: skip
def test_it_is_quiet_up_to_the_end_of_all_that_touches(hours, at, ends):
    assert until(hours, at) == ends


@pytest.mark.parametrize(
    ("begins", "ends", "at", "found"),
    [
        pytest.param("22:00", "02:30", "2026-03-28T23:00:00+01:00", "2026-03-29T01:30:00Z", id="a skipped end"),
        pytest.param("22:00", "02:30", "2026-10-24T23:00:00+02:00", "2026-10-25T00:30:00Z", id="an end twice"),
        pytest.param("22:00", "06:00", "2026-03-28T23:00:00+01:00", "2026-03-29T04:00:00Z", id="seven hours"),
        pytest.param("22:00", "06:00", "2026-10-24T23:00:00+02:00", "2026-10-25T05:00:00Z", id="nine hours"),
        pytest.param("03:00", "02:00", "2026-03-28T12:00:00+01:00", "2026-03-30T00:00:00Z", id="a skipped gap"),
    ],
)  # fmt: skip
def test_a_night_in_which_the_clock_changes_ends_when_the_clock_says_so(begins, ends, at, found):
    hours = QuietHours(time.fromisoformat(begins), time.fromisoformat(ends), ALL, frozenset())

    assert quiet_until(hours, now=datetime.fromisoformat(at), zone=BERLIN) == datetime.fromisoformat(found)


def test_it_is_everybodys_own_clock_that_counts():
    now = datetime(2026, 11, 18, 18, 0, tzinfo=UTC)

    assert quiet_until(EVENINGS, now=now, zone=BERLIN) == datetime(2026, 11, 19, 7, tzinfo=UTC)
    assert quiet_until(EVENINGS, now=now, zone=NEW_YORK) is None


@pytest.mark.parametrize(
    ("begins", "ends", "days", "whole", "field"),
    [
        (time(8), time(8), {0}, set(), "ends"),
        (time(18), time(8), set(), set(range(7)), "whole_days"),
        (time(18), time(8), {7}, set(), None),
    ],
)
def test_hours_that_are_none_or_all_and_days_that_there_are_not_are_refused(begins, ends, days, whole, field):
    with pytest.raises(RuleViolation) as refused:
        QuietHours(begins, ends, frozenset(days), frozenset(whole))

    assert refused.value.field == field


weekdays = st.frozensets(st.integers(0, 6))
clocks = st.integers(0, 1439).map(lambda minute: time(minute // 60, minute % 60))


@given(
    begins=clocks,
    ends=clocks,
    days=weekdays,
    whole=weekdays.filter(lambda days: len(days) < 7),
    now=st.integers(0, 2 * 365 * 86400).map(
        lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    ),
    zone=st.sampled_from(["Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe", "UTC"]),
)
def test_whatever_was_chosen_it_ends_within_eight_days_and_is_not_quiet_then(begins, ends, days, whole, now, zone):
    if begins == ends:
        days = frozenset()
    hours, place = QuietHours(begins, ends, days, whole), ZoneInfo(zone)

    found = quiet_until(hours, now=now, zone=place)

    if found is not None:
        assert now < found
        assert (found - now).days < 8
        assert quiet_until(hours, now=found, zone=place) is None
