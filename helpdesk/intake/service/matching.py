"""What the database knows of a mail: its sender, and the work items that it may belong to (rules 14 to 20, 27)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.clients import queries as clients
from helpdesk.clients.models import Contact
from helpdesk.clients.queries import DomainOwners
from helpdesk.infra import crypto
from helpdesk.infra.db import once
from helpdesk.intake import queries
from helpdesk.intake.domain.address import domain_of, normalise_address
from helpdesk.intake.domain.decisions import heeded
from helpdesk.intake.domain.dmarc import dmarc_verdict
from helpdesk.intake.domain.matching import Incoming
from helpdesk.intake.domain.standing import Candidate, MatchedBy, Sender, standing
from helpdesk.intake.domain.subject import find_token
from helpdesk.intake.models import InboundMessage, IntakeLimits, IntakeSource
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.intake.service import limits, returned
from helpdesk.intake.service.ruling import Ruling
from helpdesk.outbox import queries as outbox
from helpdesk.outbox.domain import first_reply_token, read_message_id
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as tickets


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail with all that bears on what becomes of it."""

    inbound: InboundMessage
    mail: ParsedMail
    source: IntakeSource | None
    incoming: Incoming
    contact: Contact | None
    own_addresses: frozenset[str]
    limits: IntakeLimits
    ruling: Ruling | None = None

    written_by: int | None = None
    """The colleague who wrote it to somebody outside, with us in copy: ``sender`` is then whom they wrote to."""

    @property
    def sender(self) -> Sender:
        """Return what is known of who wrote."""
        return self.incoming.sender

    def happened_at(self, now: datetime) -> datetime:
        """Return when this happens on the ticket: now, or at the date of a mail that is imported (rule 42)."""
        return self.inbound.received_at if self.inbound.origin == "import" else now

    def is_ours(self, address: str) -> bool:
        """Return whether the address is one of our mailboxes, plus addresses included."""
        return is_own(address, self.own_addresses)


def look(session: Session, inbound: InboundMessage, mail: ParsedMail) -> Arrival:
    """Return the arrival of a mail: who wrote it, and whether a machine or we ourselves did."""
    source = once(
        session, "source", inbound.mailbox_id, inbound.folder, read=lambda: queries.source_of(session, inbound)
    )
    address = normalise_address(mail.sender.address)
    contact = clients.find_contact(session, address) if address else None
    own = once(session, "own addresses", read=lambda: outbox.own_addresses(session))
    from_ourselves = is_own(address, own) or read_message_id(mail.message_id or "", keys=crypto.mail_keys()) is not None
    incoming = Incoming(
        sender=_sender(session, address, contact, mail, source, inbound),
        automatic_reasons=mail.automatic.reasons,
        is_bounce=mail.bounce.is_bounce,
        from_ourselves=from_ourselves and not mail.bounce.is_bounce,
    )
    limit = once(session, "limits", read=lambda: limits.current(session))
    return Arrival(inbound, mail, source, heeded(incoming, inbound.decisions), contact, own, limit)


def candidates(session: Session, arrival: Arrival, *, now: datetime) -> list[Candidate]:
    """Return the work items that the mail may belong to, in the order of rule 14, each once.

    What belongs to a merged ticket belongs to the one that it is part of, by that one's people (docs/desk.md rule 22).
    """
    found: dict[int, MatchedBy] = {}
    for matched_by, item_id in _pairs(session, arrival):
        found.setdefault(item_id, matched_by)
    opens_anew = now - timedelta(days=arrival.limits.reopens_within_days)
    leads = queries.items_with_project(session, found)
    items: dict[int, tuple[MatchedBy, WorkItem]] = {}
    for item_id, matched_by in found.items():
        if item_id in leads:
            items.setdefault(leads[item_id].id, (matched_by, leads[item_id]))
    people: dict[int, list[tuple[str, str]]] = {}
    for participant in tickets.participants(session, list(items)):
        is_sender = arrival.contact is not None and participant.contact_id == arrival.contact.id
        address = arrival.sender.address if is_sender else participant.contact.email  # from whichever they wrote
        entry = (participant.role, normalise_address(address))
        people.setdefault(participant.work_item_id, []).append(entry)
    found_items = [
        _candidate(matched_by, item, people.get(item_id, []), opens_anew)
        for item_id, (matched_by, item) in items.items()
    ]
    unknown = [
        one.work_item_id for one in found_items if one.matched_by.is_signed and not standing(one, arrival.sender)
    ]
    asked = tickets.forwarded_to(session, unknown) if unknown else {}
    return [
        replace(one, asked_outside=asked[one.work_item_id]) if one.work_item_id in asked else one for one in found_items
    ]


