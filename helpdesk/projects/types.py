"""Types of tickets: the list that a firm keeps, and which of them a ticket is (docs/desk.md rules 35 and 36)."""

from datetime import datetime

from sqlalchemy import BindParameter, Select, func, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit, live
from helpdesk.infra.ahead import rows_of
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.places import moved
from helpdesk.projects import queries
from helpdesk.projects.models import TicketType, WorkItem

FIRST = ("Question", "Incident", "Problem", "Request")
LONGEST_NAME = 40
MOST = 50
NO_TYPE = "There is no such type of tickets."


def choice() -> Select[int, str]:
    """Return the question for the types that can be chosen, in their order, to be asked together with others."""
    query = select(TicketType.id, TicketType.name).where(TicketType.retired_at.is_(None))
    return query.order_by(TicketType.position, TicketType.id)


def choice_of(item_id: BindParameter[int]) -> Select[int, str]:
    """Return the question for the types on an item's page: those that can be chosen, and the one that it has."""
    own = select(WorkItem.type_id).where(WorkItem.id == item_id).scalar_subquery()
    query = select(TicketType.id, TicketType.name).where(TicketType.retired_at.is_(None) | (TicketType.id == own))
    return query.order_by(TicketType.position, TicketType.id)


def choices(session: Session) -> list[tuple[int, str]]:
    """Return the types that can be chosen, as (id, name) in their order."""
    return [(row.id, row.name) for row in rows_of(session, choice())]


def listed(session: Session) -> list[tuple[TicketType, int]]:
    """Return every type with the number of its tickets: those that can be chosen in their order, then retired ones."""
    counts = select(WorkItem.type_id, func.count().label("number")).where(WorkItem.type_id.is_not(None))
    counted = counts.group_by(WorkItem.type_id).subquery()
    query = (
        select(TicketType, func.coalesce(counted.c.number, 0))
        .outerjoin(counted, counted.c.type_id == TicketType.id)
        .order_by(TicketType.retired_at.is_not(None), TicketType.position, TicketType.id)
    )
    return [(stored, number) for stored, number in session.execute(query)]


def add_first(session: Session, *, now: datetime) -> None:
    """Give a new house the types that most firms have."""
    session.add_all(TicketType(name=name, position=at, created_at=now) for at, name in enumerate(FIRST))
    session.flush()


def add(session: Session, *, actor: Actor, now: datetime, name: str) -> TicketType:
    """Add a type behind the others.

    Raises:
        RuleViolation: no name, too long a one, one that is there already, or too many types.
    """
    known = _all(session)
    if sum(one.retired_at is None for one in known) >= MOST:
        message = f"There are {MOST} types already; retire one that nobody needs."
        raise RuleViolation(message)
    stored = TicketType(name=_free(name, known), position=len(known), created_at=now)
    session.add(stored)
    session.flush()
    _record(session, actor, now, stored, "added")
    return stored


def rename(session: Session, *, actor: Actor, now: datetime, type_id: int, name: str) -> None:
    """Give a type another name, on all its tickets.

    Raises:
        NotFound: no such type.
        RuleViolation: no name, too long a one, or that of another type.
    """
    known = _all(session)
    stored = _of(known, type_id)
    stored.name = _free(name, [one for one in known if one is not stored])
    session.flush()
    _record(session, actor, now, stored, "renamed")


def move(session: Session, *, actor: Actor, now: datetime, type_id: int, is_up: bool) -> None:
    """Move a type one place up or down among those that can be chosen; at the end it stays.

    Raises:
        NotFound: no such type.
    """
    known = _all(session)
    offered = [one for one in known if one.retired_at is None]
    stored = _of(known, type_id)
    if stored in offered:
        offered = moved(offered, stored, up=is_up)
    for position, one in enumerate((*offered, *(one for one in known if one.retired_at is not None))):
        one.position = position
    session.flush()
    _record(session, actor, now, stored, "moved")


def retire(session: Session, *, actor: Actor, now: datetime, type_id: int, retired: bool) -> str:
    """Offer a type no more, or again, and return its name; tickets that have it keep it.

    Raises:
        NotFound: no such type.
        RuleViolation: too many types are offered already.
    """
    known = _all(session)
    stored = _of(known, type_id)
    if not retired and stored.retired_at is not None and sum(one.retired_at is None for one in known) >= MOST:
        message = f"There are {MOST} types already; retire one that nobody needs."
        raise RuleViolation(message)
    stored.retired_at = (stored.retired_at or now) if retired else None
    session.flush()
    _record(session, actor, now, stored, "retired" if retired else "offered again")
    return stored.name


def set_type(session: Session, *, actor: Actor, now: datetime, item_id: int, type_id: int | None) -> str | None:
    """Say what kind of thing a ticket is about, None for nothing; return the type's name, or None if it was so already.

    A ticket keeps a retired type, but is given none.

    Raises:
        NotFound: no such ticket, or not for this actor; no such type that is offered.
        RuleViolation: it is a task.
    """
    item = queries.get_item(session, actor=actor, item_id=item_id)
    if item.kind != "ticket":
        message = "A task has no type: types are for tickets."
        raise RuleViolation(message)
    if item.type_id == type_id:
        return None
    name = ""
    if type_id is not None:
        stored = session.get(TicketType, type_id)
        if stored is None or stored.retired_at is not None:
            raise NotFound(NO_TYPE)
        name = stored.name
    before, item.type_id, item.updated_at = item.type_id, type_id, now
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="set type",
        kind=item.kind,
        object_id=item.id,
        now=now,
        before=before,
        after=type_id,
    )
    live.publish(session, audience=live.to_item(item.id), topic="queue", now=now)
    return name


def _all(session: Session) -> list[TicketType]:
    """Return all types in their order, locked: nobody else names or orders them now."""
    query = select(TicketType).order_by(TicketType.position, TicketType.id).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _of(known: list[TicketType], type_id: int) -> TicketType:
    found = next((one for one in known if one.id == type_id), None)
    if found is None:
        raise NotFound(NO_TYPE)
    return found


def _free(name: str, others: list[TicketType]) -> str:
    words = " ".join(name.split())
    if not words or len(words) > LONGEST_NAME:
        message = f"Give the type a name of at most {LONGEST_NAME} characters."
        raise RuleViolation(message, field="name")
    if words.lower() in (one.name.lower() for one in others):
        message = "There is a type of that name already; a retired one can be offered again."
        raise RuleViolation(message, field="name")
    return words


def _record(session: Session, actor: Actor, now: datetime, stored: TicketType, action: str) -> None:
    audit.record(
        session, actor=actor, action=action, kind="ticket_type", object_id=stored.id, now=now, name=stored.name
    )
