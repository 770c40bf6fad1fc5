from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.durations import HOUR
from helpdesk.projects.domain.workdays import Workdays
from helpdesk.projects.domain.workload import Load, Work, book, capacity, spread

MONDAY = date(2026, 11, 16)
WEDNESDAY = date(2026, 11, 18)
NEXT, AFTER = MONDAY + timedelta(weeks=1), MONDAY + timedelta(weeks=2)
USUAL = Workdays()


def hours(work: Work, *, today: date = WEDNESDAY, workdays: Workdays = USUAL) -> dict[date, float]:
    return {monday: seconds / HOUR for monday, seconds in spread(work, today=today, workdays=workdays).items()}


def work(left: float | None, starts: date | None, due: date | None, *, person: int | None = 1, at: int = 1) -> Work:
    return Work(at, person, None if left is None else int(left * HOUR), starts, due)


@pytest.mark.parametrize(
    ("starts", "due", "expected"),
    [
        pytest.param(date(2026, 11, 19), date(2026, 11, 24), {MONDAY: 5, NEXT: 5}, id="over a weekend"),
        pytest.param(date(2026, 11, 2), date(2026, 11, 20), {MONDAY: 10}, id="days that are over take nothing"),
        pytest.param(date(2026, 11, 2), date(2026, 11, 24), {MONDAY: 6, NEXT: 4}, id="begun, into the next week"),
        pytest.param(date(2026, 11, 2), date(2026, 11, 13), {MONDAY: 10}, id="overdue is done from today on"),
        pytest.param(None, date(2026, 11, 25), {NEXT: 10}, id="a due day alone takes that day"),
        pytest.param(date(2026, 11, 25), None, {NEXT: 10}, id="a start alone takes that day"),
        pytest.param(date(2026, 11, 28), date(2026, 11, 29), {NEXT: 10}, id="a weekend on purpose"),
        pytest.param(None, None, {}, id="no days, no week"),
    ],
)
def test_what_is_left_lies_on_the_working_days_ahead(starts, due, expected):
    assert hours(work(10, starts, due)) == expected


def test_overdue_work_on_a_saturday_waits_for_monday_and_holidays_take_nothing():
    thanksgiving = Workdays(days_off=(date(2026, 11, 26), date(2026, 11, 27)))

    assert hours(work(8, None, date(2026, 11, 13)), today=date(2026, 11, 21)) == {NEXT: 8}
    assert hours(work(8, date(2026, 11, 26), date(2026, 11, 30)), workdays=thanksgiving) == {AFTER: 8}


def test_a_task_without_an_estimate_or_with_nothing_left_is_booked_with_nothing():
    assert hours(work(None, MONDAY, NEXT)) == {}
    assert hours(work(0, MONDAY, NEXT)) == {}


days = st.dates(date(2026, 9, 1), date(2027, 3, 1))


@given(st.integers(1, 400 * HOUR), days, days, days, st.frozensets(st.integers(0, 6), min_size=1), st.lists(days))
def test_all_that_is_left_stands_in_some_week_that_is_not_over(left, starts, due, today, weekdays, off):
    found = spread(Work(1, 1, left, starts, due), today=today, workdays=Workdays(weekdays, tuple(off)))

    assert sum(found.values()) == left
    assert min(found) >= today - timedelta(days=today.weekday())
    assert all(monday.weekday() == 0 and seconds > 0 for monday, seconds in found.items())


@pytest.mark.parametrize(
    ("target", "today", "expected"),
    [
        (40, MONDAY, 40),
        (40, WEDNESDAY, 24),
        (40, date(2026, 11, 21), 0),
        (40, NEXT, 0),
        (0, MONDAY, 0),
        (None, MONDAY, None),
    ],
)
def test_of_the_present_week_only_what_is_ahead_can_be_worked(target, today, expected):
    found = capacity(None if target is None else target * HOUR, monday=MONDAY, today=today, workdays=USUAL)

    assert found == (None if expected is None else expected * HOUR)


def test_more_than_can_be_worked_is_over_and_an_unknown_capacity_never_is():
    assert [Load(booked, 144_000).is_over for booked in (144_000, 144_001)] == [False, True]
    assert (Load(145_000, 144_000).percent, Load(1, 0).percent, Load(1, None).percent) == (100, None, None)
    assert (Load(1, 0).is_over, Load(1, None).is_over) == (True, False)
    assert Load(1, None) + Load(2, 5) + Load(3, 7) == Load(6, 12)


def test_a_week_knows_its_tasks_and_what_comes_behind_the_last_week_is_later():
    works = [
        work(4, NEXT, NEXT, at=7),
        work(6, NEXT, NEXT, at=8),
        work(3, None, AFTER, at=9),
        work(2, NEXT, NEXT, person=None, at=10),
    ]

    found = book(works, mondays=[MONDAY, NEXT], today=WEDNESDAY, workdays=USUAL)

    assert found.by_week == {(1, NEXT): 10 * HOUR, (None, NEXT): 2 * HOUR}
    assert found.later == {1: 3 * HOUR}
    assert found.tasks[1, NEXT] == [(8, 6 * HOUR), (7, 4 * HOUR)]
