"""What the page shows on which two contacts are made one (docs/desk.md rules 58 and 59)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.domain import Known, likely_doubles
from helpdesk.clients.models import Client, Contact, Note
from helpdesk.desk import merging_contacts
from helpdesk.infra.finding import Term, newest_found
from helpdesk.infra.policy import Actor
from helpdesk.kernel.words import asked_words
from helpdesk.tickets.models import Message, Participant, TicketDetails

SHOWN = 20
PAIRS = 5


@dataclass(frozen=True)
class Side:
    """One of the two: the contact with what belongs to them."""

    contact: Contact
    client_name: str
    addresses: list[str]
    asked: int
    takes_part: int
    mails: int
    notes: int


@dataclass(frozen=True)
class MergeValues:
    """The context of clients/merge.html; ``other`` is None until one is chosen from ``choices``."""

    contact: Contact
    words: str
    choices: list[Contact]
    side: Side | None
    other: Side | None
    why_not: str


def values(
    session: Session, *, actor: Actor, contact_id: int, words: str = "", other_id: int | None = None
) -> MergeValues:
    """Return what the page shows of a contact, and of the one into which it would be merged.

    Raises:
        NotFound: no such contact, or not for this actor.
    """
    contact = clients.get_contact(session, actor=actor, contact_id=contact_id)
    if other_id is None:
        return MergeValues(contact, words, _choices(session, actor, contact, words), None, None, "")
    other = clients.get_contact(session, actor=actor, contact_id=other_id)
    why = merging_contacts.why_not(session, contact, other)
    further = clients.further_addresses(session, [contact.id, other.id])
    side, into = (_side(session, one, further.get(one.id, [])) for one in (contact, other))
    return MergeValues(contact, words, [], side, into, why)


def doubles(people: list[Contact]) -> list[tuple[Contact, Contact, str]]:
    """Return pairs of a client's contacts who may be one person: the younger, the older, and what they share."""
    known = {one.id: one for one in people}
    pairs = likely_doubles(Known(one.id, one.name, one.email, one.phone) for one in people)
    return [(known[younger], known[older], why) for older, younger, why in pairs][:PAIRS]


def _choices(session: Session, actor: Actor, contact: Contact, words: str) -> list[Contact]:
    query = select(Contact).join(Client, Client.id == Contact.client_id).where(clients.visible(actor))
    query = query.where(Contact.id != contact.id, Contact.same_as_id.is_(None), Client.archived_at.is_(None))
    if contact.client_id is not None and not _is_ours(session, contact):
        query = query.where(Contact.client_id == contact.client_id)
    terms = [Term(word) for word in asked_words(words)]
    if terms:
        query = query.where(Contact.id.in_(newest_found(session, Contact.id, terms, limit=500)))
    else:
        query = query.where(_looks_like(contact))
    return list(session.scalars(query.order_by(func.lower(Contact.name), Contact.id).limit(SHOWN)))


def _looks_like(contact: Contact) -> ColumnElement[bool]:
    same_name = func.lower(Contact.name) == contact.name.lower()
    return or_(same_name, Contact.client_id == contact.client_id) if contact.client_id else same_name


def _is_ours(session: Session, contact: Contact) -> bool:
    client = session.get(Client, contact.client_id or 0)
    return client is not None and client.is_internal


def _side(session: Session, contact: Contact, further: list[Contact]) -> Side:
    def count(model: Any, condition: ColumnElement[bool]) -> Any:  # noqa: ANN401 - a question for a number
        return select(func.count()).select_from(model).where(condition).scalar_subquery()

    asked, takes_part, mails, notes = session.execute(
        select(
            count(TicketDetails, TicketDetails.requester_id == contact.id),
            count(Participant, Participant.contact_id == contact.id),
            count(Message, Message.contact_id == contact.id),
            count(Note, Note.contact_id == contact.id),
        )
    ).one()
    name = contact.client.name if contact.client else ""
    return Side(contact, name, [one.email for one in further], asked, takes_part - asked, mails, notes)
