"""What the demo knows of people at Kühn: titles, zones, notes, somebody who is there twice, and two answers."""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from helpdesk.clients import notes, people
from helpdesk.clients import service as clients
from helpdesk.clients.models import Client, Contact
from helpdesk.clients.people import ContactDetails
from helpdesk.demo.calendar import Days
from helpdesk.demo.site import Crew
from helpdesk.infra.policy import SYSTEM
from helpdesk.projects import queries as project_queries
from helpdesk.projects import service as projects
from helpdesk.satisfaction import service as satisfaction
from helpdesk.satisfaction.domain import ANSWERABLE
from helpdesk.satisfaction.models import SatisfactionQuestion
from helpdesk.tickets import service as tickets

CLIENT = "Kühn Präzision"
ZEYNEP = ("Zeynep Kaya", "z.kaya@kuehn.example")
MATTHIAS = ("Matthias Kühn", "m.kuehn@kuehn.example")
SAID = (
    (ZEYNEP, "Toner for hall 3", "good", "Was there before noon, thank you."),
    (MATTHIAS, "Badge reader at the back door is slow", "okay", "It works now, but I had to ask twice."),
)


def know(crew: Crew, days: Days) -> None:
    """Write down what the desk has learnt of Kühn's people; without the client there is nothing to know."""
    session, tomasz = crew.session, crew.actor("tomasz")
    client = session.scalar(select(Client).where(Client.name.startswith(CLIENT)))
    project = project_queries.default_project(session, client.id) if client is not None else None
    if client is None or project is None:
        return
    zeynep, matthias = (_contact(crew, days, client, *who) for who in (ZEYNEP, MATTHIAS))
    _contact(crew, days, client, "Kaya, Zeynep", "zeynep.kaya@kuehn.example")  # from her phone
    kept: dict[str, Any] = {"actor": tomasz, "now": days.at(days.before(3), "10:05")}
    clients.add_caller(session, name="Reception, gate 1", phone="+49 711 5550100", client_id=client.id, **kept)
    details = ContactDetails(name=zeynep.name, title="Production planning", phone="+49 711 5550142")
    people.set_details(session, contact_id=zeynep.id, details=details, **kept)
    details = ContactDetails(name=matthias.name, title="Managing director", time_zone="America/New_York")
    people.set_details(session, contact_id=matthias.id, details=details, **kept)
    notes.add_note(session, contact_id=zeynep.id, text="Best reached before the early shift ends, at 13:30.", **kept)
    notes.add_note(session, contact_id=matthias.id, text="At the plant in Ohio until spring; call after 15:00.", **kept)
    notes.add_note(session, client_id=client.id, text="Deliveries go to gate 4. The front desk closes at noon.", **kept)
    for contact, (_who, title, says, comment) in zip((zeynep, matthias), SAID, strict=True):
        _was_content(crew, days, project.id, contact, title, says, comment)


def _contact(crew: Crew, days: Days, client: Client, name: str, email: str) -> Contact:
    return clients.add_contact(crew.session, actor=SYSTEM, now=days.now, name=name, email=email, client_id=client.id)


def _was_content(
    crew: Crew, days: Days, project_id: int, contact: Contact, title: str, says: str, comment: str
) -> None:
    """Let somebody call Amara, be helped, be asked, and answer: Tomasz is to have nothing more without its time."""
    session, amara, tomasz = crew.session, crew.actor("manager"), crew.actor("tomasz")
    solved_at = days.at(days.before(3), "11:20")
    item = tickets.open_ticket(
        session,
        actor=amara,
        now=solved_at - timedelta(hours=2),
        project_id=project_id,
        requester_id=contact.id,
        title=title,
        text="Called.",
        assignee_id=tomasz.person_id,
    )
    projects.set_status(session, actor=amara, now=solved_at, item_id=item.id, status="solved")
    asked_at = solved_at + timedelta(hours=24)
    token = secrets.token_urlsafe(satisfaction.BYTES)
    session.add(
        SatisfactionQuestion(
            work_item_id=item.id,
            closed_at=solved_at,
            contact_id=contact.id,
            person_id=tomasz.person_id,
            token_hash=satisfaction.hash_of(token),
            language="en",
            asked_at=asked_at,
            expires_at=asked_at + ANSWERABLE,
        )
    )
    session.flush()
    satisfaction.answer(session, now=asked_at + timedelta(hours=1), token=token, says=says, comment=comment)
