"""Two contacts that are one person become one, and two again (docs/desk.md rules 58 to 60)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.clients import people
from helpdesk.clients import queries as clients
from helpdesk.clients.domain import why_not_one
from helpdesk.clients.models import Client, Contact, ContactMerge, Note
from helpdesk.infra import audit
from helpdesk.infra.db import foresee
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.satisfaction.models import SatisfactionQuestion
from helpdesk.tickets.service import same_person

FIELDS = ("name", "title", "phone", "language", "time_zone")


def why_not(session: Session, contact: Contact, into: Contact) -> str:
    """Return why a contact cannot be merged into another, as a sentence; empty where it can."""
    ours = session.get(Client, contact.client_id) if contact.client_id is not None else None
    why = why_not_one(
        of=contact.client_id,
        of_is_ours=ours is not None and ours.is_internal,
        into=into.client_id,
        is_same=contact.id == into.id,
    )
    if not why and same_person.elsewhere(session, contact_id=contact.id, client_id=into.client_id):
        return f"{contact.name} takes part in tickets of another client, and those stay apart."
    return why


def merge(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    contact_id: int,
    into_id: int,
    theirs: Mapping[str, bool],
) -> ContactMerge:
    """Merge a contact into another: tickets, mails, notes and addresses go along.

    ``theirs`` names the values that come from the one who is merged: fields, or ``email`` for the main address.

    Raises:
        NotFound: no such contacts, or not for this actor.
        RuleViolation: they cannot be one; the message says why.
    """
    contact, into = _both(session, actor, contact_id, into_id)
    why = why_not(session, contact, into)
    if why:
        raise RuleViolation(why)
    before = {"kept": _values(into), "merged": _values(contact)}
    moved = same_person.bring_tickets(session, contact_id=contact.id, into_id=into.id)
    moved["notes"] = _take(session, Note, Note.contact_id, contact.id, into.id)
    moved["asked"] = _take(session, SatisfactionQuestion, SatisfactionQuestion.contact_id, contact.id, into.id)
    moved["addresses"] = _take(session, Contact, Contact.same_as_id, contact.id, into.id)
    contact.same_as_id = into.id
    for name in FIELDS:
        if theirs.get(name):
            setattr(into, name, before["merged"][name])
    if contact.email and (theirs.get("email") or not into.email):
        people.swap_addresses(session, into, contact)
    row = ContactMerge(
        contact_id=contact.id,
        into_id=into.id,
        merged_by_id=actor.person_id,
        merged_at=now,
        moved=moved,
        before=before,
        after=_values(into),
    )
    session.add(row)
    session.flush()
    _remember(session, into, contact)
    _tell(session, actor, now, "merged", contact, into=into.id)
    _tell(session, actor, now, "took in", into, merged=contact.id)
    words = f"merged the contact {before['merged']['name']} into {into.name}, who asks here from now on"
    same_person.tell_open_tickets(session, actor=actor, now=now, item_ids=moved["requests"], words=words)
    return row


def undo(session: Session, *, actor: Actor, now: datetime, contact_id: int) -> ContactMerge:
    """Make two of what was merged, as before; what came since stays with the one who was kept.

    Raises:
        NotFound: no such contact, or not for this actor.
        Conflict: it is not merged, or the one who was kept was merged on.
    """
    query = select(ContactMerge).where(ContactMerge.contact_id == contact_id, ContactMerge.undone_at.is_(None))
    row = session.scalar(query)
    into_id = clients.get_contact(session, actor=actor, contact_id=contact_id).id  # of whoever it belongs to by now
    if row is None:
        message = "This contact is not merged."
        raise Conflict(message)
    if row.into_id != into_id:
        message = "Whoever was kept was merged on since. Undo that first."
        raise Conflict(message)
    contact, into = _locked(session, contact_id, into_id)
    session.refresh(row, with_for_update=True)
    if row.undone_at is not None:
        message = "This contact is not merged."
        raise Conflict(message)
    same_person.give_tickets_back(session, contact_id=contact.id, into_id=into.id, moved=row.moved)
    _give_back(session, Note, Note.contact_id, row.moved["notes"], into.id, contact.id)
    questions = row.moved.get("asked", [])
    _give_back(session, SatisfactionQuestion, SatisfactionQuestion.contact_id, questions, into.id, contact.id)
    _give_back(session, Contact, Contact.same_as_id, row.moved["addresses"], into.id, contact.id)
    _give_address_back(session, contact, into, row.before["merged"]["email"])
    for name in FIELDS:
        if getattr(into, name) == row.after[name]:
            setattr(into, name, row.before["kept"][name])
    contact.same_as_id = None
    row.undone_at, row.undone_by_id = now, actor.person_id
    session.flush()
    _remember(session, into, contact)
    _tell(session, actor, now, "unmerged", contact, into=into.id)
    _tell(session, actor, now, "gave back", into, merged=contact.id)
    words = f"made {contact.name} a contact of their own again, who asks here"
    same_person.tell_open_tickets(session, actor=actor, now=now, item_ids=row.moved["requests"], words=words)
    return row


def _both(session: Session, actor: Actor, contact_id: int, into_id: int) -> tuple[Contact, Contact]:
    """Return both, locked in the order of their ids, as they are now."""
    first = clients.get_contact(session, actor=actor, contact_id=contact_id)
    second = clients.get_contact(session, actor=actor, contact_id=into_id)
    contact, into = _locked(session, first.id, second.id)
    if contact.same_as_id is not None or into.same_as_id is not None:
        message = "One of them was merged meanwhile. Look again."
        raise RuleViolation(message)
    return contact, into


def _locked(session: Session, contact_id: int, into_id: int) -> tuple[Contact, Contact]:
    query = select(Contact).where(Contact.id.in_((contact_id, into_id))).order_by(Contact.id).with_for_update()
    found = {one.id: one for one in session.scalars(query.execution_options(populate_existing=True))}
    return found[contact_id], found[into_id]


def _values(contact: Contact) -> dict[str, str]:
    return {name: getattr(contact, name) for name in (*FIELDS, "email")}


def _take(session: Session, model: Any, whose: Any, of: int, to: int) -> list[int]:  # noqa: ANN401 - any of two models
    ids = sorted(session.scalars(select(model.id).where(whose == of)))
    _give_back(session, model, whose, ids, of, to)
    return ids


def _give_back(session: Session, model: Any, whose: Any, ids: list[int], of: int, to: int) -> None:  # noqa: ANN401
    statement = update(model).where(model.id.in_(ids), whose == of).values({whose: to})
    session.execute(statement.execution_options(synchronize_session="fetch"))


def _give_address_back(session: Session, contact: Contact, into: Contact, email: str) -> None:
    """Let the one who was merged have the address from before, whichever of the kept one's rows has it now."""
    if contact.email.lower() == email.lower():
        return
    further = clients.further_addresses(session, [into.id]).get(into.id, [])
    holder = next((one for one in (into, *further) if one.email.lower() == email.lower()), None)
    if holder is not None:
        people.swap_addresses(session, holder, contact)


def _remember(session: Session, into: Contact, contact: Contact) -> None:
    """Let whoever looks for their addresses in this transaction find whose they are by now."""
    foresee(session, "contact", into.email.lower(), value=into)
    foresee(session, "contact", contact.email.lower(), value=into if contact.same_as_id == into.id else contact)


def _tell(session: Session, actor: Actor, now: datetime, action: str, contact: Contact, **data: int) -> None:
    audit.record(session, actor=actor, action=action, kind="contact", object_id=contact.id, now=now, **data)
