"""A plan in the database: moved, pushed, undone, linked, edited and kept, each with its audit."""

from datetime import date
from itertools import pairwise

import pytest
from sqlalchemy import event, select

from helpdesk.infra.db import db
from helpdesk.infra.models import AuditRow
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects import service
from helpdesk.projects.models import TaskDetails, WorkItem
from helpdesk.projects.planning import baselines, editing, linking, moving
from helpdesk.projects.planning.editing import Details
from helpdesk.projects.planning.reading import read
from tests.conftest import NOW

HOUR = 3600


def day(number: int) -> date:
    return date(2026, 12, number)


class Planner:
    """Somebody who plans Acme's project in one session."""

    def __init__(self, session, office, who="technician"):
        self.session, self.actor = session, office.actor(who)
        self.project_id = office.acme_project.id
        self.how = {"actor": self.actor, "now": NOW, "project_id": self.project_id}

    def add(self, title, first=None, last=None, **more):
        details = Details(starts_on=first and day(first), due_on=(last or first) and day(last or first), **more)
        return editing.add(self.session, title=title, details=details, **self.how).number

    def link(self, before, after, lag=0, **more):
        return linking.link(self.session, predecessor=before, successor=after, lag_days=lag, **more, **self.how)

    def row(self, number):
        return read(self.session, actor=self.actor, project_id=self.project_id).by_number(number)

    def days(self, *numbers):
        spans = [self.row(number).span for number in numbers]
        return [(span.starts_on.day, span.due_on.day) if span else None for span in spans]

    def move(self, number, to, **more):
        return moving.move(
            self.session,
            number=number,
            starts_on=day(to),
            **{"expected_version": self.row(number).version} | more,
            **self.how,
        )

    def audited(self, number):
        query = select(AuditRow.action, AuditRow.data).where(AuditRow.object_id == self.row(number).id)
        return [tuple(row) for row in self.session.execute(query.order_by(AuditRow.id))]


@pytest.fixture
def planner(session, office):
    return Planner(session, office)


def test_a_move_pushes_what_follows_says_so_and_is_undone_once(planner, session):
    copy, switch = planner.add("Copy", 1, 2), planner.add("Switch", 3)
    live = planner.add("Live", 3, is_milestone=True)
    planner.link(copy, switch)
    planner.link(switch, live)
    versions = [planner.row(number).version for number in (copy, switch, live)]

    changes = planner.move(copy, 3)

    assert planner.days(copy, switch, live) == [(3, 4), (7, 7), (7, 7)]
    assert [each.row.number for each in changes] == [copy, switch, live]
    assert [each.version for each in changes] == [version + 1 for version in versions]
    assert [planner.row(number).version for number in (copy, switch, live)] == [each.version for each in changes]
    assert planner.audited(copy)[-1] == (
        "moved",
        {"before": ["2026-12-01", "2026-12-02"], "after": ["2026-12-03", "2026-12-04"]},
    )
    assert planner.audited(switch)[-1][0] == "pushed"
    assert planner.audited(switch)[-1][1]["by"] == [copy]

    back = moving.undo(session, **planner.how)

    assert planner.days(copy, switch, live) == [(1, 2), (3, 3), (3, 3)]
    assert len(back) == 3
    with pytest.raises(Conflict, match="no move of yours"):
        moving.undo(session, **planner.how)


def test_what_somebody_changed_meanwhile_is_neither_overwritten_nor_undone(planner, session, office):
    copy = planner.add("Copy", 1, 2)
    seen = planner.row(copy).version
    planner.move(copy, 3)

    with pytest.raises(Conflict, match="Somebody else changed"):
        planner.move(copy, 4, expected_version=seen)
    Planner(session, office, "manager").move(copy, 7)
    with pytest.raises(Conflict, match="cannot be undone"):
        moving.undo(session, **planner.how)

    assert planner.days(copy) == [(7, 8)]


