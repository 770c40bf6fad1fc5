"""What typing into a cell of the week does."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.timekeeping.domain.timesheet import (
    Add,
    CellEntry,
    Change,
    Leave,
    Remove,
    RowKey,
    Typed,
    cell_text,
    decide,
    overwritten,
    stamp,
    usual_type,
)
from helpdesk.timekeeping.domain.worked import Week, Worked

NOON = datetime(2026, 11, 16, 11, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
LENGTH = CellEntry(7, 1, 5400, Worked(NOON, NOON.replace(hour=12, minute=30), duration_only=True), "", "draft")
RANGE = replace(LENGTH, worked=Worked(NOON, NOON.replace(hour=12, minute=30), duration_only=False))
NOTED = replace(LENGTH, note="labels")
RUNNING = replace(LENGTH, worked=None)


def typed(text: str, *entries: CellEntry) -> Typed:
    return Typed(text, cell_text(entries), stamp(entries))


@pytest.mark.parametrize(
    ("text", "entries", "act"),
    [
        ("1:30", [], Add()),
        ("9:15-10:40", [], Add()),
        ("soon", [], Add()),  # which the service refuses, with the reason
        ("", [], Leave()),
        ("0", [], Leave()),
        ("1:30", [LENGTH], Leave()),
        (" 1:30 ", [LENGTH], Leave()),
        ("2:00", [LENGTH], Change(7)),
        ("2:00", [NOTED], Change(7)),
        ("2:00", [RANGE], Change(7)),
        ("2:00", [replace(LENGTH, status="rejected")], Change(7)),
        ("", [LENGTH], Remove(7)),
        ("0:00", [LENGTH], Remove(7)),
        ("3:00", [LENGTH, LENGTH], Leave()),
    ],
)
def test_a_cell_becomes_what_is_typed(text, entries, act):
    assert decide(entries, typed(text, *entries)) == act


@pytest.mark.parametrize(
    ("text", "entries", "complaint"),
    [
        ("2:00", [LENGTH, NOTED], "sum of 2 entries; open the cell"),
        ("", [LENGTH, NOTED], "sum of 2 entries"),
        ("", [NOTED], "holds the note .labels.; open the cell"),
        ("", [RANGE], "holds times of day; open the cell"),
        ("2:00", [RUNNING], "timer runs"),
        ("2:00", [replace(LENGTH, status="approved")], "is approved"),
        ("", [replace(LENGTH, status="locked")], "is approved"),
    ],
)
def test_details_are_never_lost_by_typing_over_them(text, entries, complaint):
    with pytest.raises(RuleViolation, match=complaint):
        decide(entries, typed(text, *entries))


@pytest.mark.parametrize(
    ("now_there", "says"), [([replace(LENGTH, version=2, seconds=7200)], "says 2:00 now"), ([], "is empty now")]
)
def test_a_cell_that_changed_meanwhile_is_told_and_left(now_there, says):
    with pytest.raises(Conflict, match=f"{says}. Your 0:45 is not saved"):
        decide(now_there, typed("0:45", LENGTH))


@pytest.mark.parametrize("again", ["1h30", "90m", "1,5"])
def test_what_is_sent_again_because_its_answer_was_lost_is_no_conflict(again):
    assert decide([LENGTH], typed(again)) == Leave()


def test_what_was_not_touched_is_no_conflict_whatever_happened_meanwhile():
    assert decide([replace(LENGTH, version=9, seconds=60)], typed("1:30", LENGTH)) == Leave()


def test_a_length_typed_over_times_of_day_keeps_when_work_began():
    before = Worked(NOON, NOON.replace(hour=12, minute=30), duration_only=False)

    after = overwritten(before, "2:00", day=date(2026, 11, 16), zone=BERLIN, now=NOW)

    assert (after.started_at, after.seconds, after.duration_only) == (NOON, 7200, False)


def test_times_of_day_typed_over_a_length_take_its_place():
    before = Worked(NOON, NOON.replace(hour=13), duration_only=True)

    after = overwritten(before, "9:15-10:40", day=date(2026, 11, 16), zone=BERLIN, now=NOW)

    assert (after.seconds, after.duration_only) == (5100, False)


def test_a_length_that_would_end_later_than_now_says_when_work_began():
    before = Worked(NOW.replace(hour=9), NOW, duration_only=False)

    with pytest.raises(RuleViolation, match="Work began at 10:00"):
        overwritten(before, "3:00", day=date(2026, 11, 18), zone=BERLIN, now=NOW)


@pytest.mark.parametrize("key", [RowKey(4871, 2), RowKey(1, None)])
def test_a_row_is_named_by_item_and_work_type(key):
    assert RowKey.parse(str(key)) == key


@pytest.mark.parametrize("text", ["", "4871", "4871.x", "-1.2", "1.2.3", "99999999999.1", "\u0661.0"])
def test_what_names_no_row_is_refused(text):
    with pytest.raises(RuleViolation, match="no row"):
        RowKey.parse(text)


@given(st.dates(date(1971, 1, 4), date(9900, 1, 1)))
@settings(max_examples=40)
def test_a_week_has_seven_days_from_monday_on_whatever_the_year(day):
    week = Week.of(day)

    assert [each.isoweekday() for each in week.days] == [1, 2, 3, 4, 5, 6, 7]
    assert day in week.days
    assert Week.parse(str(week)) == week
    assert week.plus(1).monday == week.days[-1] + (week.days[1] - week.days[0])


def test_a_year_of_53_weeks_and_a_leap_day_are_in_their_weeks():
    assert str(Week.of(date(2026, 12, 31))) == "2026-W53"
    assert str(Week.of(date(2027, 1, 3)).plus(1)) == "2027-W01"
    assert date(2028, 2, 29) in Week.parse("2028-W09").days


@pytest.mark.parametrize(
    ("types", "usual"),
    [([], 1), ([None], None), ([2], 2), ([2, 1], 1), ([3, None], 3)],
    ids=["no row", "a row without a type", "a row of another type", "several and the default", "several others"],
)
def test_an_item_that_is_in_the_week_gets_no_second_row_unasked(types: list[int | None], usual: int | None) -> None:
    rows = [RowKey(10, kind) for kind in types] + [RowKey(11, 4)]

    assert usual_type(rows, 10, 1) == usual
