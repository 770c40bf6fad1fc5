from datetime import date, timedelta

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries, service
from helpdesk.projects.models import Project, TaskDetails, WorkItem
from tests.conftest import NOW


def add_task(session, project_id, title="Plan", **more):
    return service.add_task(session, actor=SYSTEM, now=NOW, project_id=project_id, title=title, **more)


def test_the_first_project_of_a_client_is_where_its_mail_lands(session, office):
    first = service.add_project(session, actor=SYSTEM, now=NOW, client_id=office.house.id, name="Own work")
    second = service.add_project(session, actor=SYSTEM, now=NOW, client_id=office.house.id, name="Website")

    assert queries.default_project(session, office.house.id) is first
    assert (first.is_default, second.is_default) == (True, False)


def test_a_project_that_is_done_gets_no_mail(session, office):
    service.set_project_status(session, actor=SYSTEM, now=NOW, project_id=office.acme_project.id, status="done")

    assert queries.default_project(session, office.acme.id) is None


def test_triage_is_never_closed(session, office):
    assert queries.triage_project(session).id == office.triage.id
    with pytest.raises(RuleViolation, match="Triage stays active"):
        service.set_project_status(session, actor=SYSTEM, now=NOW, project_id=office.triage.id, status="done")


def test_before_the_first_run_there_is_no_triage(session):
    with pytest.raises(NotFound, match="not set up"):
        queries.triage_project(session)


def test_two_projects_of_a_client_do_not_share_a_name(session, office):
    with pytest.raises(RuleViolation, match="has a project named support already"):
        service.add_project(session, actor=SYSTEM, now=NOW, client_id=office.acme.id, name=" support ")


def test_tickets_and_tasks_share_one_series_of_numbers(session, office):
    task = add_task(session, office.acme_project.id)
    ticket = service.create_item(
        session, actor=SYSTEM, now=NOW, kind="ticket", project_id=office.acme_project.id, title="Mail is down"
    )

    assert (task.number, ticket.number) == (office.globex_ticket.number + 1, office.globex_ticket.number + 2)


def test_a_task_keeps_its_plan(session, office):
    parent = add_task(session, office.acme_project.id, "Move")
    task = add_task(
        session,
        office.acme_project.id,
        "Copy the mail",
        assignee_id=office.technician.id,
        estimate_seconds=5400,
        due_on=date(2026, 12, 1),
        parent_id=parent.id,
    )

    details = session.get_one(TaskDetails, task.id)

    assert (task.kind, task.status, task.assignee_id) == ("task", "new", office.technician.id)
    assert (details.estimate_seconds, details.due_on, details.parent_id) == (5400, date(2026, 12, 1), parent.id)
    assert details.position == 2


def test_a_task_and_the_one_above_it_share_a_project(session, office):
    with pytest.raises(RuleViolation, match="same project"):
        add_task(session, office.globex_project.id, parent_id=office.acme_task.id)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"title": " \n "}, "needs a name"), ({"priority": "huge"}, "none of low"), ({"status": "lost"}, "none of new")],
)
def test_an_item_with_an_unknown_word_is_refused(session, office, wrong, said):
    with pytest.raises(RuleViolation, match=said):
        service.create_item(
            session,
            actor=SYSTEM,
            now=NOW,
            kind="task",
            **({"project_id": office.acme_project.id, "title": "Plan"} | wrong),
        )


@pytest.mark.parametrize(("who", "sees"), [("technician", False), ("account_manager", False), ("rival", True)])
def test_items_of_a_restricted_client_are_for_its_team(session, office, who, sees):
    numbers = {item.number for item in session.scalars(queries.visible_items(office.actor(who)))}

    assert office.acme_ticket.number in numbers
    assert (office.globex_ticket.number in numbers) is sees


def test_a_hidden_item_and_a_missing_one_give_the_same_answer(session, office):
    said = []
    for number in (office.globex_ticket.number, 999_999):
        with pytest.raises(NotFound) as refusal:
            queries.get_item(session, actor=office.actor("technician"), number=number)
        said.append(str(refusal.value))

    assert said[0] == said[1]