def test_an_undo_that_would_break_a_newer_link_is_refused(planner, session):
    copy, check = planner.add("Copy", 1, 2), planner.add("Check", 2)
    planner.move(check, 8)
    planner.link(copy, check)

    with pytest.raises(RuleViolation, match=r"would break links .* Check"):
        moving.undo(session, **planner.how)

    assert planner.days(check) == [(8, 8)]


def test_a_stretch_keeps_the_start_and_nothing_changes_where_nothing_moved(planner, session):
    copy = planner.add("Copy", 1, 2)

    changes = moving.stretch(
        session, number=copy, due_on=day(4), expected_version=planner.row(copy).version, **planner.how
    )

    assert [each.span.due_on for each in changes if each.span] == [day(4)]
    assert planner.move(copy, 1) == []


def test_a_link_pushes_what_follows_and_setting_it_again_changes_its_lag(planner, session):
    copy, switch = planner.add("Copy", 1, 2), planner.add("Switch", 1)

    pushed = planner.link(copy, switch)
    planner.link(copy, switch, 2, in_working_days=False)

    assert [each.row.number for each in pushed] == [switch]
    assert planner.days(switch) == [(7, 7)]
    (link,) = read(session, actor=planner.actor, project_id=planner.project_id).links
    assert (link.lag_days, link.in_working_days) == (2, False)
    assert ("linked", {"follows": copy, "lag_days": 0, "in_working_days": True}) in planner.audited(switch)

    linking.unlink(session, link_id=link.id, **planner.how)

    assert planner.move(switch, 1) != []
    with pytest.raises(NotFound, match="no such link"):
        linking.unlink(session, link_id=link.id, **planner.how)


def test_a_circle_and_a_task_of_another_plan_are_refused(planner, office):
    one, two, three = (planner.add(title) for title in ("One", "Two", "Three"))
    planner.link(one, two)
    planner.link(two, three)

    with pytest.raises(RuleViolation, match="cannot follow itself"):
        planner.link(one, one)
    with pytest.raises(NotFound, match="no task"):
        planner.link(one, office.globex_ticket.number)
    with pytest.raises(RuleViolation, match="at most 1000"):
        planner.link(one, three, 1001)
    with pytest.raises(RuleViolation, match=r"wait for each other: .*One.*Two.*Three"):
        planner.link(three, one)


def test_tasks_go_below_others_to_any_depth_and_what_is_above_spans_them(planner, session):
    whole = planner.add("Whole")
    part = planner.add("Part", parent=whole)
    detail = planner.add("Detail", 2, 3, parent=part)
    other = planner.add("Other", 8, parent=whole)

    rows = read(session, actor=planner.actor, project_id=planner.project_id).rows
    assert [row.number for row in rows][-4:] == [whole, part, detail, other]
    assert planner.days(whole, part) == [(2, 8), (2, 3)]
    with pytest.raises(RuleViolation, match="wait for each other"):
        edit(planner, whole, parent=detail)


def edit(planner, number, *, worked_seconds=0, expected_version=None, **details):
    return editing.edit(
        planner.session,
        number=number,
        details=Details(**details),
        worked_seconds=worked_seconds,
        expected_version=expected_version or planner.row(number).version,
        **planner.how,
    )


def test_the_details_of_a_task_are_edited_pushed_and_audited(planner):
    first, then = planner.add("First", 1), planner.add("Then", 2)
    above = planner.add("Above")
    planner.link(first, then)
    seen = planner.row(first).version

    edit(
        planner,
        first,
        parent=above,
        starts_on=day(1),
        due_on=day(3),
        estimate_seconds=8 * HOUR,
        remaining_seconds=6 * HOUR,
        worked_seconds=HOUR,
    )

    row = planner.row(first)
    assert (row.estimate_seconds, row.stated_remaining_seconds, row.stated_at_worked_seconds) == (28800, 21600, HOUR)
    assert planner.days(first, then, above) == [(1, 3), (4, 4), (1, 3)]
    action, told = planner.audited(first)[-1]
    assert (action, told["after"]["parent"], told["before"]["due_on"]) == ("edited plan", above, "2026-12-01")
    with pytest.raises(Conflict):
        edit(planner, first, expected_version=seen)
    edit(planner, first, parent=above)
    assert planner.days(first) == [None]


