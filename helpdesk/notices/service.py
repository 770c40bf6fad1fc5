"""Telling people, and what becomes of what they are told (docs/notifications.md)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra import jobs, live
from helpdesk.infra.db import insert_of, once
from helpdesk.infra.policy import Actor
from helpdesk.infra.sql import among
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.notices.domain import (
    BUNDLED,
    CHANNELS,
    KINDS,
    MOST_KEPT,
    READ_KEPT,
    UNREAD_KEPT,
    excerpt_of,
    is_on_by_default,
)
from helpdesk.notices.models import Notice, NoticeChoice, Push, PushBrowser

TOPIC = "notices"


@dataclass(frozen=True)
class News:
    """What there is to tell: its kind, a ``key`` by which each hears of it once, and where it is to be seen.

    ``title`` names what it is about on one line, ``path`` is a page of ours, ``author`` who did it.
    """

    kind: str
    key: str
    title: str
    path: str
    author: str = ""
    excerpt: str = ""
    item_id: int | None = None


def tell(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    news: News,
    person_ids: Collection[int],
    has_letter: bool = False,
) -> list[int]:
    """Tell people as each of them chose, and return who is told by any way. Nobody is told of their own acts.

    Whether they may see what it is about is for the caller to know. ``has_letter``: the caller writes the mail.
    """
    people = _active(session, person_ids, but_not=actor.person_id)
    ways = {person_id: ways_of(session, person_id, news.kind) for person_id in people}
    rows = [_row(news, person_id, ways[person_id], now, has_letter=has_letter) for person_id in people]
    rows = [row for row in rows if row["in_app"] or row["mail_due_at"] or "push" in ways[row["person_id"]]]
    if not rows:
        return []
    session.flush()
    statement = insert_of(session, Notice).values(rows).on_conflict_do_nothing()
    told = session.execute(statement.returning(Notice.person_id, Notice.in_app, Notice.id)).all()
    _push(session, [(person_id, notice_id) for person_id, _in_app, notice_id in told if "push" in ways[person_id]], now)
    for person_id, in_app, _notice_id in told:
        if in_app:
            live.publish(session, audience=live.to_person(person_id), topic=TOPIC, now=now)
    return sorted(person_id for person_id, _in_app, _notice_id in told)


def ways_of(session: Session, person_id: int, kind: str) -> frozenset[str]:
    """Return by which ways somebody is told of a kind; whoever gets no mail at all is for the sender to know."""
    chosen = _chosen(session)
    return frozenset(
        channel for channel in CHANNELS if chosen.get((person_id, kind, channel), is_on_by_default(kind, channel))
    )


def wants_mail(session: Session, person: Person, kind: str) -> bool:
    """Return whether a letter about something of that kind may go to a person."""
    return person.active and person.mail_notifications and "mail" in ways_of(session, person.id, kind)


def who_asked_for(session: Session, kind: str) -> list[int]:
    """Return who chose to be told of a kind of which nobody is told by default."""
    return sorted({person_id for (person_id, of, _way), is_on in _chosen(session).items() if of == kind and is_on})


def choose(session: Session, *, actor: Actor, on: Collection[tuple[str, str]], kinds: Collection[str]) -> None:
    """Keep of which of ``kinds`` the actor is told by which ways: by those in ``on``, and no others.

    Raises:
        NotFound: nobody to choose for.
        RuleViolation: a kind or a way that there is not.
    """
    if actor.person_id is None:
        message = "There is no such person."
        raise NotFound(message)
    if set(kinds) - set(KINDS) or any(kind not in kinds or channel not in CHANNELS for kind, channel in on):
        message = "Choose among the kinds and ways that there are."
        raise RuleViolation(message)
    mine = NoticeChoice.person_id == actor.person_id
    session.execute(delete(NoticeChoice).where(mine, NoticeChoice.kind.in_(kinds)))
    session.add_all(
        NoticeChoice(person_id=actor.person_id, kind=kind, channel=channel, is_on=(kind, channel) in on)
        for kind in kinds
        for channel in CHANNELS
        if ((kind, channel) in on) != is_on_by_default(kind, channel)
    )
    session.flush()


def mark_read(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    notice_id: int | None = None,
    item_id: int | None = None,
    until_id: int | None = None,
) -> int:
    """Mark unread notices of the actor as read, and return how many: one, those of an item, or all.

    ``until_id`` leaves alone what is newer than that, for it came after its reader looked.
    """
    query = update(Notice).where(Notice.person_id == actor.person_id, Notice.read_at.is_(None))
    for column, value in ((Notice.id, notice_id), (Notice.work_item_id, item_id)):
        query = query if value is None else query.where(column == value)
    if until_id is not None:
        query = query.where(Notice.id <= until_id)
    read = session.execute(query.values(read_at=now).returning(Notice.id)).all()
    if read and actor.person_id is not None:
        live.publish(session, audience=live.to_person(actor.person_id), topic=TOPIC, now=now)
    return len(read)


def mark_unread(session: Session, *, actor: Actor, now: datetime, notice_id: int) -> None:
    """Take back that a notice was read.

    Raises:
        NotFound: no such notice of the actor's.
    """
    query = update(Notice).where(Notice.person_id == actor.person_id, Notice.id == notice_id)
    if actor.person_id is None or not session.execute(query.values(read_at=None).returning(Notice.id)).all():
        message = "There is no such notification."
        raise NotFound(message)
    live.publish(session, audience=live.to_person(actor.person_id), topic=TOPIC, now=now)


def withdraw(session: Session, *, now: datetime, key: str) -> None:
    """Take back what nobody has read of a key."""
    forget(
        session, list(session.scalars(select(Notice.id).where(Notice.key == key, Notice.read_at.is_(None)))), now=now
    )


def withdraw_of(session: Session, *, now: datetime, person_ids: Collection[int], kind: str, item_id: int) -> None:
    """Take back what people have not read of an item in a kind."""
    query = select(Notice.id).where(
        Notice.person_id.in_(person_ids),
        Notice.read_at.is_(None),
        Notice.work_item_id == item_id,
        Notice.kind == kind,
    )
    forget(session, list(session.scalars(query)), now=now)


def follow(
    session: Session, *, message_ids: Collection[int], from_item: tuple[int, int], to_item: tuple[int, int]
) -> None:
    """Let what people are told of messages lead to the item on which these are now; of both it takes id and number."""
    if not message_ids:
        return
    before, after = f"/items/{from_item[1]}#", f"/items/{to_item[1]}#"
    statement = update(Notice).where(
        Notice.work_item_id == from_item[0], among(session, Notice.path, [f"{before}m{each}" for each in message_ids])
    )
    moved = statement.values(work_item_id=to_item[0], path=func.replace(Notice.path, before, after))
    session.execute(moved.execution_options(synchronize_session=False))


def forget(session: Session, notice_ids: Collection[int], *, now: datetime) -> None:
    """Delete notices, and tell the pages of whom they were."""
    session.execute(delete(Push).where(Push.notice_id.in_(notice_ids)))
    gone = delete(Notice).where(Notice.id.in_(notice_ids)).returning(Notice.person_id)
    for person_id in sorted(set(session.scalars(gone))) if notice_ids else ():
        live.publish(session, audience=live.to_person(person_id), topic=TOPIC, now=now)


def forget_old(session: Session, *, now: datetime) -> None:
    """Delete what was read long ago, what nobody will read any more, and of each person what is beyond the newest."""
    place = func.row_number().over(partition_by=Notice.person_id, order_by=Notice.id.desc()).label("place")
    placed = select(Notice.id, place).subquery()
    beyond = select(placed.c.id).where(placed.c.place > MOST_KEPT)
    for old in (Notice.read_at < now - READ_KEPT, Notice.created_at < now - UNREAD_KEPT, Notice.id.in_(beyond)):
        forget(session, list(session.scalars(select(Notice.id).where(old))), now=now)


def _row(news: News, person_id: int, ways: frozenset[str], now: datetime, *, has_letter: bool) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "kind": news.kind,
        "key": news.key,
        "author": news.author,
        "title": news.title,
        "excerpt": excerpt_of(news.excerpt),
        "path": news.path,
        "work_item_id": news.item_id,
        "in_app": "app" in ways,
        "created_at": now,
        "mail_due_at": now + BUNDLED if "mail" in ways and not has_letter else None,
    }


def _push(session: Session, told: Collection[tuple[int, int]], now: datetime) -> None:
    """Put notices on their way to the browsers of their people."""
    browsers = _browsers(session)
    rows = [
        {"notice_id": notice_id, "browser_id": browser_id, "attempts": 0, "next_attempt_at": now}
        for person_id, notice_id in told
        for browser_id in browsers.get(person_id, ())
    ]
    if rows:
        session.execute(insert(Push), rows)
        jobs.ring(session, "push_notices")


def _browsers(session: Session) -> dict[int, list[int]]:
    """Return all browsers by their people: a few for each, asked once in a transaction."""

    def read() -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for person_id, browser_id in session.execute(select(PushBrowser.person_id, PushBrowser.id)):
            found[person_id].append(browser_id)
        return found

    return once(session, "push browsers", read=read)


def _active(session: Session, person_ids: Iterable[int], *, but_not: int | None) -> list[int]:
    wanted = set(person_ids) - {but_not}
    if not wanted:
        return []
    query = select(Person.id).where(Person.id.in_(wanted), Person.active)
    return list(session.scalars(query.order_by(Person.id)))


def _chosen(session: Session) -> dict[tuple[int, str, str], bool]:
    """Return what everybody chose: few rows, asked once in a transaction."""

    def read() -> dict[tuple[int, str, str], bool]:
        asked = select(NoticeChoice.person_id, NoticeChoice.kind, NoticeChoice.channel, NoticeChoice.is_on)
        return {(person_id, kind, channel): is_on for person_id, kind, channel, is_on in session.execute(asked)}

    return once(session, "notice choices", read=read)