def test_closing_notes_when_and_reopening_forgets_it(session, office):
    later = NOW + timedelta(hours=1)
    solved = service.set_status(session, actor=SYSTEM, now=NOW, item_id=office.acme_ticket.id, status="solved")
    first_closed_at = solved.closed_at
    closed = service.set_status(session, actor=SYSTEM, now=later, item_id=office.acme_ticket.id, status="closed")
    kept_at = closed.closed_at

    reopened = service.set_status(session, actor=SYSTEM, now=later, item_id=office.acme_ticket.id, status="open")

    assert (first_closed_at, kept_at) == (NOW, NOW)
    assert reopened.closed_at is None
    assert reopened.updated_at == later


def test_the_same_status_again_changes_nothing(session, office):
    before = session.get_one(WorkItem, office.acme_ticket.id).version

    again = service.set_status(session, actor=SYSTEM, now=NOW, item_id=office.acme_ticket.id, status="open")

    assert again.version == before
    assert session.scalars(select(AuditRow).where(AuditRow.action == "set status")).all() == []


def test_an_item_goes_to_somebody_and_back_to_nobody(session, office):
    taken = service.assign(
        session, actor=SYSTEM, now=NOW, item_id=office.acme_ticket.id, assignee_id=office.technician.id
    )
    assert taken.assignee is not None
    assert taken.assignee.name == "Technician Person"

    free = service.assign(session, actor=SYSTEM, now=NOW, item_id=office.acme_ticket.id, assignee_id=None)

    assert free.assignee is None


@pytest.mark.parametrize(
    ("who", "said"), [("bookkeeper", "does not work on tickets"), ("technician", "is not in the team")]
)
def test_an_item_goes_only_to_those_who_can_work_on_it(session, office, who, said):
    with pytest.raises(RuleViolation, match=said):
        service.assign(
            session, actor=SYSTEM, now=NOW, item_id=office.globex_ticket.id, assignee_id=getattr(office, who).id
        )


def test_a_task_is_added_on_the_page_with_its_estimate_as_people_type_it(sign_in_as, office):
    browser = sign_in_as(office.technician)
    url = f"/projects/{office.acme_project.id}"

    answer = browser.post(
        f"{url}/tasks",
        data={"title": "Order labels", "assignee_id": str(office.technician.id), "estimate": "1,5", "due_on": ""},
    )

    page = browser.get(url).text
    assert answer.location == f"{url}#add"
    assert "Order labels" in page
    assert "1:30" in page


def test_an_estimate_that_is_no_duration_is_refused_and_stays_in_the_field(sign_in_as, office):
    answer = sign_in_as(office.technician).post(
        f"/projects/{office.acme_project.id}/tasks",
        data={"title": "Order labels", "assignee_id": "", "estimate": "soon"},
    )

    assert answer.status_code == 422
    assert "is no duration" in answer.text
    assert 'value="soon"' in answer.text
    assert 'value="Order labels"' in answer.text


SETTINGS = {"name": "Website", "status": "active", "billing": "fixed_fee", "manager_id": "", "over_limit": "warn"}


def test_a_project_is_added_on_the_page(sign_in_as, office):
    browser = sign_in_as(office.account_manager)

    typed = {**SETTINGS, "client_id": str(office.acme.id), "budget_hours": "120", "budget_amount": "9600.00"}
    answer = browser.post("/projects/new", data=typed)
    again = browser.post("/projects/new", data=typed)

    with unit_of_work() as session:
        project = session.scalars(select(Project).where(Project.name == "Website")).one()
    assert answer.location == f"/projects/{project.id}"
    assert (project.billing, project.budget_seconds, project.budget_minor) == ("fixed_fee", 432_000, 960_000)
    assert (again.status_code, "named Website already" in again.text) == (422, True)


@pytest.mark.parametrize("path", ["/projects", "/projects/{project}"])
def test_pages_take_the_same_queries_however_much_there_is(sign_in_as, office, count_queries, path):
    browser = sign_in_as(office.technician)
    url = path.format(project=office.acme_project.id)
    with count_queries() as few:
        browser.get(url)
    with unit_of_work() as session:
        for at in range(5):
            project = service.add_project(
                session, actor=SYSTEM, now=NOW, client_id=office.acme.id, name=f"Project {at}"
            )
            for project_id in (project.id, office.acme_project.id):
                add_task(session, project_id, f"Task {at}", assignee_id=office.technician.id)

    with count_queries() as many:
        page = browser.get(url)

    assert ("Project 4" if path == "/projects" else "Task 4") in page.text
    assert len(many) == len(few)
