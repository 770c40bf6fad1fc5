"""Priced seconds become lines that multiply out to the cent (docs/billing.md rules 3 and 18)."""

from datetime import date
from decimal import Decimal

import pytest

from helpdesk.invoicing.domain.drafting import BilledItem, Named, Priced, detail_of, draft_lines, fee_description
from helpdesk.invoicing.domain.lines import GroupBy, LineKind
from helpdesk.kernel.periods import Month

TICKET = BilledItem(id=1, number=4893, title="Scanner gateway lost", is_ticket=True)
TASK = BilledItem(id=2, number=12, title="Label templates", is_ticket=False)


def worked(minutes: int, *, item: BilledItem = TICKET, price: str = "100", **more) -> Priced:
    values = {
        "entry_id": 1,
        "kind": LineKind.TIME,
        "from_second": 0,
        "to_second": minutes * 60,
        "burn_seconds": minutes * 60,
        "quantity_seconds": minutes * 60,
        "worked_on": date(2026, 11, 2),
        "person": "Ann",
    }
    return Priced(item=item, price=Decimal(price), **{**values, **more})


def test_three_times_twenty_minutes_on_one_ticket_are_one_line_of_100():
    [line] = draft_lines([worked(20, entry_id=number) for number in range(3)], currency="EUR")

    assert (line.minutes, line.amount.minor, len(line.pieces)) == (Decimal(60), 10000, 3)


def test_overage_comes_before_time_and_tickets_before_tasks():
    lines = draft_lines(
        [worked(60, item=TASK), worked(60), worked(60, item=TASK, kind=LineKind.OVERAGE, price="120")], currency="EUR"
    )

    assert [(line.kind, line.item) for line in lines] == [
        (LineKind.OVERAGE, TASK),
        (LineKind.TIME, TICKET),
        (LineKind.TIME, TASK),
    ]


def test_no_line_mixes_prices_or_closed_periods():
    lines = draft_lines(
        [
            worked(60),
            worked(60, price="120"),
            worked(30, kind=LineKind.OVERAGE, period_id=7),
            worked(30, kind=LineKind.OVERAGE, period_id=8),
        ],
        currency="EUR",
    )

    assert [(line.period_id, line.unit_price, line.amount.minor) for line in lines] == [
        (7, Decimal(100), 5000),
        (8, Decimal(100), 5000),
        (None, Decimal(100), 10000),
        (None, Decimal(120), 12000),
    ]


@pytest.mark.parametrize(
    ("group_by", "said"),
    [
        (GroupBy.ENTRY, [("Scanner gateway lost", "60"), ("Label templates", "30"), ("Label templates", "15")]),
        (GroupBy.TICKET, [("Scanner gateway lost", "60"), ("Label templates", "45")]),
        (GroupBy.PROJECT, [("Labels", "45"), ("Network", "60")]),
        (GroupBy.WORK_TYPE, [("Labels", "30"), ("Remote", "75")]),
        (GroupBy.PERSON, [("Ann", "75"), ("Ben", "30")]),
        (GroupBy.DAY, [("Montag 2. November 2026", "60"), ("Dienstag 3. November 2026", "45")]),
        (GroupBy.RATE, [("100.00 EUR/h", "105")]),
    ],
)
def test_time_shares_a_line_by_what_people_choose_and_nothing_is_lost(group_by, said):
    network, labels, remote = Named("Network", 1), Named("Labels", 2), Named("Remote", 1)
    third = date(2026, 11, 3)
    pieces = [
        worked(60, entry_id=1, project=network, work_type=remote, person_id=1),
        worked(30, entry_id=2, item=TASK, project=labels, worked_on=third, person="Ben", person_id=2),
        worked(15, entry_id=3, item=TASK, project=labels, work_type=remote, worked_on=third, person_id=1),
    ]

    lines = draft_lines(pieces, currency="EUR", group_by=group_by, language="de")

    assert [(line.description, f"{line.minutes:f}") for line in lines] == said
    assert sorted(piece.entry_id for line in lines for piece in line.pieces) == [1, 2, 3]


def test_work_at_no_charge_stays_with_its_ticket_whatever_the_rest_is_grouped_by():
    free = worked(30, price="0", to_second=0, burn_seconds=0)

    lines = draft_lines([worked(60, item=TASK), free], currency="EUR", group_by=GroupBy.PERSON)

    assert [(line.description, line.item) for line in lines] == [("Ann", None), ("Scanner gateway lost", TICKET)]


def test_work_at_no_charge_has_minutes_and_nothing_to_hold():
    free = worked(30, price="0", to_second=0, burn_seconds=0)

    [line] = draft_lines([free], currency="EUR")

    assert (line.minutes, line.amount.minor, line.pieces[0].is_charged) == (Decimal(30), 0, False)


def test_yen_have_no_decimals_and_dinars_three():
    assert draft_lines([worked(20, price="1000")], currency="JPY")[0].amount.minor == 333
    assert draft_lines([worked(20, price="1.000")], currency="KWD")[0].amount.minor == 333


def test_the_detail_says_days_and_people_in_the_clients_language():
    pieces = [worked(90), worked(60, worked_on=date(2026, 12, 27), person="Ben"), worked(30)]

    assert detail_of(pieces, "en") == "2 Nov – 27 Dec, Ann 2:00, Ben 1:00"
    assert detail_of(pieces, "de") == "2. Nov. – 27. Dez., Ann 2:00, Ben 1:00"


def test_a_fee_names_its_month():
    assert fee_description("Managed workplace", Month(2026, 12), "en") == "Managed workplace, December 2026"
    assert fee_description("Betreuung", Month(2026, 12), "de-AT") == "Betreuung, Dezember 2026"
