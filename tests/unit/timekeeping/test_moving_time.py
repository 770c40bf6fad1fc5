"""What a move to another project does to an entry (docs/billing.md rule 3)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.periods import local_day
from helpdesk.timekeeping.domain.moves import MovingTime, Outcome, Place, move_time
from helpdesk.timekeeping.models import BILLABLE, STATUSES

ZONES = tuple(map(ZoneInfo, ("Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kathmandu", "UTC")))
NOON = datetime(2026, 3, 2, 11, tzinfo=UTC)  # 12:00 in Berlin
CLIENT, OUR_OWN = Place(ZONES[0], is_internal=False), Place(ZONES[0], is_internal=True)

places = st.builds(Place, zone=st.sampled_from(ZONES), is_internal=st.booleans())
entries = st.builds(
    MovingTime,
    status=st.sampled_from(STATUSES),
    billable=st.sampled_from(BILLABLE),
    started_at=st.just(NOON),
    ended_at=st.integers(0, 86400).map(lambda seconds: NOON + timedelta(seconds=seconds)),
    duration_only=st.booleans(),
    held_by=st.sampled_from([(), ("invoice HO-2026-0007",)]),
)


def time(status: str = "approved", **more: Any) -> MovingTime:
    facts: dict[str, Any] = {"billable": "billable", "started_at": NOON, "ended_at": NOON + timedelta(hours=1)}
    return MovingTime(status=status, **facts | more)


def length(entry: MovingTime) -> timedelta:
    assert entry.ended_at is not None
    return entry.ended_at - entry.started_at


@pytest.mark.parametrize(
    ("status", "then"),
    [("draft", "draft"), ("submitted", "submitted"), ("rejected", "rejected"), ("approved", "submitted")],
)
def test_what_was_approved_waits_for_approval_again_and_the_rest_stays_where_it_was(status, then):
    assert move_time(time(status), before=CLIENT, after=CLIENT).status == then


def test_charged_time_does_not_move_and_names_what_holds_it():
    with pytest.raises(Conflict, match="invoice HO-2026-0007, the closed month 2026-03 of Support"):
        move_time(
            time("locked", held_by=("invoice HO-2026-0007", "the closed month 2026-03 of Support")),
            before=CLIENT,
            after=CLIENT,
        )


def test_a_typed_duration_keeps_its_day_and_starts_at_noon_of_the_new_contract():
    auckland = Place(ZoneInfo("Pacific/Auckland"), is_internal=False)
    typed = time(
        started_at=datetime(2026, 3, 1, 23, tzinfo=UTC), ended_at=datetime(2026, 3, 2, tzinfo=UTC), duration_only=True
    )

    moved = move_time(typed, before=auckland, after=CLIENT)

    assert (moved.started_at, moved.ended_at) == (NOON, NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    ("before", "after", "bill_own_time", "billable", "then"),
    [
        (OUR_OWN, CLIENT, False, "not_billable", "not_billable"),
        (OUR_OWN, CLIENT, True, "not_billable", "billable"),
        (OUR_OWN, CLIENT, True, "no_charge", "no_charge"),
        (CLIENT, CLIENT, True, "not_billable", "not_billable"),
        (CLIENT, OUR_OWN, False, "billable", "not_billable"),
    ],
)
def test_our_own_time_becomes_billable_only_where_somebody_says_so(before, after, bill_own_time, billable, then):
    moved = move_time(time("draft", billable=billable), before=before, after=after, bill_own_time=bill_own_time)

    assert moved.billable == then


@settings(max_examples=200)
@given(entry=entries, before=places, after=places, bill_own_time=st.booleans())
def test_no_move_leaves_approved_time_or_changes_a_length_or_a_charge(entry, before, after, bill_own_time):
    if entry.outcome is Outcome.HELD:
        with pytest.raises(Conflict):
            move_time(entry, before=before, after=after, bill_own_time=bill_own_time)
        return

    moved = move_time(entry, before=before, after=after, bill_own_time=bill_own_time)

    assert moved.status not in {"approved", "locked", "reversed"}
    assert length(moved) == length(entry)
    assert not (after.is_internal and moved.billable != "not_billable")
    if entry.duration_only:
        assert local_day(moved.started_at, after.zone) == local_day(entry.started_at, before.zone)
    else:
        assert moved.started_at == entry.started_at
