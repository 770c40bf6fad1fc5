"""Since when a ticket waits, and when that is long enough (docs/automation.md rules 8 and 9)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.automation.domain.rules import Trigger
from helpdesk.automation.domain.waiting import Moments, Wait, acts_now, due_at, waits_since
from helpdesk.kernel.business_time import Calendar, WeeklyHours

MONDAY = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN = Calendar(WeeklyHours.parse("Mon-Fri 9:00-17:00"), ZoneInfo("Europe/Berlin"), frozenset())


@pytest.mark.parametrize(
    ("trigger", "wrote", "answered", "since"),
    [
        (Trigger.SINCE_CLIENT, MONDAY, None, MONDAY),
        (Trigger.SINCE_CLIENT, MONDAY, MONDAY - HOUR, MONDAY),
        (Trigger.SINCE_CLIENT, MONDAY, MONDAY + HOUR, None),
        (Trigger.SINCE_CLIENT, None, None, None),
        (Trigger.SINCE_ANSWER, MONDAY, MONDAY + HOUR, MONDAY + HOUR),
        (Trigger.SINCE_ANSWER, MONDAY, MONDAY - HOUR, None),
        (Trigger.SINCE_ANSWER, None, MONDAY, MONDAY),
        (Trigger.SINCE_ANSWER, MONDAY, None, None),
        (Trigger.SINCE_STATUS, None, None, MONDAY - 9 * HOUR),
    ],
)
def test_a_ticket_waits_from_the_last_word_of_one_side_unless_the_other_has_spoken(trigger, wrote, answered, since):
    assert waits_since(trigger, Moments(wrote, answered, MONDAY - 9 * HOUR)) == since


@pytest.mark.parametrize(
    ("wait", "due"),
    [
        (Wait(3, "days"), MONDAY + timedelta(days=3)),
        (Wait(2, "hours"), MONDAY + 2 * HOUR),
        (Wait(2, "working_hours"), datetime(2026, 11, 17, 9, 0, tzinfo=UTC)),
    ],
)
def test_time_goes_by_on_the_wall_or_at_work(wait, due):
    assert due_at(MONDAY, wait, BERLIN) == due


def test_a_rule_acts_on_what_came_due_since_it_was_switched_on():
    assert acts_now(MONDAY, now=MONDAY, switched_on_at=MONDAY)
    assert not acts_now(MONDAY + HOUR, now=MONDAY, switched_on_at=MONDAY - HOUR)
    assert not acts_now(MONDAY - HOUR, now=MONDAY, switched_on_at=MONDAY)
