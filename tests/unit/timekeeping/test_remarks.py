"""What stands out about submitted time, and what does not (docs/billing.md rule 2)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from helpdesk.company.domain import BusinessHours
from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping.domain.remarks import Submitted, remarks_of

HOURS = BusinessHours.parse("Mon-Fri 8:00-18:00; Sat 9:00-13:00")
PLAIN = Submitted(
    starts=datetime.fromisoformat("2026-11-16 09:00"),
    ends=datetime.fromisoformat("2026-11-16 11:00"),
    duration_only=False,
    note="x",
    business_hours=HOURS,
)
HOUR = 3600


def at(day: int, start: str, end: str, **more: Any) -> Submitted:
    times = [datetime.fromisoformat(f"2026-11-{day} {text}") for text in (start, end)]
    return replace(PLAIN, starts=times[0], ends=times[1], **more)


def test_time_as_any_other_has_no_remark():
    assert remarks_of(PLAIN) == []


@pytest.mark.parametrize(
    ("entry", "name", "reason"),
    [
        (at(16, "07:55", "18:05"), "too_long", "Long: 10:10"),
        (replace(PLAIN, overlaps=True), "overlapping", "Overlaps with other time"),
        (at(16, "22:10", "23:40"), "out_of_hours", "Out of hours: 22:10 to 23:40"),
        (at(16, "07:30", "09:00"), "out_of_hours", "Out of hours: 07:30 to 09:00"),
        (at(22, "10:00", "11:00"), "out_of_hours", "On a Sunday"),
        (at(22, "10:00", "10:05"), "out_of_hours", "On a Sunday"),
        (replace(PLAIN, item_seconds=5 * HOUR, estimate_seconds=4 * HOUR), "over_estimate", "5:00 of 4:00 estimated"),
        (
            replace(PLAIN, project_seconds=41 * HOUR, maximum_seconds=40 * HOUR),
            "over_maximum",
            "Project at 41:00 of 40:00 at most",
        ),
        (replace(PLAIN, note="  "), "without_note", "No note"),
        (replace(PLAIN, is_edited=True), "edited_since", "Changed since it was submitted"),
        (replace(PLAIN, written_by="Mona"), "on_behalf", "Written by Mona"),
        (
            replace(PLAIN, replaces=True, written_by="Mona", is_edited=True),
            "replacing",
            "Replaces reversed time, by Mona",
        ),
        (replace(PLAIN, trimmed_seconds=2 * HOUR), "trimmed", "Timer ran 2:00 longer"),
        (replace(PLAIN, is_trimmed=True), "trimmed", "Forgotten timer, trimmed"),
    ],
)
def test_what_stands_out_says_why(entry, name, reason):
    assert [(remark.name, remark.reason) for remark in remarks_of(entry)] == [(name, reason)]


@pytest.mark.parametrize(
    "entry",
    [
        at(16, "07:50", "09:00"),  # ten minutes early
        at(21, "09:00", "13:00"),  # a Saturday on which people work
        at(22, "12:00", "13:00", duration_only=True),
        replace(PLAIN, item_seconds=4 * HOUR, estimate_seconds=4 * HOUR),
        replace(PLAIN, project_seconds=99 * HOUR, maximum_seconds=HOUR, is_billable=False),
        replace(PLAIN, trimmed_seconds=30),
    ],
)
def test_at_the_edge_nothing_stands_out(entry):
    assert remarks_of(entry) == []


def test_business_hours_are_read_as_people_write_them():
    assert HOURS.windows == (*[(480, 1080)] * 5, (540, 780), None)
    assert BusinessHours.parse("").windows == (None,) * 7
    assert BusinessHours.parse("mon - sun 0:00 - 24:00").windows == ((0, 1440),) * 7


@pytest.mark.parametrize(
    "text",
    [
        "Mon-Fri",
        "Mon 9-5",
        "Mon 18:00-8:00",
        "Fri-Mon 8:00-9:00",
        "Mon 8:00-9:00; Mon-Tue 8:00-9:00",
        "Xyz 8:00-9:00",
        "Mon 8:70-9:00",
    ],
)
def test_hours_that_cannot_be_are_refused(text):
    with pytest.raises(RuleViolation):
        BusinessHours.parse(text)
