"""Mail over the limit makes a ticket of its headers, says where the rest lies, and is answered once."""

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundEffect, IntakeLimits
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")

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
