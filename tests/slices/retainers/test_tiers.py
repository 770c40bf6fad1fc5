"""What we sell: a list of tiers that managers keep (docs/billing.md rule 15)."""

from sqlalchemy import select

from helpdesk.infra.db import read_session
from helpdesk.retainers.models import Tier

TYPED = {
    "name": "Large",
    "currency": "eur",
    "hours_per_month": "37.5",
    "fee": "3600",
    "overage_rate": "120.50",
    "rollover_months": "1",
    "rollover_cap_hours": "10",
}


def test_a_tier_is_added_changed_and_no_longer_sold(office, sign_in_as):
    manager = sign_in_as(office.manager)

    assert manager.post("/retainers/tiers", data=TYPED).status_code == 303
    tier = read_session().scalars(select(Tier)).one()
    form = manager.get(f"/retainers/tiers/{tier.id}").text
    changed = manager.post(f"/retainers/tiers/{tier.id}", data=TYPED | {"fee": "3700", "overage_rate": ""})
    page = manager.get("/retainers/tiers").text

    assert (tier.currency, tier.allowance_seconds, tier.fee_minor, tier.overage_rate_minor) == (
        "EUR",
        135_000,
        360_000,
        12_050,
    )
    assert 'value="37.5"' in form
    assert 'value="120.50"' in form
    assert changed.status_code == 303
    assert "€3,700.00" in page
    assert "at the rate of the work" in page
    assert "Not sold any more" in page


def test_a_refused_tier_says_beside_the_field_what_is_wrong(office, sign_in_as):
    manager = sign_in_as(office.manager)
    manager.post("/retainers/tiers", data=TYPED)

    twice = manager.post("/retainers/tiers", data=TYPED | {"name": " large "})
    nowhere = manager.post("/retainers/tiers", data=TYPED | {"name": "Other", "currency": "XXQ"})

    assert (twice.status_code, nowhere.status_code) == (422, 422)
    assert "There is a tier called large already." in twice.text
    assert 'id="currency-error"' in nowhere.text
    assert 'value="37.5"' in nowhere.text
