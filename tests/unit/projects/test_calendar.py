"""A month as whole weeks."""

from datetime import date

import pytest

from helpdesk.kernel.periods import Month
from helpdesk.projects.domain.calendar import weeks_of


@pytest.mark.parametrize(
    ("month", "first", "last", "count"),
    [
        ("2026-11", date(2026, 10, 26), date(2026, 12, 6), 6),
        ("2027-02", date(2027, 2, 1), date(2027, 2, 28), 4),
        ("2026-12", date(2026, 11, 30), date(2027, 1, 3), 5),
    ],
)
def test_a_month_is_the_weeks_in_which_its_days_lie(month, first, last, count):
    weeks = weeks_of(Month.parse(month))

    assert (weeks[0].days[0], weeks[-1].days[-1], len(weeks)) == (first, last, count)


def test_weeks_have_the_numbers_of_their_year():
    assert [week.number for week in weeks_of(Month.parse("2026-12"))] == [49, 50, 51, 52, 53]
