"""Use cases of clients: add and change them, their mail domains and their contacts."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session, make_transient_to_detached

from helpdesk.accounts import service as accounts
from helpdesk.clients import queries
from helpdesk.clients.domain import check_address, check_typed_address, client_domain
from helpdesk.clients.models import FACTUR_X, INVOICE_GROUPS, Client, ClientDomain, Contact
from helpdesk.company.domain import BusinessHours, check_percent
from helpdesk.infra import audit
from helpdesk.infra.db import at_once, foresee, insert_of, next_id
from helpdesk.infra.policy import RETAINERS, SYSTEM, Actor
from helpdesk.kernel.countries import check_country
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.money import check_currency
from helpdesk.kernel.periods import zone_named
from helpdesk.kernel.taxes import check_mode, check_tax

MOST_PAYMENT_DAYS = 365
SOFT_BOUNCES = 5


@dataclass(frozen=True, kw_only=True)
class ClientProfile:
    """What may be set of a client; the names are those of `Client`'s columns.

    Raises:
        RuleViolation: no name, or an unknown country, currency, zone, tax, e-invoice, address or business hours.
    """

    name: str
    legal_name: str = ""
    address: str = ""
    country: str = ""
    vat_id: str = ""
    customer_number: str = ""
    purchase_order: str = ""
    invoice_email: str = ""
    currency: str = "EUR"
    time_zone: str = "UTC"
    language: str = "en"
    tax_percent: str = "0"
    tax_category: str = "S"
    tax_reason: str = ""
    invoice_group_by: str = ""
    factur_x: str = "company"
    tax_rounding: str = "company"
    price_basis: str = "company"
    payment_days: int = 14
    business_hours: str = ""
    account_manager_id: int | None = None
    restricted_team_id: int | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            message = "A client needs a name."
            raise RuleViolation(message)
        if not 0 <= self.payment_days <= MOST_PAYMENT_DAYS:
            message = f"Payment is due after 0 to {MOST_PAYMENT_DAYS} days."
            raise RuleViolation(message)
        check_grouping(self.invoice_group_by, at="invoice_group_by")
        if self.invoice_email:
            check_typed_address(self.invoice_email)
        check_country(self.country)
        check_currency(self.currency)
        zone_named(self.time_zone)
        check_percent(self.tax_percent)
        check_tax(self.tax_category, self.tax_percent, self.tax_reason)
        check_mode(rounding=self.tax_rounding, basis=self.price_basis, more=("company",))
        if self.factur_x not in FACTUR_X:
            message = f"Electronic invoices are for {', '.join(FACTUR_X)}, not {self.factur_x!r}."
            raise RuleViolation(message, field="factur_x")
        BusinessHours.parse(self.business_hours)


def check_grouping(said: str, *, at: str) -> str:
    """Return by what time shares a line, "" where nothing is said of it.

    Raises:
        RuleViolation: there is no such grouping; it names the field ``at``.
    """
    if said and said not in INVOICE_GROUPS:
        message = f"Time cannot share a line by {said!r}; there are {', '.join(INVOICE_GROUPS)}."
        raise RuleViolation(message, field=at)
    return said


def add_client(
    session: Session, *, actor: Actor, now: datetime, profile: ClientProfile, is_internal: bool = False
) -> Client:
    """Add a client.

    Raises:
        RuleViolation: the name is taken, or account manager or team cannot be that.
    """
    _check_people(session, profile)
    _refuse_taken_name(session, profile.name, but_for=None)
    client = Client(created_at=now, is_internal=is_internal, **asdict(profile))
    session.add(client)
    session.flush()
    audit.record(session, actor=actor, action="added", kind="client", object_id=client.id, now=now, name=client.name)
    return client


def update_client(session: Session, *, actor: Actor, now: datetime, client_id: int, profile: ClientProfile) -> Client:
    """Change a client; what was approved or issued before keeps what it was made with.

    Raises:
        NotFound: no such client, or not for this actor.
        RuleViolation: the name is taken, or account manager or team cannot be that.
    """
    client = queries.get(session, actor=actor, client_id=client_id)
    _check_people(session, profile)
    _refuse_taken_name(session, profile.name, but_for=client.id)
    changed = {name: value for name, value in asdict(profile).items() if getattr(client, name) != value}
    for name, value in changed.items():
        setattr(client, name, value)
    session.flush()
    if changed:
        audit.record(session, actor=actor, action="changed", kind="client", object_id=client.id, now=now, **changed)
    return client


def add_domain(session: Session, *, actor: Actor, now: datetime, client_id: int, domain: str) -> ClientDomain:
    """Let mail of a domain find this client (docs/mail.md rule 37); a client's own domain again changes nothing.

    Raises:
        NotFound: no such client, or not for this actor.
        RuleViolation: no domain, a freemail provider, or another client's.
    """
    client = queries.get(session, actor=actor, client_id=client_id)
    name = client_domain(domain)
    row = session.get(ClientDomain, name)
    if row is not None and row.client_id != client.id:
        message = f"Mail from {name} goes to another client already."
        raise RuleViolation(message)
    if row is None:
        row = ClientDomain(domain=name, client_id=client.id)
        session.add(row)
        session.flush()
        audit.record(
            session, actor=actor, action="added domain", kind="client", object_id=client.id, now=now, domain=name
        )
    return row


def remove_domain(session: Session, *, actor: Actor, now: datetime, client_id: int, domain: str) -> None:
    """Let mail of a domain no longer find this client; tickets and contacts stay.

    Raises:
        NotFound: no such client or domain, or not for this actor.
    """
    client = queries.get(session, actor=actor, client_id=client_id)
    row = session.get(ClientDomain, domain)
    if row is None or row.client_id != client.id:
        message = "There is no such domain."
        raise NotFound(message)
    session.delete(row)
    session.flush()
    audit.record(
        session, actor=actor, action="removed domain", kind="client", object_id=client.id, now=now, domain=domain
    )


def add_contact(
    session: Session, *, actor: Actor, now: datetime, name: str, email: str, client_id: int | None, language: str = ""
) -> Contact:
    """Return the contact with this address, added where there was none; two at once get the same one.

    One that belongs nowhere yet is given to ``client_id``; one that has a client keeps it.

    Raises:
        NotFound: no such client, or not for this actor.
        RuleViolation: no e-mail address.
    """
    contact = queries.find_contact(session, check_address(email))
    if contact is None:
        return new_contact(
            session, actor=actor, now=now, name=name, email=email, client_id=client_id, language=language
        )
    if client_id is not None:
        place(session, actor=actor, now=now, contact=contact, client_id=client_id)
    return contact


def add_typed_contact(
    session: Session, *, actor: Actor, now: datetime, name: str, email: str, client_id: int | None
) -> Contact:
    """Return the contact with the address that somebody typed, added where there was none.

    Raises:
        NotFound: no such client, or not for this actor.
        RuleViolation: no e-mail address, or a new one without a mail domain.
    """
    if queries.find_contact(session, email) is None:
        check_typed_address(email)
    return add_contact(session, actor=actor, now=now, name=name, email=email, client_id=client_id)


def add_caller(
    session: Session, *, actor: Actor, now: datetime, name: str, phone: str, client_id: int | None
) -> Contact:
    """Add a contact of whom nobody knows a mail address: no mail goes to them (docs/desk.md rule 84).

    Raises:
        NotFound: no such client, or not for this actor.
        RuleViolation: no name.
    """
    if not name.strip():
        message = "Write their name: without an address nobody would find them again."
        raise RuleViolation(message, field="name")
    if client_id is not None:
        queries.get(session, actor=actor, client_id=client_id)
    contact = Contact(name=name.strip(), email="", phone=phone.strip(), client_id=client_id, created_at=now)
    session.add(contact)
    session.flush()
    audit.record(session, actor=actor, action="added", kind="contact", object_id=contact.id, now=now)
    return contact


def add_person(
    session: Session, *, actor: Actor, now: datetime, name: str, email: str, phone: str, client_id: int | None
) -> Contact:
    """Return the contact that somebody typed, added where nobody has that address, or where it has none.

    Who has a phone number already keeps it.

    Raises:
        NotFound: no such client, or not for this actor.
        RuleViolation: neither a name nor an address, or what is none.
    """
    if not email.strip():
        return add_caller(session, actor=actor, now=now, name=name, phone=phone, client_id=client_id)
    contact = add_typed_contact(session, actor=actor, now=now, name=name, email=email, client_id=client_id)
    if phone.strip() and not contact.phone and contact.client_id == client_id:
        kept = {"name": contact.name, "language": contact.language}
        change_contact(session, actor=actor, now=now, contact_id=contact.id, phone=phone, **kept)
    return contact


def place(session: Session, *, actor: Actor, now: datetime, contact: Contact, client_id: int) -> None:
    """Make a contact who belongs nowhere yet one of this client; who has a client stays there.

    Raises:
        NotFound: no such client, or not for this actor.
    """
    if contact.client_id is not None:
        return
    contact.client_id = queries.get(session, actor=actor, client_id=client_id).id
    session.flush()
    audit.record(
        session, actor=actor, action="placed", kind="contact", object_id=contact.id, now=now, client_id=client_id
    )


def new_contact(
    session: Session, *, actor: Actor, now: datetime, name: str, email: str, client_id: int | None, language: str = ""
) -> Contact:
    """Add a contact for an address that nobody has, as somebody found out just now; return whoever has it meanwhile.

    Raises:
        NotFound: no such client, or not for this actor.
        RuleViolation: no e-mail address.
    """
    address = check_address(email)
    if client_id is not None:
        queries.get(session, actor=actor, client_id=client_id)
    values = {
        "client_id": client_id,
        "name": name.strip() or address,
        "email": address,
        "language": language,
        "created_at": now,
    }
    is_alone = at_once(session) == 1 or session.in_nested_transaction()
    added = _insert_contact(session, values) if is_alone else _add_contact(session, values)
    with session.no_autoflush:  # contacts depend on nothing that may wait to be written
        found = added or session.scalars(queries.CONTACT_OF_ADDRESS, {"address": address.lower()}).one()
    if not session.in_nested_transaction():  # a savepoint may be undone, and the contact with it
        foresee(session, "contact", address.lower(), value=found)
    if added is None:
        return found
    audit.record(session, actor=actor, action="added", kind="contact", object_id=added.id, now=now)
    return added


def _add_contact(session: Session, values: dict[str, Any]) -> Contact:
    """Return a contact that is written together with others, by a session that handles many mails at once.

    Where somebody else adds the address meanwhile none of it can be: each mail then has a session of its own.
    """
    said = {"title": "", "time_zone": ""}  # a column with a default of the database's has rows written one by one
    contact = Contact(id=next_id(session, Contact), **said, **values)
    session.add(contact)
    return contact


def _insert_contact(session: Session, values: dict[str, Any]) -> Contact | None:
    """Return the row as an object, without the detour by which the database would tell what we just told it."""
    table = cast("Table", Contact.__table__)
    statement = insert_of(session, table).on_conflict_do_nothing().returning(table.c.id)
    given = {"phone": "", "soft_bounces": 0, **values}
    reserved = {"id": next_id(session, Contact)} if at_once(session) > 1 else {}
    contact_id = session.connection().scalar(statement, {**given, **reserved})
    if contact_id is None:
        return None
    unsaid = {"undeliverable_at": None, "undeliverable_why": "", "retired_at": None, "same_as_id": None}
    contact = Contact(id=contact_id, title="", time_zone="", **unsaid, **given)
    make_transient_to_detached(contact)
    session.add(contact)
    return contact


def change_contact(
    session: Session, *, actor: Actor, now: datetime, contact_id: int, name: str, phone: str, language: str
) -> Contact:
    """Set name, phone and language of a contact and return it; what is the same already leaves no trace.

    Raises:
        NotFound: no such contact, or not for this actor.
    """
    contact = session.get(Contact, contact_id)
    if contact is None:
        message = "There is no such contact."
        raise NotFound(message)
    if contact.client_id is not None:
        queries.get(session, actor=actor, client_id=contact.client_id)
    wanted = {"name": name.strip() or contact.email, "phone": phone.strip(), "language": language}
    changed = {key: value for key, value in wanted.items() if getattr(contact, key) != value}
    for key, value in changed.items():
        setattr(contact, key, value)
    session.flush()
    if changed:
        audit.record(session, actor=actor, action="changed", kind="contact", object_id=contact.id, now=now, **changed)
    return contact


def note_bounce(session: Session, *, now: datetime, email: str, hard: bool, why: str) -> Contact | None:
    """Note that mail to this address came back, and return its contact; None when it is nobody's.

    A contact is undeliverable by its main address alone: all mail goes there (docs/desk.md rule 55).

    A hard bounce marks the contact as undeliverable, and so does the fifth soft one in a row (docs/mail.md rule 28).
    """
    contact = queries.find_contact(session, email)
    if contact is None or contact.email.lower() != email.lower():
        return contact  # a further address, to which nothing is sent any more
    contact.soft_bounces += 0 if hard else 1
    if contact.undeliverable_at is None and (hard or contact.soft_bounces >= SOFT_BOUNCES):
        contact.undeliverable_at = now
        contact.undeliverable_why = why if hard else f"{SOFT_BOUNCES} times in a row; at last: {why}"
        audit.record(
            session, actor=SYSTEM, action="undeliverable", kind="contact", object_id=contact.id, now=now, why=why
        )
    session.flush()
    return contact


def heard_from(contact: Contact) -> None:
    """Take back what bounces said of a contact: whoever writes to us has an address that works."""
    if contact.soft_bounces or contact.undeliverable_at is not None:
        contact.soft_bounces, contact.undeliverable_at, contact.undeliverable_why = 0, None, ""


def correct_address(session: Session, *, actor: Actor, now: datetime, contact: Contact, email: str) -> Contact:
    """Give a contact another mail address, and take back what bounces said of the one before.

    Raises:
        RuleViolation: no e-mail address, or somebody else's.
    """
    address = check_address(email)
    other = queries.find_contact(session, address)
    if other is not None and other.id != contact.id:
        message = f"{other.name} has the address {address} already; write to them instead."
        raise RuleViolation(message)
    before, contact.email = contact.email, address
    foresee(session, "contact", before.lower(), value=None)
    foresee(session, "contact", address.lower(), value=contact)
    heard_from(contact)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="corrected address",
        kind="contact",
        object_id=contact.id,
        now=now,
        before=before,
        after=address,
    )
    return contact


def correct_contact(
    session: Session, *, actor: Actor, now: datetime, client_id: int, contact_id: int, name: str, email: str
) -> Contact:
    """Give a contact of a client the name and the address that are right; its tickets stay its own.

    Raises:
        NotFound: no such client or contact, or not for this actor.
        RuleViolation: no e-mail address, or somebody else's.
    """
    contact = queries.contact_of(session, actor=actor, client_id=client_id, contact_id=contact_id)
    if email.strip() != contact.email:
        correct_address(session, actor=actor, now=now, contact=contact, email=email)
    kept = {"phone": contact.phone, "language": contact.language}
    return change_contact(session, actor=actor, now=now, contact_id=contact_id, name=name.strip(), **kept)


def _check_people(session: Session, profile: ClientProfile) -> None:
    if profile.account_manager_id is not None:
        manager = accounts.get_person(session, profile.account_manager_id)
        if not manager.active or manager.role not in RETAINERS:
            message = f"{manager.name} cannot look after a client; choose an account manager, manager or administrator."
            raise RuleViolation(message)
    if profile.restricted_team_id is not None:
        accounts.get_team(session, profile.restricted_team_id)


def _refuse_taken_name(session: Session, name: str, *, but_for: int | None) -> None:
    query = select(Client.id).where(func.lower(Client.name) == name.strip().lower(), Client.id != (but_for or 0))
    if session.scalar(query.limit(1)) is not None:
        message = f"There is a client named {name.strip()} already."
        raise RuleViolation(message)
