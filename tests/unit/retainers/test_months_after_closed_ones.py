"""What closed months leave is told by their figures: no entry of them is needed for those after (rule 10)."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from helpdesk.kernel.durations import RoundingMode
from helpdesk.kernel.periods import Month, zone_named
from helpdesk.rates.domain import RoundingPolicy
from helpdesk.retainers.domain.engine import Books, Settlement, settle
from helpdesk.retainers.domain.opening import ClosedMonth, Opening, opening_of
from helpdesk.retainers.domain.terms import Agreement, DrawOrder, Terms, TopUp
from helpdesk.retainers.domain.work import WorkEntry

HOUR = 3600
FIRST, LAST = Month(2026, 1), Month(2026, 8)
START = datetime(2026, 1, 1, tzinfo=UTC)


def work(chance: random.Random) -> tuple[WorkEntry, ...]:
    """A month's worth of hours around the allowance, across edges of months too."""
    entries = []
    for at in range(70):
        began = START + timedelta(hours=chance.randrange(24 * 243))
        entries.append(WorkEntry(f"{at:03}", began, began + timedelta(minutes=chance.choice([30, 90, 300]))))
    return tuple(entries)


def books(agreement: Agreement, chance: random.Random) -> Books:
    exact = RoundingPolicy(mode=RoundingMode.NONE)
    return Books(work(chance), zone_named("Europe/Berlin"), "EUR", exact, agreement=agreement, through=LAST)


def frozen(settlement: Settlement, until: Month) -> list[ClosedMonth]:
    return [
        ClosedMonth(each.month, each.granted_seconds, each.used_seconds, each.carried_out_seconds)
        for each in settlement.periods
        if each.month <= until
    ]


@pytest.mark.parametrize("order", DrawOrder)
@pytest.mark.parametrize("rollover", [0, 1, 3])
@pytest.mark.parametrize("cap", [None, 12 * HOUR])
def test_whatever_was_closed_what_follows_is_the_same_without_its_entries(order, rollover, cap):
    chance = random.Random(f"{order}{rollover}{cap}")  # noqa: S311 - the same hours in every run
    terms = Terms(
        date(2026, 1, 1), 20 * HOUR, rollover_months=rollover, rollover_cap_seconds=cap, draw_order=order, prorate=False
    )
    given = books(Agreement(date(2026, 1, 1), (terms,)), chance)
    whole = settle(given)
    assert given.agreement is not None
    for until in (FIRST, Month(2026, 4), Month(2026, 7)):
        opening = opening_of(given.agreement, frozen(whole, until))
        assert opening is not None
        begins = until.next.instants(given.zone)[0]
        later = tuple(each for each in given.entries if each.ended_at > begins)

        found = settle(replace(given, entries=later, opening=opening))

        assert found.periods == tuple(each for each in whole.periods if each.month > until)
        for month in (until.next, LAST):
            assert found.pieces_in(month) == whole.pieces_in(month)


def test_where_figures_cannot_tell_there_is_no_opening():
    hours = Terms(date(2026, 1, 1), 10 * HOUR, rollover_months=1)
    block = TopUp("1", HOUR, date(2026, 1, 1), date(2026, 12, 31))
    month = ClosedMonth(FIRST, 10 * HOUR, 4 * HOUR, 6 * HOUR)
    used_up = ClosedMonth(FIRST, 10 * HOUR, 10 * HOUR, 0)
    plain = Agreement(date(2026, 1, 1), (hours,))

    assert opening_of(plain, [month]) == Opening(FIRST, ((6 * HOUR, FIRST, FIRST.next),))
    assert opening_of(plain, []) is None
    assert opening_of(plain, [replace(month, month=FIRST.next)]) is None
    assert opening_of(plain, [replace(month, carried_out_seconds=5 * HOUR)]) is None
    assert opening_of(Agreement(date(2026, 1, 1), (replace(hours, carry_deficit=True),)), [month]) is None
    assert opening_of(replace(plain, top_ups=(block,)), [month]) is None
    assert opening_of(replace(plain, top_ups=(block,)), [used_up]) == Opening(FIRST)
    later = replace(plain, top_ups=(replace(block, valid_from=FIRST.next.first_day),))
    assert opening_of(later, [month]) == opening_of(plain, [month])
