"""Held mail (docs/mail.md rule 16): seen on its ticket, then accepted, made a ticket of its own, or put away."""

import pytest
from sqlalchemy import select

from helpdesk.clients.models import Contact
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import InboundEffect, InboundMessage
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message, TicketDetails
from tests.conftest import NOW
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")

STRANGER = "Eve <eve@elsewhere.example>"


@pytest.fixture
def held(inbox, office):
    """A solved ticket of Acme with a stranger's mail on it: its number, the ids of item, message and line."""
    first = inbox.receive(mail())
    with unit_of_work() as session:
        item = session.get_one(WorkItem, session.get_one(InboundEffect, first.id).work_item_id)
        written = tickets.reply(session, actor=office.actor("manager"), now=NOW, item_id=item.id, text="Try this.")
        address = session.get_one(OutgoingMessage, written.outgoing_message_id).reply_to
        projects.set_status(session, actor=SYSTEM, now=NOW, item_id=item.id, status="solved")
    line = inbox.receive(mail("I take over.", sender=STRANGER, to=address, subject="Re: Printer"))
    with unit_of_work() as session:
        message_id = session.get_one(InboundEffect, line.id).message_id
    return item.number, item.id, message_id, line.id


def post(browser, held, act, **form):
    number, _, message_id, _ = held
    return browser.post(f"/items/{number}/messages/{message_id}/{act}", data=form)


def line_of(held):
    with unit_of_work() as session:
        return session.get_one(InboundMessage, held[3])


def message_of(held):
    with unit_of_work() as session:
        return session.get_one(Message, held[2])


def participants(item_id):
    with unit_of_work() as session:
        return {one.contact.email: one.added_by for one in ticket_queries.participants(session, [item_id])}


def audited():
    with unit_of_work() as session:
        return list(session.scalars(select(AuditRow.action).order_by(AuditRow.id)))


def test_a_held_mail_is_shown_with_its_reason_and_what_can_be_decided(held, sign_in_as, office):
    page = sign_in_as(office.technician).get(f"/items/{held[0]}").text

    assert "Held: nobody was told." in page
    assert f"the sender is unknown on ticket #{held[0]}" in page
    assert all(word in page for word in ("Accept", "Make a ticket of its own", "Put away"))


def test_the_queue_shows_where_held_mail_waits_until_somebody_decides(held, sign_in_as, office):
    browser = sign_in_as(office.technician)
    waiting = browser.get("/desk?view=closed").text

    post(browser, held, "put-away")

    assert "Held mail" in waiting
    assert "Held mail" not in browser.get("/desk?view=closed").text


def test_accepting_lets_the_sender_in_and_reopens_the_ticket_as_an_answer_does(held, sign_in_as, office):
    answer = post(sign_in_as(office.technician), held, "accept")

    assert answer.status_code == 303
    assert participants(held[1])["eve@elsewhere.example"] == "reply"
    with unit_of_work() as session:
        assert session.get_one(WorkItem, held[1]).status == "open"
    line = line_of(held)
    assert (message_of(held).held, line.state, line.outcome) == (False, "done", "reply")
    assert line.reasons[-1] == "accepted by Technician Person"
    assert "accepted held mail" in audited()


def test_whoever_was_accepted_writes_on_the_ticket_from_then_on(held, sign_in_as, office, inbox):
    post(sign_in_as(office.technician), held, "accept")

    line = inbox.receive(mail("More.", sender=STRANGER, subject=f"[#{held[0]}] Printer"))

    assert (line.outcome, line.matched_by) == ("reply", "subject_token")


@pytest.mark.parametrize("as_contact", [True, False])
def test_the_sender_becomes_a_contact_of_the_client_only_where_that_was_said(held, sign_in_as, office, as_contact):
    post(sign_in_as(office.technician), held, "accept", **({"as_contact": "y"} if as_contact else {}))

    with unit_of_work() as session:
        client_id = session.scalar(select(Contact.client_id).where(Contact.email == "eve@elsewhere.example"))
    assert client_id == (office.acme.id if as_contact else None)


def test_a_refused_mail_is_a_ticket_of_its_own_in_triage_related_to_the_first(held, sign_in_as, office):
    answer = post(sign_in_as(office.technician), held, "split")

    message, line = message_of(held), line_of(held)
    assert answer.status_code == 303
    with unit_of_work() as session:
        item = session.get_one(WorkItem, message.work_item_id)
        details = session.get_one(TicketDetails, item.id)
        effect = session.get_one(InboundEffect, held[3])
        assert (item.project_id, item.title, details.related_to_id) == (office.triage.id, "Printer", held[1])
        assert details.requester.email == "eve@elsewhere.example"
        assert effect.work_item_id == item.id
        assert session.get_one(WorkItem, held[1]).status == "solved"
    assert (line.state, line.outcome, message.held) == ("done", "ticket", False)
    assert "eve@elsewhere.example" not in participants(held[1])


def test_a_mail_that_is_put_away_has_no_effect_stays_in_the_log_and_can_be_taken_back(held, sign_in_as, office):
    browser = sign_in_as(office.technician)
    post(browser, held, "put-away")
    put_away = line_of(held)
    page = browser.get(f"/items/{held[0]}").text

    post(browser, held, "hold-again")

    again = line_of(held)
    assert (put_away.state, put_away.outcome) == ("ignored", "discarded")
    assert "Put away: mail from Eve" in page
    assert (again.state, again.outcome, message_of(held).discarded_at) == ("done", "held", None)
    assert "eve@elsewhere.example" not in participants(held[1])


@pytest.mark.parametrize("first", ["accept", "split", "put-away"])
@pytest.mark.parametrize("second", ["accept", "split", "put-away"])
def test_what_somebody_has_decided_nobody_decides_again(held, sign_in_as, office, first, second):
    post(sign_in_as(office.technician), held, first)
    decided = line_of(held)

    answer = post(sign_in_as(office.manager), held, second)

    assert answer.status_code == 409
    assert "Somebody has" in answer.text
    assert line_of(held).reasons == decided.reasons


def test_a_message_is_decided_about_on_its_own_ticket_only(held, sign_in_as, office):
    browser = sign_in_as(office.technician)

    answer = browser.post(f"/items/{office.acme_ticket.number}/messages/{held[2]}/accept")

    assert answer.status_code == 404
    assert message_of(held).held


def test_the_log_does_not_read_again_what_was_put_away_on_its_ticket(held, sign_in_as, office):
    post(sign_in_as(office.technician), held, "put-away")

    answer = sign_in_as(office.manager).post(f"/inbound/{held[3]}/retry")

    assert answer.status_code == 409
    assert f"ticket #{held[0]}" in answer.text
