from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from helpdesk.kernel.durations import RoundingMode
from helpdesk.kernel.periods import Month, zone_named
from helpdesk.rates.domain import RoundingPolicy
from helpdesk.retainers.domain.engine import Books
from helpdesk.retainers.domain.statement import Forecast, Statement, open_statement
from helpdesk.retainers.domain.terms import Agreement, Terms, TopUp
from helpdesk.retainers.domain.work import EntryStatus, WorkEntry

HOUR = 3600
START = date(2026, 1, 1)
MARCH = Month(2026, 3)
TERMS = Terms(START, 10 * HOUR, overage_rate=Decimal(120))


def work(uuid: str, start: str, hours: int, status: EntryStatus = EntryStatus.APPROVED) -> WorkEntry:
    began = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return WorkEntry(uuid, began, began + timedelta(hours=hours), status=status)


def books(*entries: WorkEntry, agreement: Agreement | None = None) -> Books:
    return Books(
        entries,
        zone_named("UTC"),
        "EUR",
        RoundingPolicy(mode=RoundingMode.NONE),
        agreement=agreement or Agreement(START, (TERMS,)),
    )


def statement(*entries: WorkEntry, as_of: str = "2026-03-15", agreement: Agreement | None = None) -> Statement:
    found = open_statement(books(*entries, agreement=agreement), MARCH, as_of=date.fromisoformat(as_of))
    assert found is not None
    return found


def test_pending_time_stands_apart_and_covers_nothing():
    entries = [
        work("a", "2026-03-02T08:00", 4),
        work("b", "2026-03-03T08:00", 3, EntryStatus.SUBMITTED),
        work("c", "2026-03-04T08:00", 1, EntryStatus.DRAFT),
        work("d", "2026-03-04T10:00", 9, EntryStatus.REJECTED),
    ]

    found = statement(*entries)

    assert (found.burned_seconds, found.pending_seconds) == (4 * HOUR, 4 * HOUR)
    assert found.period.used_seconds == 4 * HOUR
    assert (found.used_percent, found.crossed) == (40, ())


def test_overage_is_projected_while_the_month_is_open():
    found = statement(work("a", "2026-03-02T08:00", 12))

    assert found.period.overage_seconds == 2 * HOUR
    assert str(found.period.overage_amount) == "240.00"
    assert (found.used_percent, found.crossed) == (120, (50, 80, 100))


def test_the_burn_down_has_a_row_for_each_day_and_a_block_raises_it_from_its_day():
    block = TopUp("b", 5 * HOUR, date(2026, 3, 20), date(2026, 6, 30))
    entries = [work("a", "2026-03-02T08:00", 4), work("b", "2026-03-19T08:00", 3)]

    days = statement(*entries, agreement=Agreement(START, (TERMS,), top_ups=(block,))).days

    assert (days[0].day, days[-1].day, len(days)) == (date(2026, 3, 1), date(2026, 3, 31), 31)
    assert [each.used_seconds // HOUR for each in (days[0], days[1], days[17], days[18])] == [0, 4, 4, 7]
    assert [each.allowance_seconds // HOUR for each in (days[18], days[19])] == [10, 15]


def test_the_forecast_lies_between_the_calmest_and_the_busiest_week():
    entries = [
        work("w1", "2026-02-23T08:00", 1),
        work("w2", "2026-03-02T08:00", 2),
        work("w3", "2026-03-09T08:00", 6),
    ]
    agreement = Agreement(date(2026, 2, 23), (replace(TERMS, effective_on=date(2026, 2, 23)),))

    found = statement(*entries, as_of="2026-03-16", agreement=agreement)

    # Mondays 16, 23 and 30 are left; 8 h are behind.
    assert found.forecast == Forecast(11 * HOUR, 17 * HOUR, 26 * HOUR)
    assert found.may_exceed


def test_there_is_no_forecast_before_a_whole_week_lies_behind():
    agreement = Agreement(date(2026, 3, 1), (TERMS,))

    found = statement(as_of="2026-03-07", agreement=agreement)

    assert found.forecast is None
    assert not found.may_exceed


def test_burn_without_any_allowance_is_all_of_it():
    agreement = Agreement(START, (replace(TERMS, allowance_seconds=0),))

    assert statement(work("a", "2026-03-02T08:00", 1), agreement=agreement).used_percent == 100
    assert statement(agreement=agreement).used_percent == 0


@pytest.mark.parametrize("month", [Month(2025, 12), Month(2026, 7)])
def test_a_month_outside_of_the_agreement_has_no_statement(month):
    ending = books(agreement=Agreement(START, (TERMS,), date(2026, 6, 30)))

    assert open_statement(ending, month, as_of=START) is None


def test_without_an_agreement_there_is_no_statement():
    assert open_statement(replace(books(), agreement=None), MARCH, as_of=START) is None
