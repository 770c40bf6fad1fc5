"""Which tier would have fitted, and when nothing is said (docs/billing.md rule 15)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month, zone_named
from helpdesk.rates.domain import RateHit
from helpdesk.retainers.domain.advice import Kind, Offer, Verdict, advise, terms_of, whole_months
from helpdesk.retainers.domain.replay import Past
from helpdesk.retainers.domain.terms import Agreement, OverageBasis, Terms
from helpdesk.retainers.domain.work import WorkEntry

HOUR = 3600
NOW = Terms(date(2026, 1, 1), 10 * HOUR, Decimal(1000), overage_rate=Decimal(150))
MEDIUM = Offer("2", "Medium", 20 * HOUR, Decimal(1800), Decimal(140), 0, None, carry_deficit=False)
SMALL = Offer("1", "Small", 5 * HOUR, Decimal(600), Decimal(150), 0, None, carry_deficit=False)


def past(*worked: int, price: RateHit | None = None) -> Past:
    months = tuple(Month(2026, at) for at in range(1, len(worked) + 1))
    entries = tuple(
        WorkEntry(
            str(month),
            began := datetime(2026, month.month, 5, 9, tzinfo=UTC),
            began + timedelta(hours=hours),
            fixed_seconds=hours * HOUR,
            fixed_rate=price or RateHit(Decimal(160), "EUR", "approved", ""),
        )
        for month, hours in zip(months, worked, strict=True)
    )
    return Past(entries, months, zone_named("UTC"), "EUR", None, None, Money.zero("EUR"), 0)


def test_the_tier_by_which_the_client_pays_least_is_best():
    found = advise(past(18, 20, 19), NOW, [SMALL, MEDIUM])

    assert found.verdict is Verdict.BETTER
    assert found.best is not None
    assert found.best.name == "Medium"
    # 3 x 1,000 and 27 h x 150 are 7,050; 3 x 1,800 are 5,400
    assert found.saved == Money.parse("1650.00", "EUR")


def test_where_nothing_that_we_sell_is_cheaper_nothing_is_offered():
    found = advise(past(10, 10, 10), NOW, [SMALL, MEDIUM])

    assert (found.verdict, found.best, found.saved.minor) == (Verdict.NOTHING_BETTER, None, 0)


def test_of_two_months_nothing_is_concluded():
    found = advise(past(18, 20), NOW, [MEDIUM])

    assert (found.verdict, found.best) == (Verdict.TOO_FEW, None)
    assert found.now.outcome.months_beyond == 2


def test_without_tiers_the_other_terms_are_still_shown():
    found = advise(past(4, 16, 10), NOW, [])

    assert found.verdict is Verdict.NO_TIERS
    assert [(each.kind, each.key) for each in found.options] == [
        (Kind.NOW, ""),
        (Kind.ROLLOVER, "1"),
        (Kind.ROLLOVER, "2"),
        (Kind.ROLLOVER, "3"),
        (Kind.HOURLY, ""),
    ]
    assert found.now.outcome.paid > found.options[1].outcome.paid


def test_what_lacks_a_price_is_compared_with_nothing():
    own_rate = Offer("3", "Own rate", 5 * HOUR, Decimal(1), None, 0, None, carry_deficit=False)
    nothing = past(18, 20, 19)
    unpriced = Past(
        tuple(WorkEntry(e.uuid, e.started_at, e.ended_at, fixed_seconds=e.fixed_seconds) for e in nothing.entries),
        *(nothing.months, nothing.zone, "EUR", None, None, nothing.cost, 0),
    )

    found = advise(unpriced, NOW, [own_rate])

    assert (found.verdict, found.best) == (Verdict.UNPRICED, None)


def test_a_tier_without_a_rate_bills_worked_time_at_its_own_price():
    weighted = Terms(
        date(2026, 1, 1), 10 * HOUR, overage_rate=Decimal(150), overage_basis=OverageBasis.WEIGHTED, prorate=False
    )
    own_rate = Offer("3", "Own rate", 5 * HOUR, Decimal(1), None, 2, None, carry_deficit=False)

    found = terms_of(own_rate, weighted)

    assert (found.overage_basis, found.rollover_months, found.prorate) == (OverageBasis.WORKED, 2, False)
    assert terms_of(MEDIUM, weighted).overage_basis is OverageBasis.WEIGHTED


def test_the_months_are_whole_closed_and_a_year_at_most():
    started = Agreement(date(2026, 1, 15), (NOW,), date(2027, 6, 10))
    closed = [Month(2026, 1).plus(at) for at in range(18)]

    found = whole_months(started, closed)
    young = whole_months(started, closed[:3])

    assert (str(found[0]), str(found[-1]), len(found)) == ("2026-06", "2027-05", 12)
    assert [str(each) for each in young] == ["2026-02", "2026-03"]
    assert whole_months(started, []) == ()
