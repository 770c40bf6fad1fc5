"""Whose mail it is: the contact, the client and the project of a mail that opens a ticket (rules 19, 37 and 38)."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients import service as client_service
from helpdesk.clients.models import Client, Contact
from helpdesk.infra.db import once
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.domain.address import domain_of, normalise_address
from helpdesk.intake.domain.dmarc import Dmarc
from helpdesk.intake.domain.rules import project_counts
from helpdesk.intake.service import addressed
from helpdesk.intake.service.matching import Arrival, colleague, owners_of
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.projects.models import Project

NEW_CONTACTS_LIMIT = 20
NOBODY = "unknown@sender.invalid"
"""Stands for a sender whose address cannot be read, so that no mail is lost for it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new ticket goes, and the sentence that says why."""

    project: Project
    reason: str


def place(session: Session, arrival: Arrival) -> Place:
    """Return the project of a mail that belongs to no ticket, by the order of rule 37.

    The contact decides the client; among that client's projects, an address of its own or a rule chooses.
    """
    of_contact = arrival.contact.client_id if arrival.contact is not None else None
    named = _named(session, arrival, of_contact)
    if of_contact is not None:
        project = named.project if named else _default_project(session, of_contact)
        if project is not None:
            why = f"; {named.reason}" if named else ""
            return Place(project, f"client by contact: {project.client.name}{why}")
    if named is not None:
        return named
    if arrival.source is not None and arrival.source.default_project is not None:
        return Place(arrival.source.default_project, f"project of the mailbox: {arrival.source.default_project.name}")
    client = client_by_domain(session, arrival, arrival.sender.address)
    project = _default_project(session, client.id) if client is not None else None
    if client is not None and project is not None:
        return Place(project, f"client by domain: {client.name}")
    why = "no client found" if client is None else f"client by domain: {client.name}, which has no project yet"
    return Place(projects.triage_project(session), f"{why}: in Triage until somebody decides")


def _default_project(session: Session, client_id: int) -> Project | None:
    return once(session, "default project", client_id, read=lambda: projects.default_project(session, client_id))


def _named(session: Session, arrival: Arrival, of_contact: int | None) -> Place | None:
    """Return the project that the mail's address or a rule names, where whoever comes first allows it (rule 37)."""
    by_address = addressed.project(session, arrival)
    if by_address is not None and of_contact in (None, by_address.client_id):
        return Place(by_address, f"project by address: {by_address.name}")
    ruled = arrival.ruling.project if arrival.ruling is not None else None
    if ruled is None or arrival.sender.dmarc is Dmarc.FAIL:
        return None
    mailbox = arrival.source.default_project if arrival.source is not None else None
    of_mailbox = mailbox.client_id if mailbox is not None else None
    counts = project_counts(ruled.client_id, of_contact=of_contact, of_mailbox=of_mailbox)
    return Place(ruled, f"project by a rule: {ruled.name}") if counts else None


def requester(session: Session, arrival: Arrival, *, now: datetime) -> Contact:
    """Return the sender as a contact, added where there was none; a contact has no rights by that (rule 38)."""
    if arrival.contact is not None and arrival.contact.client_id is not None:
        return arrival.contact
    name, client_id = arrival.mail.sender.name, _home_of(session, arrival, arrival.sender.address)
    add = client_service.new_contact if arrival.contact is None else client_service.add_contact
    try:
        return add(session, actor=SYSTEM, now=now, name=name, email=arrival.sender.address, client_id=client_id)
    except RuleViolation:
        return client_service.add_contact(
            session, actor=SYSTEM, now=now, name="Unknown sender", email=NOBODY, client_id=None
        )


def others(session: Session, arrival: Arrival, *, now: datetime) -> list[int]:
    """Return the contacts in To and Cc that are neither the sender nor we nor staff, at most 20 (rule 38)."""
    found: list[int] = []
    for name, address in outside(session, arrival):
        with suppress(RuleViolation):
            contact = client_service.add_contact(
                session,
                actor=SYSTEM,
                now=now,
                name=name,
                email=address,
                client_id=_home_of(session, arrival, address),
            )
            found.append(contact.id)
    return found


def client_by_domain(session: Session, arrival: Arrival, address: str) -> Client | None:
    """Return the client of the address's domain; none by mail that failed its check (rule 19)."""
    if arrival.sender.dmarc is Dmarc.FAIL:
        return None
    return owners_of(session, domain_of(address)).by_suffix


def _home_of(session: Session, arrival: Arrival, address: str) -> int | None:
    """Return the client that a new contact belongs to: only by its whole domain (rule 16).

    A contact may write on all tickets of its client. Who has an address below the client's domain gets his tickets
    placed there, but is a contact of the client only when a person says so.
    """
    if arrival.sender.dmarc is Dmarc.FAIL:
        return None
    found = owners_of(session, domain_of(address)).whole
    return next(iter(found)) if len(found) == 1 else None


def outside(session: Session, arrival: Arrival) -> list[tuple[str, str]]:
    """Return name and address of those in To and Cc who are neither the sender nor we nor staff, at most 20."""
    people: dict[str, str] = {}
    for person in (*arrival.mail.to, *arrival.mail.cc):
        address = normalise_address(person.address)
        if address and address != arrival.sender.address and not arrival.is_ours(address):
            people.setdefault(address, person.name)
    pairs = [(name, address) for address, name in people.items()]
    return [pair for pair in pairs[:NEW_CONTACTS_LIMIT] if colleague(session, pair[1]) is None]
