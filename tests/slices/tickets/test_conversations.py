"""Tickets that open, replies that leave, notes that stay, and two people who write at once."""

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries, service
from helpdesk.tickets.domain import IncomingMail
from tests.conftest import NOW
from tests.slices.conftest import connect

pytestmark = pytest.mark.usefixtures("rung")


@pytest.fixture
def ticket(office):
    """A ticket of Acme, with a connected mailbox to reply from."""
    connect()
    with unit_of_work() as session:
        item = service.open_ticket(
            session,
            actor=office.actor("technician"),
            now=NOW,
            project_id=office.acme_project.id,
            requester_id=office.acme_contact.id,
            title="Printer",
            text="She called: no labels.",
        )
        return item.id


def act(function, office, who="technician", **how):
    with unit_of_work() as session:
        return function(session, actor=office.actor(who), now=NOW, **how)


def messages(item_id):
    with unit_of_work() as session:
        return queries.conversation(session, item_id)


def item(item_id):
    with unit_of_work() as session:
        return session.get_one(WorkItem, item_id)


def test_a_ticket_by_phone_begins_with_an_internal_note(office, ticket):
    (note,) = messages(ticket)

    assert (note.kind, note.text, note.person_id) == ("note", "She called: no labels.", office.technician.id)
    assert item(ticket).status == "new"


def test_a_reply_leaves_signed_for_its_ticket_and_takes_the_ticket_up(office, ticket, rung):
    with unit_of_work() as session:
        mailbox = session.scalars(select(Mailbox)).one()
        mailbox.signature = "Halden & Okoye"

    written = act(service.reply, office, item_id=ticket, text="  Try the other driver. ")

    with unit_of_work() as session:
        sent = session.get_one(OutgoingMessage, written.outgoing_message_id)
    assert sent.to == [{"name": "Acme Person", "address": "person@acme.example"}]
    assert sent.text == "##- Please write above this line -##\n\nTry the other driver.\n\n-- \nHalden & Okoye\n"
    assert sent.subject == f"[#{item(ticket).number}] Printer"
    assert sent.from_name == "Technician Person (Support)"
    assert sent.reply_to.startswith(f"support+t.{ticket}.")
    assert (item(ticket).assignee_id, item(ticket).status) == (office.technician.id, "open")
    assert [(bell.job, bell.args) for bell in rung] == [("deliver_outgoing", (sent.id,))]


def test_a_reply_continues_the_thread_of_the_client(office, ticket):
    mail = IncomingMail(
        subject="Printer",
        text="Still blank.",
        html=None,
        reply_text="Still blank.",
        trimmed_text="",
        message_id="<second@acme.example>",
        received_at=NOW,
        references=("<first@acme.example>",),
    )
    with unit_of_work() as session:
        service.add_mail(session, now=NOW, item_id=ticket, contact_id=office.acme_contact.id, person_id=None, mail=mail)

    written = act(service.reply, office, item_id=ticket, text="Now?")

    with unit_of_work() as session:
        sent = session.get_one(OutgoingMessage, written.outgoing_message_id)
        known = queries.items_by_reference(session, [sent.message_id, "<first@acme.example>"])
    assert (sent.in_reply_to, sent.references) == ("<second@acme.example>", ["<second@acme.example>"])
    assert {found for _, found in known} == {ticket}


def test_everybody_in_copy_gets_the_reply(office, ticket):
    with unit_of_work() as session:
        item = session.get_one(WorkItem, ticket)
        service.add_participants(
            session, now=NOW, item=item, contact_ids=[office.globex_contact.id, office.acme_contact.id]
        )

    written = act(service.reply, office, item_id=ticket, text="Hello both.", to_new_outside=True)

    assert [person["address"] for person in written.recipients] == ["person@acme.example", "person@globex.example"]


def test_who_did_not_see_the_last_message_is_told_before_sending(office, ticket):
    seen = messages(ticket)[-1].id
    act(service.add_note, office, who="manager", item_id=ticket, text="I am on it.")

    with pytest.raises(Conflict, match="your text is still here"):
        act(service.reply, office, item_id=ticket, text="Me too.", last_seen_message_id=seen)

    assert [message.kind for message in messages(ticket)] == ["note", "note"]


def test_the_same_reply_sent_twice_by_one_click_too_many_leaves_once(office, ticket):
    seen = messages(ticket)[-1].id
    act(service.reply, office, item_id=ticket, text="Done.", last_seen_message_id=seen)

    with pytest.raises(Conflict):
        act(service.reply, office, item_id=ticket, text="Done.", last_seen_message_id=seen)

    with unit_of_work() as session:
        assert len(list(session.scalars(select(OutgoingMessage)))) == 1


def test_what_helpdesk_noted_by_itself_stops_no_reply(office, ticket):
    seen = messages(ticket)[-1].id
    act(service.add_event, office, item_id=ticket, text="merged")

    act(service.reply, office, item_id=ticket, text="Hello.", last_seen_message_id=seen)

    assert messages(ticket)[-1].kind == "reply"


@pytest.mark.parametrize("text", ["", "  \n "])
def test_nothing_written_is_refused(office, ticket, text):
    for function in (service.reply, service.add_note):
        with pytest.raises(RuleViolation, match="Nothing is written"):
            act(function, office, item_id=ticket, text=text)


def test_a_task_without_a_conversation_has_nobody_to_reply_to(office, ticket):
    with pytest.raises(RuleViolation, match="nobody to reply to"):
        act(service.reply, office, item_id=office.acme_task.id, text="Hello?")

    act(service.add_note, office, item_id=office.acme_task.id, text="A note is fine.")
    assert [message.kind for message in messages(office.acme_task.id)] == ["note"]


def test_without_a_mailbox_no_reply_is_promised(office):
    with unit_of_work() as session:
        ticket = service.open_ticket(
            session,
            actor=office.actor("technician"),
            now=NOW,
            project_id=office.acme_project.id,
            requester_id=office.acme_contact.id,
            title="Printer",
            text="",
        ).id

    with pytest.raises(RuleViolation, match="No mailbox"):
        act(service.reply, office, item_id=ticket, text="Hello.")


@pytest.mark.parametrize("function", [service.reply, service.add_note])
def test_nobody_writes_on_a_ticket_of_a_client_they_may_not_see(office, function):
    with pytest.raises(NotFound):
        act(function, office, item_id=office.globex_ticket.id, text="Hello.")


def test_a_conversation_of_any_length_is_three_queries(office, ticket, count_queries):
    for number in range(20):
        act(service.reply, office, item_id=ticket, text=f"Reply {number}")

    with unit_of_work() as session, count_queries() as statements:
        found = queries.conversation(session, ticket)
        shown = [
            (one.person and one.person.name, one.outgoing and one.outgoing.state, one.attachments) for one in found
        ]

    assert len(shown) == 21
    assert len([one for one in statements if one.startswith("SELECT")]) == 3


def test_replies_and_notes_are_in_the_audit_trail(office, ticket):
    act(service.reply, office, item_id=ticket, text="Hello.")
    act(service.add_note, office, item_id=ticket, text="Hm.")

    with unit_of_work() as session:
        rows = list(session.scalars(select(AuditRow).where(AuditRow.object_kind == "work_item")))
    assert [(row.action, row.actor_id) for row in rows] == [
        ("replied", office.technician.id),
        ("noted", office.technician.id),
    ]
