"""What holds whatever the scenario: the invariants of the engine on generated histories."""

import json
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.invoicing.domain.scenario import read_scenario
from helpdesk.invoicing.simulate import simulate
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.engine import Settlement, settle
from helpdesk.retainers.domain.pieces import PieceKind

MONTHS = ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"]
DAYS = st.dates(date(2026, 1, 1), date(2026, 5, 31))
BUSINESS_HOURS = {"mon": ["09:00", "17:00"], "tue": ["00:00", "24:00"]}
KEYS = {
    "person": st.sampled_from([None, "ann", "bob"]),
    "work_type": st.sampled_from([None, "remote", "on-site"]),
    "project": st.sampled_from([None, "web"]),
}


def amounts(highest: int) -> st.SearchStrategy[str]:
    return st.decimals(0, highest, places=2).map(lambda amount: f"{amount:f}")


@st.composite
def entries(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for at in range(draw(st.integers(0, 8))):
        seconds_of_day = draw(st.integers(0, 86399))
        start = f"{draw(DAYS)}T{timedelta(seconds=seconds_of_day)!s:0>8}+01:00"
        found.append(
            {
                "id": f"e{at}",
                "start": start,
                "seconds": draw(st.integers(0, 200_000)),
                "ticket": draw(st.sampled_from([None, "T-1", "T-2"])),
                "billable": draw(st.sampled_from([True, True, True, False])),
                "status": draw(st.sampled_from(["approved", "locked", "approved", "draft"])),
                "rate": draw(st.none() | amounts(300)),
            }
            | {name: draw(values) for name, values in KEYS.items()}
        )
    return found


@st.composite
def retainers(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(DAYS)
    return {
        "starts_on": str(start),
        "ends_on": draw(st.none() | st.dates(start, date(2026, 6, 30)).map(str)),
        "hours_per_month": draw(st.integers(0, 40)),
        "fee": draw(amounts(3000)),
        "overage_rate": draw(amounts(200)),
        "overage_basis": draw(st.sampled_from(["worked", "weighted"])),
        "rollover_months": draw(st.integers(0, 3)),
        "pool_months": draw(st.sampled_from([1, 3])),
        "rollover_cap_hours": draw(st.none() | st.integers(0, 30)),
        "draw_order": draw(st.sampled_from(["earliest_expiry", "current_month"])),
        "carry_deficit": draw(st.booleans()),
        "prorate": draw(st.booleans()),
        "work_types": draw(st.none() | st.just(["remote"])),
        "multipliers": [{"work_type": "on-site", "factor": draw(st.sampled_from(["0", "0.7", "1.333", "2"]))}],
        "after_hours": draw(
            st.none()
            | st.just({"factor": "1.5", "business_hours": {"mon": ["09:00", "17:00"], "tue": ["00:00", "24:00"]}})
        ),
    }


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    retainer = draw(st.none() | retainers())
    blocks = st.builds(
        lambda start, days, hours: {"from": str(start), "expires": str(start + timedelta(days=days)), "hours": hours},
        DAYS,
        st.integers(0, 90),
        st.integers(0, 20),
    )
    return {
        "currency": draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        "time_zone": draw(st.sampled_from(["Europe/Berlin", "America/Los_Angeles"])),
        "tax_percent": draw(amounts(30)),
        "rounding": {
            "mode": draw(st.sampled_from(["up", "down", "nearest", "none"])),
            "step_minutes": draw(st.sampled_from([1, 6, 15])),
            "minimum_minutes": draw(st.sampled_from([0, 30])),
            "scope": draw(st.sampled_from(["entry", "day", "ticket"])),
            "grace_seconds": draw(st.sampled_from([0, 120])),
        },
        "rates": draw(st.sampled_from([[], [{"amount": "100.333"}, {"amount": 90, "person": "ann"}]])),
        "retainer": retainer,
        "top_ups": draw(st.lists(blocks, max_size=3)) if retainer else [],
        "entries": draw(entries()),
        "close": MONTHS,
        "invoice_group_by": draw(st.sampled_from(["entry", "ticket", "project", "work_type", "person", "day", "rate"])),
    }


def settled(scenario: dict[str, Any]) -> Settlement:
    return settle(read_scenario(json.dumps(scenario)).books)


@given(scenarios(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(scenario, random):
    shuffled = dict(scenario)
    for name in ("entries", "rates", "top_ups", "close"):
        shuffled[name] = random.sample(scenario[name], len(scenario[name]))

    assert simulate(json.dumps(shuffled)) == simulate(json.dumps(scenario))


@given(scenarios())
def test_the_billable_seconds_of_an_entry_are_partitioned(scenario):
    for result in settled(scenario).entries:
        ranges = sorted((piece.from_second, piece.to_second) for piece in result.pieces)

        assert sum(end - start for start, end in ranges) == result.billable_seconds
        assert all(before[1] <= after[0] for before, after in pairwise(ranges))
        assert sum(piece.burn_seconds for piece in result.pieces) == result.burn_seconds
        assert all(start >= 0 and end <= result.billable_seconds for start, end in ranges)


@given(scenarios())
def test_what_is_billed_always_has_a_range_that_can_be_charged_once(scenario):
    for result in settled(scenario).entries:
        billed = [piece for piece in result.pieces if piece.kind is not PieceKind.COVERED and piece.quantity_seconds]

        assert all(piece.to_second > piece.from_second for piece in billed)


@given(scenarios())
def test_the_columns_of_an_entry_add_up_as_the_basis_says(scenario):
    weighted = bool(scenario["retainer"]) and scenario["retainer"]["overage_basis"] == "weighted"
    for result in settled(scenario).entries:
        columns = [result.seconds(kind) for kind in PieceKind]

        assert all(seconds >= 0 for seconds in columns)
        assert sum(columns) == (result.burn_seconds if weighted else result.billable_seconds)


@given(scenarios())
def test_every_period_balances_and_hands_on_what_it_carries(scenario):
    carried = 0
    for period in settled(scenario).periods:
        had = period.granted_seconds + period.carried_in_seconds + period.topped_up_seconds
        posted = [each for each in period.postings if each.kind != "overage"]

        assert period.carried_in_seconds == carried
        assert had == period.used_seconds + period.expired_seconds + period.carried_out_seconds
        assert sum(each.seconds for each in posted) == 0
        assert -sum(each.seconds for each in posted if each.kind == "draw") == period.used_seconds
        assert period.expired_seconds >= 0
        carried = period.carried_out_seconds


@given(scenarios())
def test_the_overage_of_the_periods_is_that_of_the_entries(scenario):
    settlement = settled(scenario)

    by_entry = sum(each.seconds(PieceKind.OVERAGE) for each in settlement.entries)

    assert sum(each.overage_seconds for each in settlement.periods) == by_entry


@given(scenarios())
def test_later_work_never_moves_an_earlier_period(scenario):
    end_of_february = Month(2026, 2)
    starts = {each["id"]: each["start"] for each in scenario["entries"]}
    early = [each for each in scenario["entries"] if starts[each["id"]] < "2026-02-20"]
    later = [each for each in scenario["entries"] if starts[each["id"]] > "2026-03-02"]

    without = settled(scenario | {"entries": early})
    with_later = settled(scenario | {"entries": early + later})

    assert [each for each in without.periods if each.month <= end_of_february] == [
        each for each in with_later.periods if each.month <= end_of_february
    ]


@given(scenarios())
def test_an_invoice_adds_up_to_the_cent(scenario):
    answer = json.loads(simulate(json.dumps(scenario)))
    currency = scenario["currency"]
    for invoice in answer["invoices"]:
        net = Money.zero(currency)
        for line in invoice["lines"]:
            amount = Money.parse(line["amount"], currency)
            quantity = Fraction(1) if line["minutes"] is None else Fraction(str(line["minutes"])) / 60
            assert Money.rounded(quantity * Fraction(line["unit_price"]), currency) == amount
            net += amount
        tax = net.times(Fraction(scenario["tax_percent"]) / 100)

        assert (invoice["net"], invoice["tax"], invoice["total"]) == (str(net), str(tax), str(net + tax))
        assert invoice["lines"]


@given(scenarios())
def test_overage_and_fee_of_a_period_are_those_of_its_invoice(scenario):
    answer = json.loads(simulate(json.dumps(scenario)))
    invoices = {each["month"]: each["lines"] for each in answer["invoices"]}
    for period in answer["periods"]:
        lines = invoices.get(period["month"], [])
        overage = [Fraction(line["amount"]) for line in lines if line["kind"] == "overage"]
        fees = [line["amount"] for line in lines if line["kind"] == "retainer_fee"]

        assert sum(overage) == Fraction(period["overage_amount"])
        assert fees == ([period["fee"]] if Fraction(period["fee"]) else [])
