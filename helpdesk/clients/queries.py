"""Which clients an actor may see, and how mail finds its client. Every client-visible query goes through here."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, case, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from helpdesk.accounts.models import Person
from helpdesk.clients.domain import has_number, last_digits, normal_domain, suffixes_of
from helpdesk.clients.models import Client, ClientDomain, Contact
from helpdesk.company.service import find_company
from helpdesk.infra.ahead import rows_of
from helpdesk.infra.db import foresee, foreseen
from helpdesk.infra.finding import numbers_found
from helpdesk.infra.policy import ACCOUNT_MANAGER, ADMIN, BOOKKEEPER, MANAGER, SYSTEM, Actor
from helpdesk.infra.sql import among, among_many
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.taxes import TaxMode, mode_of

MESSAGE = "There is no such client."
UNREAD = object()
MOST_OFFERED = 500
MOST_CALLED, MOST_ALIKE = 10, 200

_ADDRESS = aliased(Contact)
KEPT_ID = func.coalesce(_ADDRESS.same_as_id, _ADDRESS.id)
"""Whose an address is: that of the row, or of the contact that the row is a further address of."""
CONTACT_OF_ADDRESS = select(Contact).where(
    Contact.id == select(KEPT_ID).where(func.lower(_ADDRESS.email) == bindparam("address")).scalar_subquery()
)
"""Made once: it is asked for every mail, and to write a query costs more than to run it."""


def tax_mode_of(session: Session, client: Client) -> TaxMode:
    """Return how tax is taken of a client: as it is set to, else as the company is (docs/billing.md rule 20)."""
    house = find_company(session)
    rounding, basis = client.tax_rounding, client.price_basis
    return mode_of(
        rounding=house.tax_rounding if house and rounding == "company" else rounding,
        basis=house.price_basis if house and basis == "company" else basis,
    )


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


def visible_to_asker(*, sees_all: bool) -> ColumnElement[bool]:
    """Return :func:`visible` for a query that is made once for all who ask; :func:`asker` says who asks this time."""
    if sees_all:
        return true()
    return or_(
        Client.restricted_team_id.is_(None),
        Client.restricted_team_id.in_(bindparam("team_ids", expanding=True)),
        Client.account_manager_id == bindparam("person_id"),
    )


def asker(actor: Actor) -> dict[str, object]:
    """Return the parameters ``person_id`` and ``team_ids`` of a query that is made once."""
    return {"person_id": actor.person_id, "team_ids": sorted(actor.team_ids)}


def sees(actor: Actor, *, restricted_team_id: int | None, account_manager_id: int | None) -> bool:
    """Return what :func:`visible` would say of a client with these values, for whoever has them in hand already."""
    return (
        actor.sees_all_clients
        or restricted_team_id is None
        or restricted_team_id in actor.team_ids
        or (account_manager_id is not None and account_manager_id == actor.person_id)
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


def bills(actor: Actor, client: Client) -> bool:
    """Return what :func:`billable_by` would say of a client, for whoever has it in hand already."""
    manages = actor.role == ACCOUNT_MANAGER and client.account_manager_id == actor.person_id
    return manages or actor.is_one_of(frozenset({ADMIN, MANAGER, BOOKKEEPER}))


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


def contact_of(session: Session, *, actor: Actor, client_id: int, contact_id: int) -> Contact:
    """Return a contact of a client that the actor may see.

    Raises:
        NotFound: no such client or contact of it, or not for this actor.
    """
    client = get(session, actor=actor, client_id=client_id)
    contact = session.get(Contact, contact_id)
    if contact is None or contact.client_id != client.id or contact.same_as_id is not None:
        raise NotFound(MESSAGE)
    return contact


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
    """Return the contact with this address, whatever its case, also where it is a further one of theirs."""
    address = email.strip().lower()
    if not address:
        return None
    known = foreseen(session, "contact", address, otherwise=UNREAD)
    if known is not UNREAD:
        return cast("Contact | None", known)
    return session.scalar(CONTACT_OF_ADDRESS, {"address": address})


def foresee_contacts(session: Session, addresses: Collection[str]) -> list[Contact]:
    """Read the contacts with these addresses in one query for :func:`find_contact`, and return those that there are."""
    wanted = {address.strip().lower() for address in addresses}
    query = (
        select(func.lower(_ADDRESS.email), Contact)
        .join(Contact, Contact.id == KEPT_ID)
        .where(among(session, func.lower(_ADDRESS.email, type_=Contact.email.type), wanted))
        .options(joinedload(Contact.client))
    )
    rows = session.execute(query) if wanted else ()
    found: dict[str, Contact] = {row[0]: row[1] for row in rows}
    for address in wanted:
        foresee(session, "contact", address, value=found.get(address))
    return list(dict.fromkeys(found.values()))


def contacts_by_address(session: Session, addresses: Collection[str]) -> list[tuple[str, Contact]]:
    """Return each of these addresses that is somebody's, in lower case, with whose it is."""
    address_of = func.lower(_ADDRESS.email, type_=Contact.email.type)
    query = select(address_of, Contact).join(Contact, Contact.id == KEPT_ID)
    found = session.execute(query.where(among_many(session, address_of, {one.lower() for one in addresses})))
    return [(address, contact) for address, contact in found]


