"""Notes and answers tell colleagues: who is named in them, and who follows (docs/notifications.md)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra.policy import DESK, Actor
from helpdesk.projects import following, telling
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.mentions import SIGN, Named, mentions_in
from helpdesk.tickets.models import Message


def tell_of_note(session: Session, *, actor: Actor, now: datetime, item: WorkItem, note: Message) -> None:
    """Let who is named in a note follow the item, and tell them, and after them who follows.

    The note keeps whom it names. Who may not see the item is kept as ``told`` off, and hears nothing.
    """
    named = mentions_in(note.text, _people(session)) if SIGN in note.text else []
    seeing = telling.who_sees(session, item, [one.person_id for one in named])
    note.mentions = [{"person_id": one.person_id, "label": one.label, "told": one.person_id in seeing} for one in named]
    for person_id in seeing:
        following.follow_by_itself(session, item_id=item.id, person_id=person_id, now=now)
    _tell(session, actor=actor, now=now, item=item, message=note, kind="mentioned", person_ids=list(seeing))
    tell_of_answer(session, actor=actor, now=now, item=item, message=note)


def tell_of_answer(session: Session, *, actor: Actor, now: datetime, item: WorkItem, message: Message) -> None:
    """Tell whoever has the item or follows it what a colleague wrote."""
    people = telling.audience(session, item)
    _tell(session, actor=actor, now=now, item=item, message=message, kind="reply", person_ids=people)


def names_not_told(session: Session, note: Message) -> list[str]:
    """Return the names of those whom a note names and who were not told, for they may not see its item."""
    ids = [one["person_id"] for one in note.mentions if not one["told"]]
    return list(session.scalars(select(Person.name).where(Person.id.in_(ids)).order_by(Person.name))) if ids else []


def _people(session: Session) -> list[Named]:
    query = select(Person.id, Person.name, Person.email).where(Person.active, Person.role.in_(sorted(DESK)))
    return [Named(*row) for row in session.execute(query.order_by(Person.id))]


def _tell(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    message: Message,
    kind: str,
    person_ids: list[int],
) -> None:
    telling.tell(
        session,
        actor=actor,
        now=now,
        item=item,
        what=telling.Said(kind, telling.key_of(message.id), excerpt=message.text, message_id=message.id),
        person_ids=person_ids,
    )