def is_own(address: str, own: frozenset[str]) -> bool:
    """Return whether the address is one of ``own``, with or without something behind a plus."""
    local, _, domain = normalise_address(address).rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" in own or f"{local}@{domain}" in own


def _sender(
    session: Session,
    address: str,
    contact: Contact | None,
    mail: ParsedMail,
    source: IntakeSource | None,
    inbound: InboundMessage,
) -> Sender:
    person = colleague(session, address)
    authserv_id = source.trusted_authserv_id if source and source.folder == inbound.folder else ""
    return Sender(
        address=address,
        person_id=person.id if person is not None and person.active else None,
        contact_of=frozenset({contact.client_id} if contact is not None and contact.client_id is not None else ()),
        domain_of=owners_of(session, domain_of(address)).whole,
        dmarc=dmarc_verdict(mail.authentication_results, authserv_id=authserv_id or None, from_address=address),
    )


def colleague(session: Session, address: str) -> Person | None:
    """Return whoever of staff has this address, in lower case; staff is read once a transaction."""
    return once(session, "staff", read=lambda: accounts.people_by_address(session)).get(address)


def owners_of(session: Session, domain: str) -> DomainOwners:
    """Return whose the domain is, asked once a transaction (rules 16 and 37)."""
    return once(session, "owners of domain", domain, read=lambda: clients.clients_of_domains(session, [domain])[domain])


def _pairs(session: Session, arrival: Arrival) -> Iterator[tuple[MatchedBy, int]]:
    mail, keys = arrival.mail, crypto.mail_keys()
    token = first_reply_token(mail.recipient_addresses, keys=keys)
    if token is not None and token.person_id in (None, arrival.sender.person_id):
        yield MatchedBy.SIGNED_ADDRESS, token.work_item_id
    answered = [*filter(None, (mail.bounce.original_message_id,)), *mail.answered_message_ids]
    for message_id in answered:
        own = read_message_id(message_id, keys=keys)
        if own is not None and own.work_item_id is not None:
            yield MatchedBy.OWN_MESSAGE_ID, own.work_item_id
    came_back = returned.by_address(session, mail) if arrival.incoming.is_bounce else None
    if came_back is not None and came_back.about_kind == "work_item":
        yield MatchedBy.BOUNCE_ADDRESS, came_back.about_id
    foreign = [message_id for message_id in answered if read_message_id(message_id, keys=keys) is None]
    known = tickets.items_by_reference(session, foreign)
    for _, item_id in sorted(known, key=lambda pair: (foreign.index(pair[0]), pair[1])):
        yield MatchedBy.FOREIGN_MESSAGE_ID, item_id
    number = find_token(mail.subject)
    named = queries.item_of_number(session, number) if number is not None else None
    if named is not None:
        yield MatchedBy.SUBJECT_TOKEN, named


def _candidate(matched_by: MatchedBy, item: WorkItem, people: list[tuple[str, str]], opens_anew: datetime) -> Candidate:
    """Return the work item as a candidate; one that was closed before ``opens_anew`` takes no answer (rule 39)."""
    closed_at = item.closed_at if item.status in ("solved", "closed") else None
    return Candidate(
        matched_by=matched_by,
        work_item_id=item.id,
        number=item.number,
        client_id=item.project.client_id,
        requester=next((address for role, address in people if role == "requester"), ""),
        participants=frozenset(address for _, address in people),
        in_triage=item.project.is_triage,
        closed_too_long=closed_at is not None and closed_at < opens_anew,
    )
