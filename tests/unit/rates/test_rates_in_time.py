"""Which rate of one scope is in force, planned or ended (docs/billing.md rule 5)."""

from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.rates.timeline import State, place

TODAY = date(2026, 11, 18)
DAYS = st.dates(TODAY - timedelta(days=20), TODAY + timedelta(days=20))


@dataclass(frozen=True)
class Row:
    effective_on: date
    ends_on: date | None = None


def on(month: int, day: int = 1) -> date:
    return date(2026, month, day)


def test_a_rate_ends_the_day_before_its_successor_begins():
    old, new, planned = Row(on(1)), Row(on(3)), Row(on(12))

    placed = place([new, planned, old], today=TODAY)

    assert [(one.row, one.state, one.until) for one in placed] == [
        (planned, State.PLANNED, None),
        (new, State.IN_FORCE, on(11, 30)),
        (old, State.ENDED, on(2, 28)),
    ]
    assert [(one.predecessor, one.successor) for one in placed] == [(new, None), (old, planned), (None, new)]


def test_a_rate_with_a_last_day_is_in_force_on_it_and_not_after():
    last_day_today, ended = Row(on(1), TODAY), Row(on(1), TODAY - timedelta(days=1))

    assert [place([row], today=TODAY)[0].state for row in (last_day_today, ended)] == [State.IN_FORCE, State.ENDED]


def test_nothing_is_placed_nowhere():
    assert place([], today=TODAY) == []


@settings(max_examples=60)
@given(st.lists(DAYS, unique=True), DAYS)
def test_at_most_one_is_in_force_and_it_is_the_last_that_has_begun(days, today):
    placed = place([Row(day) for day in days], today=today)

    in_force = [one.row.effective_on for one in placed if one.state is State.IN_FORCE]
    begun = [day for day in days if day <= today]
    assert in_force == ([max(begun)] if begun else [])
