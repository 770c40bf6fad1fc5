"""A message is passed on to somebody outside, whose answer comes back without the client hearing of it.

docs/desk.md rules 70 to 72.
"""

import pytest
from sqlalchemy import select

from helpdesk.desk import forwarding
from helpdesk.desk.worked_time import WorkedTime
from helpdesk.infra.db import unit_of_work
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Attachment, Message, TicketDetails
from helpdesk.tickets.service import Onward
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.mails import mail
from tests.slices.desk.test_merging import item_of, people

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]

BOB = "bob@supplier.example"


@pytest.fixture
def ticket(inbox):
    """Ann's ticket, with a file."""
    return item_of(inbox.receive(mail("It prints blank.", files={"a.txt": b"one", "b.txt": b"two"})))


def messages(item_id, *kinds):
    with unit_of_work() as session:
        query = select(Message).where(Message.work_item_id == item_id, Message.kind.in_(kinds)).order_by(Message.id)
        return list(session.scalars(query))


def files():
    with unit_of_work() as session:
        return {row.name: row.id for row in session.execute(select(Attachment.name, Attachment.id))}


def onward(ticket, **values):
    first = messages(ticket.id, "mail")[0]
    given = {
        "to": f"Bob <{BOB}>",
        "subject": "",
        "text": "Can you help?",
        "message_ids": [first.id],
        "to_outside": True,
    }
    return Onward(**{**given, **values})


def pass_on(office, ticket, now=NOW, **values):
    what, time = onward(ticket, **values), WorkedTime("0:10", None, "billable")
    with unit_of_work() as session:
        actor = office.actor("technician")
        return forwarding.forward(session, actor=actor, now=now, number=ticket.number, onward=what, time=time).id


def sent():
    with unit_of_work() as session:
        query = select(OutgoingMessage).where(OutgoingMessage.purpose == "reply")
        return [(one, list(one.attachments)) for one in session.scalars(query)]


def test_a_message_is_passed_on_with_the_files_that_were_chosen_and_the_time(office, ticket):
    message_id = pass_on(office, ticket, file_ids=[files()["b.txt"]])

    (outgoing, attached), (note,) = sent()[0], messages(ticket.id, "note")
    assert [one.name for one in attached] == ["b.txt"]
    assert outgoing.to == [{"name": "Bob", "address": BOB}]
    assert outgoing.subject == f"Fwd: [#{ticket.number}] Printer prints blank labels"
    assert "+t." in outgoing.reply_to
    assert "Can you help?\n\n" in outgoing.text
    assert "From: Ann Berg <ann@acme.example>" in outgoing.text
    assert "> It prints blank." in outgoing.text
    assert (note.id, note.reply_text) == (message_id, "Can you help?")
    assert people(ticket.id) == ["ann@acme.example"]
    with unit_of_work() as session:
        (entry,) = session.scalars(select(TimeEntry))
        assert entry.ended_at is not None
        assert (entry.ended_at - entry.started_at).total_seconds() == 600


def test_notes_go_along_only_where_somebody_picks_them(office, ticket, sign_in_as):
    with unit_of_work() as session:
        note = tickets.add_note(
            session, actor=office.actor("technician"), now=NOW, item_id=ticket.id, text="Secret."
        ).id
    browser, address = sign_in_as(office.technician), f"/items/{ticket.number}/forward"

    whole, single = browser.get(address).text, browser.get(address, query_string={"message": note}).text

    assert f'value="{note}"><span>' in whole
    assert f'name="message" value="{note}" checked' not in whole
    assert f'name="message" value="{note}" checked' in single
    assert "Secret." in single


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"to": ""}, RuleViolation, "Write to whom it goes."),
        ({"to": "nobody"}, RuleViolation, "is no e-mail address"),
        ({"to_outside": False}, RuleViolation, "outside of the client"),
        ({"to": "support@halden-okoye.example"}, RuleViolation, "our own mailbox"),
        ({"to": "person@globex.example"}, RuleViolation, "another client"),
        ({"message_ids": []}, RuleViolation, "at least one message"),
        ({"text": "x" * 500_000}, RuleViolation, "too long to pass on: at most 500,000 characters"),
        ({"message_ids": [999_999]}, NotFound, "no such message"),
        ({"file_ids": [999_999]}, NotFound, "no such file"),
    ],
)
def test_what_must_not_leave_is_refused_with_the_reason(office, ticket, values, error, words):
    with pytest.raises(error, match=words):
        pass_on(office, ticket, **values)

    assert sent() == []


