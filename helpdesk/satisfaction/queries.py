"""Reads of questions and answers: who is to be asked, and what answers come to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, exists, func, not_, or_, select, text
from sqlalchemy.orm import Session, aliased

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client, Contact
from helpdesk.clients.queries import visible
from helpdesk.infra.policy import Actor
from helpdesk.projects.models import CLOSED_TICKET, Project, WorkItem
from helpdesk.satisfaction.domain import LATE, Tally, tallies
from helpdesk.satisfaction.models import OWN_ID, SatisfactionQuestion, SatisfactionSetting
from helpdesk.tickets.models import Message, TicketDetails

COMMENTS = 50


def setting(session: Session) -> SatisfactionSetting:
    """Return whether and when is asked; before anybody set it, a row that is not kept."""
    found = session.get(SatisfactionSetting, OWN_ID)
    return found or SatisfactionSetting(id=OWN_ID, since=None, after_hours=24, every_days=30)


def due(session: Session, *, told: SatisfactionSetting, now: datetime, limit: int) -> Sequence[Any]:
    """Return (item id, contact id) of tickets about which is to be asked now, oldest first (docs/satisfaction.md 2)."""
    if told.since is None:
        return ()
    until = now - timedelta(hours=told.after_hours)
    begin = max(told.since, until - LATE)
    done = select(WorkItem.id).where(
        text(CLOSED_TICKET), WorkItem.updated_at >= begin, WorkItem.closed_at >= begin, WorkItem.closed_at <= until
    )
    asked_lately = exists().where(
        SatisfactionQuestion.contact_id == TicketDetails.requester_id,
        SatisfactionQuestion.asked_at > now - timedelta(days=told.every_days),
    )
    asked = exists().where(
        SatisfactionQuestion.work_item_id == WorkItem.id, SatisfactionQuestion.closed_at == WorkItem.closed_at
    )
    query = (
        select(WorkItem.id, TicketDetails.requester_id)
        .join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .join(Contact, Contact.id == TicketDetails.requester_id)
        .where(
            WorkItem.id.in_(done),
            TicketDetails.spam_at.is_(None),
            TicketDetails.merged_into_id.is_(None),
            Client.is_internal.is_(False),
            Client.archived_at.is_(None),
            Contact.client_id == Client.id,
            Contact.same_as_id.is_(None),
            Contact.retired_at.is_(None),
            Contact.undeliverable_at.is_(None),
            func.lower(Contact.email).not_in(select(func.lower(Person.email))),
            not_(asked),
            not_(asked_lately),
            or_(_mail(automatic=False), not_(_mail(automatic=True))),
        )
        .order_by(WorkItem.closed_at, WorkItem.id)
        .limit(limit)
    )
    return session.execute(query).all()


def _mail(*, automatic: bool) -> ColumnElement[bool]:
    """Return whether the requester wrote a mail by themselves, or a machine in their name."""
    return exists().where(
        Message.work_item_id == WorkItem.id,
        Message.contact_id == TicketDetails.requester_id,
        Message.kind == "mail",
        Message.automatic.is_(automatic),
    )


@dataclass(frozen=True)
class Narrowed:
    """Which questions a report is about: asked from ``begin`` till ``end``, of one client or person, or of all."""

    begin: datetime
    end: datetime
    client_id: int | None = None
    person_id: int | None = None


@dataclass(frozen=True)
class Report:
    """What answers come to: in all, by month, by whoever had the ticket, by client."""

    whole: Tally
    months: dict[date, Tally]
    people: dict[str, Tally]
    clients: dict[tuple[int, str], Tally]


def report(session: Session, *, actor: Actor, narrowed: Narrowed, month_of: Any) -> Report:  # noqa: ANN401 - a function
    """Return the tallies of what the actor may see; ``month_of`` says in which month an instant lies."""
    person = aliased(Person)
    columns = (
        SatisfactionQuestion.asked_at,
        SatisfactionQuestion.answer,
        func.coalesce(person.name, ""),
        Client.id,
        Client.name,
    )
    query = _seen(select(*columns), actor, narrowed).outerjoin(person, person.id == SatisfactionQuestion.person_id)
    rows = session.execute(query.order_by(SatisfactionQuestion.asked_at)).all()
    return Report(
        whole=tallies((None, row.answer, 1) for row in rows).get(None, Tally()),
        months=tallies((month_of(row[0]), row.answer, 1) for row in rows),
        people=tallies(sorted((row[2], row.answer, 1) for row in rows)),
        clients=tallies(sorted(((row[3], row[4]), row.answer, 1) for row in rows)),
    )


def answers(
    session: Session,
    *,
    actor: Actor,
    narrowed: Narrowed,
    before: int | None = None,
    limit: int | None = COMMENTS,
    commented: bool = False,
) -> Sequence[Any]:
    """Return answers with their tickets, newest question first; ``before`` goes on behind the one with that id."""
    person = aliased(Person)
    query = _seen(
        select(
            SatisfactionQuestion.id,
            SatisfactionQuestion.asked_at,
            SatisfactionQuestion.answered_at,
            SatisfactionQuestion.answer,
            SatisfactionQuestion.comment,
            WorkItem.number,
            WorkItem.title,
            Contact.id.label("contact_id"),
            Contact.name.label("contact_name"),
            Client.name.label("client_name"),
            func.coalesce(person.name, "").label("person_name"),
        ),
        actor,
        narrowed,
    )
    query = query.join(Contact, Contact.id == SatisfactionQuestion.contact_id)
    query = query.outerjoin(person, person.id == SatisfactionQuestion.person_id)
    query = query.where(SatisfactionQuestion.answer != "") if commented else query
    query = query.where(SatisfactionQuestion.id < before) if before is not None else query
    return session.execute(query.order_by(SatisfactionQuestion.id.desc()).limit(limit)).all()


def of_contact(contact_id: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401 - a parameter
    """Return the question for what a contact answered, newest first, to be asked together with others."""
    return (
        select(
            SatisfactionQuestion.answer,
            SatisfactionQuestion.comment,
            SatisfactionQuestion.answered_at,
            WorkItem.number,
            WorkItem.title,
        )
        .join(WorkItem, WorkItem.id == SatisfactionQuestion.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(SatisfactionQuestion.contact_id == contact_id, SatisfactionQuestion.answer != "")
        .order_by(SatisfactionQuestion.answered_at.desc())
    )


def of_client(client_id: BindParameter[int], *, since: BindParameter[datetime]) -> Select[str, int]:
    """Return the question what the contacts of a client answered to what was asked since; `tally_of` reads it."""
    return (
        select(SatisfactionQuestion.answer, func.count().label("number"))
        .join(WorkItem, WorkItem.id == SatisfactionQuestion.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .where(Project.client_id == client_id, SatisfactionQuestion.asked_at >= since)
        .group_by(SatisfactionQuestion.answer)
    )


def tally_of(rows: Iterable[Any]) -> Tally:
    """Return what all of them answered."""
    return tallies((None, row.answer, row.number) for row in rows).get(None, Tally())


def _seen(query: Select[*tuple[Any, ...]], actor: Actor, narrowed: Narrowed) -> Select[*tuple[Any, ...]]:
    query = (
        query.select_from(SatisfactionQuestion)
        .join(WorkItem, WorkItem.id == SatisfactionQuestion.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(
            visible(actor),
            SatisfactionQuestion.asked_at >= narrowed.begin,
            SatisfactionQuestion.asked_at < narrowed.end,
        )
    )
    if narrowed.client_id is not None:
        query = query.where(Client.id == narrowed.client_id)
    if narrowed.person_id is not None:
        query = query.where(SatisfactionQuestion.person_id == narrowed.person_id)
    return query
