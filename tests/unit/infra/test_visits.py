"""Visits of open pages are counted by address, for a quarter of an hour."""

from datetime import UTC, datetime, timedelta

from helpdesk.infra import visits
from helpdesk.infra.visits import Visits

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_one_too_many_waits_until_the_first_is_long_ago():
    counted = Visits(2)
    at_noon = [counted.take("192.0.2.1", NOON) for _ in range(3)]

    assert at_noon == [False, False, True]
    assert counted.take("192.0.2.1", NOON + timedelta(minutes=14, seconds=59))
    assert not counted.take("192.0.2.1", NOON + timedelta(minutes=15))


def test_a_household_with_many_ipv6_addresses_is_one_and_odd_addresses_are_one_too():
    counted = Visits(1)

    assert not counted.take("2001:db8::1", NOON)
    assert counted.take("2001:db8::2", NOON)
    assert not counted.take("2001:db8:0:1::1", NOON)
    assert not counted.take("", NOON)
    assert counted.take("odd", NOON)


def test_of_too_many_addresses_the_oldest_is_forgotten(monkeypatch):
    monkeypatch.setattr(visits, "MOST_ADDRESSES", 2)
    counted = Visits(1)
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        counted.take(address, NOON)

    assert counted.take("192.0.2.3", NOON)
    assert not counted.take("192.0.2.1", NOON)
