"""Pages of the desk ask the database at most eight questions, whatever stands on them and whoever looks."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.automation.service import rules
from helpdesk.automation.service.acts import Acts
from helpdesk.automation.service.rules import RuleSettings
from helpdesk.clients.models import Client, Contact
from helpdesk.desk import saved_views, service
from helpdesk.desk.narrowing import Asked, Narrowing
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing.models import Invoice
from helpdesk.projects import types
from helpdesk.projects.models import Project
from helpdesk.retainers import service as retainers
from helpdesk.tickets import service as tickets
from helpdesk.timekeeping.models import TimeEntry
from tests.builders import Office
from tests.conftest import NOW

MOST = 8
pytestmark = pytest.mark.on_sqlite


@pytest.fixture
def busy(office):
    """An office in which everybody's timer runs, and which has saved views."""
    with unit_of_work() as session:
        for role in ("admin", "manager", "technician"):
            actor = office.actor(role)
            service.start_timer(session, actor=actor, now=NOW, number=office.acme_ticket.number)
            asked = Asked("all", None, Narrowing(status="open"))
            saved_views.save(
                session, actor=actor, now=NOW, name=f"Of {role}", asked=asked, is_shared=role != "technician"
            )
    return office


@pytest.mark.parametrize("role", ["admin", "manager", "technician"])
@pytest.mark.parametrize(
    "path",
    [
        "/desk",
        "/desk?view=mine",
        "/desk?view=my_teams&team=nobody",
        "/desk?view=due",
        "/desk?view=snoozed",
        "/desk?view=closed",
        "/desk?view=spam",
        "/desk?view=client&client={client}",
        "/desk?view=unassigned&status=open&words=printer",
        "/search/results?q=printer+hall",
        "/search?q=printer+hall",
        "/search?q=printer+from:ann+client:acme+assignee:me+-team:me+-is:closed&before=99999",
        "/items/{ticket}",
        "/items/{ticket}/fresh",
        "/projects",
    ],
)
def test_a_page_asks_at_most_eight_questions(busy, sign_in_as, count_queries, role, path):
    browser = sign_in_as(getattr(busy, role))

    with count_queries() as asked:
        page = browser.get(path.format(client=busy.acme.id, ticket=busy.acme_ticket.number))

    assert page.status_code == 200
    questions = [one for one in asked if one != "BEGIN"]
    assert len(questions) <= MOST, "\n".join(questions)


def test_the_page_of_a_project_asks_as_little(office, sign_in_as, count_queries):
    browser = sign_in_as(office.manager)

    with count_queries() as asked:
        page = browser.get(f"/projects/{office.acme_project.id}")

    assert page.status_code == 200
    questions = [one for one in asked if one != "BEGIN"]
    assert len(questions) <= MOST, "\n".join(questions)


def test_the_number_of_questions_does_not_grow_with_what_a_page_shows(office, sign_in_as, count_queries):
    paths = [
        "/desk", f"/items/{office.acme_ticket.number}", f"/clients/{office.acme.id}",
        f"/clients/{office.acme.id}/account",
        f"/projects/{office.acme_project.id}", f"/projects/{office.acme_project.id}/plan", "/projects", "/clients",
        "/time", f"/time?person={office.technician.id}", "/time/approvals", "/projects/workload", "/expenses",
        "/retainers", "/invoices", "/close/2026-11", "/rates", "/notifications", "/search?q=toner+from:technician",
        f"/contacts/{office.acme_contact.id}", "/settings/rules/log", "/imports",
    ]  # fmt: skip
    paths += [f"/settings/rules/{rule_id}?try=1" for rule_id in _rules(office)]
    browser = sign_in_as(office.admin)

    def asked() -> dict[str, int]:
        found = {}
        for path in paths:
            with count_queries() as statements:
                assert browser.get(path).status_code == 200, path
            found[path] = len([one for one in statements if one != "BEGIN"])
        return found

    _work(office, range(3))
    few = asked()
    _work(office, range(3, 12))

    assert asked() == few
    assert max(few.values()) <= MOST


def _rules(office: Office) -> list[int]:
    """Write a rule on what happens and one on what waits, each with all acts that name something."""
    with unit_of_work() as session:
        team = accounts.add_team(session, name="Field", person_ids=(office.technician.id,), now=NOW)
        [(type_id, _name), *_others] = types.choices(session)
        acts = Acts(assignee=str(office.technician.id), team=str(team.id), type=str(type_id), mail_text="Soon.")
        return [
            rules.add_rule(session, actor=SYSTEM, now=NOW, settings=settings).id
            for settings in (
                RuleSettings(name="Take", trigger="noted", acts=acts),
                RuleSettings(name="Hurry", trigger="since_status", amount=1, unit="days", acts=acts),
            )
        ]


def _work(office: Office, numbers: range) -> None:
    """Do much of what pages show: each number is a client with all that one can have, and more of it for Acme."""
    with unit_of_work() as session:
        for n in numbers:
            made: dict[str, Any] = {"created_at": NOW}
            other = Client(name=f"Client {n}", currency="EUR", time_zone="Europe/Berlin", **made)
            person = Person(name=f"Tech {n}", email=f"t{n}@x.example", role="technician", password_hash="", **made)
            session.add_all([other, person])
            session.flush()
            projects = [Project(client_id=each, name=f"Project {n}", **made) for each in (other.id, office.acme.id)]
            session.add_all(projects)
            session.flush()
            for project in (*projects, session.get_one(Project, office.acme_project.id)):
                _on_project(session, office, project, person.id, n)
            for client_id in (other.id, office.acme.id):
                retainers.add_agreement(
                    session,
                    actor=SYSTEM,
                    now=NOW,
                    client_id=client_id,
                    name=f"Retainer {n}",
                    starts_on=date(2026, 9, 1),
                    project_ids=[projects[client_id == office.acme.id].id],
                    terms=retainers.NewTerms(allowance_seconds=36000),
                )


def _on_project(session: Session, office: Office, project: Project, person_id: int, n: int) -> None:
    when, key = NOW - timedelta(days=n), f"{n} of {project.id}"
    contact = Contact(client_id=project.client_id, name=f"Ann {n}", email=f"{n}@{project.id}.example", created_at=NOW)
    session.add(contact)
    session.flush()
    item = tickets.open_ticket(
        session,
        actor=office.actor("technician"),
        now=when,
        project_id=project.id,
        requester_id=contact.id,
        title=f"Toner {n}",
        text="The toner is empty.",
        assignee_id=person_id,
    )
    entry = {"work_item_id": item.id, "person_id": person_id, "source": "typed", "created_at": when, "started_at": when}
    session.add_all(
        TimeEntry(
            **entry,
            uuid=f"{status} {key}",
            ended_at=when + timedelta(minutes=30),
            status=status,
            billable_seconds=1800 if status == "approved" else None,
        )
        for status in ("draft", "submitted", "approved")
    )
    invoice = {"client_id": project.client_id, "currency": "EUR", "status": "draft", "kind": "invoice"}
    session.add(Invoice(**invoice, created_at=NOW, month=date(2026, 11, 1), idempotency_key=key))
