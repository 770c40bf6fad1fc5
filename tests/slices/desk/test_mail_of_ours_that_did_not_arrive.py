"""Deliveries and bounces of our own mail on its ticket (docs/mail.md rule 28), and sending it again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Contact
from helpdesk.desk import merging
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow, LiveEvent
from helpdesk.intake.models import InboundEffect
from helpdesk.notices.models import Notice
from helpdesk.outbox import process
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.gateway import Delivery, Outcome
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from tests.conftest import NOW
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")

ANN = "ann@acme.example"


@pytest.fixture
def ticket(inbox):
    """Return a ticket that Ann opened by mail."""
    line = inbox.receive(mail())
    with unit_of_work() as session:
        return session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id)


@pytest.fixture
def sent(ticket, office):
    """Return a reply to Ann that the server took."""
    with unit_of_work() as session:
        written = tickets.reply(session, actor=office.actor("manager"), now=NOW, item_id=ticket.id, text="Try this.")
        outgoing_id = written.outgoing_message_id
    deliver(outgoing_id)
    return row(outgoing_id)


def deliver(outgoing_id, error=""):
    with unit_of_work() as session:
        claimed = outbox.claim(session, message_id=outgoing_id, now=NOW)
        assert claimed is not None
        how = {"message_id": outgoing_id, "attempt": claimed.attempts, "now": NOW}
        if error:
            outbox.record_failure(session, error=error, final=True, chance=0.5, **how)
        else:
            outbox.record_sent(session, said="", **how)


def attempt(outgoing_id, outcome, said="", now=NOW):
    """Try a mail as a worker does."""
    process.deliver(
        outgoing_id,
        unit_of_work,
        send=lambda *_mail: Delivery(outcome, said),
        store=blobs.store(),
        clock=lambda: now,
        told=tickets.tell_of_delivery,
    )


def told(office, who):
    with unit_of_work() as session:
        query = select(Notice).where(Notice.person_id == getattr(office, who).id, Notice.kind == "undelivered")
        return [(one.excerpt, one.path, one.in_app, one.mail_due_at is not None) for one in session.scalars(query)]


def row(outgoing_id):
    with unit_of_work() as session:
        return session.get_one(OutgoingMessage, outgoing_id)


def contact(email=ANN):
    with unit_of_work() as session:
        return session.scalar(select(Contact).where(Contact.email == email))


def bounce(message_id, *, recipient=ANN, status="5.1.1", number=1):
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: support@halden-okoye.example\r\n"
        f"Subject: Undelivered Mail\r\nMessage-ID: <bounce-{number}@mx.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    ).encode()


def bare_bounce(to, *, header="To", number=1):
    """A bounce as poor as they come: nothing of our mail in it, and nobody named."""
    return (
        f"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\n{header}: {to}\r\n"
        f"Subject: Undelivered Mail\r\nMessage-ID: <bare-{number}@mx.example>\r\n\r\n"
        "Sorry, your message could not be delivered: 550 5.1.1 user unknown.\r\n"
    ).encode()


def send_again(browser, ticket, outgoing_id, **form):
    return browser.post(f"/items/{ticket.number}/mail/{outgoing_id}/send-again", data=form)


def test_a_bounce_stands_on_the_mail_that_came_back_and_on_its_dead_recipient(inbox, ticket, sent, sign_in_as, office):
    inbox.receive(bounce(sent.message_id))

    returned, ann = row(sent.id), contact()
    page = sign_in_as(office.technician).get(f"/items/{ticket.number}").text
    assert returned.bounced_at == NOW
    assert returned.bounce_report == "ann@acme.example does not exist or takes no mail (5.1.1)"
    assert (ann.undeliverable_at, ann.undeliverable_why) == (NOW, returned.bounce_report)
    assert all(words in page for words in ("Came back", "This mail came back.", returned.bounce_report))


def test_soft_bounces_are_counted_and_the_fifth_in_a_row_marks_the_contact(inbox, sent):
    counts = []
    for number in range(5):
        inbox.receive(bounce(sent.message_id, status="4.2.2", number=number))
        counts.append((contact().soft_bounces, contact().undeliverable_at is not None))

    assert counts == [(1, False), (2, False), (3, False), (4, False), (5, True)]
    assert contact().undeliverable_why.startswith("5 times in a row; at last: ann@acme.example could not be reached")


def test_a_mail_from_the_contact_takes_back_what_bounces_said(inbox, sent):
    inbox.receive(bounce(sent.message_id))

    inbox.receive(mail("I am still here.", headers={"In-Reply-To": sent.message_id}))

    assert (contact().undeliverable_at, contact().undeliverable_why, contact().soft_bounces) == (None, "", 0)


def test_a_bounce_names_nobody_to_whom_we_did_not_write(inbox, sent, office):
    inbox.receive(bounce(sent.message_id, recipient="person@globex.example"))

    assert contact("person@globex.example").undeliverable_at is None


def test_a_bounce_with_a_forged_message_id_marks_nobody(inbox, sent):
    forged = sent.message_id[:10] + ("b" if sent.message_id[10] != "b" else "c") + sent.message_id[11:]

    line = inbox.receive(bounce(forged))

    assert (line.state, line.outcome) == ("ignored", "bounce")
    assert (row(sent.id).bounced_at, contact().undeliverable_at) == (None, None)


def test_a_mail_that_was_given_up_is_sent_again_as_the_same_mail(ticket, office, sign_in_as):
    with unit_of_work() as session:
        written = tickets.reply(session, actor=office.actor("manager"), now=NOW, item_id=ticket.id, text="Try this.")
        failed_id = written.outgoing_message_id
    deliver(failed_id, error="550 no such user")
    before = row(failed_id)
    browser = sign_in_as(office.technician)
    assert "550 no such user" in browser.get(f"/items/{ticket.number}").text

    first, second = send_again(browser, ticket, failed_id), send_again(browser, ticket, failed_id)

    after = row(failed_id)
    assert (first.status_code, second.status_code) == (303, 409)
    assert (after.state, after.message_id) == ("queued", before.message_id)


def test_a_mail_of_a_ticket_that_was_merged_is_sent_again_from_where_it_stands(inbox, ticket, office, sign_in_as):
    line = inbox.receive(mail(message_id="<another@acme.example>"))
    with unit_of_work() as session:
        written = tickets.reply(session, actor=office.actor("manager"), now=NOW, item_id=ticket.id, text="Try this.")
        failed_id = written.outgoing_message_id
        into = session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id)
        merging.merge(session, actor=office.actor("technician"), now=NOW, number=ticket.number, into_number=into.number)
    deliver(failed_id, error="550 no such user")

    answers = [send_again(sign_in_as(office.technician), item, failed_id) for item in (into, office.globex_ticket)]

    assert [answer.status_code for answer in answers] == [303, 404]
    assert row(failed_id).state == "queued"


def test_a_mail_that_was_given_up_goes_to_a_corrected_address_as_another_one(ticket, office, sign_in_as):
    with unit_of_work() as session:
        written = tickets.reply(session, actor=office.actor("manager"), now=NOW, item_id=ticket.id, text="Try this.")
        failed_id = written.outgoing_message_id
    deliver(failed_id, error="550 no such user")

    answer = send_again(sign_in_as(office.technician), ticket, failed_id, address="ann.berg@acme.example")

    with unit_of_work() as session:
        newest = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id.desc()).limit(1)).one()
    assert answer.status_code == 303
    assert [person["address"] for person in newest.to] == ["ann.berg@acme.example"]
    assert (row(failed_id).state, newest.message_id != row(failed_id).message_id) == ("failed", True)


def test_a_mail_that_came_back_is_written_anew_to_the_corrected_address(inbox, ticket, sent, office, sign_in_as):
    inbox.receive(bounce(sent.message_id))
    browser = sign_in_as(office.technician)

    first = send_again(browser, ticket, sent.id, address="ann.berg@acme.example")
    second = send_again(browser, ticket, sent.id, address="ann.berg@acme.example")

    assert (first.status_code, second.status_code) == (303, 409)
    with unit_of_work() as session:
        newest = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id.desc()).limit(1)).one()
        reply = next(one for one in ticket_queries.conversation(session, ticket.id) if one.kind == "reply")
        actions = list(session.scalars(select(AuditRow.action)))
    assert newest.to == [{"name": "Ann Berg", "address": "ann.berg@acme.example"}]
    assert (newest.text, newest.message_id != sent.message_id) == (sent.text, True)
    assert (reply.outgoing_message_id, reply.message_id) == (newest.id, newest.message_id)
    assert (contact(), contact("ann.berg@acme.example").undeliverable_at) == (None, None)
    assert {"corrected address", "sent anew"} <= set(actions)


def test_an_address_that_is_somebody_elses_is_refused_in_words(inbox, ticket, sent, office, sign_in_as):
    inbox.receive(bounce(sent.message_id))
    browser = sign_in_as(office.technician)

    send_again(browser, ticket, sent.id, address="person@globex.example")

    page = browser.get(f"/items/{ticket.number}").text
    assert "has the address person@globex.example already" in page
    assert contact().email == ANN


def test_what_arrived_is_not_sent_twice(ticket, sent, office, sign_in_as):
    answer = send_again(sign_in_as(office.technician), ticket, sent.id)

    assert answer.status_code == 409


def test_acknowledgements_are_told_beside_the_conversation(ticket, office, sign_in_as):
    page = sign_in_as(office.technician).get(f"/items/{ticket.number}").text

    assert "Other mail of ours" in page
    assert "Acknowledgement" in page


@pytest.mark.parametrize("header", ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_a_bounce_that_embeds_nothing_is_found_by_the_address_it_came_to(inbox, ticket, sent, header):
    line = inbox.receive(bare_bounce(sent.envelope_from, header=header))

    assert (line.state, line.outcome, line.matched_by) == ("done", "bounce", "bounce_address")
    assert line.reasons[0] == f"a message of ticket #{ticket.number} could not be delivered"
    assert row(sent.id).bounced_at == NOW
    assert row(sent.id).bounce_report == "the recipient does not exist or takes no mail (5.1.1)"
    assert contact().undeliverable_at == NOW


def test_what_a_bounce_embeds_counts_before_the_address_it_came_to(inbox, ticket, sent, office):
    with unit_of_work() as session:
        other = tickets.reply(session, actor=office.actor("manager"), now=NOW, item_id=ticket.id, text="And this.")
        other_id = other.outgoing_message_id
    deliver(other_id)
    raw = bounce(sent.message_id).replace(b"support@halden-okoye.example", row(other_id).envelope_from.encode())

    line = inbox.receive(raw)

    assert line.matched_by == "own_message_id"
    assert (row(sent.id).bounced_at, row(other_id).bounced_at) == (NOW, None)


def test_a_forged_bounce_address_finds_nothing(inbox, sent):
    local, _, domain = sent.envelope_from.partition("@")
    forged = f"{local[:-1]}{'b' if local.endswith('a') else 'a'}@{domain}"

    line = inbox.receive(bare_bounce(forged))

    assert (line.state, line.outcome) == ("ignored", "bounce")
    assert row(sent.id).bounced_at is None


def test_what_is_no_bounce_goes_nowhere_by_a_bounce_address(inbox, ticket, sent):
    line = inbox.receive(mail(to=f"<{sent.envelope_from}>", subject="Something else"))

    assert (line.state, line.outcome, line.matched_by) == ("done", "ticket", "")
    assert row(sent.id).bounced_at is None
    with unit_of_work() as session:
        assert session.get_one(InboundEffect, line.id).work_item_id != ticket.id


def test_an_answer_to_a_bounce_address_is_placed_by_what_it_answers(inbox, ticket, sent):
    headers = {"In-Reply-To": sent.message_id}

    line = inbox.receive(mail(to=f"<{sent.envelope_from}>", headers=headers))

    assert (line.outcome, line.matched_by) == ("reply", "own_message_id")


def test_a_bounce_of_mail_that_is_of_no_ticket_stands_on_that_mail(inbox, office):
    with unit_of_work() as session:
        letter = outbox.queue(
            session,
            now=NOW,
            mailbox_id=inbox.mailbox_id,
            idempotency_key="test:letter",
            purpose="notice",
            about=("test", 1),
            to=[Address("Ann Berg", ANN)],
            subject="A letter",
            text="A text.",
        )
        outgoing_id = letter.id
    deliver(outgoing_id)

    line = inbox.receive(bare_bounce(row(outgoing_id).envelope_from))

    assert (line.state, line.outcome) == ("ignored", "bounce")
    assert row(outgoing_id).bounced_at == NOW


@pytest.fixture
def leaving(ticket, office):
    """Return the ids of an answer of the manager's that is on its way, and of its mail."""
    with unit_of_work() as session:
        written = tickets.reply(session, actor=office.actor("manager"), now=NOW, item_id=ticket.id, text="Try this.")
        return written.id, written.outgoing_message_id


