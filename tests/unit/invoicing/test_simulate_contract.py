"""The form of what ``helpdesk retainers simulate`` reads and prints."""

import json
from typing import Any

import pytest

from helpdesk.invoicing.simulate import simulate

RETAINER = {"starts_on": "2026-03-01", "hours_per_month": "10", "fee": "1000.00", "overage_rate": "120.00"}
PRINTED = {
    "entries": [
        {
            "id": "e1",
            "raw_seconds": 4200,
            "billable_seconds": 4500,
            "burn_seconds": 4500,
            "rate": "100.00",
            "rate_reason": "person ann, from 2026-01-01",
            "covered_seconds": 4500,
            "overage_seconds": 0,
            "hourly_seconds": 0,
        }
    ],
    "periods": [
        {
            "month": "2026-03",
            "granted_seconds": 36000,
            "carried_in_seconds": 0,
            "topped_up_seconds": 0,
            "used_seconds": 4500,
            "expired_seconds": 31500,
            "carried_out_seconds": 0,
            "overage_seconds": 0,
            "fee": "1000.00",
            "overage_amount": "0.00",
        }
    ],
    "invoices": [
        {
            "month": "2026-03",
            "lines": [
                {
                    "kind": "retainer_fee",
                    "description": "Retainer 2026-03",
                    "minutes": None,
                    "unit_price": "1000.00",
                    "amount": "1000.00",
                }
            ],
            "net": "1000.00",
            "tax": "190.00",
            "total": "1190.00",
        }
    ],
    "problems": [],
}


def answer(**scenario: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(simulate(json.dumps(scenario)))
    return found


def entry(identity: str, start: str, seconds: int, **more: Any) -> dict[str, Any]:
    return {"id": identity, "start": start, "seconds": seconds} | more


def lines(found: dict[str, Any], at: int = 0) -> list[tuple[str, Any, str, str]]:
    return [
        (line["kind"], line["minutes"], line["unit_price"], line["amount"]) for line in found["invoices"][at]["lines"]
    ]


def test_the_example_of_the_rules_prints_what_the_rules_say():
    found = answer(
        currency="EUR",
        time_zone="Europe/Berlin",
        tax_percent="19",
        rounding={"mode": "up", "step_minutes": 15, "minimum_minutes": 0, "scope": "entry", "grace_seconds": 0},
        rates=[
            {
                "amount": "100.00",
                "project": None,
                "person": "ann",
                "work_type": None,
                "client": False,
                "from": "2026-01-01",
            }
        ],
        retainer=RETAINER
        | {
            "multipliers": [{"work_type": "on-site", "factor": "2"}],
            "after_hours": {"factor": "1.5", "business_hours": {"mon": ["09:00", "17:00"]}},
        },
        entries=[
            {
                "id": "e1",
                "person": "ann",
                "project": "support",
                "ticket": "T-1",
                "work_type": "remote",
                "start": "2026-03-02T10:00:00+01:00",
                "end": "2026-03-02T11:10:00+01:00",
            }
        ],
        close=["2026-03"],
    )

    assert found == PRINTED
    assert list(found) == list(PRINTED)


def test_an_empty_scenario_has_an_empty_answer():
    assert answer() == {"entries": [], "periods": [], "invoices": [], "problems": []}


def test_without_a_retainer_a_closed_month_has_an_invoice_and_no_period():
    found = answer(entries=[entry("a", "2026-03-02T10:00:00Z", 90, rate="60")], close=["2026-03", "2026-04"])

    assert found["periods"] == []
    assert [each["month"] for each in found["invoices"]] == ["2026-03"]
    assert lines(found) == [("time", 2, "60.00", "2.00")]


def test_a_month_that_is_not_closed_is_projected_and_on_no_invoice():
    found = answer(
        retainer=RETAINER | {"starts_on": "2026-01-01", "rollover_months": 1},
        entries=[entry("a", "2026-04-02T10:00:00Z", 25 * 3600)],
        close=["2026-03"],
    )

    assert (found["entries"][0]["covered_seconds"], found["entries"][0]["overage_seconds"]) == (72000, 18000)
    assert [each["month"] for each in found["periods"]] == ["2026-03"]
    assert found["periods"][0]["carried_in_seconds"] == 36000
    assert [each["month"] for each in found["invoices"]] == ["2026-03"]


def test_a_pool_of_one_month_is_what_there_is_without_one():
    scenario = {"entries": [entry("a", "2026-04-02T10:00:00Z", 25 * 3600)], "close": ["2026-03", "2026-04", "2026-05"]}

    assert answer(retainer=RETAINER | {"pool_months": 1}, **scenario) == answer(retainer=RETAINER, **scenario)
    assert answer(retainer=RETAINER | {"pool_months": 3}, **scenario)["entries"][0]["overage_seconds"] == 0


def test_three_times_20_minutes_at_100_are_99_99():
    entries = [entry(name, f"2026-03-02T1{at}:00:00Z", 1200, rate=100) for at, name in enumerate("abc")]

    found = answer(entries=entries, close=["2026-03"], tax_percent="19")

    assert (found["invoices"][0]["net"], found["invoices"][0]["tax"]) == ("99.99", "19.00")


def test_fee_overage_and_hourly_time_come_in_this_order_and_never_share_a_line():
    found = answer(
        retainer=RETAINER | {"hours_per_month": 1, "work_types": ["remote"], "overage_rate": "120"},
        entries=[
            entry("a", "2026-03-02T10:00:00Z", 3600, rate="120", ticket="T"),
            entry("b", "2026-03-03T10:00:00Z", 7200, work_type="remote", ticket="T"),
        ],
        close=["2026-03"],
        invoice_group_by="ticket",
    )

    assert lines(found) == [
        ("retainer_fee", None, "1000.00", "1000.00"),
        ("overage", 60, "120.00", "120.00"),
        ("time", 60, "120.00", "120.00"),
    ]


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        ("entry", [(60, "90.00"), (60, "100.00"), (60, "100.00"), (60, "9.50")]),
        ("person", [(60, "90.00"), (60, "100.00"), (60, "9.50"), (60, "100.00")]),
        ("ticket", [(60, "9.50"), (120, "100.00"), (60, "90.00")]),
        ("day", [(60, "90.00"), (120, "100.00"), (60, "9.50")]),
        ("rate", [(60, "9.50"), (60, "90.00"), (120, "100.00")]),
        ("project", [(60, "9.50"), (60, "90.00"), (120, "100.00")]),
    ],
)
def test_a_line_is_one_group_and_one_price_in_the_order_of_group_then_price(group_by, expected):
    entries = [
        entry("a", "2026-03-02T10:00:00Z", 3600, rate="90", person="ann", ticket="T-2"),
        entry("b", "2026-03-03T10:00:00Z", 3600, rate="100", person="ann", ticket="T-1"),
        entry("c", "2026-03-03T12:00:00Z", 3600, rate="100.0", ticket="T-1"),
        entry("d", "2026-03-04T10:00:00Z", 3600, rate="9.5", person="bob", ticket="T-1"),
    ]

    found = answer(entries=entries, close=["2026-03"], invoice_group_by=group_by)

    assert [(minutes, price) for _, minutes, price, _ in lines(found)] == expected


