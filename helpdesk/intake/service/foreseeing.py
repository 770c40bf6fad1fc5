"""Reading at once, for many mails, what each of them will be asked for: people, domains, projects, copies (rule 12).

To ask the database for one mail costs as much as for a page of them. What is read here is given out by ``once``.
"""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.infra.db import alone, for_many, foresee
from helpdesk.intake import queries
from helpdesk.intake.domain.address import domain_of, normalise_address
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.projects import queries as projects
from helpdesk.tickets import queries as tickets


def look_ahead(session: Session, arriving: Sequence[tuple[InboundMessage, ParsedMail]]) -> None:
    """Read what these mails will be asked for; the same mail in another mailbox of ours waits from here on (rule 6)."""
    for_many(session, len(arriving))
    alone(session, *(f"mail:{inbound.content_hash}" for inbound, _ in arriving))
    queries.foresee_namesakes(session, [inbound for inbound, _ in arriving])
    tickets.foresee_references(session, {one for _, mail in arriving for one in _message_ids(mail)})
    _people({address for _, mail in arriving for address in _addresses(mail)}, session)


def _addresses(mail: ParsedMail) -> Iterable[str]:
    people = (mail.sender, *mail.reply_to[:1], *mail.to, *mail.cc)
    return filter(None, (normalise_address(person.address) for person in people))


def _message_ids(mail: ParsedMail) -> Iterable[str]:
    ours = (mail.identity, *mail.in_reply_to, *mail.references, *mail.answered_message_ids)
    return filter(None, (*ours, mail.bounce.original_message_id))


def _people(addresses: Collection[str], session: Session) -> None:
    contacts = clients.foresee_contacts(session, addresses)
    owners = clients.clients_of_domains(session, {domain_of(address) for address in addresses})
    for domain, owner in owners.items():
        foresee(session, "owners of domain", domain, value=owner)
    client_ids = {one.client_id for one in contacts if one.client_id is not None}
    client_ids |= {owner.by_suffix.id for owner in owners.values() if owner.by_suffix is not None}
    for client_id, project in projects.default_projects(session, client_ids).items():
        foresee(session, "default project", client_id, value=project)
