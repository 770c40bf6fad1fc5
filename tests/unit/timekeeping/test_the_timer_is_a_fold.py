"""Events in, entries out: the same whatever way the events came (docs/billing.md rule 1)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.kernel.periods import local_day, wall_clock
from helpdesk.timekeeping.domain.timer import Timer, TimerEvent, clamp, fold

NINE = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
PRINTER, SERVER = 1, 2


def event(kind: str, at: str | datetime, uuid: str = "", **more: Any) -> TimerEvent:
    """An event at ``9:30`` of the day, or at an instant; its uuid is ``start 9:30`` where none is given."""
    instant = at if isinstance(at, datetime) else NINE.replace(hour=int(at.split(":")[0]), minute=int(at.split(":")[1]))
    return TimerEvent(uuid=uuid or f"{kind} {at}", kind=kind, at=instant, said_at=instant, **more)


def shown(timer: Timer) -> list[tuple[int, str, str]]:
    """What the entries are about, from when to when."""
    return [
        (entry.item_id, f"{entry.started_at:%H:%M}", f"{entry.ended_at:%H:%M}" if entry.ended_at else "runs")
        for entry in sorted(timer.entries, key=lambda entry: (entry.started_at, entry.uuid))
        if not entry.discarded
    ]


def test_a_start_ends_what_runs():
    timer = fold([event("start", "9:00", item_id=PRINTER), event("start", "9:40", item_id=SERVER)])

    assert shown(timer) == [(PRINTER, "09:00", "09:40"), (SERVER, "09:40", "runs")]


def test_a_late_start_ends_where_the_next_one_begins():
    known = [event("start", "9:00", item_id=PRINTER), event("stop", "11:00")]

    timer = fold([*known, event("start", "10:00", item_id=SERVER)])

    assert shown(timer) == [(PRINTER, "09:00", "10:00"), (SERVER, "10:00", "11:00")]
    assert timer.running is None


def test_a_stop_where_nothing_runs_changes_nothing():
    timer = fold([event("stop", "8:00"), event("start", "9:00", item_id=PRINTER)])

    assert shown(timer) == [(PRINTER, "09:00", "runs")]


def test_a_pause_is_no_time_and_a_resume_names_what_it_goes_on_with():
    timer = fold(
        [
            event("start", "9:00", item_id=PRINTER, facts={"note": "labels", "billable": "no_charge"}),
            event("pause", "9:30"),
            event("resume", "10:00"),
            event("stop", "10:15"),
        ]
    )

    first, second = timer.entries
    assert shown(timer) == [(PRINTER, "09:00", "09:30"), (PRINTER, "10:00", "10:15")]
    assert (second.resumes, second.note, second.billable) == (first.uuid, "labels", "no_charge")


def test_what_is_paused_is_known_until_something_else_starts_or_stops():
    paused = [event("start", "9:00", item_id=PRINTER), event("pause", "9:30")]

    assert fold(paused).paused == "start 9:00"
    assert fold([*paused, event("stop", "9:40")]).paused is None
    assert fold([*paused, event("start", "9:40", item_id=SERVER)]).paused is None


def test_a_resume_with_nothing_paused_goes_on_with_the_last():
    timer = fold([event("start", "9:00", item_id=PRINTER), event("stop", "9:30"), event("resume", "10:00")])

    assert shown(timer) == [(PRINTER, "09:00", "09:30"), (PRINTER, "10:00", "runs")]


def test_a_resume_after_nothing_at_all_begins_nothing():
    assert fold([event("resume", "9:00")]).entries == ()


def test_a_second_start_on_the_same_item_goes_on_as_one_chain():
    timer = fold([event("start", "9:00", item_id=PRINTER), event("start", "9:20", item_id=PRINTER)])

    assert shown(timer) == [(PRINTER, "09:00", "09:20"), (PRINTER, "09:20", "runs")]
    assert timer.entries[1].resumes == timer.entries[0].uuid


def test_a_change_is_about_what_runs_or_is_paused_and_of_two_the_later_counts():
    events = [
        event("start", "9:00", item_id=PRINTER, facts={"note": "typed at the start"}),
        event("change", "9:10", facts={"note": "labels"}),
        event("change", "9:05", facts={"note": "label", "work_type_id": 7}),
        event("pause", "9:30"),
        event("change", "9:40", facts={"billable": "not_billable"}),
    ]

    [entry] = fold(events).entries

    assert (entry.note, entry.work_type_id, entry.billable) == ("labels", 7, "not_billable")


def test_a_change_can_name_an_entry_that_is_over():
    events = [event("start", "9:00", item_id=PRINTER), event("start", "9:30", item_id=SERVER)]

    timer = fold([*events, event("change", "9:40", entry="start 9:00", facts={"note": "labels"})])

    assert [entry.note for entry in timer.entries] == ["labels", ""]


def test_cutting_what_runs_stops_it_where_it_was_cut():
    timer = fold(
        [
            event("start", "9:00", item_id=PRINTER),
            event("ask", "12:00", entry="start 9:00", reason="idle", until=NINE + timedelta(minutes=30)),
            event("trim", "13:00", entry="start 9:00", until=NINE + timedelta(minutes=30)),
        ]
    )

    assert shown(timer) == [(PRINTER, "09:00", "09:30")]
    assert timer.entries[0].asks == ""


def test_keeping_takes_a_cut_back_up_to_the_moment_of_the_cut():
    cut = [
        event("start", "9:00", item_id=PRINTER),
        event("trim", "13:00", entry="start 9:00", until=NINE + timedelta(minutes=30)),
    ]

    timer = fold([*cut, event("keep", "13:05", entry="start 9:00")])

    assert shown(timer) == [(PRINTER, "09:00", "13:00")]


def test_what_is_discarded_comes_back_as_it_was_and_still_asks():
    asked = [event("start", "9:00", item_id=PRINTER), event("ask", "19:00", entry="start 9:00", reason="long")]

    discarded = fold([*asked, event("discard", "20:00", entry="start 9:00")])
    restored = fold(
        [*asked, event("discard", "20:00", entry="start 9:00"), event("restore", "20:01", entry="start 9:00")]
    )

    assert (shown(discarded), discarded.running) == ([], None)
    assert shown(restored) == [(PRINTER, "09:00", "20:00")]
    assert restored.entries[0].asks == "long"


def test_what_resumed_a_discarded_entry_goes_on_with_the_one_before():
    events = [
        event("start", "9:00", item_id=PRINTER),
        event("pause", "9:10"),
        event("resume", "9:20"),
        event("pause", "9:30"),
        event("resume", "9:40"),
        event("discard", "9:50", entry="resume 9:20"),
    ]

    timer = fold(events)

    assert timer.entries[-1].resumes == "start 9:00"


def test_an_instant_in_the_future_is_that_of_its_arrival_and_flagged():
    assert clamp(NINE + timedelta(hours=1), NINE) == (NINE, ["clamped"])
    assert clamp(NINE, NINE) == (NINE, [])


def test_two_clamped_events_keep_the_order_in_which_their_device_saw_them():
    start = TimerEvent(uuid="z", kind="start", at=NINE, said_at=NINE + timedelta(minutes=1), item_id=PRINTER)
    stop = TimerEvent(uuid="a", kind="stop", at=NINE, said_at=NINE + timedelta(minutes=2))

    assert fold([stop, start]).running is None


def test_parts_of_a_second_order_events_and_are_no_time():
    first = event("start", NINE.replace(microsecond=900_000), item_id=PRINTER)
    second = event("start", NINE + timedelta(seconds=10, microseconds=100_000), item_id=SERVER)

    timer = fold([first, second, event("stop", NINE + timedelta(seconds=20, microseconds=500_000))])

    assert [entry.seconds for entry in timer.entries] == [10, 10]


@pytest.mark.parametrize(
    ("zone", "day", "start", "end", "seconds"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "01:30", "03:30", 3600),  # an hour is skipped
        ("Europe/Berlin", date(2026, 10, 25), "01:30", "03:30", 3 * 3600),  # an hour comes twice
        ("Australia/Lord_Howe", date(2026, 10, 4), "01:30", "03:00", 3600),  # half an hour is skipped
        ("Asia/Kathmandu", date(2028, 2, 29), "23:00", "23:45", 2700),  # leap day, +05:45
        ("Australia/Adelaide", date(2026, 6, 1), "09:00", "09:30", 1800),  # +09:30
    ],
)
def test_what_clocks_on_the_wall_do_is_no_time(zone, day, start, end, seconds):
    where = ZoneInfo(zone)
    begun, over = (wall_clock(day, time.fromisoformat(text), where) for text in (start, end))

    [entry] = fold([event("start", begun, item_id=PRINTER), event("stop", over)]).entries

    assert entry.seconds == seconds
    assert local_day(entry.started_at, where) == day


UUIDS = st.sampled_from([f"uuid-{number:02}" for number in range(30)])


@st.composite
def events(draw: st.DrawFn) -> TimerEvent:
    kind = draw(st.sampled_from(["start"] * 4 + ["stop", "pause", "resume", "change", "trim", "discard", "restore"]))
    at = NINE + timedelta(seconds=draw(st.integers(0, 90)), microseconds=draw(st.sampled_from([0, 400_000])))
    named = kind in {"trim", "discard", "restore"} or draw(st.booleans())
    return TimerEvent(
        uuid=draw(UUIDS),
        kind=kind,
        at=at,
        said_at=at,
        item_id=draw(st.integers(1, 3)) if kind == "start" else None,
        entry=draw(UUIDS) if named and kind not in {"start", "stop", "pause"} else None,
        facts={"note": draw(st.sampled_from(["a", "b"]))} if kind == "change" else {},
        until=NINE + timedelta(seconds=draw(st.integers(0, 90))) if kind == "trim" else None,
    )


HISTORIES = st.lists(events(), max_size=20, unique_by=lambda one: one.uuid)


@settings(max_examples=60)
@given(history=HISTORIES, data=st.data())
def test_any_order_of_arrival_and_any_repeats_come_to_the_same(history, data):
    again = data.draw(st.lists(st.sampled_from(history), max_size=5)) if history else []
    arrived = data.draw(st.permutations([*history, *again]))

    assert shown(fold(arrived)) == shown(fold(history))
    assert fold(arrived).paused == fold(history).paused


@settings(max_examples=60)
@given(history=HISTORIES)
def test_at_most_one_runs_and_no_second_is_in_two_entries(history):
    timer = fold(history)

    spans = sorted((entry.started_at, entry.ended_at or datetime.max.replace(tzinfo=UTC)) for entry in timer.entries)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert sum(entry.ended_at is None for entry in timer.entries) <= 1
    assert all(entry.seconds >= 0 for entry in timer.entries)


@settings(max_examples=40)
@given(starts=st.lists(st.integers(0, 5000), min_size=1, max_size=30), rest=st.integers(0, 100))
def test_the_seconds_of_starts_without_a_gap_are_the_span_on_the_wall(starts, rest):
    history = [
        event("start", NINE + timedelta(seconds=second, microseconds=second * 173 % 10**6), f"uuid {at}", item_id=at)
        for at, second in enumerate(starts)
    ]
    stop = NINE + timedelta(seconds=max(starts) + rest + 1)

    timer = fold([*history, event("stop", stop)])

    assert sum(entry.seconds for entry in timer.entries) == (stop - NINE).total_seconds() - min(starts)
