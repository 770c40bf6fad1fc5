"""Whose time it is, and where time may land."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, Denied, RuleViolation
from helpdesk.projects.models import WorkItem
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries


def lock_person(session: Session, actor: Actor) -> int:
    """Return the actor's id with the row locked: of two starts at once, the second sees the first.

    Raises:
        Denied: the actor is no person; the system works no hours.
    """
    person_id = session.scalar(select(Person.id).where(Person.id == actor.person_id).with_for_update())
    if person_id is None:
        message = "Only people work time."
        raise Denied(message)
    return person_id


def lock_owner(session: Session, person_id: int) -> None:
    """Let nobody else change the time of a person until this unit is over."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())


def refuse_closed(item: WorkItem) -> None:
    """Let no time land where nobody expects any.

    Raises:
        RuleViolation: the project is done, or its client archived.
    """
    if item.project.status == "done" or item.project.client.archived_at is not None:
        message = f"The project {item.project.name} of {item.project.client.name} is closed; it takes no more time."
        raise RuleViolation(message)


def is_internal(item: WorkItem) -> bool:
    """Whether nobody is billed for work on the item, as it is our own."""
    return item.project.billing == "internal" or item.project.client.is_internal


def entry_of_uuid(session: Session, uuid: str | None, person_id: int) -> TimeEntry | None:
    """Return the entry that was made with ``uuid`` before, so that a repeated request doubles nothing.

    Raises:
        Conflict: it is another person's.
    """
    if uuid is None:
        return None
    entry = session.scalar(queries.with_work().where(TimeEntry.uuid == uuid))
    if entry is not None and entry.person_id != person_id:
        message = "This entry was recorded before, by somebody else."
        raise Conflict(message)
    return entry


def default_billable(session: Session) -> str:
    """Return how the time of the default work type begins: billable, unless that type says otherwise."""
    billable = session.scalar(select(WorkType.billable).where(WorkType.is_default, WorkType.archived_at.is_(None)))
    return "not_billable" if billable is False else "billable"


def default_type(session: Session) -> int | None:
    """Return the work type that a new entry begins with."""
    return session.scalar(select(WorkType.id).where(WorkType.is_default, WorkType.archived_at.is_(None)).limit(1))
