"""The time of the past under other terms: what each would have cost the client, and what was lost (rule 15)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month, zone_named
from helpdesk.rates.domain import RateHit
from helpdesk.retainers.domain.replay import Past, replay
from helpdesk.retainers.domain.terms import Terms
from helpdesk.retainers.domain.work import WorkEntry

HOUR = 3600
DAY_ONE = date(2026, 1, 1)
AT_100 = RateHit(Decimal(100), "EUR", "approved", "")


def past(*worked: int, price: RateHit | None = AT_100, projects: frozenset[str] | None = None) -> Past:
    """So many hours in January, February and so on."""
    months = [Month(2026, at) for at in range(1, len(worked) + 1)]
    entries = []
    for month, hours in zip(months, worked, strict=True):
        began = datetime(month.year, month.month, 10, 9, tzinfo=UTC)
        entries.append(
            WorkEntry(
                str(month),
                began,
                began + timedelta(hours=hours),
                project="1",
                fixed_seconds=hours * HOUR,
                fixed_rate=price,
            )
        )
    return Past(tuple(entries), tuple(months), zone_named("UTC"), "EUR", projects, None, Money.zero("EUR"), 0)


def terms(hours: int, fee: int, **more: Any) -> Terms:
    return Terms(DAY_ONE, hours * HOUR, Decimal(fee), **more)


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def test_what_goes_beyond_is_overage_and_what_is_left_expires():
    found = replay(past(6, 14, 10), terms(10, 900, overage_rate=Decimal(120)))

    assert (found.fee, found.overage, found.paid) == (eur("2700.00"), eur("480.00"), eur("3180.00"))
    assert (found.months_beyond, found.expired_seconds) == (1, 4 * HOUR)
    assert found.unused_fee == eur("360.00")


def test_hours_that_live_longer_take_the_overage_away():
    found = replay(past(6, 14, 10), terms(10, 900, overage_rate=Decimal(120), rollover_months=1))

    assert (found.paid, found.months_beyond, found.expired_seconds) == (eur("2700.00"), 0, 0)


def test_without_a_retainer_every_hour_has_its_own_price():
    found = replay(past(6, 14, 10), None)

    assert (found.fee, found.hourly, found.paid) == (eur("0.00"), eur("3000.00"), eur("3000.00"))
    assert found.months_beyond == 0


def test_work_outside_of_the_scope_stays_hourly():
    found = replay(past(6, projects=frozenset({"2"})), terms(10, 900))

    assert (found.fee, found.hourly, found.overage) == (eur("900.00"), eur("600.00"), eur("0.00"))


def test_a_deficit_that_is_carried_to_the_end_is_not_forgotten():
    found = replay(past(14, 12), terms(10, 900, overage_rate=Decimal(120), carry_deficit=True))

    assert (found.overage, found.months_beyond) == (eur("720.00"), 2)


def test_seconds_without_a_price_are_told_and_in_no_amount():
    found = replay(past(14, price=None), terms(10, 900))

    assert (found.unpriced_seconds, found.paid) == (4 * HOUR, eur("900.00"))


def test_of_no_months_nothing_comes():
    found = replay(past(), terms(10, 900))

    assert (found.months, found.paid, found.unused_fee) == ((), eur("0.00"), eur("0.00"))
