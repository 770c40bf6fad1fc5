"""What the form for a new ticket shows beside its fields: who is found, and what is open of whoever it is for."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Contact
from helpdesk.desk import asker, opening
from helpdesk.desk.asker import OpenTicket
from helpdesk.desk.opening_forms import NewTicketForm
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound


@dataclass(frozen=True)
class Asking:
    """The context of desk/_asker.html; ``sought`` where something was typed, ``adds`` where somebody new is typed.

    ``colleagues`` are others at the client, who may have reported it.
    """

    contact: Contact | None = None
    found: Sequence[Contact] = ()
    open_tickets: Sequence[OpenTicket] = field(default_factory=list)
    sought: bool = False
    adds: bool = False
    colleagues: Sequence[Contact] = ()


def asking(session: Session, *, actor: Actor, form: NewTicketForm) -> Asking:
    """Return who is found by what stands in the form; a contact that is not to be seen is nobody."""
    contact = None
    if (contact_id := form.chosen()) is not None:
        with suppress(NotFound):
            contact = clients.get_contact(session, actor=actor, contact_id=contact_id)
    if contact is not None:
        open_ones = asker.open_tickets(session, actor=actor, contact_id=contact.id)
        there = clients.contacts_of(session, contact.client_id) if contact.client_id is not None else []
        return Asking(contact, open_tickets=open_ones, colleagues=[one for one in there if one.id != contact.id])
    typed = form.who.data or ""
    found = asker.find(session, actor=actor, typed=typed) if typed.strip() else _of_client(session, form)
    open_ones = asker.open_tickets(session, actor=actor, contact_id=found[0].id) if len(found) == 1 else []
    sought = len(typed.strip()) >= asker.SHORTEST
    adds = form.whom().is_new or bool(form.new_name.errors or form.new_email.errors or form.client_id.errors)
    return Asking(None, found, open_ones, sought, adds or (sought and not found))


def _of_client(session: Session, form: NewTicketForm) -> list[Contact]:
    """Return people at the client for which the form was opened, where nothing is typed yet."""
    client_id = form.client_id.data
    if client_id is None or form.whom().is_new or not form.offers_client(client_id):
        return []
    return [one for one in clients.contacts_of(session, client_id) if one.retired_at is None][: asker.MOST_FOUND]


def begin_new(form: NewTicketForm) -> None:
    """Put what was typed to find somebody where it belongs of somebody new."""
    typed = (form.who.data or "").strip()
    if not typed or form.whom().is_new:
        return
    name, address = asker.typed_address(typed)
    if address:
        form.new_name.data, form.new_email.data = name, address
    elif sum(sign.isdigit() for sign in typed) > len(typed) // 2:
        form.new_phone.data = typed
    else:
        form.new_name.data = typed


def choose_project(session: Session, *, form: NewTicketForm, asked: Asking) -> None:
    """Choose the project in which mail of whoever it is for lands, unless one of their client is chosen."""
    contact, chosen = asked.contact, form.client_of(form.project_id.data)
    if chosen is not None and (contact is None or contact.client_id in (None, chosen)):
        return
    client_id = contact.client_id if contact is not None else opening.client_for(session, whom=form.whom())
    found = form.landing(client_id)
    if found is not None:
        form.project_id.data = found
