"""Tickets, time and a retainer to look at on the pages of the desk."""

from datetime import date, datetime
from typing import Any

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.outbox.models import Mailbox
from helpdesk.retainers import service as retainers
from helpdesk.tickets import service as tickets
from tests.builders import Office
from tests.conftest import NOW
from tests.slices.timekeeping.conftest import log_time

__all__ = ["log_time"]


def open_ticket(
    office: Office, *, title: str = "Labels stay blank", text: str = "", now: datetime = NOW, **more: Any
) -> int:
    """Open a ticket of Acme's person and return its number."""
    with unit_of_work() as session:
        item = tickets.open_ticket(
            session,
            actor=office.actor("technician"),
            now=now,
            project_id=office.acme_project.id,
            requester_id=office.acme_contact.id,
            title=title,
            text=text,
            **more,
        )
    return item.number


@pytest.fixture
def mailbox(office: Office) -> Mailbox:
    """An address from which replies leave."""
    with unit_of_work() as session:
        mailbox = Mailbox(
            address="support@halden-okoye.example",
            name="Support",
            smtp_host="localhost",
            smtp_port=25,
            smtp_security="none",
            created_at=NOW,
        )
        session.add(mailbox)
    return mailbox


@pytest.fixture
def acme_retainer(office: Office) -> int:
    """Ten hours a month for Acme since January; the id of the agreement."""
    with unit_of_work() as session:
        return retainers.add_agreement(
            session,
            actor=SYSTEM,
            now=NOW,
            client_id=office.acme.id,
            name="Support retainer",
            starts_on=date(2026, 1, 1),
            terms=retainers.NewTerms(allowance_seconds=36000),
        ).id
