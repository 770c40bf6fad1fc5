"""The first fault of a scenario is named by its path."""

import json
from typing import Any

import pytest

from helpdesk.invoicing.simulate import simulate
from helpdesk.kernel.errors import RuleViolation

ENTRY = {"id": "a", "start": "2026-03-02T10:00:00Z", "seconds": 60}
RETAINER = {"starts_on": "2026-03-01"}
TOP_UP = {"hours": 5, "from": "2026-03-01", "expires": "2026-03-31"}
AFTER_HOURS = {"factor": 2, "business_hours": {"mon": ["09:00", "17:00"]}}


def refusal(text: str) -> str:
    with pytest.raises(RuleViolation) as refused:
        simulate(text)
    return str(refused.value)


def with_entry(**more: Any) -> dict[str, Any]:
    return {"entries": [ENTRY | more]}


def with_retainer(**more: Any) -> dict[str, Any]:
    return {"retainer": RETAINER | more}


def without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "1",
        '{"close": [NaN]}',
        '{"tax_percent": Infinity}',
        '{"close": [], "close": []}',
        '{"entries": [{"id": "a", "id": "a"}]}',
        "[" * 100_000,
        "\ufeff{}",
    ],
)
def test_what_is_no_json_object_is_a_fault_of_the_scenario(text):
    assert refusal(text).startswith("scenario: ")