@pytest.mark.parametrize(
    ("details", "complaint"),
    [
        ({"starts_on": day(4), "due_on": day(3)}, "not due before"),
        ({"estimate_seconds": -1}, "not negative"),
        ({"parent": "milestone"}, "is a milestone"),
        ({"starts_on": day(1)}, r"cannot begin before 3 December 2026: it follows #\d+ Before"),
        ({"is_milestone": True}, "has tasks below it"),
    ],
    ids=["days", "estimate", "parent", "too early", "milestone"],
)
def test_details_that_cannot_be_are_refused(planner, details, complaint):
    before, milestone = planner.add("Before", 2), planner.add("Done", 1, is_milestone=True)
    task = planner.add("Task", 3)
    planner.link(before, task)
    if "is_milestone" in details:
        planner.add("Below", 3, parent=task)

    with pytest.raises(RuleViolation, match=complaint):
        edit(planner, task, **details | ({"parent": milestone} if "parent" in details else {}))


def test_a_task_moved_below_another_has_to_follow_what_that_follows(planner):
    before, whole = planner.add("Before", 2), planner.add("Whole")
    planner.add("Part", 3, parent=whole)
    late = planner.add("Late", 1)
    planner.link(before, whole)

    edit(planner, late, parent=whole, starts_on=day(1))

    assert planner.days(late, whole) == [(3, 3), (3, 3)]


def test_baselines_keep_what_was_planned_until_they_are_discarded(planner, session, office):
    with pytest.raises(RuleViolation, match="No task has days"):
        baselines.take(session, name="Offer", **planner.how)
    copy = planner.add("Copy", 1, 2)

    kept = baselines.take(session, name="  As  offered ", **planner.how)
    planner.move(copy, 3)
    baselines.take(session, name="Second", **planner.how)

    assert [one.name for one in baselines.baselines_of(session, planner.project_id)] == ["Second", "As offered"]
    assert baselines.days_of(session, kept.id)[planner.row(copy).id].starts_on == day(1)
    with pytest.raises(RuleViolation, match="named AS OFFERED already"):
        baselines.take(session, name="AS OFFERED", **planner.how)
    assert baselines.discard(session, baseline_id=kept.id, **planner.how) == "As offered"
    with pytest.raises(NotFound, match="no such baseline"):
        baselines.discard(session, baseline_id=kept.id, **planner.how)


def test_the_plan_of_a_hidden_client_is_not_there(session, office):
    with pytest.raises(NotFound):
        read(session, actor=office.actor("technician"), project_id=office.globex_project.id)


def test_a_move_takes_eight_statements_however_long_the_plan_is(planner, session):
    numbers = [planner.add(f"Step {step}", 1) for step in range(12)]
    for before, after in pairwise(numbers):
        planner.link(before, after)
    version = planner.row(numbers[0]).version
    session.flush()
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        changes = moving.move(session, number=numbers[0], starts_on=day(2), expected_version=version, **planner.how)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    assert len(changes) == 12
    assert len(statements) <= 8, "\n".join(s[:90] for s in statements)


def test_a_task_without_both_days_and_a_ticket_with_days_do_no_harm(planner, session, office):
    task = service.add_task(
        session, actor=planner.actor, now=NOW, project_id=planner.project_id, title="Due only", due_on=day(4)
    )
    session.add(TaskDetails(work_item_id=office.acme_ticket.id, starts_on=day(9), due_on=day(1)))
    session.flush()

    assert planner.days(task.number) == [(4, 4)]
    with pytest.raises(NotFound):
        planner.row(office.acme_ticket.number)
    assert session.get_one(WorkItem, task.id).version == 1
