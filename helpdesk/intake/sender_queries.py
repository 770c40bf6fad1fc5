"""Reads of the senders page: domains with their clients, and contacts whom nobody has placed."""

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.clients.models import ClientDomain, Contact
from helpdesk.infra.ahead import models_of, rows_of
from helpdesk.outbox.models import Mailbox

CONTACTS = 100


def mailboxes(session: Session) -> list[Mailbox]:
    """Return the mailboxes that are connected."""
    return models_of(session, mailboxes_asked())


def mailboxes_asked() -> Select[Mailbox]:
    """Return the question of `mailboxes`, to be asked together with others."""
    return select(Mailbox).where(Mailbox.removed_at.is_(None)).order_by(Mailbox.id)


def domains(session: Session) -> list[ClientDomain]:
    """Return every domain with its client, by domain: one query."""
    query = select(ClientDomain).options(joinedload(ClientDomain.client)).order_by(ClientDomain.domain)
    return list(session.scalars(query))


def contacts_without_client(session: Session) -> list[Contact]:
    """Return the newest contacts that belong to no client yet."""
    query = (
        select(Contact)
        .where(Contact.client_id.is_(None), Contact.same_as_id.is_(None))
        .order_by(Contact.id.desc())
        .limit(CONTACTS)
    )
    return list(session.scalars(query))


def count_without_client(session: Session) -> int:
    """Return how many contacts belong to no client yet."""
    return int(rows_of(session, without_client_asked())[0].count)


def without_client_asked() -> Select[int]:
    """Return the question of `count_without_client`, to be asked together with others."""
    counted = select(func.count().label("count")).select_from(Contact)
    return counted.where(Contact.client_id.is_(None), Contact.same_as_id.is_(None))


def contact_emails(session: Session, contact_ids: list[int]) -> list[tuple[str, str]]:
    """Return name and address of these contacts."""
    query = select(Contact.name, Contact.email).where(Contact.id.in_(contact_ids)).order_by(Contact.id)
    return [(row.name, row.email) for row in session.execute(query)]
