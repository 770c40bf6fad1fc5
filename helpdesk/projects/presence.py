"""Who looks at a ticket or task, and who is writing on it (docs/desk.md rules 47 and 48): gone in a minute."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, delete, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.clients.queries import asker, visible_to_asker
from helpdesk.infra import live
from helpdesk.infra.db import UtcDateTime, insert_of
from helpdesk.infra.policy import Actor
from helpdesk.infra.sql import unindexed
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries
from helpdesk.projects.models import DOINGS, ItemPresence, Project, WorkItem

LASTS = timedelta(seconds=60)
"""Who has not said so for that long is there no more."""
DUE = timedelta(seconds=15)
"""Who said the same less long ago has said it: nothing is written."""
SINCE, PERSON = bindparam("since", type_=UtcDateTime()), bindparam("person_id", type_=Integer())


@dataclass(frozen=True)
class Present:
    """Somebody who is there, once however many tabs show it, and what they do: looking, note or reply."""

    id: int
    name: str
    doing: str


def say_present(session: Session, *, actor: Actor, now: datetime, number: int, tab: str, doing: str) -> WorkItem:
    """Note what the actor does with an item in one tab, and return the item; others hear of it where that is new.

    Raises:
        NotFound: no such item, or not for this actor; the system is nowhere.
        RuleViolation: nobody does that.
    """
    item = queries.get_item(session, actor=actor, number=number)
    if actor.person_id is None:
        raise NotFound(queries.NO_ITEM)
    if doing not in DOINGS:
        message = f"{doing!r} is none of {', '.join(DOINGS)}."
        raise RuleViolation(message)
    tabs = _tabs(session, actor.person_id, item.id, now)
    own = tabs.get(tab)
    if own is not None and own.doing == doing and now - own.seen_at < DUE:
        return item
    before = _most([each.doing for each in tabs.values()])
    after = _most([doing, *(each.doing for each in tabs.values() if each is not own)])
    values = {"doing": doing, "seen_at": now}
    statement = insert_of(session, ItemPresence).values(
        work_item_id=item.id, person_id=actor.person_id, tab=tab, **values
    )
    keys = ["work_item_id", "person_id", "tab"]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))
    if before != after:
        _tell(session, actor, item, now)
    return item


def leave(session: Session, *, actor: Actor, now: datetime, number: int, tab: str) -> None:
    """Note that one tab of the actor's shows an item no more; others hear of it where it was the last one.

    Raises:
        NotFound: no such item, or not for this actor.
    """
    item = queries.get_item(session, actor=actor, number=number)
    tabs = _tabs(session, actor.person_id, item.id, now)
    if tabs.pop(tab, None) is None:
        return
    session.execute(
        delete(ItemPresence).where(
            ItemPresence.work_item_id == item.id, ItemPresence.person_id == actor.person_id, ItemPresence.tab == tab
        )
    )
    _tell(session, actor, item, now)


def since(now: datetime) -> datetime:
    """Return since when somebody has to have been seen who is there."""
    return now - LASTS


def there_asked(item_id: ColumnElement[int]) -> Select[int, str, str]:
    """Return the question for who else is at an item, to be asked together with others, which give ``since``."""
    query = select(Person.id, Person.name, ItemPresence.doing).join(Person, Person.id == ItemPresence.person_id)
    is_there = (ItemPresence.work_item_id == item_id, ItemPresence.seen_at > SINCE, Person.active)
    return query.where(*is_there, Person.id != PERSON).order_by(Person.name, Person.id)


def everywhere_asked(*, sees_all: bool) -> Select[int, int, str, str]:
    """Return the question for who else is at which item that its reader may see, as :func:`there_asked` does."""
    query = (
        select(WorkItem.number, Person.id, Person.name, ItemPresence.doing)
        .select_from(ItemPresence)
        .join(Person, Person.id == ItemPresence.person_id)
        .join(WorkItem, WorkItem.id == unindexed(ItemPresence.work_item_id))
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
    )
    is_there = (ItemPresence.seen_at > SINCE, Person.active, Person.id != PERSON)
    return query.where(*is_there, visible_to_asker(sees_all=sees_all)).order_by(Person.name, Person.id)


def people_of(rows: Iterable[Any]) -> list[Present]:
    """Return who is there of what :func:`there_asked` gave: everybody once, doing the most that they do."""
    found: dict[int, Present] = {}
    for row in rows:
        known = found.get(row.id)
        doing = row.doing if known is None else _most([row.doing, known.doing])
        found[row.id] = Present(row.id, row.name, doing)
    return list(found.values())


def by_number(rows: Sequence[Any]) -> dict[int, list[Present]]:
    """Return who is where of what :func:`everywhere_asked` gave, by the number of the item."""
    return {number: people_of(row for row in rows if row.number == number) for number in {row.number for row in rows}}


def there(session: Session, *, actor: Actor, now: datetime, item_id: int) -> list[Present]:
    """Return who else is at an item that the actor may see."""
    given = {"person_id": actor.person_id, "since": since(now)}
    return people_of(session.execute(there_asked(bindparam("item_id", item_id)), given))


def everywhere(session: Session, *, actor: Actor, now: datetime) -> dict[int, list[Present]]:
    """Return who else is where, by the number of the item, as far as the actor may see it."""
    asked = everywhere_asked(sees_all=actor.sees_all_clients)
    return by_number(session.execute(asked, {**asker(actor), "since": since(now)}).all())


def forget_absent(session: Session, *, now: datetime) -> None:
    """Delete what nobody is shown any more."""
    session.execute(delete(ItemPresence).where(ItemPresence.seen_at < since(now)))


def _tabs(session: Session, person_id: int | None, item_id: int, now: datetime) -> dict[str, ItemPresence]:
    query = select(ItemPresence).where(
        ItemPresence.work_item_id == item_id,
        ItemPresence.person_id == person_id,
        ItemPresence.seen_at > since(now),
    )
    return {each.tab: each for each in session.scalars(query)}


def _most(doings: Iterable[str]) -> str:
    return max(doings, key=DOINGS.index, default="")


def _tell(session: Session, actor: Actor, item: WorkItem, now: datetime) -> None:
    live.publish(
        session, audience=live.to_item(item.id), topic="presence", now=now, item=item.number, person=actor.person_id
    )
