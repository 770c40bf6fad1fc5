"""When clocks stand, by what happened: waiting, done and asleep, none of it twice (docs/sla.md rule 14)."""

from datetime import UTC, datetime, timedelta

from helpdesk.sla.domain.clocks import Pause
from helpdesk.sla.domain.history import Change, Move, Snoozed, Woke, history_of

BEGAN = datetime(2026, 11, 16, tzinfo=UTC)


def at(hours: int) -> datetime:
    return BEGAN + timedelta(hours=hours)


def pauses(status: str, *changes: Change) -> tuple[Pause, ...]:
    return history_of(created_at=BEGAN, status=status, changes=changes, said=()).pauses


def test_sleep_lasts_until_it_is_woken_or_its_time_has_come_however_late_that_is_noted():
    woken = pauses("open", Snoozed(at(1), at(9)), Woke(at(4)), Snoozed(at(5), at(7)), Woke(at(8)))
    prolonged = pauses("open", Snoozed(at(1), at(3)), Snoozed(at(2), at(9)))
    noted_late = pauses("open", Snoozed(at(1), at(3)), Snoozed(at(4), at(9)), Woke(at(6)))

    assert woken == (Pause(at(1), at(4), "snoozed"), Pause(at(5), at(7), "snoozed"))
    assert prolonged == (Pause(at(1), None, "snoozed"),)
    assert noted_late == (Pause(at(1), at(3), "snoozed"), Pause(at(4), at(6), "snoozed"))


def test_what_sleeps_and_waits_stands_once_and_what_is_done_sleeps_no_more():
    changes = (
        Snoozed(at(1), at(30)),
        Move(at(2), "open", "waiting"),
        Move(at(4), "waiting", "open"),
        Move(at(6), "open", "solved"),
        Move(at(8), "solved", "open"),
    )
    found = history_of(created_at=BEGAN, status="open", changes=changes, said=())

    assert found.pauses == (
        Pause(at(1), at(2), "snoozed"),
        Pause(at(2), at(4), "waiting"),
        Pause(at(4), at(6), "snoozed"),
        Pause(at(6), at(8), "solved"),
    )
    assert pauses("waiting", Move(at(1), "open", "waiting"), Snoozed(at(2), at(3)), Woke(at(3))) == (
        Pause(at(1), None, "waiting"),
    )
