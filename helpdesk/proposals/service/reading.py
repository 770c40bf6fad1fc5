"""Reading that a page tells of: kept for its reader alone, for two weeks, and only where both sides want it."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.company import service as company
from helpdesk.infra import audit
from helpdesk.infra.db import insert_of
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Denied
from helpdesk.projects import queries as projects
from helpdesk.proposals import queries
from helpdesk.proposals.domain.reading import told
from helpdesk.proposals.models import ReadingSpan

KEPT = timedelta(days=15)
"""What could be proposed, and a day."""
MOST_SPANS_AN_HOUR = 120


def note_reading(session: Session, *, actor: Actor, now: datetime, number: int, span: str, seconds: int) -> bool:
    """Keep that the actor has read an item for so many seconds, in the span with that uuid; return False where refused.

    A span that is known grows; told again, it stays as it is. Nothing is kept where the company or the person switched
    it off. Refused is a person who begins more than 120 spans within an hour.

    Raises:
        NotFound: no such item, or not for this actor.
        Denied: the actor is no person; the system reads nothing.
    """
    person_id = _person(actor)
    item = projects.get_item(session, actor=actor, number=number)
    if not queries.reading_is_noted(session, person_id=person_id):
        return True
    own = (ReadingSpan.person_id == person_id, ReadingSpan.uuid == span)
    known = session.execute(
        select(ReadingSpan.started_at, ReadingSpan.ended_at).where(*own, ReadingSpan.work_item_id == item.id)
    ).one_or_none()
    started_at, ended_at = told(seconds, at=now, known=known and (known.started_at, known.ended_at))
    if known:
        session.execute(update(ReadingSpan).where(*own, ReadingSpan.ended_at < ended_at).values(ended_at=ended_at))
        return True
    if _begun(session, person_id, since=now - timedelta(hours=1)) >= MOST_SPANS_AN_HOUR:
        return False
    row = insert_of(session, ReadingSpan).values(
        uuid=span, person_id=person_id, work_item_id=item.id, started_at=started_at, ended_at=ended_at
    )
    session.execute(row.on_conflict_do_nothing())
    return True


def switch_reading(session: Session, *, actor: Actor, now: datetime, on: bool) -> None:
    """Let the actor's reading be noted from now on, or no more; then what was noted is erased at once.

    Raises:
        Denied: the actor is no person; the system reads nothing.
    """
    person = session.get_one(Person, _person(actor))
    if person.notes_reading == on:
        return
    person.notes_reading = on
    if not on:
        _erase(session, ReadingSpan.person_id == person.id)
    session.flush()
    action = "let reading be noted" if on else "let no reading be noted"
    audit.record(session, actor=actor, action=action, kind="person", object_id=person.id, now=now)


def forget_reading(session: Session, *, now: datetime) -> None:
    """Erase what is older than 15 days; where the company has it switched off, all of it."""
    house = company.find_company(session)
    is_off = house is not None and not house.notes_reading
    _erase(session, *(() if is_off else (ReadingSpan.ended_at < now - KEPT,)))


def _erase(session: Session, *which: ColumnElement[bool]) -> None:
    session.execute(delete(ReadingSpan).where(*which))


def _begun(session: Session, person_id: int, *, since: datetime) -> int:
    query = select(func.count()).where(ReadingSpan.person_id == person_id, ReadingSpan.ended_at >= since)
    return session.scalar(query) or 0


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        message = "Only people read."
        raise Denied(message)
    return actor.person_id