@pytest.mark.parametrize(
    ("scenario", "path"),
    [
        ({"currency": "eur"}, "currency"),
        ({"currency": None}, "currency"),
        ({"currency": 978}, "currency"),
        ({"time_zone": "Berlin"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"tax_percent": "-1"}, "tax_percent"),
        ({"tax_percent": 19.5}, "tax_percent"),
        ({"tax_percent": "1e2"}, "tax_percent"),
        ({"tax_percent": "1,5"}, "tax_percent"),
        ({"tax_percent": True}, "tax_percent"),
        ({"tax_percent": -1}, "tax_percent"),
        ({"tax_percent": 10**18}, "tax_percent"),
        ({"tax_percent": 10**50}, "tax_percent"),
        ({"tax_percent": "1.00000000001"}, "tax_percent"),
        ({"taxes": "1"}, "taxes"),
        ({"rounding": []}, "rounding"),
        ({"rounding": {"mode": "ceil"}}, "rounding.mode"),
        ({"rounding": {"step_minutes": 0}}, "rounding.step_minutes"),
        ({"rounding": {"step_minutes": 1441}}, "rounding.step_minutes"),
        ({"rounding": {"step_minutes": "15"}}, "rounding.step_minutes"),
        ({"rounding": {"step_minutes": 1.0}}, "rounding.step_minutes"),
        ({"rounding": {"minimum_minutes": -1}}, "rounding.minimum_minutes"),
        ({"rounding": {"grace_seconds": 10**9 + 1}}, "rounding.grace_seconds"),
        ({"rounding": {"scope": "week"}}, "rounding.scope"),
        ({"rates": {}}, "rates"),
        ({"rates": [1]}, "rates[0]"),
        ({"rates": [{}]}, "rates[0].amount"),
        ({"rates": [{"amount": 1, "person": ""}]}, "rates[0].person"),
        ({"rates": [{"amount": 1, "client": None}]}, "rates[0].client"),
        ({"rates": [{"amount": 1, "from": "2026-02-30"}]}, "rates[0].from"),
        ({"rates": [{"amount": 1, "from": "1969-12-31"}]}, "rates[0].from"),
        ({"rates": [{"amount": 1, "project": "p", "client": True}]}, "rates[0]"),
        ({"rates": [{"amount": 1}, {"amount": 2}]}, "rates[1]"),
        ({"retainer": {}}, "retainer.starts_on"),
        (with_retainer(starts_on="2026-3-1"), "retainer.starts_on"),
        (with_retainer(starts_on="9991-01-01"), "retainer.starts_on"),
        (with_retainer(ends_on="2026-02-28"), "retainer.ends_on"),
        (with_retainer(hours_per_month="0.0001"), "retainer.hours_per_month"),
        (with_retainer(hours_per_month="999999999999999999.9999999999"), "retainer.hours_per_month"),
        (with_retainer(hours_per_month=1.5), "retainer.hours_per_month"),
        (with_retainer(fee="1 000"), "retainer.fee"),
        (with_retainer(fee=None), "retainer.fee"),
        (with_retainer(fee_timing="later"), "retainer.fee_timing"),
        (with_retainer(overage_rate=""), "retainer.overage_rate"),
        (with_retainer(overage_basis="both"), "retainer.overage_basis"),
        (with_retainer(overage_basis="weighted"), "retainer.overage_rate"),
        (with_retainer(rollover_months=-1), "retainer.rollover_months"),
        (with_retainer(rollover_months="1"), "retainer.rollover_months"),
        (with_retainer(rollover_cap_hours="-1"), "retainer.rollover_cap_hours"),
        (with_retainer(pool_months=2), "retainer.pool_months"),
        (with_retainer(pool_months="3"), "retainer.pool_months"),
        (with_retainer(draw_order="latest"), "retainer.draw_order"),
        (with_retainer(carry_deficit=1), "retainer.carry_deficit"),
        (with_retainer(prorate="yes"), "retainer.prorate"),
        (with_retainer(work_types="remote"), "retainer.work_types"),
        (with_retainer(work_types=[1]), "retainer.work_types[0]"),
        (with_retainer(multipliers=[{"factor": 2}]), "retainer.multipliers[0].work_type"),
        (with_retainer(multipliers=[{"work_type": "a"}]), "retainer.multipliers[0].factor"),
        (with_retainer(multipliers=[{"work_type": "a", "factor": 1}] * 2), "retainer.multipliers[1].work_type"),
        (with_retainer(after_hours={"factor": 2}), "retainer.after_hours.business_hours"),
        (with_retainer(after_hours=without(AFTER_HOURS, "factor")), "retainer.after_hours.factor"),
        (
            with_retainer(after_hours=AFTER_HOURS | {"business_hours": {"monday": []}}),
            "retainer.after_hours.business_hours.monday",
        ),
        (
            with_retainer(after_hours=AFTER_HOURS | {"business_hours": {"mon": ["17:00", "09:00"]}}),
            "retainer.after_hours.business_hours.mon",
        ),
        (
            with_retainer(after_hours=AFTER_HOURS | {"business_hours": {"mon": ["09:00"]}}),
            "retainer.after_hours.business_hours.mon",
        ),
        (
            with_retainer(after_hours=AFTER_HOURS | {"business_hours": {"mon": ["24:00", "24:00"]}}),
            "retainer.after_hours.business_hours.mon[0]",
        ),
        (
            with_retainer(after_hours=AFTER_HOURS | {"business_hours": {"mon": ["9:00", "17:00"]}}),
            "retainer.after_hours.business_hours.mon[0]",
        ),
        ({"top_ups": [TOP_UP]}, "top_ups"),
        (with_retainer() | {"top_ups": [without(TOP_UP, "hours")]}, "top_ups[0].hours"),
        (with_retainer() | {"top_ups": [without(TOP_UP, "from")]}, "top_ups[0].from"),
        (with_retainer() | {"top_ups": [TOP_UP, TOP_UP | {"expires": "2026-02-28"}]}, "top_ups[1].expires"),
        ({"entries": [without(ENTRY, "id")]}, "entries[0].id"),
        ({"entries": [without(ENTRY, "start")]}, "entries[0].start"),
        ({"entries": [without(ENTRY, "seconds")]}, "entries[0]"),
        (with_entry(end="2026-03-02T11:00:00Z"), "entries[0]"),
        (with_entry(start="2026-03-02T10:00:00"), "entries[0].start"),
        (with_entry(start="2026-03-02T10:00:00.5Z"), "entries[0].start"),
        (with_entry(start="2026-03-02T24:00:01Z"), "entries[0].start"),
        (with_entry(start="2026-02-30T10:00:00Z"), "entries[0].start"),
        (with_entry(start="1969-12-31T23:00:00Z"), "entries[0].start"),
        (with_entry(start=None), "entries[0].start"),
        (with_entry(seconds=-1), "entries[0].seconds"),
        (with_entry(seconds=10**9 + 1), "entries[0].seconds"),
        (with_entry(start="9990-12-31T23:00:00Z", seconds=10**9), "entries[0].seconds"),
        ({"entries": [without(ENTRY, "seconds") | {"end": "2026-03-02T09:59:59Z"}]}, "entries[0].end"),
        ({"entries": [ENTRY, ENTRY | {"seconds": 0}]}, "entries[1].id"),
        (with_entry(status="paid"), "entries[0].status"),
        (with_entry(billable="true"), "entries[0].billable"),
        (with_entry(rate="NaN"), "entries[0].rate"),
        (with_entry(note="x"), "entries[0].note"),
        ({"close": ["2026-03", "2026-3"]}, "close[1]"),
        ({"close": ["2026-03", "2026-03"]}, "close[1]"),
        ({"close": ["9991-01"]}, "close[0]"),
        ({"close": "2026-03"}, "close"),
        ({"invoice_group_by": "client"}, "invoice_group_by"),
    ],
)
def test_a_fault_names_its_field_and_says_why(scenario, path):
    message = refusal(json.dumps(scenario))

    assert message.startswith(f"{path}: ")
    assert len(message) > len(path) + 5


def test_the_first_fault_is_the_one_that_is_named():
    message = refusal('{"entries": [{"id": "a"}], "currency": "x", "close": [1]}')

    assert message.startswith("currency: ")


@pytest.mark.parametrize(
    "scenario",
    [
        with_entry(seconds=0),
        with_entry(seconds=10**9, start="1970-01-01T00:00:00+14:00"),
        with_retainer(after_hours=AFTER_HOURS | {"business_hours": {"mon": ["00:00", "24:00"]}}),
        with_retainer(rollover_months=10**9) | {"close": ["2026-03"]},
        {"tax_percent": "999999999999999999.9999999999"},
        {"retainer": None, "top_ups": []},
        {"currency": "KWD", "time_zone": "Asia/Kuwait"},
    ],
)
def test_what_lies_just_within_the_bounds_is_taken(scenario):
    assert simulate(json.dumps(scenario)).startswith("{")
