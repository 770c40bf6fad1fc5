"""The page of a plan: few statements however long it is, the client's day, and answers for scripts."""

import re
from datetime import UTC, date, datetime
from itertools import pairwise

from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.projects.models import TaskDetails, WorkItem
from helpdesk.projects.planning import editing, linking
from helpdesk.projects.planning.editing import Details
from helpdesk.timekeeping import service as timekeeping
from tests.conftest import NOW

JSON = {"Accept": "application/json"}


def plan(office, count, *, first=1):
    """Add tasks to Acme's project, one after the other; return their numbers."""
    how = {"actor": SYSTEM, "now": NOW, "project_id": office.acme_project.id}
    with unit_of_work() as session:
        numbers = [
            editing.add(
                session,
                title=f"Step {step}",
                details=Details(starts_on=date(2026, 12, first), due_on=date(2026, 12, first), estimate_seconds=3600),
                **how,
            ).number
            for step in range(count)
        ]
        for before, after in pairwise(numbers):
            linking.link(session, predecessor=before, successor=after, **how)
    return numbers


def test_the_page_takes_as_many_statements_for_a_long_plan_as_for_a_short_one(office, sign_in_as, count_queries):
    browser, url = sign_in_as(office.technician), f"/projects/{office.acme_project.id}/plan"
    plan(office, 2)
    with count_queries() as few:
        browser.get(url)

    plan(office, 12)
    with count_queries() as many:
        page = browser.get(url).text

    assert len(many) == len(few)
    assert page.count('class="gb ') == 14


def test_a_script_is_told_every_task_that_was_pushed_and_why_something_was_refused(office, sign_in_as):
    browser, url = sign_in_as(office.technician), f"/projects/{office.acme_project.id}/plan"
    first, second, third = plan(office, 3)

    done = browser.post(f"{url}/tasks/{first}", data={"due_on": "2026-12-03", "version": "2"}, headers=JSON)
    stale = browser.post(f"{url}/tasks/{first}", data={"due_on": "2026-12-04", "version": "2"}, headers=JSON)
    early = browser.post(f"{url}/tasks/{third}", data={"starts_on": "2026-12-01", "version": "4"}, headers=JSON)
    wrong = browser.post(f"{url}/tasks/{third}", data={"starts_on": "soon", "version": "4"}, headers=JSON)
    undone = browser.post(f"{url}/undo", headers=JSON)

    assert [(one["number"], one["startsOn"], one["dueOn"], one["version"]) for one in done.json["changed"]] == [
        (first, "2026-12-01", "2026-12-03", 3),
        (second, "2026-12-04", "2026-12-04", 4),
        (third, "2026-12-07", "2026-12-07", 4),
    ]
    assert done.json["critical"] == [first, second, third]
    assert done.json["mayUndo"] is True
    assert "2 tasks moved along: " in done.json["said"]
    assert (stale.status_code, early.status_code, wrong.status_code) == (409, 422, 422)
    assert "Somebody else changed" in stale.json["said"]
    assert "cannot begin before 7 December" in early.json["said"]
    assert undone.json["said"].startswith("3 tasks moved: ")
    assert undone.json["mayUndo"] is False


def test_today_is_the_clients_day_and_what_is_left_is_shown(office, sign_in_as, fixed_clock):
    fixed_clock.now = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)  # the 2nd in Berlin
    (number,) = plan(office, 1)
    with unit_of_work() as session:
        task = session.query(TaskDetails.work_item_id).order_by(TaskDetails.work_item_id.desc()).limit(1).scalar()
        timekeeping.add_entry(
            session,
            actor=office.actor("technician"),
            now=fixed_clock(),
            item_id=task,
            day=date(2026, 12, 1),
            worked="20",
        )

    browser = sign_in_as(office.technician)
    page = browser.get(f"/projects/{office.acme_project.id}/plan").text
    details = browser.get(f"/projects/{office.acme_project.id}/plan/tasks/{number}").text

    assert "Today, 2 Dec 2026" in page
    assert ", late" in page
    assert ">0:40<" in page
    assert "<dd>0:20</dd>" in details


def test_a_task_gets_another_title_and_priority_and_a_refusal_or_an_old_page_changes_neither(office, sign_in_as):
    (number,) = plan(office, 1)
    browser, path = sign_in_as(office.technician), f"/projects/{office.acme_project.id}/plan/tasks/{number}"

    def send(**more):
        version = re.findall(r'name="version"[^>]*value="(\d+)"', browser.get(path).text)[0]
        kept = {"version": version, "starts_on": "2026-12-01", "due_on": "2026-12-01", "estimate": "1:00"}
        return browser.post(f"{path}/details", data=kept | more, follow_redirects=True)

    def facts():
        with unit_of_work() as session:
            item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
            return item.title, item.priority

    saved = send(title="First step", priority="high")
    after = facts()
    empty, unknown = send(title=" ", priority="low"), send(title="Third step", priority="lowest")
    stale = send(title="Third step", priority="low", version="1")

    assert f"#{number} First step is saved." in saved.text
    assert after == facts() == ("First step", "high")
    assert [answer.status_code for answer in (empty, unknown, stale)] == [422, 422, 409]
    assert 'value="Third step"' in unknown.text
    with unit_of_work() as session:
        told = session.scalars(select(AuditRow.data).where(AuditRow.action == "described")).one()
        assert (told["before"]["title"], told["after"]) == ("Step 0", {"title": "First step", "priority": "high"})
