"""The list of tasks, the board and the calendar: what they show, to whom, and in how many queries."""

from datetime import date, timedelta

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import service, tasks
from helpdesk.projects.models import TaskDetails
from helpdesk.projects.tasks import TaskFilter
from tests.conftest import NOW

TODAY = NOW.date()


@pytest.fixture
def planned(office):
    """Add six tasks: Acme's are due yesterday, today, in a week and never, one is done; Globex has one."""
    with unit_of_work() as session:
        acme, globex = office.acme_project.id, office.globex_project.id
        given = (
            ("Late", acme, -1, office.technician.id),
            ("Today", acme, 0, None),
            ("In a week", acme, 7, office.technician.id),
            ("Some day", acme, None, None),
            ("Done", acme, -3, None),
            ("Globex canary task", globex, 0, None),
        )
        for title, project_id, days, who in given:
            due_on = None if days is None else TODAY + timedelta(days=days)
            task = service.add_task(
                session, actor=SYSTEM, now=NOW, project_id=project_id, title=title, due_on=due_on, assignee_id=who
            )
            if title == "Done":
                service.set_status(session, actor=SYSTEM, now=NOW, item_id=task.id, status="solved")
            if title == "Late":
                service.add_tags(session, item_id=task.id, tags=["urgent", "cabling"])
            if title == "Today":
                session.get_one(TaskDetails, task.id).is_milestone = True
    return office


def titles(session, office, reader="technician", **wanted):
    found = tasks.page(session, actor=office.actor(reader), wanted=TaskFilter(**wanted), today=TODAY)
    return [row.title for row in found.rows]


def test_the_list_shows_what_is_asked_for_and_what_the_reader_may_see(session, planned):
    mail_server = "Move the mail server"  # has no day

    assert titles(session, planned) == ["Late", "Today", "In a week", mail_server, "Some day"]
    assert titles(session, planned, "rival")[1:3] == ["Today", "Globex canary task"]
    assert titles(session, planned, status="solved") == ["Done"]
    assert titles(session, planned, due="overdue") == ["Late"]
    assert titles(session, planned, due="week", who="nobody") == ["Today"]
    assert titles(session, planned, who=str(planned.technician.id)) == ["Late", "In a week"]
    assert titles(session, planned, tag="Cabling") == ["Late"]
    assert titles(session, planned, "manager", project_id=planned.globex_project.id) == ["Globex canary task"]
    assert titles(session, planned, sort="newest")[:2] == ["Some day", "In a week"]


@pytest.mark.parametrize("sort", ["due", "changed", "newest"])
def test_pages_go_by_key_and_every_task_comes_once(session, planned, sort, count_queries):
    wanted, seen, key = TaskFilter(status="all", sort=sort), [], None
    actor = planned.actor("manager")
    for _ in range(4):
        with count_queries() as statements:
            page = tasks.page(session, actor=actor, wanted=wanted, today=TODAY, after=key, limit=2)
        assert len([one for one in statements if one.startswith("SELECT")]) == 2
        seen += [row.number for row in page.rows]
        key = page.next_key

    assert key is None
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("wanted", [{"status": "gone"}, {"who": "x"}, {"due": "soon"}, {"sort": "title"}])
def test_a_list_that_there_is_not_is_refused(wanted):
    with pytest.raises(RuleViolation):
        TaskFilter(**wanted)


def test_a_key_that_no_task_ever_had_is_refused(session, office):
    for sort in tasks.SORTS:
        with pytest.raises(RuleViolation, match="page of the list"):
            tasks.page(session, actor=office.actor("manager"), wanted=TaskFilter(sort=sort), today=TODAY, after="x_y")


def test_a_month_shows_milestones_before_other_tasks_of_their_day(session, planned):
    found = tasks.due_between(session, actor=planned.actor("rival"), first=date(2026, 11, 1), last=date(2026, 11, 30))

    assert [line.title for line in found] == ["Done", "Late", "Today", "Globex canary task", "In a week"]


def test_a_card_moves_to_the_column_that_is_chosen_and_its_page_says_so(sign_in_as, planned):
    browser = sign_in_as(planned.technician)
    url = f"/projects/{planned.acme_project.id}/board"
    number = planned.acme_task.number

    answer = browser.post(url, data={"number": str(number), "status": "in_progress"})
    of_another = browser.post(url, data={"number": str(planned.globex_ticket.number), "status": "closed"})
    nowhere = browser.post(url, data={"number": str(number), "status": "lost"})

    with unit_of_work() as session:
        columns = tasks.board(session, actor=planned.actor("technician"), project_id=planned.acme_project.id)
    assert (answer.location, of_another.status_code, nowhere.status_code) == (url, 404, 422)
    assert [card.number for card in columns["in_progress"]] == [number]
    assert [card.title for card in columns["new"]] == ["Late", "Today", "In a week", "Some day"]
    assert "set the status to in progress" in browser.get(f"/items/{number}").text


@pytest.mark.parametrize("path", ["/tasks", "/projects/{project}/board", "/tasks/calendar", "/tasks?project={project}"])
def test_pages_of_tasks_take_the_same_queries_however_many_there_are(sign_in_as, office, count_queries, path):
    browser, url = sign_in_as(office.technician), path.format(project=office.acme_project.id)
    with count_queries() as few:
        browser.get(url)
    with unit_of_work() as session:
        for at in range(12):
            service.add_task(
                session,
                actor=SYSTEM,
                now=NOW,
                project_id=office.acme_project.id,
                title=f"Task {at}",
                assignee_id=office.technician.id,
                due_on=TODAY,
            )

    with count_queries() as many:
        page = browser.get(url)

    assert "Task 11" in page.text
    assert len(many) == len(few)
