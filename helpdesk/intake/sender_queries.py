"""Reads of the senders page: domains with their clients, and contacts whom nobody has placed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client, ClientDomain, Contact
from helpdesk.infra.ahead import Question, models_of, rows_of
from helpdesk.outbox.models import Mailbox

CONTACTS = 100


def mailboxes(session: Session) -> list[Mailbox]:
    """Return the mailboxes that are connected."""
    return models_of(session, mailboxes_asked())


def mailboxes_asked() -> Select[Mailbox]:
    """Return the question of `mailboxes`, to be asked together with others."""
    return select(Mailbox).where(Mailbox.removed_at.is_(None)).order_by(Mailbox.id)


def domains(session: Session) -> Sequence[Any]:
    """Return every domain with id and name of its client, by domain."""
    return rows_of(session, domains_asked())


def domains_asked() -> Question:
    """Return the question of `domains`, to be asked together with others."""
    query = select(ClientDomain.domain, ClientDomain.client_id, Client.name.label("client_name"))
    return query.join(ClientDomain.client).order_by(ClientDomain.domain)


def contacts_without_client(session: Session) -> Sequence[Any]:
    """Return id, name and email of the newest contacts that belong to no client yet."""
    return rows_of(session, contacts_asked())


def contacts_asked() -> Question:
    """Return the question of `contacts_without_client`, to be asked together with others."""
    return (
        select(Contact.id, Contact.name, Contact.email)
        .where(Contact.client_id.is_(None), Contact.same_as_id.is_(None))
        .order_by(Contact.id.desc())
        .limit(CONTACTS)
    )


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
