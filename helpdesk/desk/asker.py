"""Who a ticket is for: found by a name, a mail address, their client or a phone number (docs/desk.md rule 82)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.clients import queries as clients
from helpdesk.clients.domain import has_number
from helpdesk.clients.models import Client, Contact
from helpdesk.clients.queries import visible
from helpdesk.desk import finding
from helpdesk.infra.policy import Actor
from helpdesk.infra.sql import among
from helpdesk.projects.models import OPEN_STATUSES, Project, WorkItem
from helpdesk.tickets.domain import typed_people
from helpdesk.tickets.models import Participant, TicketDetails

MOST_FOUND, MOST_OPEN = 8, 6
SHORTEST = 2


@dataclass(frozen=True)
class OpenTicket:
    """An open ticket that somebody asked or takes part in."""

    number: int
    title: str
    status: str
    client_name: str


def find(session: Session, *, actor: Actor, typed: str) -> list[Contact]:
    """Return the people at clients whom what was typed may mean, the likeliest first; who has left is not offered."""
    typed = typed.strip()
    if len(typed) < SHORTEST:
        return []
    known = _by_address(session, actor, typed) or clients.contacts_called(session, actor=actor, phone=typed)
    if not known:
        ids = [one.id for one in finding.find(session, actor=actor, typed=typed).contacts]
        rows = {one.id: one for one in session.scalars(_people().where(among(session, Contact.id, ids)))} if ids else {}
        known = [rows[one] for one in ids if one in rows and rows[one].retired_at is None]
    return known[:MOST_FOUND]


def typed_address(typed: str) -> tuple[str, str]:
    """Return (name, address) where what was typed has an address: ``Ann Berg <ann@acme.example>``; else two empty."""
    return typed_people(typed)[0] if "@" in typed else ("", "")


def exactly(found: Sequence[Contact], typed: str) -> Contact | None:
    """Return the one of them who is named in full: by name, address or number; None where that is nobody or several."""
    words = (typed_address(typed)[1] or typed).strip().casefold()
    named = [
        one for one in found if words in (one.name.casefold(), one.email.casefold()) or has_number(one.phone, typed)
    ]
    return named[0] if len(named) == 1 else None


def open_tickets(session: Session, *, actor: Actor, contact_id: int) -> list[OpenTicket]:
    """Return the newest open tickets in which somebody takes part, of those that the actor sees."""
    query = (
        select(WorkItem.number, WorkItem.title, WorkItem.status, Client.name)
        .join(Participant, Participant.work_item_id == WorkItem.id)
        .join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(
            Participant.contact_id == contact_id,
            Participant.removed_at.is_(None),
            WorkItem.kind == "ticket",
            WorkItem.status.in_(OPEN_STATUSES),
            TicketDetails.spam_at.is_(None),
            TicketDetails.merged_into_id.is_(None),
            visible(actor),
        )
        .order_by(WorkItem.updated_at.desc(), WorkItem.id.desc())
        .limit(MOST_OPEN)
    )
    return [OpenTicket(*row) for row in session.execute(query)]


def _by_address(session: Session, actor: Actor, typed: str) -> list[Contact]:
    """Return whose address that is, where the actor may see them."""
    contact = clients.find_contact(session, typed_address(typed)[1])
    if contact is None:
        return []
    query = _people().outerjoin(Contact.client).where(Contact.id == contact.id, Contact.retired_at.is_(None))
    return list(session.scalars(query.where(Contact.client_id.is_(None) | visible(actor))))


def _people() -> Select[Contact]:
    return select(Contact).options(joinedload(Contact.client))
