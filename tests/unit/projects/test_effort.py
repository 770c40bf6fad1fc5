"""What is left of a task."""

import pytest

from helpdesk.projects.domain.effort import Effort

HOUR = 3600


@pytest.mark.parametrize(
    ("effort", "remaining", "over", "percent"),
    [
        (Effort(8 * HOUR, 3 * HOUR), 5 * HOUR, 0, 37),
        (Effort(8 * HOUR, 9 * HOUR), 0, HOUR, 100),
        (Effort(None, 2 * HOUR), None, 0, 0),
        (Effort(8 * HOUR, 3 * HOUR, 6 * HOUR, 3 * HOUR), 6 * HOUR, HOUR, 33),
        (Effort(8 * HOUR, 5 * HOUR, 6 * HOUR, 3 * HOUR), 4 * HOUR, HOUR, 55),
        (Effort(8 * HOUR, 2 * HOUR, 6 * HOUR, 3 * HOUR), 7 * HOUR, HOUR, 22),
        (Effort(None, 5 * HOUR, 0, 5 * HOUR), 0, 0, 100),
        (Effort(0, 0), 0, 0, 0),
    ],
    ids=["estimate", "over", "unknown", "said", "worked since", "work taken back", "said to be done", "nothing"],
)
def test_what_is_left_is_the_estimate_without_the_work_or_what_somebody_said(effort, remaining, over, percent):
    assert (effort.remaining_seconds, effort.over_seconds, effort.done_percent) == (remaining, over, percent)
