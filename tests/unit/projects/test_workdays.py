"""Working days are counted and stepped over as people do it on a calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.domain.workdays import Workdays, shifted

DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
CALENDARS = st.builds(
    Workdays,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=8).map(tuple),
)
FRIDAY, MONDAY = date(2026, 11, 27), date(2026, 11, 30)


def test_a_weekend_is_stepped_over():
    week = Workdays()

    assert week.on_or_after(date(2026, 11, 28)) == MONDAY
    assert week.on_or_before(date(2026, 11, 29)) == FRIDAY
    assert week.within(date(2026, 11, 23), date(2026, 12, 4)) == 10


def test_a_single_day_off_is_stepped_over_and_one_at_a_weekend_changes_nothing():
    week = Workdays(days_off=(MONDAY, date(2026, 11, 28), MONDAY))

    assert week.on_or_after(date(2026, 11, 28)) == date(2026, 12, 1)
    assert week.within(date(2026, 11, 23), date(2026, 12, 4)) == 9


@settings(max_examples=40)
@given(CALENDARS, DAYS)
def test_the_nth_working_day_has_n_before_it(calendar, day):
    count = calendar.before(day)

    found = calendar.nth(count)

    assert calendar.is_worked(found)
    assert found >= day
    assert calendar.before(found) == count
    assert not any(calendar.is_worked(day + timedelta(days=step)) for step in range((found - day).days))


@settings(max_examples=40)
@given(CALENDARS, DAYS, st.integers(0, 400))
def test_a_span_has_as_many_working_days_as_one_counts(calendar, day, length):
    last = day + timedelta(days=length)

    counted = sum(calendar.is_worked(day + timedelta(days=step)) for step in range(length + 1))

    assert calendar.within(day, last) == counted


def test_a_day_beyond_every_plan_is_refused():
    with pytest.raises(RuleViolation, match="between 1990 and 2199"):
        shifted(date(2199, 12, 30), 7)