def contacts_of(session: Session, client_id: int) -> list[Contact]:
    """Return the contacts of a client by name; those who are retired come last."""
    return list(session.scalars(contacts_asked(client_id)))


def contacts_asked(client_id: int | BindParameter[int]) -> Select[Contact]:
    """Return the question of `contacts_of`, to be asked together with others."""
    query = select(Contact).where(Contact.client_id == client_id, Contact.same_as_id.is_(None))
    return query.order_by(Contact.retired_at.is_not(None), func.lower(Contact.name), Contact.id)


def further_addresses(session: Session, contact_ids: Collection[int]) -> dict[int, list[Contact]]:
    """Return the rows of further addresses of these contacts, by contact."""
    found: dict[int, list[Contact]] = {}
    query = select(Contact).where(among(session, Contact.same_as_id, contact_ids), Contact.email.is_not(None))
    query = query.order_by(Contact.id)
    for row in session.scalars(query) if contact_ids else ():
        found.setdefault(row.same_as_id or 0, []).append(row)
    return found


def belongs_nowhere(domain: str) -> ColumnElement[bool]:
    """Return the condition on ``Contact`` for who writes from this very domain and has no client yet."""
    theirs = func.lower(Contact.email).endswith(f"@{domain}", autoescape=True)
    return and_(Contact.client_id.is_(None), Contact.same_as_id.is_(None), theirs)


def unknown_senders(client_id: BindParameter[int]) -> Select[str, int]:
    """Return the question how many people without a client write from each domain of a client."""
    begin = func.length(Contact.email) - func.length(ClientDomain.domain)
    theirs = func.lower(func.substr(Contact.email, begin)) == "@" + ClientDomain.domain
    people = select(func.count(Contact.id)).where(Contact.client_id.is_(None), Contact.same_as_id.is_(None), theirs)
    count = people.correlate(ClientDomain).scalar_subquery().label("people")
    return select(ClientDomain.domain, count).where(ClientDomain.client_id == client_id)


def get_contact(session: Session, *, actor: Actor, contact_id: int) -> Contact:
    """Return a contact that the actor may see, with its client; a further address leads to whose it is.

    Raises:
        NotFound: no such contact, or not for this actor.
    """
    query = (
        select(Contact)
        .outerjoin(Contact.client)
        .where(Contact.id == select(KEPT_ID).where(_ADDRESS.id == contact_id).scalar_subquery())
        .where(or_(Contact.client_id.is_(None), visible(actor)))
        .options(contains_eager(Contact.client))
    )
    contact = session.scalar(query)
    if contact is None:
        message = "There is no such contact."
        raise NotFound(message)
    return contact


def contacts_to_name(session: Session, *, actor: Actor, client_id: int | None = None) -> list[Contact]:
    """Return contacts of clients that the actor may see: those of one client first, then whoever is known newest.

    At most ``MOST_OFFERED``: a field offers them, and takes any other address as well.
    """
    query = select(Contact).join(Client).where(visible(actor), Client.archived_at.is_(None))
    query = query.where(Contact.same_as_id.is_(None), Contact.retired_at.is_(None))
    order = (case((Contact.client_id == client_id, 0), else_=1), Contact.id.desc())
    return list(session.scalars(query.options(contains_eager(Contact.client)).order_by(*order).limit(MOST_OFFERED)))


