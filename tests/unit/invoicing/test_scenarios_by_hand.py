"""Scenarios that were reckoned on paper, and what ``helpdesk retainers simulate`` says of them (docs/billing.md)."""

import json
from typing import Any

import pytest

from helpdesk.invoicing.simulate import simulate

EXACT = {"mode": "none"}
QUARTER = {"starts_on": "2026-01-15", "hours_per_month": "10", "pool_months": 3, "fee": "300"}
BLOCKS = [
    {"hours": "2", "from": "2026-03-10", "expires": "2026-03-20"},
    {"hours": "3", "from": "2026-03-01", "expires": "2026-04-30"},
]


def told(**scenario: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(simulate(json.dumps(scenario)))
    return answer


def work(key: str, day: str, hours: float, **more: object) -> dict[str, object]:
    return {"id": key, "start": f"{day}T08:00:00Z", "seconds": round(hours * 3600), **more}


def months(answer: dict[str, Any]) -> list[tuple[float, ...]]:
    """Return granted, carried in, topped up, used, expired, carried out and overage of each month, in hours."""
    names = ("granted", "carried_in", "topped_up", "used", "expired", "carried_out", "overage")
    return [tuple(period[f"{name}_seconds"] / 3600 for name in names) for period in answer["periods"]]


def column(answer: dict[str, Any], name: str) -> dict[str, int]:
    return {entry["id"]: entry[name] for entry in answer["entries"]}


def lines(answer: dict[str, Any]) -> list[list[tuple[object, str]]]:
    return [[(line["minutes"], line["amount"]) for line in invoice["lines"]] for invoice in answer["invoices"]]


def test_a_quarter_that_begins_within_a_month_is_cut_to_its_cap_at_its_end_and_the_rest_dies_a_month_later():
    """17 of 31 days: 329 of 600 minutes, 164.52 of 300; 25:29 h in all less 23 are 2:29, of which the cap leaves 2."""
    answer = told(
        rounding=EXACT,
        retainer=QUARTER | {"rollover_months": 1, "rollover_cap_hours": "2"},
        entries=[
            work("a", "2026-01-20", 5),
            work("b", "2026-02-05", 8),
            work("c", "2026-03-05", 10),
            work("d", "2026-04-07", 1),
        ],
        close=["2026-01", "2026-02", "2026-03", "2026-04"],
    )

    whole = 25 + 29 / 60
    assert months(answer) == [
        pytest.approx((whole, 0, 0, 5, 0, whole - 5, 0)),
        pytest.approx((0, whole - 5, 0, 8, 0, whole - 13, 0)),
        pytest.approx((0, whole - 13, 0, 10, 29 / 60, 2, 0)),
        pytest.approx((30, 2, 0, 1, 1, 30, 0)),
    ]
    assert [period["fee"] for period in answer["periods"]] == ["164.52", "300.00", "300.00", "300.00"]


def test_a_quarter_over_the_new_year_and_a_leap_day():
    """16 of 31 days of December are 310 minutes; with 600 and 600 they leave 50 minutes of 26 h beyond: 50.00."""
    answer = told(
        rounding=EXACT,
        retainer=QUARTER | {"starts_on": "2023-12-16", "ends_on": "2024-02-29", "fee": "100", "overage_rate": "60"},
        entries=[work("a", "2023-12-20", 20), work("b", "2024-02-29", 6)],
        close=["2023-12", "2024-02"],
    )

    assert lines(answer) == [[(None, "51.61")], [(None, "100.00"), (50, "50.00")]]


@pytest.mark.parametrize(
    ("worked", "march"),
    [
        (
            (6, 2, 3),
            (5, 0, 5, 10, 0, 0, 1),
        ),  # 5 + 1 of the longer block, 2 of the shorter, 2 of the longer and 1 beyond
        ((6, 0, 3), (5, 0, 5, 8, 2, 0, 1)),  # the shorter one dies unused; work of other days cannot draw it
    ],
)
def test_a_block_pays_for_its_own_days_the_soonest_to_die_first(worked, march):
    days = ("2026-03-05", "2026-03-12", "2026-03-25")
    answer = told(
        rounding=EXACT,
        retainer={"starts_on": "2026-03-01", "hours_per_month": "5", "overage_rate": "120"},
        top_ups=BLOCKS,
        entries=[work(day, day, hours) for day, hours in zip(days, worked, strict=True)],
        close=["2026-03", "2026-04"],
    )

    assert months(answer) == [march, (5, 0, 0, 0, 5, 0, 0)]
    assert answer["invoices"][0]["net"] == "120.00"


def test_a_carried_deficit_is_paid_by_the_next_allowance_before_a_block():
    """6 h owed by January; of February's 10 h 4 are left for 8 h before the block, March pays these 4."""
    answer = told(
        rounding=EXACT,
        retainer={"starts_on": "2026-01-01", "hours_per_month": "10", "carry_deficit": True},
        top_ups=[{"hours": "4", "from": "2026-02-15", "expires": "2026-04-10"}],
        entries=[work("a", "2026-01-20", 16), work("b", "2026-02-03", 8), work("c", "2026-04-05", 11)],
        close=["2026-01", "2026-02", "2026-03", "2026-04"],
    )

    assert months(answer) == [
        (10, 0, 0, 16, 0, -6, 0),
        (10, -6, 4, 8, 0, 0, 0),
        (10, 0, 0, 0, 6, 4, 0),
        (10, 4, 0, 11, 3, 0, 0),
    ]


def test_business_hours_that_begin_within_a_clock_change():
    """Sunday from 2:30: skipped in March (3:30 summer time), the first of two in October. Before it two for one."""
    answer = told(
        time_zone="Europe/Berlin",
        rounding=EXACT,
        retainer={
            "starts_on": "2026-03-01",
            "hours_per_month": "10",
            "after_hours": {"factor": "2", "business_hours": {"sun": ["02:30", "05:00"]}},
        },
        entries=[
            {"id": "spring", "start": "2026-03-29T01:00:00+01:00", "end": "2026-03-29T04:00:00+02:00"},
            {"id": "autumn", "start": "2026-10-25T01:30:00+02:00", "end": "2026-10-25T03:30:00+01:00"},
        ],
    )

    assert column(answer, "raw_seconds") == {"spring": 7200, "autumn": 10800}
    assert column(answer, "burn_seconds") == {"spring": 5400 * 2 + 1800, "autumn": 3600 * 2 + 7200}


def test_a_ticket_over_the_edge_of_a_month_is_rounded_once_and_shared_out():
    """10 and 15 min are 30: 12 and 18, of which a third is April's, beside the 30 of the 5 min of April."""
    answer = told(
        rounding={"mode": "up", "step_minutes": 30, "scope": "ticket"},
        rates=[{"amount": "60"}],
        invoice_group_by="ticket",
        entries=[
            {"id": "a", "start": "2026-03-30T08:00:00Z", "seconds": 600, "ticket": "T"},
            {"id": "b", "start": "2026-03-31T23:50:00Z", "seconds": 900, "ticket": "T"},
            {"id": "c", "start": "2026-04-07T08:00:00Z", "seconds": 300, "ticket": "T"},
        ],
        close=["2026-03", "2026-04"],
    )

    assert column(answer, "billable_seconds") == {"a": 720, "b": 1080, "c": 1800}
    assert lines(answer) == [[(24, "24.00")], [(36, "36.00")]]


def test_days_to_the_nearest_quarter_of_an_hour_with_a_minimum():
    """7 + 10 min are 15, and 30 at least; 22.5 and 37.5 would go up, so 38 are 45. 19 % of 105.00 are 19.95."""
    answer = told(
        tax_percent="19",
        rounding={"mode": "nearest", "step_minutes": 15, "minimum_minutes": 30, "scope": "day"},
        rates=[{"amount": "60"}],
        invoice_group_by="day",
        entries=[
            work("a", "2026-03-02", 7 / 60, person="ann"),
            work("b", "2026-03-02", 10 / 60, person="ann"),
            work("c", "2026-03-02", 22.5 / 60, person="bob"),
            work("d", "2026-03-03", 38 / 60, person="ann"),
        ],
        close=["2026-03"],
    )

    assert column(answer, "billable_seconds") == {"a": 741, "b": 1059, "c": 1800, "d": 2700}
    assert lines(answer) == [[(60, "60.00"), (45, "45.00")]]
    assert answer["invoices"][0]["total"] == "124.95"
