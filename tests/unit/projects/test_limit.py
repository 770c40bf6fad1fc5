"""The most billable hours of a project, and hours as people type them."""

import pytest

from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.domain.hours import parse_hours, write_hours
from helpdesk.projects.domain.limit import REFUSE, WARN, BillableLimit

HOUR = 3600


@pytest.mark.parametrize(
    ("billable", "added", "fits"),
    [(0, 10, True), (9, 1, True), (9, 2, False), (10, 0, False), (10, 1, False), (9, 0, True), (12, 0, False)],
)
def test_time_fits_up_to_the_limit_and_a_timer_needs_something_left(billable, added, fits):
    limit = BillableLimit("Website", 10 * HOUR, REFUSE)

    assert (limit.refusal(billable * HOUR, added * HOUR) == "") is fits


def test_a_refusal_says_how_much_there_is_and_whom_to_ask():
    limit = BillableLimit("Website", 10 * HOUR, REFUSE, "Ann")

    assert limit.refusal(9 * HOUR, 2 * HOUR) == (
        "Website takes 10:00 billable hours at most, 9:00 are worked, and 2:00 more is too much. "
        "Nothing was saved: ask Ann to raise it, or say that the time is not billable."
    )


def test_a_limit_that_warns_refuses_nothing_and_tells_once_it_is_reached():
    limit = BillableLimit("Website", 10 * HOUR, WARN)

    assert limit.refusal(20 * HOUR, HOUR) == ""
    assert limit.warning(10 * HOUR - 1) == ""
    assert "10:00 are worked: ask a manager" in limit.warning(10 * HOUR)


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("", None),
        ("120", 432_000),
        ("120h", 432_000),
        ("7,5", 27_000),
        ("7.5 h", 27_000),
        ("7:30", 27_000),
        ("90m", 5400),
    ],
)
def test_a_bare_number_of_a_budget_is_hours(typed, seconds):
    assert parse_hours(typed) == seconds


@pytest.mark.parametrize("typed", ["soon", "-5", "1e3", "1000000", "12.34567"])
def test_what_are_no_hours_is_refused(typed):
    with pytest.raises(RuleViolation):
        parse_hours(typed)


@pytest.mark.parametrize(("seconds", "text"), [(None, ""), (432_000, "120"), (27_000, "7:30")])
def test_hours_are_written_as_they_are_typed(seconds, text):
    assert write_hours(seconds) == text
