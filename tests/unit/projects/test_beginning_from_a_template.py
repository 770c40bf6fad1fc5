"""The days of a project that begins from a template: counted from its start, and never against its links."""

from datetime import date

from helpdesk.projects.domain.beginning import KeptTask, days_from
from helpdesk.projects.domain.plan import Link

MONDAY, WEDNESDAY = date(2026, 11, 30), date(2026, 12, 2)


def december(*days: int | None) -> tuple[date | None, ...]:
    return tuple(None if day is None else date(2026, 12, day) for day in days)


def test_days_are_counted_from_the_start_and_fall_on_days_that_are_worked():
    tasks = [
        KeptTask(1, "Copy", 0, 2),
        KeptTask(2, "Switch", 3, 4),
        KeptTask(3, "Report", None, 10),
        KeptTask(4, "Some day"),
    ]

    assert days_from(MONDAY, tasks) == {
        1: (MONDAY, date(2026, 12, 2)),
        2: december(3, 4),
        3: december(None, 10),
        4: (None, None),
    }
    assert days_from(WEDNESDAY, tasks) == {1: december(2, 4), 2: december(7, 7), 3: december(None, 14), 4: (None, None)}


def test_what_follows_is_pushed_where_a_weekend_brought_it_too_early_and_keeps_its_length():
    tasks = [
        KeptTask(1, "Copy", 0, 3),
        KeptTask(2, "Switch", 4, 4),
        KeptTask(3, "Handed over", 4, 4, is_milestone=True),
    ]
    links = [Link(1, 2), Link(2, 3)]

    as_kept, later = days_from(MONDAY, tasks, links), days_from(WEDNESDAY, tasks, links)

    assert (as_kept[2], as_kept[3]) == (december(4, 4), december(4, 4))
    assert later == {1: december(2, 7), 2: december(8, 8), 3: december(8, 8)}


def test_a_lag_counts_and_a_summary_grows_with_what_is_pushed_below_it_alone():
    tasks = [
        KeptTask(1, "Before", 0, 4),
        KeptTask(2, "Phase", 5, 8),
        KeptTask(3, "Part", 5, 8, parent_id=2),
        KeptTask(4, "Another phase", 0, 30),
        KeptTask(5, "Its part", 1, 1, parent_id=4),
    ]

    days = days_from(MONDAY, tasks, [Link(1, 3, lag=2)])

    assert days[3] == december(9, 10)  # two working days after Friday the 4th, Monday and Tuesday
    assert days[2] == december(9, 10)
    assert days[4] == (MONDAY, date(2026, 12, 30))
