"""When a mailbox is well, when it is in trouble, and when somebody has to hear of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.intake.domain.health import AlarmKind, Probe, State, Vitals, alarms_of, probe_of, state_of

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
WELL = Vitals(active=True, begun_at=NOW - timedelta(days=9), last_poll_at=NOW, idle_since=NOW)


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, State.LIVE),
        ({"idle_since": None}, State.POLLING),
        ({"idle_since": None, "last_poll_at": None}, State.WAITING),
        ({"last_error": "away"}, State.TROUBLE),
        ({"last_error": "away", "active": False}, State.PAUSED),
    ],
)
def test_a_mailbox_is_in_one_state(change, state):
    assert state_of(replace(WELL, **change)) is state


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({}, []),
        ({"last_poll_at": ago(15)}, []),
        ({"last_poll_at": ago(16)}, [AlarmKind.SILENT]),
        ({"last_poll_at": ago(16), "begun_at": ago(1)}, []),
        ({"last_poll_at": ago(16), "begun_at": ago(1), "failing_since": ago(16)}, [AlarmKind.SILENT]),
        ({"last_poll_at": None, "begun_at": ago(16)}, [AlarmKind.SILENT]),
        ({"failed_refreshes": 1}, []),
        ({"failed_refreshes": 2}, [AlarmKind.TOKEN]),
        ({"missing": 3}, [AlarmKind.GAP]),
        ({"missing": 3, "failed_refreshes": 9, "last_poll_at": ago(99), "active": False}, []),
    ],
)
def test_an_alarm_is_raised_in_time_and_never_for_what_people_paused(change, kinds):
    assert [alarm.kind for alarm in alarms_of(replace(WELL, **change), NOW)] == kinds


def test_one_reason_is_told_once():
    refused = replace(WELL, failed_refreshes=2, token_error="refused", last_error="refused", last_poll_at=ago(16))

    assert [alarm.detail for alarm in alarms_of(refused, NOW)] == ["refused", ""]


@pytest.mark.parametrize(
    ("sent_at", "arrived_at", "probe"),
    [
        (None, None, Probe.NEVER),
        (ago(10), None, Probe.WAITING),
        (ago(11), None, Probe.LOST),
        (ago(11), ago(1), Probe.ARRIVED),
    ],
)
def test_a_probe_is_lost_after_ten_minutes_until_it_comes(sent_at, arrived_at, probe):
    assert probe_of(sent_at=sent_at, arrived_at=arrived_at, now=NOW) is probe
