"""A colleague forwards a client's mail: whoever wrote it is the requester, by itself or by one click."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundEffect, IntakeSource
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from tests.mails import SUPPORT, mail

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]

TECHNICIAN = "Technician Person <technician@halden-okoye.example>"
FORWARD = (
    "Please look at this today.\n\n---------- Forwarded message ---------\nFrom: Zoe Acme <zoe@acme.example>\n"
    "Date: Tue, 17 Nov 2026\nSubject: Scanner\nTo: technician@halden-okoye.example\n\nThe scanner is dead.\n"
)
PROVEN = {"Authentication-Results": "mx.halden-okoye.example; dmarc=pass header.from=halden-okoye.example"}


def forward(text=FORWARD, *, sender=TECHNICIAN, headers=None):
    return mail(text, sender=sender, subject="Fwd: Scanner", headers=headers)


def trust(inbox):
    with unit_of_work() as session:
        session.get_one(IntakeSource, inbox.source_id).trusted_authserv_id = "mx.halden-okoye.example"


def ticket_of(line):
    """Return number, client, requester and messages of the ticket."""
    with unit_of_work() as session:
        item = session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id)
        details = ticket_queries.details(session, item.id)
        assert details is not None
        messages = ticket_queries.conversation(session, item.id)
        return item.number, item.project.client.name, details.requester.email, messages


def sent():
    with unit_of_work() as session:
        return list(session.scalars(select(OutgoingMessage)))


def test_the_inner_sender_of_a_proven_forward_is_the_requester_and_nothing_is_sent(inbox, office):
    trust(inbox)

    line = inbox.receive(forward(headers=PROVEN))

    _, client, requester, (first, note) = ticket_of(line)
    assert (client, requester) == ("Acme", "zoe@acme.example")
    assert (first.contact.name, first.passed_on_by.name, first.person_id) == ("Zoe Acme", "Technician Person", None)
    assert first.reply_text == "The scanner is dead."
    assert "Date: Tue, 17 Nov 2026" in first.trimmed_text
    assert (note.kind, note.text, note.person_id) == ("note", "Please look at this today.", office.technician.id)
    assert "client by domain: Acme" in line.reasons
    assert any(reason.startswith("passed on by a colleague") for reason in line.reasons)
    assert sent() == []


def test_an_attached_mail_comes_before_what_the_text_says(inbox):
    trust(inbox)
    inner = EmailMessage(policy=SMTP)
    inner["From"], inner["Subject"] = "Yan <yan@acme.example>", "Scanner"
    inner.set_content("It is dead.")
    outer = EmailMessage(policy=SMTP)
    outer["From"], outer["To"], outer["Subject"], outer["Message-ID"] = (
        TECHNICIAN,
        SUPPORT,
        "Fwd: Scanner",
        "<f@h.example>",
    )
    outer["Authentication-Results"] = PROVEN["Authentication-Results"]
    outer.set_content(FORWARD)
    outer.add_attachment(inner)

    line = inbox.receive(outer.as_bytes())

    _, _, requester, (first, *_) = ticket_of(line)
    assert requester == "yan@acme.example"
    assert first.reply_text.startswith("The mail that was passed on is attached")


@pytest.mark.parametrize(
    "raw",
    [
        forward(sender="Ann <ann@acme.example>", headers=PROVEN),
        forward(FORWARD.replace("zoe@acme.example", "manager@halden-okoye.example"), headers=PROVEN),
        forward("See below, it is strange.", headers=PROVEN),
    ],
    ids=["a client forwards", "a colleague's own mail is inside", "nobody can tell who wrote"],
)
def test_other_forwards_stay_with_whoever_sent_them(inbox, raw):
    trust(inbox)

    line = inbox.receive(raw)

    _, _, requester, (first, *_) = ticket_of(line)
    assert requester in {"ann@acme.example", "technician@halden-okoye.example"}
    assert first.passed_on_by_id is None


class TestWithoutProof:
    def test_the_ticket_offers_to_make_the_inner_sender_the_requester(self, inbox, office, sign_in_as):
        line = inbox.receive(forward())
        number, _, before, _ = ticket_of(line)
        browser = sign_in_as(office.manager)
        offered = browser.get(f"/items/{number}").text

        answer = browser.post(f"/items/{number}/passed-on", follow_redirects=True)

        _, client, requester, messages = ticket_of(line)
        assert before == "technician@halden-okoye.example"
        assert "Make Zoe Acme the requester" in offered
        assert (client, requester) == ("Acme", "zoe@acme.example")
        assert "passed on by Technician Person" in answer.text
        assert "Make Zoe Acme the requester" not in answer.text
        assert [message.kind for message in messages].count("note") == 1
        assert [message.purpose for message in sent()] == []

    def test_it_is_taken_back_and_can_be_done_again(self, inbox, office, sign_in_as):
        line = inbox.receive(forward())
        number = ticket_of(line)[0]
        browser = sign_in_as(office.manager)
        browser.post(f"/items/{number}/passed-on")

        page = browser.post(f"/items/{number}/passed-on/undo", follow_redirects=True).text

        _, _, requester, messages = ticket_of(line)
        assert requester == "technician@halden-okoye.example"
        assert messages[0].reply_text == messages[0].text
        assert "Make Zoe Acme the requester" in page
        assert browser.post(f"/items/{number}/passed-on/undo").status_code == 404
