"""What a client pays at most for hours that it grants."""

from datetime import date
from decimal import Decimal

import pytest

from helpdesk.retainers.domain.consent import most_it_costs
from helpdesk.retainers.domain.terms import AfterHours, Multiplier, OverageBasis, Terms

FACTORS = {"multipliers": (Multiplier("remote", Decimal("0.5")), Multiplier("on-site", Decimal(2)))}


@pytest.mark.parametrize(
    ("more", "minor"),
    [
        ({}, 60000),
        ({"multipliers": (Multiplier("on-site", Decimal(2)),)}, 60000),
        (FACTORS, 120000),
        (FACTORS | {"overage_basis": OverageBasis.WEIGHTED}, 60000),
        ({"after_hours": AfterHours(Decimal("0.75"), (None,) * 7)}, 80000),
    ],
)
def test_five_hours_at_120_cost_at_most(more, minor):
    terms = Terms(date(2026, 1, 1), overage_rate=Decimal(120), **more)

    most = most_it_costs(terms, 5 * 3600, "EUR")

    assert most is not None
    assert most.minor == minor


def test_without_a_price_nobody_can_say():
    assert most_it_costs(Terms(date(2026, 1, 1)), 3600, "EUR") is None
