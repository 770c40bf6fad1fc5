"""Reads of the senders page: domains with their clients, and contacts whom nobody has placed."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.clients.models import ClientDomain, Contact
from helpdesk.outbox.models import Mailbox

CONTACTS = 100


def mailboxes(session: Session) -> list[Mailbox]:
    """Return the mailboxes that are connected."""
    return list(session.scalars(select(Mailbox).where(Mailbox.removed_at.is_(None)).order_by(Mailbox.id)))


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
    return (
        session.scalar(
            select(func.count()).select_from(Contact).where(Contact.client_id.is_(None), Contact.same_as_id.is_(None))
        )
        or 0
    )


def contact_emails(session: Session, contact_ids: list[int]) -> list[tuple[str, str]]:
    """Return name and address of these contacts."""
    query = select(Contact.name, Contact.email).where(Contact.id.in_(contact_ids)).order_by(Contact.id)
    return [(row.name, row.email) for row in session.execute(query)]
