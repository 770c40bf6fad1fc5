"""What we know of a person at a client: details, further addresses, and that they have left (docs/desk.md rule 54)."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.clients import queries
from helpdesk.clients.domain import check_typed_address
from helpdesk.clients.models import ClientDomain, Contact, ContactMerge
from helpdesk.clients.service import correct_address, heard_from
from helpdesk.infra import audit
from helpdesk.infra.db import foresee, insert_of
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.periods import zone_named

MOST_ADOPTED = 500
"""At one click; whoever is left can be adopted by another."""


@dataclass(frozen=True, kw_only=True)
class ContactDetails:
    """What may be set of a contact; the names are those of `Contact`'s columns.

    Raises:
        RuleViolation: no name, or no such time zone.
    """

    name: str
    title: str = ""
    phone: str = ""
    language: str = ""
    time_zone: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            message = "A contact needs a name."
            raise RuleViolation(message, field="name")
        if self.time_zone:
            zone_named(self.time_zone)


def set_details(session: Session, *, actor: Actor, now: datetime, contact_id: int, details: ContactDetails) -> Contact:
    """Set what we know of a contact; what is the same already leaves no trace.

    Raises:
        NotFound: no such contact, or not for this actor.
    """
    contact = locked(session, actor=actor, contact_id=contact_id)
    wanted = {name: value.strip() for name, value in asdict(details).items()}
    changed = {name: value for name, value in wanted.items() if getattr(contact, name) != value}
    for name, value in changed.items():
        setattr(contact, name, value)
    session.flush()
    if changed:
        audit.record(session, actor=actor, action="changed", kind="contact", object_id=contact.id, now=now, **changed)
    return contact


def retire(session: Session, *, actor: Actor, now: datetime, contact_id: int, retired: bool) -> Contact:
    """Note that a contact has left, or is there again: one that left is offered nowhere and asked nothing.

    Raises:
        NotFound: no such contact, or not for this actor.
    """
    contact = locked(session, actor=actor, contact_id=contact_id)
    if (contact.retired_at is not None) != retired:
        contact.retired_at = now if retired else None
        session.flush()
        action = "retired" if retired else "reactivated"
        audit.record(session, actor=actor, action=action, kind="contact", object_id=contact.id, now=now)
    return contact


def add_address(session: Session, *, actor: Actor, now: datetime, contact_id: int, email: str) -> Contact:
    """Let mail from a further address be that of this contact; one that is theirs already changes nothing.

    The first one of somebody who has none is the main one.

    Raises:
        NotFound: no such contact, or not for this actor.
        RuleViolation: no e-mail address, a colleague's, or somebody else's.
    """
    contact = locked(session, actor=actor, contact_id=contact_id)
    address = check_typed_address(email)
    if accounts.find_by_email(session, address) is not None:
        message = f"{address} is a colleague's."
        raise RuleViolation(message, field="email")
    if not contact.email:
        _refuse_taken(session, address, contact)
        return correct_address(session, actor=actor, now=now, contact=contact, email=address)
    values = {
        "client_id": contact.client_id,
        "name": contact.name,
        "email": address,
        "phone": "",
        "language": "",
        "undeliverable_why": "",
        "soft_bounces": 0,
        "created_at": now,
        "same_as_id": contact.id,
    }
    added = session.scalar(insert_of(session, Contact).values(**values).on_conflict_do_nothing().returning(Contact.id))
    if added is None:
        _refuse_taken(session, address, contact)
        return contact
    foresee(session, "contact", address.lower(), value=contact)
    _tell(session, actor, now, contact, "added address", address)
    return contact


def remove_address(session: Session, *, actor: Actor, now: datetime, contact_id: int, address_id: int) -> str:
    """Let mail from a further address no longer be that of this contact, and return the address.

    Raises:
        NotFound: no such contact or address, or not for this actor.
        Conflict: a merge brought it; undoing that gives it back.
    """
    contact = locked(session, actor=actor, contact_id=contact_id)
    row = _further(session, contact, address_id)
    merged = select(ContactMerge.id).where(ContactMerge.contact_id == row.id)
    if session.scalar(merged.limit(1)) is not None:
        message = f"{row.email} came with somebody who was merged into {contact.name}. Undo the merge instead."
        raise Conflict(message)
    address = row.email
    session.delete(row)
    session.flush()
    foresee(session, "contact", address.lower(), value=None)
    _tell(session, actor, now, contact, "removed address", address)
    return address


def make_main(session: Session, *, actor: Actor, now: datetime, contact_id: int, address_id: int) -> Contact:
    """Send mail to this address of a contact from now on; the one before stays as a further one.

    Raises:
        NotFound: no such contact or address, or not for this actor.
    """
    contact = locked(session, actor=actor, contact_id=contact_id)
    row = _further(session, contact, address_id)
    swap_addresses(session, contact, row)
    _tell(session, actor, now, contact, "main address", contact.email)
    return contact


def swap_addresses(session: Session, contact: Contact, row: Contact) -> None:
    """Let two rows have each other's address; what bounces said was of the one before."""
    before, wanted = contact.email, row.email
    row.email = f"{row.id}@swapped.invalid"  # for a moment: an address is there once
    session.flush()
    contact.email = wanted
    session.flush()
    row.email = before
    heard_from(contact)
    session.flush()


