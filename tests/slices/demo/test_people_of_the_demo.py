"""What the demo tells of people is there to be looked at."""

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person, Team
from helpdesk.clients.models import Client, Note
from helpdesk.clients.queries import contacts_of
from helpdesk.demo import people, teams
from helpdesk.demo.calendar import Days
from helpdesk.demo.site import Crew
from helpdesk.desk.contact_merge_page import doubles
from helpdesk.infra.db import unit_of_work
from helpdesk.kernel.periods import zone_named
from helpdesk.projects.models import WorkItem
from helpdesk.satisfaction.models import SatisfactionQuestion
from tests.conftest import NOW


@pytest.mark.on_sqlite
def test_the_demo_has_two_teams_notes_two_who_are_one_and_two_answers(office):
    with unit_of_work() as session:
        session.get_one(Client, office.acme.id).name = people.CLIENT
        staff = {"tomasz": office.technician, "manager": office.manager}
        crew = Crew(session, {who: session.get_one(Person, one.id) for who, one in staff.items()})
        people.know(crew, Days(NOW, zone_named("Europe/Paris")))
        teams.form(crew)

    with unit_of_work() as session:
        assert len(session.scalars(select(Note)).all()) == 3
        assert {teams.NETWORK, teams.WORKPLACE} <= set(session.scalars(select(Team.name)))
        assert session.get_one(WorkItem, office.acme_ticket.id).team is not None
        assert [why for _one, _other, why in doubles(contacts_of(session, office.acme.id))] == ["name"]
        assert sorted(session.scalars(select(SatisfactionQuestion.answer))) == ["good", "okay"]