def test_whoever_wrote_is_told_that_it_was_refused_and_nobody_of_a_server_in_trouble(
    ticket, leaving, office, sign_in_as
):
    """docs/notifications.md rules 28 and 29."""
    message_id, mail_id = leaving
    browser, mark = sign_in_as(office.technician), "Not delivered</span>"

    attempt(mail_id, Outcome.LATER, "451 try again later")
    waits = (told(office, "manager"), mark in browser.get("/desk").text)
    page = browser.get(f"/items/{ticket.number}").text
    attempt(mail_id, Outcome.REFUSED, "550 no such user", now=NOW + timedelta(hours=1))
    lost = (told(office, "manager"), told(office, "technician"), mark in browser.get("/desk").text)
    send_again(browser, ticket, mail_id)
    again = (told(office, "manager"), mark in browser.get("/desk").text)

    assert waits == ([], False)
    assert "451 try again later" in page
    assert lost == ([("550 no such user", f"/items/{ticket.number}#m{message_id}", True, True)], [], True)
    assert again == ([], False)


def test_whoever_wrote_is_told_once_of_what_came_back_and_anew_of_each_attempt(inbox, sent, office):
    for number in range(2):
        inbox.receive(bounce(sent.message_id, number=number))

    assert [excerpt for excerpt, *_where in told(office, "manager")] == [row(sent.id).bounce_report]


def test_where_its_writer_has_left_whoever_has_the_ticket_is_told(ticket, leaving, office):
    with unit_of_work() as session:
        session.get_one(Person, office.manager.id).active = False
        session.get_one(WorkItem, ticket.id).assignee_id = office.technician.id

    attempt(leaving[1], Outcome.REFUSED, "550 no such user")

    assert (told(office, "manager"), [one[0] for one in told(office, "technician")]) == ([], ["550 no such user"])


def test_each_attempt_tells_the_pages_of_its_ticket(ticket, leaving):
    def heard():
        with unit_of_work() as session:
            query = select(LiveEvent.topic, LiveEvent.audience_id).where(LiveEvent.audience == "item")
            return [(topic, item_id) for topic, item_id in session.execute(query.order_by(LiveEvent.id))]

    before = len(heard())
    attempt(leaving[1], Outcome.LATER, "451 try again later")
    attempt(leaving[1], Outcome.SENT, now=NOW + timedelta(hours=1))

    assert heard()[before:] == [("item", ticket.id), ("queue", ticket.id)]
