"""A quarter shares the hours of its three months, and months are still closed one by one (docs/billing.md rule 8)."""

from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.durations import RoundingMode
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month, zone_named
from helpdesk.rates.domain import RoundingPolicy
from helpdesk.retainers.domain.engine import Books, Settlement, settle
from helpdesk.retainers.domain.opening import ClosedMonth, opening_of
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.domain.statement import Statement, open_statement
from helpdesk.retainers.domain.terms import Agreement, DrawOrder, Terms, TopUp
from helpdesk.retainers.domain.work import Adjustment, EntryStatus, WorkEntry

HOUR = 3600
EXACT = RoundingPolicy(mode=RoundingMode.NONE)
JANUARY, FEBRUARY, MARCH, APRIL, MAY, JUNE = (Month(2026, number) for number in range(1, 7))


def quarterly(starts_on: str = "2026-01-01", ends_on: str | None = None, **more: object) -> Agreement:
    start = date.fromisoformat(starts_on)
    top_ups = more.pop("top_ups", ())
    terms = Terms(start, 10 * HOUR, pool_months=3, **more)  # type: ignore[arg-type]
    return Agreement(start, (terms,), date.fromisoformat(ends_on) if ends_on else None, top_ups=top_ups)  # type: ignore[arg-type]


def work(day: str, length: float, status: EntryStatus = EntryStatus.APPROVED) -> WorkEntry:
    began = datetime.fromisoformat(f"{day}T08:00").replace(tzinfo=UTC)
    return WorkEntry(day, began, began + timedelta(hours=length), status=status)


def books(agreement: Agreement, *entries: WorkEntry, through: Month = JUNE, **more: object) -> Books:
    return Books(entries, zone_named("UTC"), "EUR", EXACT, agreement=agreement, through=through, **more)  # type: ignore[arg-type]


def rows(settlement: Settlement) -> list[tuple[float, ...]]:
    """Return carried in, granted, topped up, used, expired, carried out and overage of each month, in hours."""
    return [
        tuple(
            seconds / HOUR
            for seconds in (
                each.carried_in_seconds,
                each.granted_seconds,
                each.topped_up_seconds,
                each.used_seconds,
                each.expired_seconds,
                each.carried_out_seconds,
                each.overage_seconds,
            )
        )
        for each in settlement.periods
    ]


def statement(given: Books, month: Month, as_of: str) -> Statement:
    found = open_statement(given, month, as_of=date.fromisoformat(as_of))
    assert found is not None
    return found


def test_the_first_month_grants_the_hours_of_all_three_and_overage_begins_where_they_are_used_up():
    entries = (work("2026-01-05", 14), work("2026-02-05", 15), work("2026-03-05", 4), work("2026-04-05", 6))

    settlement = settle(books(quarterly(), *entries))

    assert rows(settlement) == [
        (0, 30, 0, 14, 0, 16, 0),
        (16, 0, 0, 15, 0, 1, 0),
        (1, 0, 0, 1, 0, 0, 3),
        (0, 30, 0, 6, 0, 24, 0),
        (24, 0, 0, 0, 0, 24, 0),
        (24, 0, 0, 0, 24, 0, 0),
    ]
    [piece, _over] = settlement.entries[2].pieces
    assert [each.grant for each in piece.grants] == ["allowance of 2026-01 to 2026-03"]
    assert settlement.periods[0].postings[0].reason == "allowance of 2026-01 to 2026-03"


