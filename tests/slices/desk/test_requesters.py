"""A ticket gets another requester, and the one before back (docs/desk.md rule 90)."""

import re

import pytest
from sqlalchemy import select

from helpdesk.clients import service as clients
from helpdesk.clients.models import Contact
from helpdesk.desk import bulk, merging_contacts, requester
from helpdesk.desk import service as desk
from helpdesk.desk.opening import Whom
from helpdesk.infra.db import unit_of_work
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.sla.models import TicketDue
from helpdesk.sla.service import policies
from helpdesk.sla.service.policies import PolicyValues
from helpdesk.tickets.models import Message, Participant, TicketDetails
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

pytestmark = [pytest.mark.usefixtures("rung", "mailbox"), pytest.mark.on_sqlite]


@pytest.fixture
def number(office):
    with unit_of_work() as session:
        admin = office.actor("admin")
        policy = policies.furnish(session, actor=admin, now=NOW)
        values = PolicyValues(
            name="Standard",
            calendar_id=policy.calendar_id,
            is_on=True,
            at_risk_percent=80,
            budgets={"normal": {"first_answer": 3600}},
        )
        policies.save_policy(session, actor=admin, now=NOW, policy_id=policy.id, values=values)
    return open_ticket(office)


@pytest.fixture
def ann(office):
    with unit_of_work() as session:
        return clients.add_contact(
            session,
            actor=office.actor("technician"),
            now=NOW,
            name="Ann",
            email="ann@acme.example",
            client_id=office.acme.id,
        ).id


def asks(number):
    """Return who asks, and of the others who takes part and whether they were removed."""
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        details = session.get_one(TicketDetails, item.id)
        people = session.scalars(select(Participant).where(Participant.work_item_id == item.id))
        others = {one.contact_id: one.removed_at is None for one in people if one.role == "cc"}
        due = session.get(TicketDue, item.id)
        return details.requester_id, others, (due.target, due.due_at) if due else None


def events(number):
    with unit_of_work() as session:
        query = select(Message.text).join(WorkItem).where(WorkItem.number == number, Message.kind == "event")
        return list(session.scalars(query.order_by(Message.id)))


def undo(browser, answer):
    page = browser.get(answer.location).text
    (url,) = re.findall(r'action="(/desk/acts/[^"]+)"', page) or re.findall(r'action="([^"]*undo[^"]*)"', page)
    browser.post(url)


def test_another_asks_gets_our_answers_and_the_one_before_stays_in_copy_until_that_is_undone(
    office, number, ann, sign_in_as
):
    browser, former, before = sign_in_as(office.technician), office.acme_contact, asks(number)
    assert f'value="pick:{ann}"' in browser.get(f"/items/{number}/requester").text
    assert "lobex" not in browser.get(f"/items/{number}/requester?who=person").text

    form = {"act": f"pick:{ann}", "was": former.id, "former_in_copy": "y"}
    answer = browser.post(f"/items/{number}/requester", data=form)

    assert before[2]
    assert asks(number) == (ann, {former.id: True}, before[2])
    with unit_of_work() as session:
        desk.reply(session, actor=office.actor("technician"), now=NOW, number=number, text="Hello Ann")
    with unit_of_work() as session:
        (mail,) = session.scalars(select(OutgoingMessage)).all()
        assert [one["address"] for one in (*mail.to, *mail.cc)] == ["ann@acme.example", former.email]
    late = browser.post(f"/items/{number}/requester", data=form)
    assert (late.status_code, "Somebody changed who asks" in late.text) == (422, True)
    undo(browser, answer)
    assert asks(number)[:2] == (former.id, {})
    assert [one for one in events(number) if "requester" in one] == [
        f"made Ann the requester instead of {former.name}, who stays in copy",
        f"made {former.name} the requester again",
    ]


def test_the_one_before_goes_where_that_is_wanted_and_whoever_wrote_meanwhile_stays(office, number, ann, sign_in_as):
    browser, former = sign_in_as(office.technician), office.acme_contact
    answer = browser.post(f"/items/{number}/requester", data={"who": "Ann <ann@acme.example>"})
    assert asks(number)[:2] == (ann, {former.id: False})
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        session.add(
            Message(
                work_item_id=item.id,
                kind="mail",
                contact_id=ann,
                posted_at=NOW,
                recipients=[],
                blocked_images=[],
                reasons=[],
            )
        )

    undo(browser, answer)
    assert asks(number)[:2] == (former.id, {ann: True})
    new = {"new_name": "Nina New", "new_phone": "0171 1"}
    changed = browser.post(f"/items/{number}/requester", data=new)
    with unit_of_work() as session:
        nina = session.scalars(select(Contact).where(Contact.name == "Nina New")).one()
    assert (asks(number)[0], nina.client_id) == (nina.id, office.acme.id)
    browser.post(f"/items/{number}/requester", data={"act": f"pick:{ann}"})
    undo(browser, changed)  # somebody changed it since
    assert asks(number)[0] == ann


def test_nobody_of_another_client_asks_and_a_task_has_nobody_who_does(office, number, sign_in_as):
    browser = sign_in_as(office.manager)
    for typed, words in (
        ({"act": f"pick:{office.globex_contact.id}"}, "a contact of another client"),
        ({"act": f"pick:{office.acme_contact.id}"}, "asks here already"),
        ({"new_name": "X", "new_email": "support@halden-okoye.example"}, "one of our own mailboxes"),
        ({}, "Say who it is for."),
    ):
        refused = browser.post(f"/items/{number}/requester", data=typed)
        assert (refused.status_code, words in refused.text) == (422, True), typed
    assert asks(number)[0] == office.acme_contact.id
    assert browser.post(f"/items/{office.acme_task.number}/requester", data={"who": "Ann"}).status_code == 422


def test_whoever_reported_it_stands_on_it_and_goes_along_when_they_are_merged(office, ann, sign_in_as):
    browser = sign_in_as(office.technician)
    form = {"contact_id": office.acme_contact.id, "subject": "Hums", "reporter": "ann@acme.example"}
    page = browser.post("/tickets/new", data=form).location
    assert f'href="/contacts/{ann}">Ann</a></dd>' in browser.get(page).text
    manager = office.actor("manager")
    with unit_of_work() as session:
        merging_contacts.merge(
            session, actor=manager, now=NOW, contact_id=ann, into_id=office.acme_contact.id, theirs={}
        )
    assert (
        f'<dt>Reported by</dt><dd><a class="link" href="/contacts/{office.acme_contact.id}">' in browser.get(page).text
    )
    with unit_of_work() as session:
        merging_contacts.undo(session, actor=manager, now=NOW, contact_id=ann)
    assert f'href="/contacts/{ann}">Ann</a></dd>' in browser.get(page).text


def test_who_asked_before_and_is_somebody_else_by_now_asks_again_as_who_they_are(office, number, ann):
    with unit_of_work() as session:
        act = requester.change(
            session,
            actor=office.actor("manager"),
            now=NOW,
            number=number,
            whom=Whom(contact_id=ann),
            former_in_copy=False,
        )
        bob = clients.add_contact(
            session,
            actor=office.actor("manager"),
            now=NOW,
            name="Bob",
            email="bob@acme.example",
            client_id=office.acme.id,
        ).id
    with unit_of_work() as session:
        merging_contacts.merge(
            session, actor=office.actor("manager"), now=NOW, contact_id=office.acme_contact.id, into_id=bob, theirs={}
        )
    with unit_of_work() as session:
        bulk.undo(session, actor=office.actor("manager"), now=NOW, act_id=act)
    assert asks(number)[0] == bob
