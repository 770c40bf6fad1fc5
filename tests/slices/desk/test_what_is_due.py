"""What the desk shows of promises: when a ticket is due, how that stands, and why."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.desk import queries
from helpdesk.desk.narrowing import PROMISED, Asked
from helpdesk.infra.db import unit_of_work
from helpdesk.projects.models import WorkItem
from helpdesk.sla import queries as sla
from helpdesk.sla.service import policies
from helpdesk.sla.service.policies import PolicyValues
from helpdesk.tickets import service as tickets
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("rung")
HOUR = 3600


@pytest.fixture
def number(office):
    """The number of a ticket that began at eleven of a Wednesday, on Berlin's clock: an answer within an hour."""
    with unit_of_work() as session:
        admin = office.actor("admin")
        policy = policies.furnish(session, actor=admin, now=NOW)
        values = PolicyValues(
            name="Standard",
            calendar_id=policy.calendar_id,
            is_on=True,
            at_risk_percent=80,
            budgets={"normal": {"first_answer": HOUR, "resolution": 8 * HOUR}},
        )
        policies.save_policy(session, actor=admin, now=NOW, policy_id=policy.id, values=values)
        return tickets.open_ticket(
            session,
            actor=admin,
            now=NOW,
            project_id=office.acme_project.id,
            requester_id=office.acme_contact.id,
            title="Printer",
            text="",
        ).number


def test_what_is_due_stands_in_its_order_page_by_page(office, number):
    with unit_of_work() as session:
        for minutes, priority in ((1, "normal"), (2, "urgent"), (3, "normal")):
            item = tickets.open_ticket(
                session,
                actor=office.actor("admin"),
                now=NOW + timedelta(minutes=minutes),
                project_id=office.acme_project.id,
                requester_id=office.acme_contact.id,
                title=f"{priority} {minutes}",
                text="",
            )
            item.priority = priority
    actor = office.actor("technician")
    with unit_of_work() as session:
        first = queries.queue(session, actor=actor, now=NOW, asked=Asked("due"), limit=2)
        second = queries.queue(session, actor=actor, now=NOW, asked=Asked("due"), limit=2, before=first.older_key)
        back = queries.queue(session, actor=actor, now=NOW, asked=Asked("due"), limit=2, after=second.newer_key)
        overdue, at_risk = (
            session.scalars(select(WorkItem.title).where(condition).order_by(WorkItem.id)).all()
            for condition in (sla.is_overdue(NOW + timedelta(minutes=61)), sla.is_at_risk(NOW + timedelta(minutes=61)))
        )

    assert [row.title for row in first.rows] == ["Printer", "normal 1"]
    assert [row.title for row in second.rows] == ["normal 3"]
    assert (second.older_key, first.newer_key, back.rows) == (None, None, first.rows)
    assert (list(overdue), list(at_risk)) == (["Printer"], ["normal 1", "normal 3"])


def test_what_is_at_risk_and_what_is_late_have_views_whose_counts_are_right(office, number, sign_in_as, fixed_clock):
    technician = sign_in_as(office.technician)
    with unit_of_work() as session:
        for title, minutes in (("Soon", 20), ("Later", 40), ("Asleep", 1)):
            tickets.open_ticket(
                session,
                actor=office.actor("admin"),
                now=NOW + timedelta(minutes=minutes),
                project_id=office.acme_project.id,
                requester_id=office.acme_contact.id,
                title=title,
                text="",
            )
        asleep = session.scalars(select(WorkItem).where(WorkItem.title == "Asleep")).one()
        asleep.snoozed_until = NOW + timedelta(days=1)

    fixed_clock.now = NOW + timedelta(minutes=70)

    names = {"due": "Due next", "at_risk": "At risk", "overdue": "Overdue", "waiting_on_us": "Waiting on us"}
    for view, expected in {
        "due": ["Printer", "Soon", "Later"],
        "at_risk": ["Soon"],
        "overdue": ["Printer"],
        "waiting_on_us": ["Soon", "Later", "Printer"],
    }.items():
        page = technician.get(f"/desk?view={view}").text
        with unit_of_work() as session:
            shown = queries.queue(session, actor=office.actor("technician"), now=fixed_clock.now, asked=Asked(view))
        titles = [row.title for row in shown.rows if row.title in {"Printer", "Soon", "Later", "Asleep"}]
        assert sorted(titles) == sorted(expected), view
        assert view == "waiting_on_us" or titles == expected, view
        [count] = re.findall(rf'view={view}"[^>]*>(?:(?!</a>).)*?<span class="n">(\d+)</span></a></li>', page)
        assert int(count) == len(shown.rows), view
        assert f"<h1>{names[view]} " in page, view
    found = technician.get("/search?q=is:at-risk").text
    assert ("Soon" in found, "Printer" in found, "Later" in found) == (True, False, False)


def test_nothing_promised_no_views_of_it(office, sign_in_as):
    page = sign_in_as(office.technician).get("/desk").text

    assert "view=waiting_on_us" in page
    assert [view for view in PROMISED if f"view={view}" in page] == []


def test_a_ticket_and_the_queue_say_when_it_is_due_and_the_ticket_why(office, number, sign_in_as, fixed_clock):
    technician = sign_in_as(office.technician)

    assert "Printer" in technician.get("/desk?view=due").text
    page, queue = technician.get(f"/items/{number}").text, technician.get("/desk").text
    assert "view=due" in queue
    assert "Due: First answer 18 Nov 2026, 12:00" in page
    assert "Due: 18 Nov 2026, 12:00" in queue
    assert "From Wed 18 Nov 2026, 11:00 on it runs." in page
    assert "Mon-Fri 9:00-17:00 (Europe/Berlin)" in page

    fixed_clock.now = NOW + timedelta(minutes=50)
    assert "At risk: 18 Nov 2026, 12:00" in technician.get("/desk").text

    fixed_clock.now = NOW + timedelta(minutes=61)
    assert "Overdue: 18 Nov 2026, 12:00" in technician.get("/desk").text

    technician.post(f"/items/{number}/status", data={"status": "waiting"})
    page, queue = technician.get(f"/items/{number}").text, technician.get("/desk").text
    assert "Paused" in queue
    assert "Wed 18 Nov 2026, 11:00 to Wed 18 Nov 2026, 12:01: 1 h 1 min used, then it waited on the client." in page

    technician.post(f"/items/{number}/status", data={"status": "solved"})
    page = technician.get(f"/items/{number}").text
    assert "Done on Wed 18 Nov 2026, 12:01, in time." in page
    assert "solved in time" in page
