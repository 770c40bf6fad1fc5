"""What the page of one contact shows, asked in few statements: who they are, our notes, and their tickets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, Select, String, bindparam, case, cast, func, or_, select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client, Contact, ContactMerge, Note
from helpdesk.clients.notes import notes_asked
from helpdesk.clients.queries import asker, visible_to_asker
from helpdesk.company.service import get_company
from helpdesk.infra.policy import CLIENTS_EDIT, DESK, Actor
from helpdesk.infra.sql import seconds_between
from helpdesk.infra.together import Together
from helpdesk.kernel.periods import zone_named
from helpdesk.projects.models import OPEN_STATUSES, Project, WorkItem
from helpdesk.satisfaction import queries as satisfaction
from helpdesk.tickets.models import Message, Participant, TicketDetails
from helpdesk.timekeeping.models import TimeEntry

TICKETS = 25
MESSAGES = 5
RATINGS = 5
SNIPPET = 160
CONTACT = bindparam("contact_id", type_=Integer())
BEFORE = bindparam("before", type_=Integer())
OTHER_ID = case((ContactMerge.into_id == CONTACT, ContactMerge.contact_id), else_=ContactMerge.into_id)
INSTANTS_OF_MERGE = (ContactMerge.merged_at, ContactMerge.undone_at)
NEWEST = 2**31 - 1
DONE = ("solved", "closed")


@dataclass(frozen=True)
class ContactValues:
    """The context of clients/contact.html, apart from its forms; ``tickets`` is None for who does not work on them."""

    contact: Contact
    client: Client | None
    there: datetime
    zone: str
    language: str
    addresses: Sequence[Any]
    merged: Sequence[Any]
    notes: Sequence[Any]
    show: str
    tickets: Sequence[Any] | None
    open_count: int
    older: int | None
    is_first: bool
    messages: Sequence[Any]
    worked_seconds: int
    ratings: Sequence[Any]
    can_edit: bool
    can_note: bool


def values(
    session: Session, *, actor: Actor, contact: Contact, now: datetime, show: str = "open", before: int | None = None
) -> ContactValues:
    """Return what the page of a contact shows to the actor, who sees them; ``before`` is the ticket to go on behind."""
    works = actor.is_one_of(DESK)
    given = {**asker(actor), "contact_id": contact.id, "before": before or NEWEST, "now": now}
    found = _asked(sees_all=actor.sees_all_clients, closed=show == "closed").read(session, **given)
    tickets, zone = found["tickets"], zone_of(session, contact)
    return ContactValues(
        contact=contact,
        client=contact.client,
        there=now.astimezone(zone),
        zone=zone.key,
        language=language_of(session, contact),
        addresses=found["addresses"],
        merged=found["merged"],
        notes=found["notes"],
        show=show,
        tickets=tickets[:TICKETS] if works else None,
        open_count=found["open_count"][0].number if works else 0,
        older=tickets[TICKETS - 1].id if len(tickets) > TICKETS else None,
        is_first=before is None,
        messages=found["messages"] if works else (),
        worked_seconds=int(found["worked"][0].seconds or 0) if works else 0,
        ratings=found["ratings"] if works else (),
        can_edit=actor.is_one_of(CLIENTS_EDIT),
        can_note=works,
    )


def zone_of(session: Session, contact: Contact) -> ZoneInfo:
    """Return in which time zone a contact is: their own, else the client's, else ours (docs/desk.md rule 57)."""
    name = contact.time_zone or (contact.client.time_zone if contact.client else get_company(session).time_zone)
    return zone_named(name)


def language_of(session: Session, contact: Contact) -> str:
    """Return in which language a contact is written to: their own, else the client's, else ours (rule 57)."""
    return contact.language or (contact.client.language if contact.client else get_company(session).language)


@cache
def _asked(*, sees_all: bool, closed: bool) -> Together:
    seen = visible_to_asker(sees_all=sees_all)
    requests = select(TicketDetails.work_item_id).where(TicketDetails.requester_id == CONTACT)
    ended = func.coalesce(TimeEntry.ended_at, bindparam("now", type_=TimeEntry.started_at.type))
    return Together(
        addresses=select(Contact.id, Contact.email)
        .where(Contact.same_as_id == CONTACT, Contact.email.is_not(None))
        .order_by(Contact.id),
        merged=select(ContactMerge.id, OTHER_ID.label("other_id"), Contact.name, Contact.email, *INSTANTS_OF_MERGE)
        .join(Contact, Contact.id == OTHER_ID)
        .where(or_(ContactMerge.into_id == CONTACT, ContactMerge.contact_id == CONTACT))
        .order_by(ContactMerge.id.desc()),
        notes=notes_asked().where(Note.contact_id == CONTACT),
        tickets=_tickets(seen, WorkItem.status.in_(DONE if closed else OPEN_STATUSES)),
        open_count=_of_contact(select(func.count(WorkItem.id).label("number")), seen).where(
            WorkItem.status.in_(OPEN_STATUSES)
        ),
        messages=_messages(seen),
        ratings=satisfaction.of_contact(CONTACT).where(seen).limit(RATINGS),
        worked=select(cast(func.sum(seconds_between(TimeEntry.started_at, ended)), Integer).label("seconds"))
        .join(WorkItem, WorkItem.id == TimeEntry.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(TimeEntry.work_item_id.in_(requests), seen),
    )


def _of_contact(query: Select[*tuple[Any, ...]], seen: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        query.select_from(Participant)
        .join(WorkItem, WorkItem.id == Participant.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(Participant.contact_id == CONTACT, Participant.removed_at.is_(None), seen)
    )


def _tickets(seen: ColumnElement[bool], state: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    columns = (WorkItem.id, WorkItem.number, WorkItem.title, WorkItem.status, WorkItem.updated_at, Participant.role)
    query = _of_contact(select(*columns, Client.name.label("client_name")), seen)
    return (
        query.where(state, Participant.work_item_id < BEFORE)
        .order_by(Participant.work_item_id.desc())
        .limit(TICKETS + 1)
    )


def _messages(seen: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    said = func.substr(func.coalesce(func.nullif(Message.reply_text, ""), Message.text), 1, SNIPPET, type_=String())
    return (
        select(Message.id, WorkItem.number, WorkItem.title, Message.posted_at, said.label("said"))
        .join(WorkItem, WorkItem.id == Message.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(Message.contact_id == CONTACT, Message.kind == "mail", Message.discarded_at.is_(None), seen)
        .order_by(Message.posted_at.desc(), Message.id.desc())
        .limit(MESSAGES)
    )
