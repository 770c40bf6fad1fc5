"""A task moves to another project with all below it (docs/projects.md "Moving", docs/billing.md rule 3)."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.desk import kinds, moving
from helpdesk.desk.opening import Whom
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow, LiveEvent
from helpdesk.infra.policy import SYSTEM
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import kinds as plan_kinds
from helpdesk.projects import service as projects
from helpdesk.projects.models import TaskDetails, TaskLink, WorkItem
from helpdesk.projects.planning import baselines, editing, linking
from helpdesk.projects.planning.editing import Details
from helpdesk.projects.planning.reading import read
from helpdesk.rates import service as rates
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message, TicketDetails
from helpdesk.timekeeping import charging
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW

HOUR = 3600
FIRST, SECOND = date(2026, 12, 1), date(2026, 12, 2)


@dataclass
class Story:
    """The plan of Acme: a summary with ``root`` and ``sibling`` below it, ``root`` with ``part`` and ``end``."""

    summary: int
    root: int
    part: int
    end: int
    sibling: int


@pytest.fixture
def story(office, mailbox) -> Story:
    """The days are those of December; the technician, who may not see Globex, has ``part``."""
    with unit_of_work() as session:
        how: dict[str, Any] = {
            "actor": office.actor("manager"),
            "now": NOW,
            "project_id": office.acme_project.id,
        }

        def add(title: str, first: int | None = None, last: int | None = None, **more: Any) -> int:
            who = more.pop("assignee_id", None)
            starts, due = (each and date(2026, 12, each) for each in (first, last))
            details = Details(starts_on=starts or None, due_on=due or None, estimate_seconds=HOUR, **more)
            return editing.add(session, title=title, details=details, assignee_id=who, **how).number

        summary = add("Move everything")
        root = add("Mail", parent=summary)
        part = add("Copy", 1, 2, parent=root, assignee_id=office.technician.id)
        end = add("Live", 7, 7, parent=root, is_milestone=True)
        sibling = add("Phones", 9, 10, parent=summary, assignee_id=office.manager.id)
        for before, after in ((part, end), (end, sibling), (office.acme_task.number, part)):
            linking.link(session, predecessor=before, successor=after, **how)
        baselines.take(session, name="Agreed", **how)
        for project, amount in ((office.acme_project, "100"), (office.globex_project, "150")):
            rates.set_rate(
                session,
                actor=SYSTEM,
                now=NOW,
                amount=amount,
                currency="EUR",
                effective_on=date(2026, 1, 1),
                project_id=project.id,
            )
    return Story(summary, root, part, end, sibling)


def item(session, number):
    return session.scalars(select(WorkItem).where(WorkItem.number == number)).one()


def id_of(number):
    with unit_of_work() as session:
        return item(session, number).id


def events(session, number):
    query = select(Message.text).where(Message.work_item_id == item(session, number).id, Message.kind == "event")
    return list(session.scalars(query))


def seen_in(page):
    return re.findall(r'name="seen" value="(\w+)"', page)[0]


def test_a_task_goes_to_another_client_with_all_below_it_and_lets_go_what_stays(office, story, log_time, sign_in_as):
    approved = log_time(work_item_id=id_of(story.part), status="submitted")
    running = log_time(work_item_id=id_of(story.part), status="draft", person_id=office.manager.id, ended_at=None)
    with unit_of_work() as session:
        timekeeping.approve(session, actor=office.actor("admin"), now=NOW, entry_ids=[approved.id])
        tickets.add_note(
            session, actor=office.actor("manager"), now=NOW, item_id=item(session, story.root).id, text="!"
        )
    browser, path, where = sign_in_as(office.manager), f"/items/{story.root}/move", office.globex_project.id

    unseen = browser.post(path, data={"project_id": where})
    page = browser.get(path, query_string={"project_id": where}).text
    answer = browser.post(path, data={"project_id": where, "seen": seen_in(page)}, follow_redirects=True).text

    assert unseen.location.endswith(f"{path}?project_id={where}")
    for said in (
        f"2 tasks below it go along: #{story.part} Copy, #{story.end} Live (milestone).",
        f"It is no longer part of #{story.summary} Move everything.",
        f"#{story.part} Copy no longer begins after #{office.acme_task.number} Move the mail server, which stays.",
        f"#{story.sibling} Phones stays, and no longer begins after #{story.end} Live.",
        "Technician Person is not in the team that Globex is restricted to.",
        f"#{story.part} is assigned to nobody then, and Technician Person is told.",
        "what was kept of the old plan: Agreed.",
        "1 note on it goes along; whoever may see Globex reads it.",
        "1 approved entry is priced anew",
        "€150.00",
    ):
        assert said in page
    assert f"#{story.root} is in Globex, Support now." in answer
    assert "2 tasks below it moved along." in answer
    with unit_of_work() as session:
        old, new = (
            read(session, actor=SYSTEM, project_id=each) for each in (office.acme_project.id, office.globex_project.id)
        )
        assert [row.number for row in new.rows] == [story.root, story.part, story.end]
        assert [(row.parent_id, row.is_milestone, row.estimate_seconds) for row in new.rows] == [
            (None, False, HOUR),
            (new.rows[0].id, False, HOUR),
            (new.rows[0].id, True, HOUR),
        ]
        assert [(row.span.starts_on.day, row.span.due_on.day) for row in new.rows if row.span] == [
            (1, 7),
            (1, 2),
            (7, 7),
        ]
        assert [(link.predecessor_id, link.successor_id) for link in new.links] == [(new.rows[1].id, new.rows[2].id)]
        assert session.scalars(select(TaskLink.id)).all() == [new.links[0].id]
        spans = [old.by_number(number).span for number in (story.summary, story.sibling)]
        assert [span.starts_on.day for span in spans if span] == [9, 9]
        assert item(session, story.part).assignee_id is None
        assert item(session, story.sibling).assignee_id == office.manager.id
        entry, going_on = session.get_one(TimeEntry, approved.id), session.get_one(TimeEntry, running.id)
        assert (entry.status, entry.rate_minor, going_on.ended_at) == ("submitted", None, None)
        assert entry.returned_because == "Was approved for Acme, Support, before its task moved."
        assert events(session, story.root) == [
            (
                f"moved this to Globex, Support with #{story.part}, #{story.end} below it;"
                f" it is part of #{story.summary} no longer"
                "; time of Technician Person that was approved waits for approval again"
            )
        ]
        assert events(session, story.part) == [
            (
                f"moved this along with #{story.root} to Globex, Support;"
                f" it follows #{office.acme_task.number} no longer; nobody is assigned any more"
            )
        ]
        assert events(session, story.sibling) == [f"#{story.end} moved away; this follows it no longer"]
        trail = select(AuditRow.data).where(AuditRow.action == "moved", AuditRow.object_kind == "task")
        assert [
            row.get("was_part_of") or row.get("along_with") for row in session.scalars(trail.order_by(AuditRow.id))
        ] == [
            story.summary,
            story.root,
            story.root,
        ]
        mails = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)).all()
        told = {mail.subject.split()[0]: mail for mail in mails if mail.to[0]["address"] == office.technician.email}
        assert sorted(told) == [f"#{story.part}:", "Time"]
        assert [mail.subject for mail in mails if "Globex" in mail.text and mail in told.values()] == []
        heard = {(row.audience, row.audience_id, row.topic) for row in session.scalars(select(LiveEvent))}
        assert {("desk", None, "queue"), ("person", office.manager.id, "timer")} <= heard
    for page in ("plan", "board"):
        shown = [browser.get(f"/projects/{each}/{page}").text for each in (office.acme_project.id, where)]
        assert ["Live" in each for each in shown] == [False, True]
    outsider = sign_in_as(office.technician)
    assert [outsider.get(f"/items/{number}").status_code for number in (story.part, story.sibling)] == [404, 200]


def test_what_is_charged_or_spoken_of_with_the_client_or_changed_meanwhile_stays(office, story, log_time, sign_in_as):
    browser, path, there = sign_in_as(office.manager), f"/items/{story.root}/move", office.globex_project.id
    with unit_of_work() as session:
        web = projects.add_project(session, actor=SYSTEM, now=NOW, client_id=office.acme.id, name="Web").id

    seen = seen_in(browser.get(path, query_string={"project_id": there}).text)
    with unit_of_work() as session:
        projects.set_status(session, actor=SYSTEM, now=NOW, item_id=item(session, story.end).id, status="solved")
    changed = browser.post(path, data={"project_id": there, "seen": seen})
    triage = browser.get(path, query_string={"project_id": office.triage.id})
    nowhere = browser.post(path, data={"project_id": "", "seen": seen})
    charged = log_time(work_item_id=id_of(story.part), status="approved")
    with unit_of_work() as session:
        ranges = [ChargeRange(charged.id, 0, 1800, 1800, "written_off")]
        charging.hold(session, now=NOW, holder=("gift", 7), ranges=ranges)
    page = browser.get(path, query_string={"project_id": there}).text
    held = browser.post(path, data={"project_id": there, "seen": seen_in(page)})
    with unit_of_work() as session:
        session.add(
            TicketDetails(
                work_item_id=item(session, story.end).id,
                requester_id=office.acme_contact.id,
                reasons=[],
                last_message_at=NOW,
            )
        )
    spoken = browser.get(path, query_string={"project_id": there})
    choices = browser.get(path).text

    assert (changed.status_code, "was changed in the meantime" in changed.text) == (409, True)
    assert seen_in(changed.text) != seen
    for refused in (triage, nowhere, spoken):
        assert (refused.status_code, 'aria-invalid="true"' in refused.text) == (422, True)
    assert "It stays where it is." in page
    assert (held.status_code, f"1:00 of Technician Person on #{story.part} in gift 7" in held.text) == (409, True)
    assert (f'value="{web}"' in choices, f'value="{there}"' in choices) == (True, False)
    with unit_of_work() as session:
        assert {item(session, number).project_id for number in (story.root, story.part)} == {office.acme_project.id}


def test_a_task_that_was_a_ticket_goes_there_as_either_and_what_hung_below_it_lets_go(office, story, sign_in_as):
    browser = sign_in_as(office.manager)
    with unit_of_work() as session:
        web = projects.add_project(session, actor=SYSTEM, now=NOW, client_id=office.acme.id, name="Web").id
        actor = office.actor("manager")
        kinds.make_ticket(
            session, actor=actor, now=NOW, number=story.end, whom=Whom(email="new@acme.example", name="Nina")
        )
    path = f"/items/{story.root}/move"

    page = browser.get(path, query_string={"project_id": web}).text
    browser.post(path, data={"project_id": web, "seen": seen_in(page)})
    browser.post(f"/items/{story.end}/move", data={"project_id": web})
    browser.post(f"/items/{story.end}/task")

    assert f"#{story.end} Live is a ticket now and stays." in page
    with unit_of_work() as session:
        plan = read(session, actor=SYSTEM, project_id=web)
        assert [(row.number, row.parent_id) for row in plan.rows if row.number in (story.root, story.end)] == [
            (story.root, None),
            (story.end, None),
        ]
        assert session.get_one(TaskDetails, item(session, story.end).id).due_on == date(2026, 12, 7)
        assert item(session, story.end).project_id == web


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


def test_links_among_what_moves_and_the_place_of_a_ticket_that_was_a_task_are_right_afterwards(office, website, plan):
    with unit_of_work() as session:
        how: dict[str, Any] = {"actor": SYSTEM, "now": NOW}
        items = {each.number: each for each in session.scalars(select(WorkItem))}
        project_id = office.acme_project.id
        linking.link(session, predecessor=plan["Copy"], successor=plan["Bill"], project_id=project_id, **how)
        details = Details(parent=plan["Server"], due_on=SECOND)
        test = editing.add(session, project_id=project_id, title="Test", details=details, **how)
        linking.link(session, predecessor=plan["Check"], successor=test.number, project_id=project_id, **how)
        plan_kinds.become_ticket(session, item_id=items[plan["Bill"]].id, **how)
        moving.move(session, number=plan["Bill"], project_id=website, **how)
        plan_kinds.become_task(session, item_id=items[plan["Bill"]].id, **how)
        moving.move(session, number=plan["Server"], project_id=website, **how)
        moving.move(session, number=plan["Order"], project_id=website, **how)
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
