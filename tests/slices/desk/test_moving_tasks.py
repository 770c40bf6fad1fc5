"""A task moves to another project with all below it, its time, and none of its ties (docs/projects.md "Moving")."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import kinds
from helpdesk.projects import service as projects
from helpdesk.projects.models import TaskDetails, WorkItem
from helpdesk.projects.planning import editing, leaving, linking
from helpdesk.projects.planning.editing import Details
from helpdesk.projects.planning.reading import read
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.slices.desk.test_acts_of_the_desk import events

FIRST, SECOND = date(2026, 12, 1), date(2026, 12, 2)


@pytest.fixture
def website(office) -> int:
    with unit_of_work() as session:
        found = projects.add_project(session, actor=SYSTEM, now=NOW, client_id=office.acme.id, name="Website")
        session.flush()
        editing.add(
            session, actor=SYSTEM, now=NOW, project_id=found.id, title="Draw it", details=Details(starts_on=FIRST)
        )
        return found.id


@pytest.fixture
def plan(office) -> dict[str, int]:
    """Acme's plan: under "Server" stand "Copy" and below that "Check"; "Order" < "Copy" < "Check" < "Bill"."""
    with unit_of_work() as session:
        how: dict[str, Any] = {"actor": SYSTEM, "now": NOW, "project_id": office.acme_project.id}
        numbers: dict[str, int] = {}
        for title, above in (("Server", ""), ("Order", ""), ("Copy", "Server"), ("Check", "Copy"), ("Bill", "")):
            details = Details(parent=numbers.get(above), due_on=SECOND, estimate_seconds=3600)
            numbers[title] = editing.add(session, title=title, details=details, **how).number
        for first, then in (("Order", "Copy"), ("Check", "Bill")):
            linking.link(session, predecessor=numbers[first], successor=numbers[then], **how)
        return numbers


def stored(project_id: int) -> tuple[list[tuple[str, str | None, bool]], list[tuple[str, str]]]:
    with unit_of_work() as session:
        found = read(session, actor=SYSTEM, project_id=project_id)
        titles = {row.id: row.title for row in found.rows}
        tasks = [(row.title, titles.get(row.parent_id or 0), row.due_on is not None) for row in found.rows]
        return tasks, [(titles[link.predecessor_id], titles[link.successor_id]) for link in found.links]


def approved_hour(office, number):
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        entry = timekeeping.add_entry(
            session,
            actor=office.actor("technician"),
            now=NOW,
            item_id=item.id,
            day=NOW.date(),
            worked="1:00",
            note="Copied",
        )
        session.flush()
        timekeeping.submit(session, actor=office.actor("technician"), now=NOW, entry_ids=[entry.id])
        timekeeping.approve(session, actor=office.actor("manager"), now=NOW, entry_ids=[entry.id])
        return entry.id


def test_a_task_takes_along_what_is_below_it_and_its_time_and_lets_go_of_the_rest(
    office, website, plan, mailbox, sign_in_as
):
    entry_id = approved_hour(office, plan["Check"])
    browser, path = sign_in_as(office.account_manager), f"/items/{plan['Copy']}/move"

    page = browser.get(path, query_string={"project_id": website}).text
    answer = browser.post(path, data={"project_id": website}, follow_redirects=True)

    assert f"it is no longer below #{plan['Server']} Server." in page
    assert f"#{plan['Copy']} Copy no longer follows #{plan['Order']} Order." in page
    assert f"#{plan['Bill']} Bill no longer follows #{plan['Check']} Check." in page
    assert f"#{plan['Check']} Check<" in page
    assert "1 approved entry is priced anew" in page
    assert "1 approved entry waits for approval again" in answer.text
    assert stored(website) == ([("Draw it", None, True), ("Copy", None, True), ("Check", "Copy", True)], [])
    assert stored(office.acme_project.id) == (
        [(office.acme_task.title, None, False), *((title, None, True) for title in ("Server", "Order", "Bill"))],
        [],
    )
    [told] = events(plan["Copy"])
    assert told == (
        f"moved this to Acme, Website; it is no longer below #{plan['Server']}; #{plan['Copy']} no longer follows "
        f"#{plan['Order']}; #{plan['Bill']} no longer follows #{plan['Check']}; time of Technician Person that was "
        "approved waits for approval again"
    )
    assert events(plan["Check"]) == [f"moved this to Acme, Website, with #{plan['Copy']}"]
    with unit_of_work() as session:
        entry = session.get_one(TimeEntry, entry_id)
        assert (entry.status, entry.returned_because) == (
            "submitted",
            "Was approved for Acme, Support, before its task moved.",
        )
        mails = session.scalars(select(OutgoingMessage)).all()
        assert f"- #{plan['Check']}: 18 Nov 2026, 1:00, Technician Person: Copied" in mails[0].text


def test_links_among_what_moves_and_the_place_of_a_ticket_that_was_a_task_are_right_afterwards(office, website, plan):
    with unit_of_work() as session:
        how: dict[str, Any] = {"actor": SYSTEM, "now": NOW}
        items = {each.number: each for each in session.scalars(select(WorkItem))}
        project_id = office.acme_project.id
        linking.link(session, predecessor=plan["Copy"], successor=plan["Bill"], project_id=project_id, **how)
        details = Details(parent=plan["Server"], due_on=SECOND)
        test = editing.add(session, project_id=project_id, title="Test", details=details, **how)
        linking.link(session, predecessor=plan["Check"], successor=test.number, project_id=project_id, **how)
        kinds.become_ticket(session, item_id=items[plan["Bill"]].id, **how)
        leaving.move_item(session, item_id=items[plan["Bill"]].id, project_id=website, **how)
        kinds.become_task(session, item_id=items[plan["Bill"]].id, **how)
        leaving.move_item(session, item_id=items[plan["Server"]].id, project_id=website, **how)
        leaving.move_item(session, item_id=items[plan["Order"]].id, project_id=website, **how)
        positions = session.scalars(select(TaskDetails.position).join(TaskDetails.work_item)).all()

    assert stored(website) == (
        [
            ("Draw it", None, True),
            ("Bill", None, True),
            ("Server", None, True),
            ("Copy", "Server", True),
            ("Check", "Copy", True),
            ("Test", "Server", True),
            ("Order", None, True),
        ],
        [("Check", "Test")],
    )
    assert len(set(positions)) == len(positions)


def test_nobody_keeps_work_that_is_out_of_their_reach_and_triage_takes_no_task(office, sign_in_as):
    """Our own work goes to a client whose team the one who has it is not in."""
    with unit_of_work() as session:
        ours = projects.add_project(session, actor=SYSTEM, now=NOW, client_id=office.house.id, name="Ideas")
        task = editing.add(
            session,
            actor=SYSTEM,
            now=NOW,
            project_id=ours.id,
            title="Look into it",
            details=Details(),
            assignee_id=office.technician.id,
        )
        number = task.number
    browser = sign_in_as(office.admin)

    refused = browser.get(f"/items/{number}/move", query_string={"project_id": office.triage.id})
    browser.post(f"/items/{number}/move", data={"project_id": office.globex_project.id})

    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        assert (refused.status_code, item.project_id, item.assignee_id) == (422, office.globex_project.id, None)
