"""The demo's desk has rules, macros, a call and a mail that was passed on."""

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.automation.models import AutomationRule, Macro
from helpdesk.demo import habits
from helpdesk.demo.calendar import Days
from helpdesk.demo.site import Crew
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.periods import zone_named
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import IncomingMail
from helpdesk.tickets.models import Talk
from tests.conftest import NOW
from tests.slices.conftest import connect


@pytest.mark.usefixtures("rung")
@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_the_demo_has_rules_macros_a_call_and_what_was_passed_on(office):
    connect()
    with unit_of_work() as session:
        item = tickets.open_ticket(
            session,
            actor=SYSTEM,
            now=NOW,
            project_id=office.acme_project.id,
            requester_id=office.acme_contact.id,
            title="Etikettendrucker druckt leere Etiketten",
            text="",
        )
        mail = IncomingMail("Printer", "Help!", None, "Help!", "", "<1@acme.example>", NOW, ("<1@acme.example>",))
        contact_id = office.acme_contact.id
        tickets.add_mail(session, now=NOW, item_id=item.id, contact_id=contact_id, person_id=None, mail=mail)
        staff = {"lin": office.technician, "manager": office.manager}
        crew = Crew(session, {who: session.get_one(Person, one.id) for who, one in staff.items()})
        habits.keep(crew, Days(NOW, zone_named("Europe/Paris")))

    with unit_of_work() as session:
        assert sorted(session.scalars(select(AutomationRule.name).where(AutomationRule.active))) == [
            "VPN has a tag",
            "What is down comes first",
        ]
        assert sorted(session.scalars(select(Macro.name))) == ["Ask for the model", "Close as duplicate"]
        assert session.scalars(select(Talk.channel)).all() == ["call"]
        onward = session.scalars(select(OutgoingMessage).where(OutgoingMessage.subject.contains("Blank labels"))).one()
        assert [one["address"] for one in onward.to] == ["service@labelworks.example"]
