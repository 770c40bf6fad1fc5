from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.business_time import DAYS, Calendar, WeeklyHours, business_seconds_between
from helpdesk.kernel.periods import zone_named
from helpdesk.sla.domain.clocks import Budgets, History, Pause, clocks

HOUR = 3600
OFFICE = Calendar(WeeklyHours.parse("Mon-Fri 9:00-17:00"), zone_named("UTC"))
BUDGETS = Budgets(first_answer=2 * HOUR, next_answer=4 * HOUR, resolution=16 * HOUR)


def at(text: str) -> datetime:
    """An instant of the week from Monday 16 November 2026: ``Mon 9:00``."""
    day, clock = text.split()
    hour, minute = clock.split(":")
    return datetime(2026, 11, 16 + DAYS.index(day), int(hour), int(minute), tzinfo=UTC)


def told(history: History) -> dict[str, tuple[str, datetime | None]]:
    """The state and due instant of each clock; of several next answers the last."""
    found = clocks(history, BUDGETS, OFFICE, at_risk_percent=75)
    return {clock.target: (clock.state, clock.due_at) for clock in found}


def test_a_new_ticket_waits_for_its_first_answer_and_its_solution():
    found = clocks(History(at("Fri 16:30"), asked=(at("Fri 16:30"),)), BUDGETS, OFFICE, at_risk_percent=75)

    next_monday = datetime(2026, 11, 23, tzinfo=UTC)
    first = next(clock for clock in found if clock.target == "first_answer")
    assert [clock.target for clock in found] == ["first_answer", "resolution"]
    assert first.due_at == next_monday.replace(hour=10, minute=30)
    assert first.at_risk_at == next_monday.replace(hour=10)
    assert not first.is_missed(first.due_at)
    assert first.is_missed(next_monday.replace(hour=10, minute=31))


def test_an_answer_in_time_stops_the_first_clock_and_a_new_question_starts_another():
    asked, answered = (
        (at("Mon 9:00"), at("Mon 12:00"), at("Mon 13:00"), at("Tue 9:00")),
        (at("Mon 10:00"), at("Mon 15:00")),
    )

    found = clocks(History(at("Mon 9:00"), asked, answered), BUDGETS, OFFICE, at_risk_percent=75)

    assert [(clock.target, clock.started_at, clock.stopped_at, clock.state) for clock in found] == [
        ("first_answer", at("Mon 9:00"), at("Mon 10:00"), "stopped"),
        ("next_answer", at("Mon 12:00"), at("Mon 15:00"), "stopped"),
        ("next_answer", at("Tue 9:00"), None, "running"),
        ("resolution", at("Mon 9:00"), None, "running"),
    ]
    assert not any(clock.is_missed(at("Tue 9:00")) for clock in found)


def test_what_waits_on_the_client_uses_nothing_up_and_goes_on_with_the_rest():
    waited = (Pause(at("Mon 10:00"), at("Tue 9:30"), "waiting"),)
    waits = (*waited, Pause(at("Tue 10:00"), None, "waiting"))

    assert told(History(at("Mon 9:00"), pauses=waited))["first_answer"] == ("running", at("Tue 10:30"))
    assert told(History(at("Mon 9:00"), pauses=waits))["first_answer"] == ("paused", None)
    stretches = clocks(History(at("Mon 9:00"), pauses=waits), BUDGETS, OFFICE, at_risk_percent=75)[0].stretches
    assert [(one.seconds, one.why) for one in stretches] == [(HOUR, "waiting"), (HOUR // 2, "waiting")]


def test_what_was_missed_before_a_pause_stays_missed():
    waits = (Pause(at("Mon 12:00"), None, "waiting"),)

    first = clocks(History(at("Mon 9:00"), pauses=waits), BUDGETS, OFFICE, at_risk_percent=75)[0]

    assert (first.state, first.due_at) == ("paused", at("Mon 11:00"))
    assert first.is_missed(at("Mon 12:00"))


def test_a_solved_ticket_stands_and_a_reopened_one_goes_on():
    solved = Pause(at("Mon 11:00"), None, "solved")
    reopened = Pause(at("Mon 11:00"), at("Wed 9:00"), "solved")

    done = told(History(at("Mon 9:00"), answered=(at("Mon 10:00"),), pauses=(solved,), done_at=solved.start))
    again = told(History(at("Mon 9:00"), answered=(at("Mon 10:00"),), pauses=(reopened,)))

    assert done["resolution"][0] == "stopped"
    assert again["resolution"] == ("running", at("Thu 15:00"))


@pytest.mark.parametrize("target", ["first_answer", "next_answer", "resolution"])
def test_what_is_not_promised_has_no_clock(target):
    history = History(at("Mon 9:00"), asked=(at("Mon 11:00"),), answered=(at("Mon 10:00"),))
    promised = Budgets(**{target: HOUR})

    assert [clock.target for clock in clocks(history, promised, OFFICE, at_risk_percent=75)] == [target]


moments = st.lists(
    st.integers(0, 14 * 24 * 60).map(lambda minute: datetime.fromtimestamp(1_794_819_600 + 60 * minute, UTC)),
    min_size=3,
    max_size=9,
    unique=True,
).map(sorted)


@given(moments, st.booleans())
def test_a_clock_is_due_once_its_seconds_were_worked_outside_of_pauses(marks, lasts):
    opened, *edges = marks
    pauses = [Pause(start, end, "waiting") for start, end in list(pairwise(edges))[::2]]
    if lasts:
        pauses[-1] = Pause(pauses[-1].start, None, "waiting")

    found = clocks(History(opened, pauses=tuple(pauses)), BUDGETS, OFFICE, at_risk_percent=75)

    for clock in found:
        if clock.due_at is None:
            assert clock.state == "paused"
            assert clock.used_seconds < clock.budget_seconds
            continue
        due = clock.due_at
        paused = sum(
            business_seconds_between(OFFICE, min(pause.start, due), min(pause.end or due, due)) for pause in pauses
        )
        assert business_seconds_between(OFFICE, opened, due) - paused == clock.budget_seconds
        assert clock.at_risk_at is not None
        assert clock.at_risk_at <= due
