"""The demo closes a month that is over on every client's clock."""

from datetime import UTC, date, datetime

from helpdesk.demo.run import last_month_everywhere
from helpdesk.demo.story import days_around
from helpdesk.kernel.periods import Month


def test_a_month_that_still_runs_in_seattle_is_not_closed_in_hamburg():
    assert last_month_everywhere(datetime(2026, 12, 1, 5, 0, tzinfo=UTC)) == Month(2026, 10)
    assert last_month_everywhere(datetime(2026, 12, 1, 9, 0, tzinfo=UTC)) == Month(2026, 11)


def test_the_weeks_that_are_submitted_reach_over_midnight():
    assert days_around(datetime(2026, 11, 22, 23, 5, tzinfo=UTC)) == [
        date(2026, 11, 21),
        date(2026, 11, 22),
        date(2026, 11, 23),
    ]
