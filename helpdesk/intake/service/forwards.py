"""Forwards by staff: whoever wrote the mail inside is the requester (docs/mail.md rule 36).

By itself only where our own mail server proved who forwarded (DMARC pass); otherwise the ticket offers it as one act.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.clients import queries as clients
from helpdesk.clients import service as client_service
from helpdesk.clients.domain import check_address
from helpdesk.clients.models import Contact
from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.intake.domain.address import domain_of, normalise_address
from helpdesk.intake.domain.dmarc import Dmarc
from helpdesk.intake.domain.limits import ALL_HEADERS_BYTES
from helpdesk.intake.domain.passed_on import PassedOn, passed_on
from helpdesk.intake.domain.standing import Sender
from helpdesk.intake.parser.enclosed import MAIL_TYPE, first_enclosed
from helpdesk.intake.service.matching import Arrival, is_own
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.outbox import queries as outbox
from helpdesk.projects import queries as projects
from helpdesk.projects.models import Project
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message

HEAD_BYTES = 4 * ALL_HEADERS_BYTES


@dataclass(frozen=True, slots=True)
class Unfolded:
    """A forward of proven staff, as the mail of whoever wrote it."""

    arrival: Arrival
    inner: PassedOn
    person_id: int


def unfold(session: Session, arrival: Arrival) -> Unfolded | None:
    """Return the forward as the inner sender's mail; None where it is none, or nothing proves who forwarded it."""
    person_id = arrival.sender.person_id
    if person_id is None or arrival.sender.dmarc is not Dmarc.PASS or arrival.incoming.automatic_reasons:
        return None
    mail = arrival.mail
    inner = passed_on(mail.subject, mail.text, mail.enclosed)
    if inner is None or _is_ours(session, inner.sender.address):
        return None
    address = normalise_address(inner.sender.address)
    contact = clients.find_contact(session, address)
    sender = Sender(address=address, dmarc=Dmarc.NOT_CHECKED)
    as_theirs = replace(
        arrival,
        mail=replace(mail, sender=inner.sender, reply_to=()),
        contact=contact,
        incoming=replace(arrival.incoming, sender=sender),
    )
    return Unfolded(as_theirs, inner, person_id)


def offered(session: Session, *, store: BlobStore, messages: Iterable[Message], requester: Contact) -> PassedOn | None:
    """Return whose mail a colleague passed on by the ticket's first mail, where that is still to be decided."""
    written = (message for message in messages if message.kind in ("mail", "note"))
    first = min(written, key=lambda message: message.id, default=None)
    if first is None or first.kind != "mail" or first.held:
        return None
    inner = _inner_of(session, store, first)
    return inner if inner is not None and accounts.find_by_email(session, requester.email) is not None else None


def adopt(
    session: Session, *, actor: Actor, now: datetime, store: BlobStore, item_id: int
) -> tuple[Contact, Project | None]:
    """Make whoever wrote the passed-on mail the requester; return them, and the project of their client if it has one.

    Raises:
        NotFound: the ticket has no such mail.
        Conflict: it was done already.
    """
    first = ticket_queries.first_mail(session, item_id)
    inner = None if first is None else _inner_of(session, store, first)
    person = accounts.find_by_email(session, first.contact.email) if first is not None and first.contact else None
    if first is None or inner is None or person is None:
        message = "No mail of somebody else was passed on here."
        raise NotFound(message)
    client = clients.client_of_domain(session, domain_of(inner.sender.address))
    contact = client_service.add_contact(
        session,
        actor=SYSTEM,
        now=now,
        name=inner.sender.name,
        email=inner.sender.address,
        client_id=client.id if client is not None else None,
    )
    settle(session, actor=actor, now=now, message=first, person_id=person.id, contact=contact, inner=inner)
    return contact, projects.default_project(session, contact.client_id) if contact.client_id is not None else None


def settle(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    message: Message,
    person_id: int,
    contact: Contact,
    inner: PassedOn,
) -> None:
    """Write down that the mail is the contact's, passed on by the person."""
    tickets.pass_on(
        session,
        actor=actor,
        now=now,
        message=message,
        person_id=person_id,
        contact_id=contact.id,
        text=inner.text,
        rest=inner.rest,
        own_words=inner.own_words,
    )


def take_back(session: Session, *, actor: Actor, now: datetime, item_id: int) -> Person:
    """Make the colleague who passed the mail on its author and the requester; return them.

    Raises:
        NotFound: nobody passed anything on here.
    """
    first = ticket_queries.first_mail(session, item_id)
    person = first.passed_on_by if first is not None else None
    if first is None or person is None:
        message = "Nobody passed this mail on, or that is taken back already."
        raise NotFound(message)
    contact = client_service.add_contact(
        session, actor=SYSTEM, now=now, name=person.name, email=person.email, client_id=None
    )
    tickets.take_back(session, actor=actor, now=now, message=first, contact_id=contact.id)
    return person


def _inner_of(session: Session, store: BlobStore, message: Message) -> PassedOn | None:
    files = (file for file in message.attachments if file.content_type == MAIL_TYPE)
    attached = first_enclosed((file.name, _head(store, file.blob_sha256)) for file in files)
    inner = passed_on(message.subject, message.text, attached)
    return None if inner is None or _is_ours(session, inner.sender.address) else inner


def _head(store: BlobStore, digest: str) -> bytes:
    try:
        return store.start_of(digest, size_bytes=HEAD_BYTES)
    except NotFound:
        return b""


def _is_ours(session: Session, address: str) -> bool:
    """Return whether the mail inside is a colleague's or our own: then nobody else asks for anything."""
    try:
        check_address(address)
    except RuleViolation:
        return True
    return is_own(address, outbox.own_addresses(session)) or accounts.find_by_email(session, address) is not None
