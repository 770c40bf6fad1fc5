"""Who follows a ticket or task (docs/notifications.md rules 1 to 3)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BindParameter, Select, delete, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra import audit, live
from helpdesk.infra.db import insert_of
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound
from helpdesk.projects import queries
from helpdesk.projects.models import ItemFollower, WorkItem


def set_following(session: Session, *, actor: Actor, now: datetime, number: int, follows: bool) -> WorkItem:
    """Let the actor follow an item or not, and return it; whoever says no is followed by nothing more by itself.

    Raises:
        NotFound: no such item, or not for this actor; the system follows nothing.
    """
    item = queries.get_item(session, actor=actor, number=number)
    if actor.person_id is None:
        raise NotFound(queries.NO_ITEM)
    values = {"follows": follows, "since": now}
    statement = insert_of(session, ItemFollower).values(work_item_id=item.id, person_id=actor.person_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["work_item_id", "person_id"], set_=values))
    action = "followed" if follows else "unfollowed"
    audit.record(session, actor=actor, action=action, kind=item.kind, object_id=item.id, now=now)
    live.publish(session, audience=live.to_item(item.id), topic="queue", now=now)
    return item


def follow_by_itself(session: Session, *, item_id: int, person_id: int | None, now: datetime) -> bool:
    """Let somebody follow who is named, given the item or writes on it; return whether that is new.

    Whoever said anything about it before, yes or no, is left alone.
    """
    if person_id is None:
        return False
    session.flush()
    values = {"work_item_id": item_id, "person_id": person_id, "follows": True, "since": now}
    statement = insert_of(session, ItemFollower).values(values).on_conflict_do_nothing()
    return session.scalar(statement.returning(ItemFollower.person_id)) is not None


def stop_by_itself(session: Session, *, item_id: int, person_id: int, since: datetime) -> None:
    """Take back that somebody follows by an act at ``since`` that is undone."""
    session.execute(
        delete(ItemFollower).where(
            ItemFollower.work_item_id == item_id,
            ItemFollower.person_id == person_id,
            ItemFollower.since == since,
            ItemFollower.follows,
        )
    )


def follower_ids(session: Session, item_id: int) -> list[int]:
    """Return who follows an item."""
    query = select(ItemFollower.person_id).where(ItemFollower.work_item_id == item_id, ItemFollower.follows)
    return list(session.scalars(query.order_by(ItemFollower.person_id)))


def followers_asked(item_id: BindParameter[int]) -> Select[int, str]:
    """Return the question for who follows an item, by name, to be asked together with others."""
    query = select(Person.id, Person.name).join(ItemFollower, ItemFollower.person_id == Person.id)
    return query.where(ItemFollower.work_item_id == item_id, ItemFollower.follows, Person.active).order_by(
        Person.name, Person.id
    )


def bring_followers(session: Session, item_id: int, into_id: int) -> list[int]:
    """Let those who follow an item follow another one, too; return who had said nothing of that before."""
    said = select(ItemFollower.person_id).where(ItemFollower.work_item_id == into_id)
    query = select(ItemFollower.person_id, ItemFollower.since).where(
        ItemFollower.work_item_id == item_id, ItemFollower.follows, ItemFollower.person_id.not_in(said)
    )
    new = session.execute(query.order_by(ItemFollower.person_id)).all()
    session.add_all(
        ItemFollower(work_item_id=into_id, person_id=person_id, follows=True, since=since) for person_id, since in new
    )
    session.flush()
    return [row.person_id for row in new]


def send_followers_home(session: Session, item_id: int, from_id: int, person_ids: Collection[int]) -> None:
    """Take off ``from_id`` whom :func:`bring_followers` brought there from ``item_id``, but for who said so since."""
    query = select(ItemFollower.person_id, ItemFollower.since).where(
        ItemFollower.work_item_id == item_id, ItemFollower.person_id.in_(person_ids)
    )
    for person_id, since in session.execute(query).all():
        stop_by_itself(session, item_id=from_id, person_id=person_id, since=since)
