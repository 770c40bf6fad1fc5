"""Templates: what is kept of a project, and the project that begins from it."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import service, settings, templates
from helpdesk.projects.models import Project, TaskDetails, TemplateLink, TemplateTask, WorkItem
from helpdesk.projects.planning import reading
from helpdesk.projects.planning.linking import link
from tests.conftest import NOW

MONDAY = date(2026, 11, 2)


def test_a_project_begins_with_the_tasks_of_another_counted_from_its_own_start(session, office):
    session.get_one(Project, office.acme_project.id).starts_on = MONDAY
    session.get_one(Project, office.acme_project.id).budget_seconds = 36_000
    above = session.get_one(TaskDetails, office.acme_task.id)  # the last of the plan, and above the first
    above.position, above.starts_on, above.due_on = 9, MONDAY, date(2026, 11, 13)
    service.add_task(
        session,
        actor=SYSTEM,
        now=NOW,
        project_id=office.acme_project.id,
        title="Copy mailboxes",
        parent_id=office.acme_task.id,
        estimate_seconds=7200,
        due_on=date(2026, 11, 6),
    )
    actor = office.actor("account_manager")

    template = templates.make(session, actor=actor, now=NOW, project_id=office.acme_project.id, name="Move  mail")
    project = templates.begin_project(
        session,
        actor=actor,
        now=NOW,
        template_id=template.id,
        client_id=office.house.id,
        name="Our own move",
        starts_on=date(2026, 12, 2),  # a Wednesday: four days later is a Sunday
    ).project

    made = session.execute(
        select(WorkItem, TaskDetails)
        .join(TaskDetails, TaskDetails.work_item_id == WorkItem.id)
        .where(WorkItem.project_id == project.id)
        .order_by(WorkItem.number)
    ).all()
    [(move, move_details), (copy, copy_details)] = [tuple(row) for row in made]
    assert (project.starts_on, project.budget_seconds, template.name) == (date(2026, 12, 2), 36_000, "Move mail")
    assert (move.title, move_details.starts_on, move_details.due_on) == (
        "Move the mail server",
        date(2026, 12, 2),
        date(2026, 12, 14),
    )
    assert (copy.title, copy_details.parent_id, copy_details.estimate_seconds) == ("Copy mailboxes", move.id, 7200)
    assert copy_details.due_on == date(2026, 12, 7)


def test_links_team_people_priorities_and_tags_come_along_for_whoever_may_work_there(session, office):
    actor, project_id = office.actor("manager"), office.globex_project.id
    people = {name: getattr(office, name).id for name in ("rival", "manager", "technician")}
    ids = {
        title: service.add_task(
            session, actor=actor, now=NOW, project_id=project_id, title=title, assignee_id=people[who], due_on=due
        )
        for title, who, due in (("Copy", "rival", date(2026, 11, 5)), ("Switch", "manager", date(2026, 11, 6)))
    }
    ids["Switch"].priority = "high"
    service.add_tags(session, item_id=ids["Copy"].id, tags=["mail"])
    numbers = {"predecessor": ids["Copy"].number, "successor": ids["Switch"].number}
    link(session, actor=actor, now=NOW, project_id=project_id, **numbers, lag_days=2, in_working_days=False)
    wanted = replace(
        settings.settings_of(session, session.get_one(Project, project_id)),
        manager_id=people["manager"],
        member_ids=frozenset({people["rival"], people["manager"]}),
    )
    settings.change_project(session, actor=actor, now=NOW, project_id=project_id, settings=wanted)
    template = templates.make(session, actor=actor, now=NOW, project_id=project_id, name="Move")
    session.get_one(Person, people["rival"]).active = False
    session.flush()

    begun = templates.begin_project(
        session,
        actor=actor,
        now=NOW,
        template_id=template.id,
        client_id=office.acme.id,
        name="Their move",
        starts_on=MONDAY,
    )
    plan = reading.read(session, actor=actor, project_id=begun.project.id)
    templates.remove(session, actor=actor, now=NOW, template_id=template.id)

    assert begun.left_out == [f"{office.rival.name} does not work on tickets and tasks."]
    assert begun.project.manager_id == people["manager"]
    assert settings.member_ids(session, begun.project.id) == [people["manager"]]
    made = {row.title: row for row in plan.rows}
    assert {title: row.assignee_name for title, row in made.items()} == {"Copy": None, "Switch": office.manager.name}
    assert [(one.lag_days, one.in_working_days) for one in plan.links] == [(2, False)]
    assert (plan.links[0].predecessor_id, plan.links[0].successor_id) == (made["Copy"].id, made["Switch"].id)
    items = {title: session.get_one(WorkItem, row.id) for title, row in made.items()}
    assert {title: (item.priority, [each.tag for each in item.tags]) for title, item in items.items()} == {
        "Copy": ("normal", ["mail"]),
        "Switch": ("high", []),
    }
    assert session.scalars(select(TemplateLink)).all() == []


def test_a_template_is_for_those_who_see_its_project_and_goes_with_its_tasks(session, office):
    service.add_task(session, actor=SYSTEM, now=NOW, project_id=office.globex_project.id, title="Secret")
    rival, stranger = office.actor("rival"), office.actor("account_manager")

    template = templates.make(session, actor=rival, now=NOW, project_id=office.globex_project.id, name="Theirs")
    seen = [[line.name for line in templates.lines(session, actor=actor)] for actor in (rival, stranger)]
    with pytest.raises(NotFound):
        templates.get(session, actor=stranger, template_id=template.id)
    with pytest.raises(RuleViolation, match="named theirs already"):
        templates.make(session, actor=rival, now=NOW, project_id=office.globex_project.id, name="theirs")
    with pytest.raises(RuleViolation, match="has no task"):
        templates.make(session, actor=rival, now=NOW, project_id=office.triage.id, name="Nothing")
    templates.remove(session, actor=rival, now=NOW, template_id=template.id)

    assert seen == [["Theirs"], []]
    assert session.scalars(select(TemplateTask)).all() == []
