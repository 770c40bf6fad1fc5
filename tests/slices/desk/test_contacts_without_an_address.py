"""Somebody who has only been spoken to has no mail address, and nothing is mailed to them (docs/desk.md rule 84)."""

import pytest
from sqlalchemy import select

from helpdesk.automation.service import mailing
from helpdesk.clients import people
from helpdesk.clients import queries as clients
from helpdesk.clients import service as client_service
from helpdesk.clients.models import Contact
from helpdesk.desk import merging_contacts
from helpdesk.desk import service as desk
from helpdesk.infra.db import unit_of_work
from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from tests.conftest import NOW

pytestmark = [pytest.mark.usefixtures("rung", "mailbox"), pytest.mark.on_sqlite]


@pytest.fixture
def number(office):
    """A ticket of Acme's Carl, who called and of whom nobody knows an address."""
    actor = office.actor("technician")
    with unit_of_work() as session:
        for name in ("Carl Caller", "Cora Caller"):
            carl = client_service.add_caller(
                session, actor=actor, now=NOW, name=name, phone="040 123", client_id=office.acme.id
            )
        carl = session.scalars(select(Contact).where(Contact.name == "Carl Caller")).one()
        return tickets.open_ticket(
            session,
            actor=actor,
            now=NOW,
            project_id=office.acme_project.id,
            requester_id=carl.id,
            title="Hums",
            text="It hums.",
        ).number


def carl(session):
    return session.scalars(select(Contact).where(Contact.name == "Carl Caller")).one()


def test_no_answer_and_no_rule_writes_to_them_until_they_have_an_address(office, number, sign_in_as):
    page = sign_in_as(office.technician).get(f"/items/{number}").text
    assert "<b>Carl Caller has no mail address.</b> No answer can leave." in page
    with pytest.raises(RuleViolation, match="Carl Caller has no mail address"), unit_of_work() as session:
        desk.reply(session, actor=office.actor("technician"), now=NOW, number=number, text="Hello")
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        assert mailing.refusal(session, item=item, now=NOW) == "no mail: the requester has no address"
        assert clients.find_contact(session, "") is None
        tickets.add_by_staff(
            session, actor=office.actor("technician"), now=NOW, item_id=item.id, email="ida@acme.example"
        )
        desk.reply(session, actor=office.actor("technician"), now=NOW, number=number, text="To whoever is in copy")
    assert "The answer goes to whoever is in copy." in sign_in_as(office.technician).get(f"/items/{number}").text

    with unit_of_work() as session:
        (mail,) = session.scalars(select(OutgoingMessage)).all()
        assert ([one["address"] for one in mail.to], mail.cc) == (["ida@acme.example"], [])
        people.add_address(
            session, actor=office.actor("manager"), now=NOW, contact_id=carl(session).id, email="c@acme.example"
        )
        assert carl(session).email == "c@acme.example"
        desk.reply(session, actor=office.actor("technician"), now=NOW, number=number, text="To both")
        assert session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)).all()[-1].to == [
            {"name": "Carl Caller", "address": "c@acme.example"}
        ]


def test_whoever_is_merged_into_them_brings_an_address_and_takes_it_back(office, number):
    manager = office.actor("manager")
    with unit_of_work() as session:
        merging_contacts.merge(
            session, actor=manager, now=NOW, contact_id=office.acme_contact.id, into_id=carl(session).id, theirs={}
        )
        assert carl(session).email == office.acme_contact.email
    with unit_of_work() as session:
        merging_contacts.undo(session, actor=manager, now=NOW, contact_id=office.acme_contact.id)
    with unit_of_work() as session:
        assert (carl(session).email, session.get_one(Contact, office.acme_contact.id).email) == (
            "",
            office.acme_contact.email,
        )


def test_somebody_without_an_address_is_added_on_the_page_of_the_client(office, sign_in_as):
    browser, page = sign_in_as(office.manager), f"/clients/{office.acme.id}"
    browser.post(f"{page}/contacts", data={"name": "Rita Reception", "phone": "040 77"})

    assert '<p class="s12 t3 clip">040 77</p>' in browser.get(page).text
    with unit_of_work() as session:
        rita = session.scalars(select(Contact).where(Contact.name == "Rita Reception")).one()
    shown = browser.get(f"/contacts/{rita.id}").text
    assert "None yet: no mail goes to them." in shown
    browser.post(f"/contacts/{rita.id}/addresses", data={"email": "rita@acme.example"})
    assert "None yet: no mail goes to them." not in browser.get(f"/contacts/{rita.id}").text
