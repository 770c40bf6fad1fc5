"""The lists of clients and contacts as tables."""

from sqlalchemy.orm import Session

from helpdesk.clients import queries
from helpdesk.clients.models import Contact
from helpdesk.clients.queries import ClientLine
from helpdesk.infra.export.columns import Column, Sheet, number, text, yes
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor


def clients_sheet(session: Session, *, actor: Actor) -> Sheet[ClientLine]:
    """Return the clients that the actor may see, by name."""
    columns: list[Column[ClientLine]] = [
        text(_("Name"), lambda line: line.name),
        text(_("Mail domains"), lambda line: ", ".join(line.domains)),
        number(_("Contacts"), lambda line: line.contact_count),
        text(_("Currency"), lambda line: line.currency),
        text(_("Account manager"), lambda line: line.account_manager_name),
        yes(_("Our own company"), lambda line: line.is_internal),
    ]
    return Sheet("clients", columns, queries.lines(session, actor=actor))


def contacts_sheet(session: Session, *, actor: Actor, client_id: int) -> Sheet[Contact]:
    """Return the contacts of a client.

    Raises:
        NotFound: no such client, or not for this actor.
    """
    client = queries.get(session, actor=actor, client_id=client_id)
    people = queries.contacts_of(session, client_id)
    further = queries.further_addresses(session, [contact.id for contact in people])
    columns: list[Column[Contact]] = [
        text(_("Name"), lambda contact: contact.name),
        text(_("Mail"), lambda contact: contact.email),
        text(_("Further addresses"), lambda contact: ", ".join(row.email for row in further.get(contact.id, ()))),
        text(_("Title"), lambda contact: contact.title),
        text(_("Phone"), lambda contact: contact.phone),
        text(_("Language"), lambda contact: contact.language or client.language),
        text(_("Time zone"), lambda contact: contact.time_zone or client.time_zone),
        text(_("Client"), lambda _contact: client.name),
        yes(_("Mail bounces"), lambda contact: contact.undeliverable_at),
        yes(_("Retired"), lambda contact: contact.retired_at),
    ]
    return Sheet(f"contacts {client.name}", columns, people)
