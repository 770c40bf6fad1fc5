"""Time beyond the allowance of a month: who passes the cap, and who stands out (docs/billing.md rule 14)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.cap import passed_by, standing_out
from helpdesk.retainers.domain.engine import Books
from helpdesk.retainers.domain.terms import Agreement, AtCap, Terms, TopUp
from helpdesk.retainers.domain.work import EntryStatus, WorkEntry

MARCH, APRIL, HOUR = Month(2026, 3), Month(2026, 4), 3600


def worked(uuid: str, day: str, hours: float, status: EntryStatus = EntryStatus.APPROVED) -> WorkEntry:
    starts = datetime.fromisoformat(f"{day}T08:00").replace(tzinfo=UTC)
    return WorkEntry(uuid, starts, starts + timedelta(hours=hours), status=status)


def books(*entries: WorkEntry, at_cap: AtCap = AtCap.STOP, top_ups: tuple[TopUp, ...] = (), **more: object) -> Books:
    terms = Terms(date(2026, 3, 1), allowance_seconds=10 * HOUR, at_cap=at_cap, **more)  # type: ignore[arg-type]
    agreement = Agreement(date(2026, 3, 1), (terms,), top_ups=top_ups)
    return Books(entries, ZoneInfo("UTC"), "EUR", agreement=agreement, through=APRIL)


@pytest.mark.parametrize(
    ("hours", "at_cap", "lifted", "beyond"),
    [
        (1, AtCap.STOP, {}, None),
        (1.5, AtCap.STOP, {}, 0.5),
        (1.5, AtCap.ASK, {}, 0.5),
        (1.5, AtCap.WARN, {}, None),
        (1.5, AtCap.ASK, {MARCH: HOUR // 2}, None),
        (1.75, AtCap.ASK, {MARCH: HOUR // 2}, 0.75),
        (1.5, AtCap.ASK, {APRIL: HOUR}, 0.5),
    ],
)
def test_a_month_holds_its_allowance_and_what_was_granted_beyond_it(hours, at_cap, lifted, beyond):
    both = books(worked("a", "2026-03-02", 9), worked("b", "2026-03-03", hours), at_cap=at_cap)

    passed = passed_by(both, ["b"], lifted=lifted, closed=())

    assert [(each.month, each.beyond_seconds / HOUR) for each in passed] == ([(MARCH, beyond)] if beyond else [])


def test_carried_hours_and_blocks_lie_below_the_cap():
    block = TopUp("b", 2 * HOUR, date(2026, 4, 1), date(2026, 4, 30))
    full = [worked("a", "2026-03-02", 4), worked("b", "2026-04-02", 18)]

    fits = passed_by(books(*full, top_ups=(block,), rollover_months=1), ["b"], lifted={}, closed=())
    lacks_the_block = passed_by(books(*full, rollover_months=1), ["b"], lifted={}, closed=())

    assert fits == []
    assert [each.beyond_seconds for each in lacks_the_block] == [2 * HOUR]


def test_a_block_of_other_days_leaves_time_beyond_the_cap():
    block = TopUp("b", 2 * HOUR, date(2026, 3, 20), date(2026, 4, 30))

    [passed] = passed_by(books(worked("a", "2026-03-02", 11), top_ups=(block,)), ["a"], lifted={}, closed=())

    assert (passed.beyond_seconds, passed.allowance_seconds) == (HOUR, 12 * HOUR)


def test_hours_that_a_later_month_used_already_are_not_taken_from_it():
    early, late = worked("early", "2026-03-30", 4), worked("late", "2026-04-02", 18)

    [passed] = passed_by(books(early, late, rollover_months=1), ["early"], lifted={}, closed=())

    assert (passed.month, passed.beyond_seconds) == (APRIL, 2 * HOUR)


def test_what_was_beyond_before_and_closed_months_refuse_nothing():
    over = [worked("a", "2026-03-02", 12), worked("b", "2026-04-01", 1)]

    assert passed_by(books(*over), ["b"], lifted={}, closed=()) == []
    assert passed_by(books(*over), ["a"], lifted={}, closed=(MARCH,)) == []


def test_a_carried_deficit_is_beyond_the_cap_too():
    [passed] = passed_by(books(worked("a", "2026-03-02", 11), carry_deficit=True), ["a"], lifted={}, closed=())

    assert (passed.month, passed.beyond_seconds) == (MARCH, HOUR)


def test_waiting_entries_stand_out_where_no_room_is_left_for_them():
    waiting = EntryStatus.SUBMITTED
    all_of_it = books(
        worked("a", "2026-03-02", 8),
        worked("fits", "2026-03-03", 1.5, waiting),
        worked("beyond", "2026-03-04", 1, waiting),
        worked("short", "2026-03-05", 0.5, waiting),
        worked("next", "2026-04-01", 9, waiting),
        worked("draft", "2026-03-03", 9, EntryStatus.DRAFT),
    )
    ids = ["fits", "beyond", "short", "next"]

    assert list(standing_out(all_of_it, ids, lifted={})) == ["beyond"]
    assert standing_out(all_of_it, ids, lifted={MARCH: HOUR}) == {}
    assert standing_out(books(*all_of_it.entries, at_cap=AtCap.WARN), ids, lifted={}) == {}