def test_files_of_messages_that_stay_stay_too(office, ticket):
    with unit_of_work() as session:
        note = tickets.add_note(
            session, actor=office.actor("technician"), now=NOW, item_id=ticket.id, text="For the supplier."
        ).id

    with pytest.raises(RuleViolation, match=r"a\.txt: tick the message too"):
        pass_on(office, ticket, message_ids=[note], file_ids=[files()["a.txt"]])

    assert sent() == []


def test_what_was_typed_is_kept_where_it_is_refused_and_where_it_is_taken_back(office, ticket, sign_in_as):
    browser, first = sign_in_as(office.technician), messages(ticket.id, "mail")[0]
    form = {"to": BOB, "body": "Can you help?", "message": first.id, "file": files()["a.txt"], "worked": "0:10"}
    address = f"/items/{ticket.number}/forward"

    refused = browser.post(address, data={**form, "billable": "billable", "work_type_id": ""})
    confirmed = browser.post(address, data={**form, "billable": "billable", "work_type_id": "", "to_outside": "y"})
    (note,) = messages(ticket.id, "note")
    page = browser.get(f"/items/{ticket.number}").text
    back = browser.post(f"/items/{ticket.number}/messages/{note.id}/take-back-forward")

    assert (refused.status_code, confirmed.status_code, back.status_code) == (422, 303, 200)
    assert "Confirm that they may have this." in refused.text
    assert "Can you help?</textarea>" in refused.text
    assert "Forwarded" in page
    assert f"/messages/{note.id}/take-back-forward" in page
    for kept in ("Can you help?</textarea>", f'value="{BOB}"', 'value="0:10"'):
        assert kept in back.text
    assert messages(ticket.id, "note") == []
    assert [one.text for one in messages(ticket.id, "event")] == ["took back before it left what was passed on"]
    with unit_of_work() as session:
        assert session.scalars(select(TimeEntry)).all() == []
    with unit_of_work() as session, pytest.raises(NotFound):
        forwarding.take_back(session, actor=office.actor("manager"), now=NOW, number=ticket.number, message_id=note.id)
    assert sent()[0][0].withdrawn_at is not None


def test_an_answer_from_outside_comes_back_as_an_internal_note_and_nobody_outside_hears_of_it(office, ticket, inbox):
    pass_on(office, ticket)
    outgoing = sent()[0][0]
    answer = {"sender": f"Bob <{BOB}>", "to": outgoing.reply_to, "subject": "Re: Fwd", "html": "<b>Yes.</b>"}

    inbox.receive(mail("Yes.", **answer))
    inbox.receive(mail("Me too.", **{**answer, "sender": "Eve <eve@supplier.example>"}))
    inbox.receive(mail("No token.", sender=f"Bob <{BOB}>", subject=f"Re: [#{ticket.number}] Printer"))

    passed_on, note = messages(ticket.id, "note")
    held = messages(ticket.id, "mail")[1:]
    assert note.reply_text == "Yes."
    assert "the sender answers what was passed on to them" in note.reasons
    assert [(one.reply_text, one.held) for one in held] == [("Me too.", True)]
    assert people(ticket.id) == ["ann@acme.example"]
    with unit_of_work() as session:
        item = session.get_one(WorkItem, ticket.id)
        assert passed_on.message_id not in queries.mail_ids(session, item.id)
        whom = tickets.recipients(session, item=item, details=session.get_one(TicketDetails, item.id))
        assert (whom.to.address, whom.cc) == ("ann@acme.example", ())


def test_the_answer_is_shown_as_from_outside_and_its_html_in_a_frame_alone(office, ticket, inbox, sign_in_as):
    pass_on(office, ticket)
    inbox.receive(mail("Yes.", sender=f"Bob <{BOB}>", to=sent()[0][0].reply_to, html="<b>Yes.</b>"))
    note = messages(ticket.id, "note")[1]

    page = sign_in_as(office.technician).get(f"/items/{ticket.number}").text

    assert "From outside, the client is not told" in page
    assert f'src="/messages/{note.id}/body"' in page
    assert "<b>Yes.</b>" not in page
