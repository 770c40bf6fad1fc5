"""Which team gets a ticket: by its mailbox, its project, a hand, a rule, or none (docs/desk.md rules 76 and 77)."""

import re

import pytest
from sqlalchemy import select, update

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Team
from helpdesk.clients import service as clients
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import IntakeSource
from helpdesk.projects.models import Project, WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import TicketDetails
from tests.conftest import NOW
from tests.mails import ANN, mail

pytestmark = pytest.mark.on_sqlite


@pytest.fixture
def teams(office):
    """Two teams beside that to which Globex is restricted."""
    with unit_of_work() as session:
        for name in ("Second line", "Network"):
            accounts.add_team(session, actor=SYSTEM, now=NOW, name=name, person_ids=())
        return {one.name: one.id for one in session.scalars(select(Team))}


def set_default(model, own_id, team_id):
    with unit_of_work() as session:
        session.execute(update(model).where(model.id == own_id).values(team_id=team_id))


def newest():
    """Return the team of the newest ticket, and why it is there."""
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).order_by(WorkItem.id.desc()).limit(1)).one()
        reasons = session.get_one(TicketDetails, item.id).reasons
        return item.team.name if item.team else None, [one for one in reasons if "team" in one]


def test_mail_gives_a_ticket_to_the_team_of_its_project_and_that_of_the_mailbox_goes_first(office, inbox, teams):
    inbox.receive(mail("No team yet.", sender=ANN, subject="One"))
    assert newest() == (None, [])

    set_default(Project, office.acme_project.id, teams["Second line"])
    inbox.receive(mail("Of the project.", sender=ANN, subject="Two"))
    assert newest() == ("Second line", ["team by the project: Second line"])

    set_default(IntakeSource, inbox.source_id, teams["Network"])
    inbox.receive(mail("Of the mailbox.", sender=ANN, subject="Three"))
    assert newest() == ("Network", ["team by the mailbox: Network"])

    inbox.receive(mail("Kept out.", sender="Globex Person <person@globex.example>", subject="Four"))
    said = (
        "not the team of the mailbox: the team Network cannot have this: Globex is restricted to the team Globex team"
    )
    assert newest() == (None, [said])
    with unit_of_work() as session:
        session.execute(update(Team).where(Team.name == "Network").values(retired_at=NOW))
    inbox.receive(mail("Retired.", sender=ANN, subject="Five"))
    assert newest()[0] == "Second line"


def test_by_hand_it_is_the_one_of_the_project_another_or_none(office, sign_in_as, teams):
    browser = sign_in_as(office.manager)
    set_default(Project, office.acme_project.id, teams["Network"])

    def open_one(**more):
        page = browser.get("/tickets/new").text
        [key] = re.findall(r'name="key"[^>]*value="([0-9a-f]{32})"', page)
        form = {"key": key, "subject": "By hand", "channel": "call", "who": "person@acme.example", **more}
        answer = browser.post("/tickets/new", data=form)
        return newest()[0] if answer.status_code == 303 else answer.text

    assert open_one() == open_one(team="project") == "Network"
    assert open_one(team=teams["Second line"]) == "Second line"
    assert open_one(team="0") is None
    refused = open_one(team=teams["Second line"], who="person@globex.example")
    assert "The team Second line cannot have this: Globex is restricted" in refused
    assert 'value="By hand"' in refused


def test_a_project_and_a_mailbox_are_set_to_a_team_that_can_have_their_tickets(office, inbox, sign_in_as, teams):
    admin = sign_in_as(office.admin)

    def save(path, team_id):
        typed = dict(re.findall(r'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"', admin.get(path).text))
        of_mailbox = {"auth": "password", "password": "", "imap_tls": "tls", "smtp_tls": "none"}
        of_project = {"status": "active", "billing": "hourly", "over_limit": "warn", "member_ids": []}
        chosen = of_mailbox if "mailboxes" in path else of_project
        return admin.post(path, data={**typed, **chosen, "team_id": team_id})

    acme, globex = (f"/projects/{one.id}/edit" for one in (office.acme_project, office.globex_project))
    box = f"/settings/mailboxes/{inbox.mailbox_id}/settings"
    assert save(acme, teams["Network"]).status_code == save(box, teams["Network"]).status_code == 303
    refused = save(globex, teams["Network"])
    assert refused.status_code == 422
    assert "The team Network cannot have this" in refused.text
    with unit_of_work() as session:
        session.execute(update(Team).where(Team.name == "Network").values(retired_at=NOW))
    for path in (acme, box):
        assert f'<option selected value="{teams["Network"]}">Network' in admin.get(path).text
        assert save(path, teams["Network"]).status_code == 303
    assert "Network" not in admin.get("/projects/new").text


def test_out_of_triage_it_gets_the_team_of_its_project_and_loses_one_that_the_client_keeps_out(
    office, sign_in_as, teams
):
    admin = sign_in_as(office.admin)
    set_default(Project, office.acme_project.id, teams["Second line"])
    numbers = []
    with unit_of_work() as session:
        for address in ("hugo@somewhere.example", "ida@elsewhere.example"):
            contact = clients.add_contact(session, actor=SYSTEM, now=NOW, name="", email=address, client_id=None)
            item = tickets.open_ticket(
                session,
                actor=SYSTEM,
                now=NOW,
                project_id=office.triage.id,
                requester_id=contact.id,
                title="Whose am I?",
                text="",
            )
            numbers.append(item.number)

    admin.post(f"/items/{numbers[0]}/move", data={"project_id": office.acme_project.id})
    admin.post(f"/items/{numbers[1]}/team", data={"team_id": teams["Network"]})
    before = admin.get(f"/items/{numbers[1]}/move?project_id={office.globex_project.id}").text
    admin.post(f"/items/{numbers[1]}/move", data={"project_id": office.globex_project.id})

    first, second = (admin.get(f"/items/{number}").text for number in numbers)
    assert "moved this to Acme, Support; it belongs to the team Second line now" in first
    assert f"#{numbers[1]} belongs to that team no longer" in before
    assert "it belongs to its team no longer" in second
    assert "i-users" not in second.partition('id="assign-menu"')[0].partition('id="assignee"')[2]
