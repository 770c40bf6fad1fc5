"""A worked example twice: through ``simulate``, and through database, close and issued invoices (rules 8 and 11).

10 h a month that a quarter shares, 1,000.00 a month, 120.00 an hour beyond. From November on 14, 15 and 4 h: the third
month has 1 h left and bills 3 h. The next quarter begins with 30 h.
"""

import json
from datetime import UTC, datetime

from helpdesk import doctor
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.simulate import simulate
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.retainers import queries
from helpdesk.retainers import service as retainers
from tests.slices.invoicing.conftest import NOVEMBER, Story

MONTHS = [NOVEMBER.plus(at) for at in range(4)]
WORKED = {"2026-11-16": "14", "2026-12-07": "15", "2027-01-11": "4", "2027-02-08": "2"}
FIGURES = ("granted", "carried_in", "topped_up", "used", "expired", "carried_out", "overage")

SCENARIO = {
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "tax_percent": "19",
    "retainer": {
        "starts_on": "2026-11-01",
        "hours_per_month": "10",
        "pool_months": 3,
        "fee": "1000.00",
        "overage_rate": "120.00",
    },
    "entries": [
        {"id": day, "start": f"{day}T09:00:00+01:00", "seconds": int(hours) * 3600, "rate": "100.00"}
        for day, hours in WORKED.items()
    ],
    "close": [str(month) for month in MONTHS],
}


def test_both_ways_come_to_the_same(story):
    story.now = datetime(2027, 3, 1, 8, tzinfo=UTC)
    answer = json.loads(simulate(json.dumps(SCENARIO)))

    agreement_id = story.agree(per_month="10", fee="1000", overage="120", pool_months=3).id
    for day, hours in WORKED.items():
        story.log(hours, day)
    issued = [_closed(story, agreement_id, month) for month in MONTHS]
    with unit_of_work() as session:
        periods = queries.closed_periods(session, agreement_ids=[agreement_id])[agreement_id]
        faults = doctor.examine(session, store=blobs.store(), now=story.now)

    assert [
        (each["granted_seconds"], each["used_seconds"], each["carried_out_seconds"], each["overage_seconds"])
        for each in answer["periods"]
    ] == [(108000, 50400, 57600, 0), (0, 54000, 3600, 0), (0, 3600, 0, 10800), (108000, 7200, 100800, 0)]
    assert [each["net"] for each in answer["invoices"]] == ["1000.00", "1000.00", "1360.00", "1000.00"]
    for month, simulated in zip(MONTHS, answer["periods"], strict=True):
        real = periods[month]
        assert {name: getattr(real, f"{name}_seconds") for name in FIGURES} == {
            name: simulated[f"{name}_seconds"] for name in FIGURES
        }
        assert str(Money(real.fee_minor, "EUR")) == simulated["fee"]
    for invoice, simulated in zip(issued, answer["invoices"], strict=True):
        document = json.loads(invoice.canonical_json or "")
        assert [(line["kind"], line["minutes"], line["unit_price"], line["amount"]) for line in document["lines"]] == [
            (
                line["kind"],
                None if line["minutes"] is None else str(line["minutes"]),
                line["unit_price"],
                line["amount"],
            )
            for line in simulated["lines"]
        ]
        assert [document[name] for name in ("net", "tax", "total")] == [
            simulated[name] for name in ("net", "tax", "total")
        ]
    assert faults == []


def _closed(story: Story, agreement_id: int, month: Month) -> Invoice:
    with unit_of_work() as session:
        retainers.close_period(session, actor=SYSTEM, now=story.now, agreement_id=agreement_id, month=month)
    return story.issue(story.drafted(month))
