"""A ticket that rules can act on."""

from datetime import timedelta

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.tickets import service as tickets
from tests.conftest import NOW
from tests.slices.conftest import connect


@pytest.fixture
def ticket(office):
    """A ticket of Acme's contact, with a mailbox to write from; its id and number."""
    connect()
    with unit_of_work() as session:
        item = tickets.open_ticket(
            session,
            actor=SYSTEM,
            now=NOW - timedelta(days=30),
            project_id=office.acme_project.id,
            requester_id=office.acme_contact.id,
            title="Printer",
            text="",
        )
        session.flush()
        return item.id, item.number