def contacts_called(
    session: Session, *, actor: Actor, client_id: int | None = None, name: str = "", phone: str = ""
) -> list[Contact]:
    """Return contacts whom one knows by a name, or by the last digits of a phone number, however it is written.

    Of one client where it is given, else of all that the actor sees. A number with few digits finds nobody.
    """
    query = select(Contact).join(Client).where(visible(actor), Client.archived_at.is_(None))
    query = query.where(Contact.same_as_id.is_(None), Contact.retired_at.is_(None))
    if client_id is not None:
        query = query.where(Contact.client_id == client_id)
    if name:
        query = query.where(func.lower(Contact.name) == name.strip().lower())
    if phone:
        digits = last_digits(phone)
        if not digits:
            return []
        query = query.where(Contact.id.in_(numbers_found(session, Contact.id, digits))).limit(MOST_ALIKE)
    found = session.scalars(query.options(contains_eager(Contact.client)).order_by(Contact.id))
    return [one for one in found if not phone or has_number(one.phone, phone)][:MOST_CALLED]


def client_of_domain(session: Session, domain: str) -> Client | None:
    """Return the client that ``domain`` belongs to by its longest known suffix. docs/mail.md rule 37."""
    return clients_of_domains(session, [domain])[domain].by_suffix


def name_of_domain(session: Session, domain: str) -> str:
    """Return the name of the client that ``domain`` belongs to; empty where it is nobody's."""
    known: dict[str, str] | None = foreseen(session, "names by domain", domain, otherwise=None)
    if known is not None:
        return next((known[suffix] for suffix in _suffixes(domain) if suffix in known), "")
    client = client_of_domain(session, domain)
    return client.name if client is not None else ""


def suffixes_to_ask(domain: str) -> Collection[str]:
    """Return by which domains `names_asked` finds the client that ``domain`` belongs to."""
    return _suffixes(domain)


def names_asked(domains: BindParameter[Any]) -> Select[str, str]:
    """Return the question for the names of clients by any of ``domains``, to be asked together with others."""
    return select(ClientDomain.domain, Client.name).join(Client).where(ClientDomain.domain.in_(domains))


def foresee_names(session: Session, domain: str, rows: Iterable[Any]) -> None:
    """Let `name_of_domain` know what the rows of `names_asked` say of a domain."""
    foresee(session, "names by domain", domain, value={row.domain: row.name for row in rows})


@dataclass(frozen=True, slots=True)
class DomainOwners:
    """Whose a mail domain is: ``by_suffix`` by the longest suffix that is known, ``whole`` by this very domain."""

    by_suffix: Client | None = None
    whole: frozenset[int] = frozenset()


def clients_of_domains(session: Session, domains: Collection[str]) -> dict[str, DomainOwners]:
    """Return whose each of these domains is, in one query (docs/mail.md rules 16, 37); nobody's where it is none."""
    suffixes = {domain: _suffixes(domain) for domain in domains}
    wanted = {suffix for each in suffixes.values() for suffix in each} | set(domains)
    query = select(ClientDomain.domain, Client).join(Client).where(among(session, ClientDomain.domain, wanted))
    with session.no_autoflush:  # mail adds no client and no domain
        owners = {row.domain: row.Client for row in session.execute(query)} if wanted else {}
    return {
        domain: DomainOwners(
            by_suffix=next((owners[suffix] for suffix in each if suffix in owners), None),  # the longest comes first
            whole=frozenset({owners[domain].id} if domain in owners else ()),
        )
        for domain, each in suffixes.items()
    }


def _suffixes(domain: str) -> Collection[str]:
    try:
        return suffixes_of(normal_domain(domain))
    except RuleViolation:
        return ()


def domains_of(session: Session, client_id: int) -> frozenset[str]:
    """Return the mail domains of a client."""
    known: frozenset[str] | None = foreseen(session, "domains", client_id, otherwise=None)
    return known if known is not None else frozenset(session.scalars(domains_asked(client_id)))


def domains_asked(client_id: int | BindParameter[int]) -> Select[str]:
    """Return the question of `domains_of`, to be asked together with others."""
    return select(ClientDomain.domain).where(ClientDomain.client_id == client_id)


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
        select(Contact.client_id, func.count().label("number"))
        .where(Contact.same_as_id.is_(None))
        .group_by(Contact.client_id)
        .subquery("contact_counts")
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
    return [(row.id, row.name) for row in rows_of(session, choice_of(condition))]


def choice_of(condition: ColumnElement[bool]) -> Select[int, str]:
    """Return the question of `choices`, to be asked together with others."""
    query = select(Client.id, Client.name).where(condition, Client.archived_at.is_(None))
    return query.order_by(func.lower(Client.name))


def _domains_by_client(session: Session, client_ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = select(ClientDomain).where(ClientDomain.client_id.in_(client_ids)).order_by(ClientDomain.domain)
    for row in session.scalars(query):
        found.setdefault(row.client_id, []).append(row.domain)
    return found
