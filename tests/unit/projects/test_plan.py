"""A plan in time: what is pushed, what is refused, what is critical; by example and by property."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.domain.critical import critical_path, earliest, slack
from helpdesk.projects.domain.moving import moved, stretched
from helpdesk.projects.domain.placing import begin_edge, end_edge, shape_of
from helpdesk.projects.domain.plan import Link, Plan, PlannedTask, Span
from helpdesk.projects.domain.rescheduling import broken_links, reschedule
from helpdesk.projects.domain.workdays import Workdays

MONDAY = date(2026, 11, 30)


def day(text: str) -> date:
    """Return a day of December 2026, or of November for those above 20."""
    number = int(text)
    return date(2026, 11 if number > 20 else 12, number)


def span(text: str) -> Span:
    """Return a span: ``"1-4"`` of December."""
    first, _, last = text.partition("-")
    return Span(day(first), day(last or first))


def task(task_id: int, days: str | None = None, **more: object) -> PlannedTask:
    return PlannedTask(task_id, f"#{task_id}", span(days) if days else None, **more)  # type: ignore[arg-type]


def plan(*tasks: PlannedTask, links: tuple[Link, ...] = (), **more: object) -> Plan:
    return Plan(tasks, links, **more)  # type: ignore[arg-type]


CHAIN = plan(
    task(1, "30-1"), task(2, "2-4"), task(3, "10"), task(4, "2"), links=(Link(1, 2), Link(2, 3), Link(1, 4, lag=-1))
)


def test_what_follows_is_pushed_only_as_far_as_needed_and_over_the_weekend():
    pushed = reschedule(CHAIN, moved(CHAIN, 1, day("2")))

    assert pushed == {1: span("2-3"), 2: span("4-8"), 4: span("3")}


def test_stretching_pushes_too_and_a_gap_that_is_wide_enough_stays():
    assert reschedule(CHAIN, stretched(CHAIN, 2, day("9"))) == {2: span("2-9")}
    assert reschedule(CHAIN, stretched(CHAIN, 2, day("10"))) == {2: span("2-10"), 3: span("11")}


def test_nothing_is_pulled_when_something_moves_to_an_earlier_day():
    assert reschedule(CHAIN, stretched(CHAIN, 1, day("30"))) == {1: span("30")}


def test_what_would_begin_too_early_is_refused_and_the_day_is_named():
    with pytest.raises(RuleViolation, match=r"#2 cannot begin before 2 December 2026: it follows #1\. It stays"):
        reschedule(CHAIN, moved(CHAIN, 2, day("1")))


@pytest.mark.parametrize(
    ("lag", "in_working_days", "days"),
    [
        (0, True, "7"),
        (1, True, "8"),
        (-1, True, "4"),
        (0, False, "7"),
        (2, False, "7"),
        (3, False, "8"),
        (-2, False, "3"),
    ],
)
def test_a_lag_counts_working_days_or_days(lag, in_working_days, days):
    two = plan(task(1, "30-3"), task(2, "30"), links=(Link(1, 2, lag, in_working_days),))

    assert reschedule(two, {1: span("30-4")})[2] == span(days)


def test_a_milestone_takes_no_time_and_lies_on_the_day_on_which_the_work_is_done():
    two = plan(task(1, "30-3"), task(2, "3", is_milestone=True), task(3, "4"), links=(Link(1, 2), Link(2, 3)))

    assert broken_links(two) == []
    assert reschedule(two, stretched(two, 1, day("4"))) == {1: span("30-4"), 2: span("4"), 3: span("7")}


def test_what_was_put_onto_a_weekend_keeps_its_days_of_the_calendar():
    weekend = plan(task(1, "4"), task(2, "5-6"), task(3, "7"), links=(Link(1, 2), Link(2, 3)))

    assert broken_links(weekend) == []
    assert reschedule(weekend, moved(weekend, 1, day("7"))) == {1: span("7"), 2: span("8-9"), 3: span("10")}


def test_a_task_steps_over_a_weekend_in_the_direction_in_which_it_is_moved():
    one = plan(task(1, "7-8"))

    assert moved(one, 1, day("6")) == {1: span("4-7")}
    assert moved(one, 1, day("12")) == {1: span("14-15")}
    assert stretched(one, 1, day("12")) == {1: span("7-14")}
    assert stretched(one, 1, day("1")) == {1: span("7")}


SUMMARY = plan(
    task(1, "30"),
    task(2, "1-9"),
    task(3, "1-2", parent_id=2),
    task(4, "8-9", parent_id=2),
    task(5, "1", parent_id=2, is_done=True),
    task(6, "10"),
    task(7),
    links=(Link(1, 2), Link(2, 6), Link(3, 7), Link(1, 5)),
)


def test_a_summary_spans_its_tasks_and_what_follows_it_follows_the_last_of_them():
    assert reschedule(SUMMARY, stretched(SUMMARY, 4, day("10"))) == {
        2: span("1-10"),
        4: span("8-10"),
        6: span("11"),
    }


def test_a_summary_takes_its_open_tasks_along_and_begins_where_its_links_allow():
    assert reschedule(SUMMARY, moved(SUMMARY, 2, day("2"))) == {
        2: span("1-10"),
        3: span("2-3"),
        4: span("9-10"),
        6: span("11"),
    }
    with pytest.raises(RuleViolation, match=r"#3 cannot begin before 1 December 2026: it follows #1 \(as part of #2\)"):
        reschedule(SUMMARY, moved(SUMMARY, 3, day("30")))


def test_what_precedes_a_summary_pushes_all_of_it_but_what_is_done():
    assert reschedule(SUMMARY, moved(SUMMARY, 1, day("2"))) == {1: span("2"), 3: span("3-4")}


def test_what_has_no_length_of_its_own_is_not_stretched():
    with pytest.raises(RuleViolation, match="spans the tasks below it"):
        stretched(SUMMARY, 2, day("10"))
    with pytest.raises(RuleViolation, match="takes no time"):
        stretched(plan(task(1, "1", is_milestone=True)), 1, day("2"))
    with pytest.raises(RuleViolation, match="has no days yet"):
        moved(SUMMARY, 7, day("2"))


@pytest.mark.parametrize(
    ("circle", "names"),
    [
        (plan(task(1), task(2), task(3), links=(Link(1, 2), Link(2, 3), Link(3, 1))), "#1|#2|#3"),
        (plan(task(1), task(2, parent_id=1), links=(Link(1, 2),)), "#1|#2"),
        (plan(task(1), task(2, parent_id=1), links=(Link(2, 1),)), "#1|#2"),
        (plan(task(1, parent_id=2), task(2, parent_id=1)), "#1|#2"),
    ],
    ids=["links", "a part after the whole", "the whole after a part", "parents"],
)
def test_a_circle_is_refused_by_the_names_in_it(circle, names):
    with pytest.raises(RuleViolation, match=rf"wait for each other: (({names})( → )?)+\."):
        reschedule(circle, {})


def test_slack_is_what_a_task_may_slip_and_the_path_without_any_is_critical():
    found = slack(CHAIN)

    assert {task_id: one.days for task_id, one in found.items()} == {1: 3, 2: 3, 3: 0, 4: 6}
    assert critical_path(CHAIN) == [3]
    assert critical_path(CHAIN, from_day=MONDAY) == [1, 2, 3]
    assert earliest(CHAIN, from_day=MONDAY)[3] == span("7")


def test_a_task_of_a_summary_is_late_when_what_follows_the_summary_is():
    found = slack(SUMMARY)

    assert {task_id: one.days for task_id, one in found.items()} == {1: 5, 2: 0, 3: 5, 4: 0, 5: 6, 6: 0}
    assert critical_path(SUMMARY) == [4, 6]


def test_a_milestone_may_lie_on_the_day_on_which_what_precedes_its_summary_is_done():
    whole = plan(task(1, "1"), task(2, "1"), task(3, "1", is_milestone=True, parent_id=2), links=(Link(1, 2),))

    assert {task_id: one.days for task_id, one in slack(whole).items()} == {1: 0, 2: 0, 3: 0}


def test_nothing_is_critical_where_nothing_is_planned():
    assert slack(plan(task(1))) == {}
    assert critical_path(plan(task(1))) == []


# --- by property ---


@st.composite
def consistent_plans(draw: st.DrawFn) -> Plan:
    """Draw a plan of up to nine tasks in two levels whose links all hold."""
    count = draw(st.integers(2, 9))
    tasks = []
    for task_id in range(1, count + 1):
        starts_on = MONDAY + timedelta(days=draw(st.integers(0, 20)))
        milestone = draw(st.integers(0, 5)) == 0
        length = 0 if milestone else draw(st.integers(0, 6))
        tasks.append(
            PlannedTask(
                task_id,
                f"#{task_id}",
                Span(starts_on, starts_on + timedelta(days=length)),
                parent_id=draw(st.none() | st.integers(1, min(task_id, 3))) if task_id > 3 else None,
                is_milestone=milestone,
            )
        )
    numbers = st.integers(1, count)
    links = {
        (before, after): Link(before, after, lag, working)
        for before, after, lag, working in draw(
            st.lists(st.tuples(numbers, numbers, st.integers(-3, 4), st.booleans()), max_size=9)
        )
        if before < after
    }
    drawn = Plan(tuple(tasks), tuple(links.values()), Workdays(days_off=(MONDAY + timedelta(days=9),)))
    try:
        settled = reschedule(drawn, {}, stirred=range(1, count + 1))
    except RuleViolation:  # a circle through a summary
        assume(False)
    return with_days(drawn, settled)


def with_days(drawn: Plan, days: dict[int, Span]) -> Plan:
    tasks = [
        PlannedTask(one.id, one.name, days.get(one.id, one.span), one.parent_id, one.is_milestone, one.is_done)
        for one in drawn.tasks
    ]
    return Plan(tuple(tasks), drawn.links, drawn.workdays)


def followers(drawn: Plan, first: set[int]) -> set[int]:
    """Return all that comes after: by links, as part of what follows, or as a summary of it."""
    found, fresh = set(first), set(first)
    while fresh:
        after = {link.successor_id for link in drawn.links if link.predecessor_id in fresh}
        after |= {one.id for one in drawn.tasks if one.parent_id in fresh & found - first or one.parent_id in after}
        after |= {one.parent_id for one in drawn.tasks if one.id in fresh and one.parent_id is not None}
        fresh = after - found
        found |= fresh
    return found


@settings(max_examples=40)
@given(consistent_plans(), st.data())
def test_after_a_move_no_link_is_broken_and_nothing_moves_that_need_not(before, data):
    chosen = data.draw(st.sampled_from(before.tasks))
    assert chosen.span is not None
    day_chosen = chosen.span.starts_on + timedelta(days=data.draw(st.integers(-4, 15)))

    assert broken_links(before) == []
    wanted = moved(before, chosen.id, day_chosen)
    try:
        changed = reschedule(before, wanted)
    except RuleViolation:
        assert any(before.links)
        return
    after = with_days(before, changed)

    assert broken_links(after) == []
    for task_id, new in changed.items():
        old = before.by_id[task_id].span
        if task_id in wanted or before.is_summary(task_id) or old is None:
            continue
        one = after.by_id[task_id]
        assert new.starts_on > old.starts_on, "nothing is pulled"
        one_edge_earlier = shape_of(one, old, before.workdays).until_edge(end_edge(new) - timedelta(days=1))
        tighter = with_days(after, {task_id: one_edge_earlier})
        assert begin_edge(one, one_edge_earlier) < begin_edge(one, new)
        assert broken_links(tighter) != [], "it was pushed no further than needed"
    assert set(changed) <= followers(before, set(wanted)) | set(wanted)


@settings(max_examples=20)
@given(consistent_plans())
def test_moving_to_where_it_is_changes_nothing(before):
    for one in before.tasks:
        assert one.span is not None
        assert reschedule(before, moved(before, one.id, one.span.starts_on)) == {}


@settings(max_examples=40)
@given(consistent_plans())
def test_slack_is_exactly_what_a_task_may_slip(before):
    found = slack(before)
    end = max(end_edge(one.early) for one in found.values())

    for task_id, one in found.items():
        task_of = before.by_id[task_id]
        assert one.early == task_of.span, "in a plan that holds the planned days are the earliest"
        assert one.days >= 0
        if before.is_summary(task_id):
            continue
        late = reschedule(before, {task_id: one.late}) if one.late != one.early else {}
        pushed = with_days(before, late)
        assert max(end_edge(span) for each in pushed.tasks if (span := each.span)) <= end


@settings(max_examples=40)
@given(consistent_plans())
def test_the_critical_path_is_as_long_as_the_project(before):
    path = critical_path(before, from_day=MONDAY)
    early = earliest(before, from_day=MONDAY)
    found = slack(before, from_day=MONDAY)

    leaves = [one.id for one in before.tasks if not before.is_summary(one.id)]
    assert end_edge(early[path[-1]]) == max(end_edge(early[leaf]) for leaf in leaves)
    first = before.by_id[path[0]]
    shape = shape_of(first, early[first.id], before.workdays)
    assert early[first.id] == shape.from_edge(MONDAY), "it begins with the project"
    if steps_are_worked(before):  # else a day off may take up what slips
        assert all(found[task_id].is_critical for task_id in path)


def steps_are_worked(drawn: Plan) -> bool:
    spans = [one.span for one in drawn.tasks if one.span]
    worked = all(drawn.workdays.is_worked(edge) for one in spans for edge in (one.starts_on, one.due_on))
    lags = all(link.in_working_days for link in drawn.links)
    return worked and lags and not any(one.is_milestone for one in drawn.tasks)