def test_what_goes_beyond_in_the_second_month_is_overage_there_and_nothing_comes_before_the_next_quarter():
    settlement = settle(books(quarterly(), work("2026-02-05", 32), work("2026-03-05", 1), work("2026-04-05", 1)))

    assert [(each.used_seconds // HOUR, each.overage_seconds // HOUR) for each in settlement.periods[:4]] == [
        (0, 0),
        (30, 2),
        (0, 1),
        (1, 0),
    ]


def test_unused_hours_live_on_from_the_end_of_the_quarter_and_the_cap_cuts_them_only_there():
    agreement = quarterly(rollover_months=1, rollover_cap_seconds=5 * HOUR)

    found = rows(settle(books(agreement, work("2026-01-05", 6), work("2026-04-05", 2))))

    assert [(month[4], month[5]) for month in found[:5]] == [(0, 24), (0, 24), (19, 5), (3, 30), (0, 30)]


def test_a_carried_deficit_waits_for_the_next_quarter():
    found = rows(settle(books(quarterly(carry_deficit=True), work("2026-01-05", 33))))

    assert [(month[0], month[1], month[5]) for month in found[:4]] == [
        (0, 30, -3),
        (-3, 0, -3),
        (-3, 0, -3),
        (-3, 30, 27),
    ]


@pytest.mark.parametrize(
    ("order", "grant"),
    [
        (DrawOrder.EARLIEST_EXPIRY, "allowance of 2026-01 to 2026-03"),
        (DrawOrder.CURRENT_MONTH, "allowance of 2026-04 to 2026-06"),
    ],
)
def test_the_current_month_first_is_the_current_quarter_first(order, grant):
    found = settle(books(quarterly(rollover_months=2, draw_order=order), work("2026-05-05", 8)))

    [piece] = found.entries[0].pieces
    assert [each.grant for each in piece.grants] == [grant]


def test_a_part_of_a_quarter_counts_by_the_days_of_each_month():
    agreement = quarterly("2026-02-10", "2026-03-31")

    assert agreement.span_of(Month(2026, 2)) == Span(FEBRUARY, APRIL)
    assert agreement.allowance_in(FEBRUARY) == (10 * 19 * 60 + 14) // 28 * 60 + 10 * HOUR
    assert [agreement.allowance_in(month) for month in (MARCH, APRIL)] == [0, 0]
    assert str(agreement.fee_in(MARCH, "EUR")) == "0.00"


def test_blocks_and_what_reversals_give_back_come_in_any_month_and_live_as_they_did():
    block = TopUp("b", 2 * HOUR, date(2026, 2, 1), date(2026, 2, 28))
    back = Adjustment("2026-01-05", HOUR, FEBRUARY, "reversed")
    given = books(quarterly(top_ups=(block,)), work("2026-02-05", 32), adjustments=(back,))

    found = settle(given)

    assert rows(found)[1] == (30, 1, 2, 32, 1, 0, 0)
    assert [each.grant for piece in found.entries[0].pieces for each in piece.grants] == [
        "allowance of 2026-01 to 2026-03",
        "top-up of 2026-02-01",
    ]


@pytest.mark.parametrize(
    ("versions", "months"),
    [
        ([("2026-01-01", 3)], "1 1 1 1 1 1"),
        ([("2026-01-01", 3), ("2026-02-01", 1)], "1 1 1 2 2 2"),
        ([("2026-01-01", 3), ("2026-02-01", 1), ("2026-03-15", 3)], "1 1 1 3 3 3"),
        ([("2026-01-01", 1), ("2026-02-01", 3), ("2026-04-01", 1)], "1 2 2 2 3 3"),
        ([("2026-01-01", 1), ("2026-02-15", 3)], "1 1 2 2 2 2"),
    ],
)
def test_a_change_inside_of_a_quarter_counts_from_the_next_one(versions, months):
    terms = tuple(
        Terms(date.fromisoformat(day), at * HOUR, pool_months=pool) for at, (day, pool) in enumerate(versions, start=1)
    )
    agreement = Agreement(date(2026, 1, 1), terms)

    found = [agreement.terms_in(JANUARY.plus(at)).allowance_seconds // HOUR for at in range(6)]

    assert " ".join(map(str, found)) == months


@given(
    st.dates(date(2026, 1, 1), date(2026, 4, 1)), st.lists(st.dates(date(2025, 12, 1), date(2026, 8, 1)), max_size=4)
)
def test_terms_of_months_count_as_they_did(starts_on, others):
    days = sorted({starts_on, *(day for day in others if day > starts_on)})
    agreement = Agreement(starts_on, tuple(Terms(day, at) for at, day in enumerate(days)))

    for month in (Month.of(starts_on).plus(at) for at in range(10)):
        naive = max(bisect_right(days, agreement.first_day_in(month)) - 1, 0)
        assert agreement.terms_in(month).allowance_seconds == naive
        assert agreement.span_of(month) == Span(month, month)


def test_a_pool_is_a_month_or_a_quarter():
    with pytest.raises(RuleViolation, match="a month or a quarter"):
        Terms(date(2026, 1, 1), pool_months=2)


@pytest.mark.parametrize("until", [JANUARY, FEBRUARY, MARCH, MAY])
@pytest.mark.parametrize("order", DrawOrder)
@pytest.mark.parametrize("cap", [None, 7 * HOUR])
def test_what_closed_months_leave_follows_from_their_figures(until, order, cap):
    agreement = quarterly(rollover_months=2, rollover_cap_seconds=cap, draw_order=order)
    entries = tuple(work(f"2026-{month:02}-{day:02}", 7) for month in range(1, 8) for day in (3, 17))
    whole = settle(books(agreement, *entries, through=Month(2026, 7)))
    frozen = [
        ClosedMonth(each.month, each.granted_seconds, each.used_seconds, each.carried_out_seconds)
        for each in whole.periods
        if each.month <= until
    ]

    opening = opening_of(agreement, frozen)
    assert opening is not None
    later = tuple(each for each in entries if Month.of(each.started_at.date()) > until)
    found = settle(books(agreement, *later, through=Month(2026, 7), opening=opening))

    assert found.periods == tuple(each for each in whole.periods if each.month > until)


def test_thresholds_and_burn_down_go_by_the_quarter_and_what_is_left_is_that_of_the_month():
    entries = (work("2026-01-05", 10), work("2026-02-05", 15), work("2026-02-06", 2, EntryStatus.SUBMITTED))

    found = statement(books(quarterly(), *entries, through=FEBRUARY), FEBRUARY, "2026-02-10")

    assert (found.span, found.allowance_seconds, found.burned_seconds) == (Span(JANUARY, MARCH), 30 * HOUR, 25 * HOUR)
    assert (found.used_percent, found.crossed, found.pending_seconds) == (83, (50, 80), 2 * HOUR)
    assert found.allowance_seconds - found.burned_seconds == 5 * HOUR
    assert (found.period.carried_in_seconds, found.carried_in_seconds) == (20 * HOUR, 0)
    assert (found.days[0].day, found.days[-1].day, len(found.days)) == (date(2026, 1, 1), date(2026, 3, 31), 90)
    by_day = {row.day: row.used_seconds // HOUR for row in found.days}
    assert [by_day[date(2026, *day)] for day in ((1, 4), (1, 5), (2, 4), (2, 5), (3, 31))] == [0, 10, 10, 25, 25]


def test_what_an_earlier_month_of_the_quarter_bills_as_overage_is_used_of_no_hours():
    entries = (work("2026-01-05", 33), work("2026-02-05", 2))

    found = statement(books(quarterly(), *entries, through=FEBRUARY), FEBRUARY, "2026-02-10")

    assert (found.allowance_seconds, found.burned_seconds) == (30 * HOUR, 32 * HOUR)
    assert [row.used_seconds // HOUR for row in found.days if row.day in {date(2026, 1, 5), date(2026, 2, 5)}] == [
        30,
        32,
    ]


def test_blocks_and_what_expires_within_the_quarter_move_its_allowance_on_their_day():
    block = TopUp("b", 4 * HOUR, date(2026, 1, 10), date(2026, 1, 31))

    found = statement(
        books(quarterly(top_ups=(block,)), work("2026-01-05", 5), through=FEBRUARY), FEBRUARY, "2026-02-02"
    )

    allowance = {row.day: row.allowance_seconds // HOUR for row in found.days}
    assert [allowance[date(2026, *day)] for day in ((1, 9), (1, 10), (2, 1), (3, 31))] == [30, 34, 30, 30]
    assert (found.allowance_seconds, found.topped_up_seconds) == (30 * HOUR, 4 * HOUR)


def test_the_forecast_is_that_of_the_quarter():
    entries = tuple(work(f"2026-01-{day:02}", 2) for day in range(5, 26))

    found = statement(books(quarterly(), *entries, through=JANUARY), JANUARY, "2026-01-26")
    monthly = replace(quarterly(), terms=(replace(quarterly().terms[0], pool_months=1, allowance_seconds=30 * HOUR),))
    alone = statement(books(monthly, *entries, through=JANUARY), JANUARY, "2026-01-26")

    assert found.forecast is not None
    assert alone.forecast is not None
    assert (found.forecast.high_seconds // HOUR, alone.forecast.high_seconds // HOUR) == (42 + 2 * 65, 42 + 2 * 6)
    assert found.may_exceed


def test_fees_stay_those_of_each_month():
    settlement = settle(books(quarterly(fee=Decimal(500)), through=MARCH))

    assert [str(each.fee) for each in settlement.periods] == ["500.00"] * 3