def test_time_at_a_price_of_zero_prints_and_no_time_does_not():
    entries = [
        entry("a", "2026-03-02T10:00:00Z", 50, rate=0),
        entry("b", "2026-03-02T10:00:00Z", 0, rate=100),
    ]

    found = answer(entries=entries, close=["2026-03"], rounding={"mode": "none"})

    assert lines(found) == [("time", "0.8333", "0.00", "0.00")]


def test_no_lines_are_no_invoice():
    found = answer(retainer=RETAINER | {"fee": 0}, close=["2026-03"])

    assert found["invoices"] == []
    assert found["periods"][0]["expired_seconds"] == 36000


def test_a_price_finer_than_the_currency_keeps_its_decimals_and_the_amount_does_not():
    found = answer(
        currency="JPY", entries=[entry("a", "2026-03-02T10:00:00Z", 5400, rate="100.3330")], close=["2026-03"]
    )

    assert lines(found) == [("time", 90, "100.333", "150")]


def test_time_without_a_rate_is_a_problem_and_on_no_line():
    entries = [entry("a", "2026-03-02T10:00:00Z", 60), entry("b", "2026-03-02T11:00:00Z", 60, rate=60)]

    found = answer(entries=entries, close=["2026-03"])

    assert [(each["entry"], each["code"]) for each in found["problems"]] == [("a", "rate_missing")]
    assert found["problems"][0]["message"].startswith("no rate in EUR on 2026-03-02; tried")
    assert found["entries"][0]["rate"] is None
    assert lines(found) == [("time", 1, "60.00", "1.00")]


def test_time_that_is_not_approved_or_not_billable_has_zeros_in_every_column_but_raw():
    entries = [
        entry("a", "2026-03-02T10:00:00Z", 60, status="submitted"),
        entry("b", "2026-03-02T10:00:00Z", 60, billable=False),
    ]

    found = answer(entries=entries, close=["2026-03"])

    for each in found["entries"]:
        seconds = {name: value for name, value in each.items() if name.endswith("_seconds")}
        assert seconds.pop("raw_seconds") == 60
        assert set(seconds.values()) == {0}
    assert found["problems"] == []


def test_locked_time_counts_as_approved():
    found = answer(entries=[entry("a", "2026-03-02T10:00:00Z", 60, status="locked", rate=60)], close=["2026-03"])

    assert lines(found) == [("time", 1, "60.00", "1.00")]


def test_entries_are_listed_by_start_then_id():
    entries = [
        entry("b", "2026-03-02T10:00:00Z", 60),
        entry("a", "2026-03-02T11:00:00+01:00", 60),
        entry("c", "2026-03-02T09:59:59Z", 60),
    ]

    assert [each["id"] for each in answer(entries=entries)["entries"]] == ["c", "a", "b"]


def test_a_rate_counts_from_the_local_day_of_the_start():
    found = answer(
        time_zone="Europe/Berlin",
        rates=[
            {"amount": 80},
            {"amount": 90, "from": "2026-04-01"},
            {"amount": 70, "client": True, "from": "2026-05-01"},
        ],
        entries=[entry("a", "2026-03-31T22:00:00Z", 60), entry("b", "2026-03-31T21:59:59Z", 60)],
    )

    assert [(each["id"], each["rate"]) for each in found["entries"]] == [("b", "80.00"), ("a", "90.00")]
