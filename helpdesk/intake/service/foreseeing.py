"""Reading at once, for many mails, what each will be asked for: people, domains, projects, tickets, copies (rule 12).

To ask the database for one mail costs as much as for a page of them. What is read here is given out by ``once``.
"""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.infra import crypto
from helpdesk.infra.db import alone, for_many, foresee
from helpdesk.intake import queries
from helpdesk.intake.domain.address import domain_of, normalise_address
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.outbox.domain import first_reply_token, read_message_id
from helpdesk.projects import queries as projects
from helpdesk.tickets import queries as tickets


def look_ahead(session: Session, arriving: Sequence[tuple[InboundMessage, ParsedMail]]) -> None:
    """Read what these mails will be asked for; the same mail in another mailbox of ours waits from here on (rule 6)."""
    for_many(session, len(arriving))
    alone(session, *(f"mail:{inbound.content_hash}" for inbound, _ in arriving))
    queries.foresee_namesakes(session, [inbound for inbound, _ in arriving])
    referred_to = tickets.foresee_references(session, {one for _, mail in arriving for one in _message_ids(mail)})
    tickets.foresee_conversations(session, referred_to.union(*(_items_named(mail) for _, mail in arriving)))
    foresee_people(session, {address for _, mail in arriving for address in _addresses(mail)})


def _addresses(mail: ParsedMail) -> Iterable[str]:
    people = (mail.sender, *mail.reply_to[:1], *mail.to, *mail.cc)
    return filter(None, (normalise_address(person.address) for person in people))


def _message_ids(mail: ParsedMail) -> Iterable[str]:
    ours = (mail.identity, *mail.in_reply_to, *mail.references, *mail.answered_message_ids)
    return filter(None, (*ours, mail.bounce.original_message_id))


def _items_named(mail: ParsedMail) -> Iterable[int]:
    """Return the work items that the mail names by a signed address or a Message-ID of ours."""
    keys = crypto.mail_keys()
    token = first_reply_token(mail.recipient_addresses, keys=keys)
    ours = (read_message_id(one, keys=keys) for one in (*mail.in_reply_to, *mail.references))
    return (one.work_item_id for one in (token, *ours) if one is not None and one.work_item_id is not None)


def foresee_people(session: Session, addresses: Collection[str]) -> None:
    """Read whose these addresses are: contacts, owners of domains, and the projects in which mail of those lands."""
    contacts = clients.foresee_contacts(session, addresses)
    owners = clients.clients_of_domains(session, {domain_of(address) for address in addresses})
    for domain, owner in owners.items():
        foresee(session, "owners of domain", domain, value=owner)
    client_ids = {one.client_id for one in contacts if one.client_id is not None}
    client_ids |= {owner.by_suffix.id for owner in owners.values() if owner.by_suffix is not None}
    for client_id, project in projects.default_projects(session, client_ids).items():
        foresee(session, "default project", client_id, value=project)
