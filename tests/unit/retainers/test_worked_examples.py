"""The examples that docs/billing.md is held to, as ledgers of hours."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from helpdesk.kernel.durations import RoundingMode
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month, zone_named
from helpdesk.rates.domain import RateCard, RoundingPolicy, RoundingScope
from helpdesk.retainers.domain.blocks import blocks_of
from helpdesk.retainers.domain.engine import Books, Settlement, settle
from helpdesk.retainers.domain.grants import OWED, whole
from helpdesk.retainers.domain.pieces import PieceKind
from helpdesk.retainers.domain.terms import (
    AfterHours,
    Agreement,
    DrawOrder,
    Multiplier,
    OverageBasis,
    Terms,
    TopUp,
    narrowness,
)
from helpdesk.retainers.domain.work import EntryStatus, WorkEntry

HOUR = 3600
UTC_ZONE = zone_named("UTC")
BERLIN = zone_named("Europe/Berlin")
EXACT = RoundingPolicy(mode=RoundingMode.NONE)
WEEKDAYS_9_TO_17 = (*((9 * 60, 17 * 60),) * 5, None, None)


def hours(text: str) -> int:
    return int(Decimal(text) * HOUR)


def work(uuid: str, start: str, length: str, **more: Any) -> WorkEntry:
    began = datetime.fromisoformat(start)
    began = began if began.tzinfo else began.replace(tzinfo=UTC)
    return WorkEntry(uuid, began, began + timedelta(seconds=hours(length)), **more)


def retainer(starts_on: str = "2026-01-01", ends_on: str | None = None, **more: Any) -> Agreement:
    of_agreement = {key: more.pop(key) for key in ("top_ups", "work_types", "projects") if key in more}
    start = date.fromisoformat(starts_on)
    end = date.fromisoformat(ends_on) if ends_on else None
    allowance = hours(more.pop("allowance", "10"))
    return Agreement(start, (Terms(start, allowance, **more),), end, **of_agreement)


def closed(
    agreement: Agreement | None,
    *entries: WorkEntry,
    through: str = "2026-04",
    zone: ZoneInfo = UTC_ZONE,
    rounding: RoundingPolicy = EXACT,
    rate_cards: tuple[RateCard, ...] = (),
) -> Settlement:
    return settle(Books(entries, zone, "EUR", rounding, rate_cards, agreement, through=Month.parse(through)))


def figures(settlement: Settlement, month: str) -> dict[str, str]:
    period = settlement.period(Month.parse(month))
    assert period is not None
    seconds = {
        "granted": period.granted_seconds,
        "in": period.carried_in_seconds,
        "topped_up": period.topped_up_seconds,
        "used": period.used_seconds,
        "expired": period.expired_seconds,
        "out": period.carried_out_seconds,
        "overage": period.overage_seconds,
    }
    return {name: f"{Decimal(value) / HOUR:g}" for name, value in seconds.items() if value}


def monthly(*used: str) -> list[WorkEntry]:
    return [work(f"m{at}", f"2026-{at + 1:02}-05T10:00", length) for at, length in enumerate(used)]


def test_an_unused_surplus_rolls_on_and_a_deficit_is_carried():
    agreement = retainer("2026-09-01", allowance="40", rollover_months=1, carry_deficit=True)
    entries = [work("s", "2026-09-02T08:00", "30"), work("o", "2026-10-02T08:00", "60")]

    settlement = closed(agreement, *entries, through="2026-11")

    assert figures(settlement, "2026-10") == {"granted": "40", "in": "10", "used": "60", "out": "-10"}
    assert figures(settlement, "2026-11") == {"granted": "40", "in": "-10", "out": "30"}


def test_25_hours_on_a_retainer_of_20_are_5_hours_of_overage():
    agreement = retainer(allowance="20", fee=Decimal(5000), overage_rate=Decimal(200))

    period = closed(agreement, work("a", "2026-01-05T08:00", "25")).periods[0]

    assert (period.fee + period.overage_amount) == Money.parse("6000.00", "EUR")


@pytest.mark.parametrize(
    ("order", "carried", "overage", "amount"),
    [
        (DrawOrder.EARLIEST_EXPIRY, "7", "5", "600.00"),
        (DrawOrder.CURRENT_MONTH, "3", "9", "1080.00"),
    ],
)
def test_the_draw_order_decides_what_is_left_to_carry(order, carried, overage, amount):
    agreement = retainer(rollover_months=2, draw_order=order, overage_rate=Decimal(120))

    settlement = closed(agreement, *monthly("6", "9", "8", "22"))

    assert figures(settlement, "2026-04")["in"] == carried
    assert figures(settlement, "2026-04")["overage"] == overage
    assert str(settlement.periods[3].overage_amount) == amount


def test_the_earliest_expiry_first_rolls_the_rest_of_this_month_on():
    agreement = retainer(rollover_months=1)

    settlement = closed(agreement, *monthly("5", "12"))

    assert figures(settlement, "2026-02") == {"granted": "10", "in": "5", "used": "12", "out": "3"}


def test_a_part_of_a_month_is_prorated_to_the_cent_and_to_the_minute():
    agreement = retainer("2026-02-10", allowance="20", fee=Decimal(2000))

    first, second = closed(agreement, through="2026-03").periods

    assert (str(first.fee), first.granted_seconds) == ("1357.14", 814 * 60)
    assert (str(second.fee), second.granted_seconds) == ("2000.00", 20 * HOUR)


def test_what_the_retainer_does_not_cover_is_overage():
    agreement = retainer(overage_rate=Decimal(150))
    entries = [work("a", "2026-03-02T08:00", "9.5"), work("b", "2026-03-03T08:00", "2")]

    settlement = closed(agreement, *entries)

    split = settlement.entries[1]
    assert (split.seconds(PieceKind.COVERED), split.seconds(PieceKind.OVERAGE)) == (hours("0.5"), hours("1.5"))
    assert str(settlement.periods[2].overage_amount) == "225.00"


def test_worked_overage_of_on_site_time_is_counted_in_worked_seconds_at_its_own_rate():
    agreement = retainer(multipliers=(Multiplier("on-site", Decimal(2)),))
    cards = (RateCard(Decimal(90), "EUR", work_type="on-site"),)
    entries = [work("a", "2026-01-02T08:00", "9"), work("b", "2026-01-03T08:00", "1", work_type="on-site")]

    settlement = closed(agreement, *entries, rate_cards=cards)

    split = settlement.entries[1]
    assert split.burn_seconds == 2 * HOUR
    assert (split.seconds(PieceKind.COVERED), split.seconds(PieceKind.OVERAGE)) == (HOUR // 2, HOUR // 2)
    assert str(settlement.periods[0].overage_amount) == "45.00"
    assert figures(settlement, "2026-01") == {"granted": "10", "used": "10", "overage": "0.5"}


def test_weighted_overage_is_counted_in_burn_at_the_overage_rate():
    agreement = retainer(
        overage_basis=OverageBasis.WEIGHTED,
        overage_rate=Decimal(150),
        multipliers=(Multiplier("on-site", Decimal(2)),),
    )

    settlement = closed(agreement, work("a", "2026-01-02T08:00", "7", work_type="on-site"))

    assert settlement.entries[0].burn_seconds == 840 * 60
    assert settlement.periods[0].overage_seconds == 4 * HOUR
    assert str(settlement.periods[0].overage_amount) == "600.00"


def test_an_entry_over_closing_time_burns_each_side_at_its_own_factor():
    agreement = retainer(after_hours=AfterHours(Decimal(2), WEEKDAYS_9_TO_17))

    settlement = closed(agreement, work("a", "2026-01-05T16:00", "2"))

    assert settlement.entries[0].burn_seconds == 3 * HOUR


def test_the_highest_factor_applies_and_they_never_compound():
    agreement = retainer(
        multipliers=(Multiplier("on-site", Decimal(3)),), after_hours=AfterHours(Decimal(2), WEEKDAYS_9_TO_17)
    )

    on_site = closed(agreement, work("a", "2026-01-04T16:00", "1", work_type="on-site"))
    remote = closed(agreement, work("a", "2026-01-04T16:00", "1", work_type="remote"))

    assert on_site.entries[0].burn_seconds == 3 * HOUR
    assert remote.entries[0].burn_seconds == 2 * HOUR


def test_a_typed_duration_is_never_after_hours():
    agreement = retainer(after_hours=AfterHours(Decimal(2), WEEKDAYS_9_TO_17))

    settlement = closed(agreement, work("a", "2026-01-05T12:00", "8", is_typed_duration=True))

    assert settlement.entries[0].burn_seconds == 8 * HOUR


@pytest.mark.parametrize(
    ("start", "end", "worked"),
    [
        ("2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00", "1"),
        ("2026-10-25T01:30+02:00", "2026-10-25T03:30+01:00", "3"),
    ],
)
def test_a_clock_change_neither_gives_nor_takes_time(start, end, worked):
    entry = WorkEntry("a", datetime.fromisoformat(start), datetime.fromisoformat(end))

    assert entry.raw_seconds == hours(worked)


def test_a_late_evening_in_los_angeles_draws_on_april_in_berlin():
    settlement = closed(retainer(), work("a", "2026-03-31T22:00-07:00", "1"), zone=BERLIN)

    assert figures(settlement, "2026-04")["used"] == "1"


def test_an_entry_over_a_months_edge_is_rounded_once_and_then_shared():
    entry = WorkEntry("a", datetime(2026, 3, 31, 23, 40, tzinfo=UTC), datetime(2026, 4, 1, 0, 25, tzinfo=UTC))

    settlement = closed(retainer(), entry, rounding=RoundingPolicy(step_seconds=900))

    ranges = [(piece.from_second, piece.to_second, str(piece.month)) for piece in settlement.entries[0].pieces]
    assert settlement.entries[0].billable_seconds == 45 * 60
    assert ranges == [(0, 1200, "2026-03"), (1200, 2700, "2026-04")]


def test_a_day_is_rounded_once_where_the_contract_says_so():
    entries = [work(name, f"2026-03-02T{at}:00", "0") for name, at in (("a", "08"), ("b", "09"), ("c", "10"))]
    entries = [
        WorkEntry(each.uuid, each.started_at, each.started_at + timedelta(minutes=minutes), person="ann")
        for each, minutes in zip(entries, (7, 12, 22), strict=True)
    ]

    one_by_one = closed(None, *entries, rounding=RoundingPolicy(step_seconds=900))
    by_day = closed(None, *entries, rounding=RoundingPolicy(step_seconds=900, scope=RoundingScope.DAY))

    assert sum(each.billable_seconds for each in one_by_one.entries) == 60 * 60
    assert sum(each.billable_seconds for each in by_day.entries) == 45 * 60


def test_a_ticket_is_rounded_once_a_month_and_entries_without_one_stand_alone():
    entries = [
        work("a", "2026-03-02T08:00", "0.1", ticket="T-1"),
        work("b", "2026-03-20T08:00", "0.1", ticket="T-1"),
        work("c", "2026-04-02T08:00", "0.1", ticket="T-1"),
        work("d", "2026-03-02T08:00", "0.1"),
        work("e", "2026-03-02T08:00", "0.1"),
    ]

    settlement = closed(None, *entries, rounding=RoundingPolicy(step_seconds=900, scope=RoundingScope.TICKET))

    assert {each.entry.uuid: each.billable_seconds for each in settlement.entries} == {
        "a": 450,
        "b": 450,
        "c": 900,
        "d": 900,
        "e": 900,
    }


def test_a_resumed_chain_is_rounded_once():
    entries = [work("a", "2026-03-02T08:00", "0.1"), work("b", "2026-03-02T09:00", "0.1", chain="a")]

    settlement = closed(None, *entries, rounding=RoundingPolicy(step_seconds=900))

    assert [each.billable_seconds for each in settlement.entries] == [450, 450]


def test_the_cap_cuts_what_is_carried_and_what_dies_soonest_goes_first():
    agreement = retainer(rollover_months=3, rollover_cap_seconds=hours("12"))

    settlement = closed(agreement, *monthly("4", "4", "15"))

    assert figures(settlement, "2026-01") == {"granted": "10", "used": "4", "out": "6"}
    assert figures(settlement, "2026-02") == {"granted": "10", "in": "6", "used": "4", "out": "12"}
    assert figures(settlement, "2026-03") == {"granted": "10", "in": "12", "used": "15", "out": "7"}
    assert figures(settlement, "2026-04") == {"granted": "10", "in": "7", "expired": "5", "out": "12"}


def test_a_block_comes_after_the_allowance_and_only_in_its_days():
    block = TopUp("b", hours("5"), date(2026, 1, 10), date(2026, 2, 10))
    agreement = retainer(top_ups=(block,))
    entries = [
        work("before", "2026-01-05T08:00", "11"),
        work("within", "2026-01-10T00:00", "2"),
        work("after", "2026-02-11T00:00", "11"),
    ]

    settlement = closed(agreement, *entries)

    assert figures(settlement, "2026-01") == {
        "granted": "10",
        "topped_up": "5",
        "used": "12",
        "out": "3",
        "overage": "1",
    }
    assert figures(settlement, "2026-02") == {"granted": "10", "in": "3", "used": "10", "expired": "3", "overage": "1"}


def test_every_covered_second_names_the_grant_that_paid_for_it():
    block = TopUp("b", hours("5"), date(2026, 2, 1), date(2026, 2, 28))
    agreement = retainer(top_ups=(block,), rollover_months=1)

    settlement = closed(agreement, work("a", "2026-01-05T08:00", "4"), work("b", "2026-02-05T08:00", "19"))

    def grants(at: int) -> list[tuple[str, str]]:
        drawn = [each for piece in settlement.entries[at].pieces for each in piece.grants]
        return [(each.grant, f"{Decimal(each.seconds) / HOUR:g}") for each in drawn]

    assert grants(0) == [("allowance of 2026-01", "4")]
    assert grants(1) == [("allowance of 2026-01", "6"), ("allowance of 2026-02", "10"), ("top-up of 2026-02-01", "3")]


def test_a_deficit_is_paid_by_the_grants_of_later_months_and_the_rest_is_owed():
    agreement = retainer(carry_deficit=True, allowance="2")

    settlement = closed(agreement, work("a", "2026-01-05T08:00", "7"), through="2026-02")
    [piece] = settlement.entries[0].pieces

    assert [(each.grant, each.seconds // HOUR) for each in whole(piece.grants, piece.burn_seconds)] == [
        ("allowance of 2026-01", 2),
        ("allowance of 2026-02", 2),
        (OWED, 3),
    ]


@pytest.mark.parametrize(
    ("as_of", "stands"),
    [
        ("2026-01-31", [("planned", "4"), ("planned", "2")]),
        ("2026-02-10", [("live", "4"), ("planned", "2")]),
        ("2026-03-05", [("expired", "0"), ("live", "2")]),
        ("2026-03-16", [("expired", "0"), ("expired", "0")]),
    ],
)
def test_what_is_left_of_a_block_is_what_no_work_drew_until_its_days_are_over(as_of, stands):
    blocks = (
        TopUp("b", hours("5"), date(2026, 2, 1), date(2026, 2, 28)),
        TopUp("c", hours("2"), date(2026, 3, 1), date(2026, 12, 31)),
    )
    entries = (work("a", "2026-02-05T08:00", "11"), work("b", "2026-03-05T08:00", "3"))
    books = Books(entries, UTC_ZONE, "EUR", EXACT, (), retainer(ends_on="2026-03-15", top_ups=blocks))

    found = blocks_of(books, as_of=date.fromisoformat(as_of))

    assert [(each.state, f"{Decimal(each.left_seconds) / HOUR:g}") for each in found] == stands
    assert [each.drawn_seconds // HOUR for each in found] == [1, 0]


def test_a_block_from_before_the_start_is_topped_up_in_the_first_month():
    block = TopUp("b", hours("5"), date(2025, 6, 1), date(2026, 12, 31))

    settlement = closed(retainer("2026-03-15", top_ups=(block,), prorate=False), through="2026-03")

    assert figures(settlement, "2026-03") == {"granted": "10", "topped_up": "5", "expired": "10", "out": "5"}


def test_at_the_end_of_the_agreement_everything_expires():
    block = TopUp("b", hours("5"), date(2026, 1, 1), date(2026, 12, 31))
    agreement = retainer(ends_on="2026-02-28", rollover_months=6, top_ups=(block,))

    settlement = closed(agreement, *monthly("4", "3"), through="2026-06")

    assert [str(each.month) for each in settlement.periods] == ["2026-01", "2026-02"]
    assert figures(settlement, "2026-02") == {"granted": "10", "in": "11", "used": "3", "expired": "18"}


def test_work_before_after_and_outside_of_the_retainer_is_hourly():
    agreement = retainer("2026-02-01", "2026-02-28", work_types=frozenset({"remote"}))
    entries = [
        work("before", "2026-01-31T23:00", "2", work_type="remote"),
        work("outside", "2026-02-10T08:00", "1", work_type="on-site"),
        work("none", "2026-02-11T08:00", "1"),
        work("after", "2026-02-28T23:00", "2", work_type="remote"),
    ]

    settlement = closed(agreement, *entries)

    hourly = {each.entry.uuid: each.seconds(PieceKind.HOURLY) // HOUR for each in settlement.entries}
    assert hourly == {"before": 1, "outside": 1, "none": 1, "after": 1}
    assert figures(settlement, "2026-02")["used"] == "2"


def test_a_deficit_that_is_never_paid_off_is_overage_of_the_last_month():
    agreement = retainer(ends_on="2026-03-31", carry_deficit=True, allowance="1", overage_rate=Decimal(100))

    settlement = closed(agreement, work("a", "2026-01-05T08:00", "8"), through="2026-01")

    assert figures(settlement, "2026-01") == {"granted": "1", "used": "8", "out": "-7"}
    assert figures(settlement, "2026-03") == {"granted": "1", "in": "-6", "used": "-5", "overage": "5"}
    assert settlement.entries[0].seconds(PieceKind.OVERAGE) == 5 * HOUR
    assert str(settlement.periods[2].overage_amount) == "500.00"


def test_blocks_pay_a_carried_deficit_too():
    block = TopUp("b", hours("5"), date(2026, 2, 1), date(2026, 12, 31))
    agreement = retainer(carry_deficit=True, allowance="1", top_ups=(block,))

    settlement = closed(agreement, work("a", "2026-01-05T08:00", "4"), through="2026-02")

    assert figures(settlement, "2026-02") == {"granted": "1", "in": "-3", "topped_up": "5", "out": "3"}


def test_late_time_goes_to_the_later_month_it_was_put_in():
    settlement = closed(retainer(), work("a", "2026-01-05T08:00", "4", settle_in=Month(2026, 2)))

    assert "used" not in figures(settlement, "2026-01")
    assert figures(settlement, "2026-02")["used"] == "4"


def test_an_approved_entry_keeps_its_seconds_whatever_the_policy_says_now():
    entry = work("a", "2026-01-05T08:00", "1", fixed_seconds=4000)

    settlement = closed(None, entry, rounding=RoundingPolicy(step_seconds=3600, scope=RoundingScope.DAY))

    assert settlement.entries[0].billable_seconds == 4000


def test_a_month_has_the_terms_of_its_first_day():
    start = date(2026, 1, 1)
    agreement = Agreement(
        start, (Terms(start, 10 * HOUR), Terms(date(2026, 2, 1), 20 * HOUR), Terms(date(2026, 3, 2), 30 * HOUR))
    )

    granted = [each.granted_seconds // HOUR for each in closed(agreement).periods]

    assert granted == [10, 20, 20, 30]


@pytest.mark.parametrize("status", [EntryStatus.DRAFT, EntryStatus.SUBMITTED, EntryStatus.REJECTED])
def test_time_that_is_not_approved_draws_nothing(status):
    result = closed(retainer(), work("a", "2026-01-05T08:00", "4", status=status)).entries[0]

    assert (result.billable_seconds, result.burn_seconds, result.pieces) == (0, 0, ())


def test_time_without_a_price_is_a_problem_and_covered_time_needs_none():
    covered = closed(retainer(), work("a", "2026-01-05T08:00", "4"))
    beyond = closed(retainer(allowance="1"), work("a", "2026-01-05T08:00", "4"))

    assert covered.problems == ()
    assert [(each.entry_uuid, each.code) for each in beyond.problems] == [("a", "rate_missing")]


def test_a_factor_of_zero_burns_nothing():
    agreement = retainer(allowance="0", multipliers=(Multiplier("travel", Decimal(0)),))

    result = closed(agreement, work("a", "2026-01-05T08:00", "4", work_type="travel")).entries[0]

    assert (result.burn_seconds, result.seconds(PieceKind.COVERED)) == (0, 4 * HOUR)


def test_the_narrowest_scope_is_chosen_first():
    scopes: list[dict[str, Any]] = [{}, {"work_types": frozenset("w")}, {"projects": frozenset("p")}]
    scopes.append(scopes[1] | scopes[2])

    assert [narrowness(retainer(**scope)) for scope in scopes] == [0, 1, 2, 3]