def adopt_senders(session: Session, *, actor: Actor, now: datetime, client_id: int, domain: str) -> int:
    """Make everybody who writes from a domain of a client, and belongs nowhere yet, its contact; return how many.

    Their tickets stay where they are: somebody moves them, or merges them into others.

    Raises:
        NotFound: no such client or domain, or not for this actor.
    """
    client = queries.get(session, actor=actor, client_id=client_id)
    row = session.get(ClientDomain, domain)
    if row is None or row.client_id != client.id:
        message = "There is no such domain."
        raise NotFound(message)
    query = select(Contact).where(queries.belongs_nowhere(domain)).order_by(Contact.id).limit(MOST_ADOPTED)
    found = session.scalars(query.with_for_update()).all()
    for contact in found:
        contact.client_id = client.id
    session.flush()
    said = {"client_id": client.id, "domain": domain}
    acts = [(contact.id, "placed", said) for contact in found]
    audit.record_many(session, actor=actor, kind="contact", now=now, acts=acts)
    return len(found)


def locked(session: Session, *, actor: Actor, contact_id: int) -> Contact:
    """Return a contact that the actor may see, locked, as it is now.

    Raises:
        NotFound: no such contact, or not for this actor.
    """
    contact = queries.get_contact(session, actor=actor, contact_id=contact_id)
    session.refresh(contact, with_for_update=True)
    return queries.get_contact(session, actor=actor, contact_id=contact_id) if contact.same_as_id else contact


def _further(session: Session, contact: Contact, address_id: int) -> Contact:
    row = session.get(Contact, address_id, with_for_update=True, populate_existing=True)
    if row is None or row.same_as_id != contact.id:
        message = "There is no such address."
        raise NotFound(message)
    return row


def _refuse_taken(session: Session, address: str, contact: Contact) -> None:
    other = session.scalar(queries.CONTACT_OF_ADDRESS, {"address": address.lower()})
    if other is None or other.id == contact.id:
        return
    same_client = other.client_id is None or other.client_id == contact.client_id
    who = other.name if same_client else "somebody of another client"
    more = " Merge the two." if same_client else ""
    message = f"{address} is the address of {who} already.{more}"
    raise RuleViolation(message, field="email")


def _tell(session: Session, actor: Actor, now: datetime, contact: Contact, action: str, address: str) -> None:
    audit.record(session, actor=actor, action=action, kind="contact", object_id=contact.id, now=now, address=address)
