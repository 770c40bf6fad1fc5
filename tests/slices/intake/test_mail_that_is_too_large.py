"""Mail over the limit makes a ticket of its headers, says where the rest lies, and is answered once."""

import pytest
from sqlalchemy import select, update

from helpdesk.clients.models import Contact
from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundEffect, IntakeLimits
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from tests.mails import mail

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]

LARGE = "large " * 200_000


@pytest.fixture(autouse=True)
def one_megabyte(app):
    with unit_of_work() as session:
        session.add(IntakeLimits(largest_mail_mb=1))


def ticket_of(line):
    with unit_of_work() as session:
        item = session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id)
        _ = item.project.client.name
        return item, ticket_queries.conversation(session, item.id)


def test_its_ticket_shows_sender_subject_size_and_where_the_mail_lies(inbox):
    line = inbox.receive(mail(LARGE, subject="The plans", files={"plans.pdf": b"%PDF"}))

    item, (message,) = ticket_of(line)
    assert (line.state, line.outcome, line.error) == ("done", "ticket", "")
    assert (item.title, item.project.client.name, message.contact.email) == ("The plans", "Acme", "ann@acme.example")
    assert "1.2 MB, more than the 1 MB" in message.text
    assert "support@halden-okoye.example, folder INBOX, received 2026-11-18" in message.text
    assert message.attachments == []
    assert "larger than 1 MB (1.2 MB): only its headers were fetched" in line.reasons


def answers():
    with unit_of_work() as session:
        return list(session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)))


def test_whoever_wrote_is_asked_once_for_a_link_or_smaller_files(inbox):
    line = inbox.receive(mail(LARGE, subject="The plans"))
    inbox.receive(mail(LARGE, subject="The plans again"))

    (answer,) = answers()
    item, _ = ticket_of(line)
    assert (answer.purpose, answer.automatic, answer.envelope_from) == ("notice", True, "")
    assert answer.subject == f"[#{item.number}] The plans"
    assert "it has 2 MB, and we can take 1 MB" in answer.text
    assert "link to the files" in answer.text
    assert answer.to == [{"name": "Ann Berg", "address": "ann@acme.example"}]
    assert "answered: too large, asked for a link or smaller files" in line.reasons


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "zu groß"), ("es", "demasiado grande"), ("fr", "trop volumineux"), ("pt", "demasiado grande")],
)
def test_the_answer_is_in_the_contacts_language(inbox, office, language, words):
    with unit_of_work() as session:
        session.execute(update(Contact).where(Contact.id == office.acme_contact.id).values(language=language))

    inbox.receive(mail(LARGE, sender="person@acme.example"))

    (answer,) = answers()
    assert words in answer.text
    assert "too large" not in answer.text


def test_machines_and_staff_are_not_answered(inbox):
    rules = {"Auto-Submitted": "auto-generated"}

    ignored = inbox.receive(mail(LARGE, headers=rules))
    inbox.receive(mail(LARGE, sender="T <technician@halden-okoye.example>"))

    assert ignored.outcome == "automatic"
    assert answers() == []


def test_an_answer_that_is_too_large_is_a_message_on_its_ticket(inbox, fixed_clock):
    first = inbox.receive(mail("Here they come.", subject="Plans"))
    fixed_clock.advance(minutes=11)

    line = inbox.receive(mail(LARGE, subject="Re: Plans", headers={"In-Reply-To": first.message_id}))

    _, messages = ticket_of(first)
    assert (line.outcome, len(messages)) == ("reply", 2)
    assert "It lies in the mailbox" in messages[1].text
    assert [answer.purpose for answer in answers()] == ["acknowledgement", "notice"]
