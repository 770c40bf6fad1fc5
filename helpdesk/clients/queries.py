"""Which clients an actor may see, and how mail finds its client. Every client-visible query goes through here."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from helpdesk.accounts.models import Person
from helpdesk.clients.domain import normal_domain, suffixes_of
from helpdesk.clients.models import Client, ClientDomain, Contact
from helpdesk.infra.policy import ACCOUNT_MANAGER, ADMIN, BOOKKEEPER, MANAGER, SYSTEM, Actor
from helpdesk.kernel.errors import NotFound, RuleViolation

MESSAGE = "There is no such client."

CONTACT_OF_ADDRESS = select(Contact).where(func.lower(Contact.email) == bindparam("address"))
"""Made once: it is asked for every mail, and to write a query costs more than to run it."""


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on ``Client`` for everything of the desk.

    Everybody on the desk sees all clients but those restricted to a team that they are not in; the client's own
    account manager is always in.
    """
    if actor.sees_all_clients:
        return true()
    return or_(
        Client.restricted_team_id.is_(None),
        Client.restricted_team_id.in_(sorted(actor.team_ids)),
        Client.account_manager_id == actor.person_id,
    )


def billable_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on ``Client`` for money: rates, retainers, invoices.

    Account managers have it for the clients they manage; managers, bookkeepers and administrators for all.
    """
    if actor.is_one_of(frozenset({ADMIN, MANAGER, BOOKKEEPER})):
        return true()
    if actor.role == ACCOUNT_MANAGER:
        return Client.account_manager_id == actor.person_id
    return false()


def get(session: Session, *, actor: Actor, client_id: int) -> Client:
    """Return a client that the actor may see.

    Raises:
        NotFound: no such client, or not for this actor.
    """
    if actor is SYSTEM:  # sees all, and has it loaded already more often than not
        client = session.get(Client, client_id)
    else:
        client = session.scalar(select(Client).where(Client.id == client_id, visible(actor)))
    if client is None:
        raise NotFound(MESSAGE)
    return client


def get_billable(session: Session, *, actor: Actor, client_id: int) -> Client:
    """Return a client whose money the actor may handle.

    Raises:
        NotFound: no such client, or not for this actor.
    """
    client = session.scalar(select(Client).where(Client.id == client_id, billable_by(actor)))
    if client is None:
        raise NotFound(MESSAGE)
    return client


def internal_client(session: Session) -> Client | None:
    """Return our own company as a client, or None before the first run."""
    return session.scalar(select(Client).where(Client.is_internal.is_(True)).order_by(Client.id).limit(1))


def find_contact(session: Session, email: str) -> Contact | None:
    """Return the contact with this address, whatever its case."""
    return session.scalar(CONTACT_OF_ADDRESS, {"address": email.strip().lower()})


def client_of_domain(session: Session, domain: str) -> Client | None:
    """Return the client that ``domain`` belongs to by its longest known suffix. docs/mail.md rule 37."""
    try:
        suffixes = suffixes_of(normal_domain(domain))
    except RuleViolation:
        return None
    return session.scalar(
        select(Client)
        .join(ClientDomain)
        .where(ClientDomain.domain.in_(suffixes))
        .order_by(func.length(ClientDomain.domain).desc())
        .limit(1)
    )


def domains_of(session: Session, client_id: int) -> frozenset[str]:
    """Return the mail domains of a client."""
    return frozenset(session.scalars(select(ClientDomain.domain).where(ClientDomain.client_id == client_id)))


@dataclass(frozen=True)
class ClientLine:
    """One line of the list of clients."""

    id: int
    name: str
    is_internal: bool
    currency: str
    account_manager_name: str | None
    domains: list[str]
    contact_count: int


def lines(session: Session, *, actor: Actor) -> list[ClientLine]:
    """Return the clients that the actor may see, by name, in two queries however many there are."""
    manager = aliased(Person)
    contacts = (
        select(Contact.client_id, func.count().label("number")).group_by(Contact.client_id).subquery("contact_counts")
    )
    rows = session.execute(
        select(Client, manager.name, func.coalesce(contacts.c.number, 0))
        .outerjoin(manager, manager.id == Client.account_manager_id)
        .outerjoin(contacts, contacts.c.client_id == Client.id)
        .where(visible(actor), Client.archived_at.is_(None))
        .order_by(func.lower(Client.name))
    ).all()
    domains = _domains_by_client(session, [client.id for client, _name, _number in rows])
    return [
        ClientLine(
            client.id, client.name, client.is_internal, client.currency, name, domains.get(client.id, []), number
        )
        for client, name, number in rows
    ]


def choices(session: Session, *, condition: ColumnElement[bool]) -> list[tuple[int, str]]:
    """Return (id, name) of the clients that meet ``condition``, by name, for a select field."""
    query = select(Client.id, Client.name).where(condition, Client.archived_at.is_(None))
    return [(row.id, row.name) for row in session.execute(query.order_by(func.lower(Client.name)))]


def _domains_by_client(session: Session, client_ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = select(ClientDomain).where(ClientDomain.client_id.in_(client_ids)).order_by(ClientDomain.domain)
    for row in session.scalars(query):
        found.setdefault(row.client_id, []).append(row.domain)
    return found
