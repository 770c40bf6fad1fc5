"""What the page of a client shows from all slices that know it, asked of the database in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.accounts.models import Person
from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client, ClientDomain, Contact, Note
from helpdesk.clients.notes import notes_asked
from helpdesk.desk import queries
from helpdesk.infra.db import UtcDateTime
from helpdesk.infra.together import Together
from helpdesk.invoicing.models import Invoice
from helpdesk.retainers import first_rows
from helpdesk.retainers.first_rows import Rows
from helpdesk.satisfaction import queries as satisfaction
from helpdesk.satisfaction.domain import Tally
from helpdesk.timekeeping.queries import entries as time

CLIENT = bindparam("client_id", type_=Integer())


@dataclass(frozen=True)
class Sees:
    """What of a client its reader may see."""

    works: bool
    edits: bool
    invoices: bool
    retainers: bool


@dataclass(frozen=True)
class AroundClient:
    """Rows by what they are; what is not for the reader is None, or nothing."""

    contacts: list[Contact]
    notes: Sequence[Any]
    projects: Sequence[Any]
    manager_name: str | None
    invoices: list[Invoice] | None
    unbilled_seconds: int | None
    satisfaction: Tally | None
    unknown: dict[str, int]
    books: Rows | None


def read(session: Session, *, client: Client, sees: Sees, since: datetime) -> AroundClient:
    """Return what stands around a client that the actor may see: one query; answers are those ``since``."""
    given: dict[str, Any] = {"client_id": client.id, "client_ids": [client.id], "since": since}
    found = _asked(sees).read(session, **given)
    set_committed_value(client, "domains", found["domains"])
    books = {name: found.get(f"books_{name}", []) for name in first_rows.rows_to_ask(with_rates=True)}
    return AroundClient(
        contacts=found["contacts"],
        notes=found["notes"],
        projects=found["projects"],
        manager_name=next((row.name for row in found["manager"]), None),
        invoices=found.get("invoices"),
        unbilled_seconds=time.unbilled_of(found["unbilled"][0]) if sees.invoices else None,
        satisfaction=satisfaction.tally_of(found["answers"]) if sees.works else None,
        unknown={row.domain: row.people for row in found.get("unknown", ())},
        books=first_rows.rows_among(books, with_rates=True) if sees.retainers else None,
    )


@cache
def _asked(sees: Sees) -> Together:
    parts: dict[str, Any] = {
        "domains": select(ClientDomain).where(ClientDomain.client_id == CLIENT).order_by(ClientDomain.domain),
        "contacts": clients.contacts_asked(CLIENT),
        "notes": notes_asked().where(Note.client_id == CLIENT),
        "projects": queries.projects_of(CLIENT),
        "manager": select(Person.name).join(Client, Client.account_manager_id == Person.id).where(Client.id == CLIENT),
    }
    if sees.works:
        parts["answers"] = satisfaction.of_client(CLIENT, since=bindparam("since", type_=UtcDateTime()))
    if sees.edits:
        parts["unknown"] = clients.unknown_senders(CLIENT)
    if sees.invoices:
        parts |= {"invoices": queries.invoices_of(CLIENT), "unbilled": time.unbilled_asked(CLIENT)}
    if sees.retainers:
        parts |= {f"books_{name}": query for name, query in first_rows.rows_to_ask(with_rates=True).items()}
    return Together(**parts)
