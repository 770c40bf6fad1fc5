"""Web push: browsers of people, and what is on its way to them (docs/notifications.md rules 18 to 21, 26 and 27)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.accounts.queries import zone_of
from helpdesk.infra import web_push
from helpdesk.infra.db import insert_of
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.policy import Actor
from helpdesk.infra.web_push import Browser
from helpdesk.kernel.errors import NotFound
from helpdesk.notices import quiet
from helpdesk.notices import service as notices
from helpdesk.notices.mailing import SeenBy
from helpdesk.notices.models import Push, PushBrowser
from helpdesk.notices.render import bundled, pushed

PAGE = 8
"""So few that all are tried, each for some seconds, before the lease is over."""
MOST_BROWSERS = 10
"""Of one person; the oldest gives way."""
LEASE = timedelta(minutes=2)
LIFETIME = timedelta(days=1)
MOST_ATTEMPTS = 5
NAME_LENGTH = 200
GONE = frozenset({401, 403, 404, 410})
"""The browser is there no more, or knows us by a key of another SECRET_KEY."""
CONTACT = "mailto:postmaster@localhost.localdomain"
"""Of an installation that has no address of its own with https: a push service wants one."""
URGENT = frozenset({"mentioned", "at_risk"})
LIST_PATH = "/notifications"
"""Where several that are told at once are to be seen."""


@dataclass(frozen=True)
class Parcel:
    """What is ours to send to one browser: everything that it takes, free of any session.

    ``pushes`` are the rows that it tells of, each with the attempt that this is of it.
    """

    pushes: tuple[tuple[int, int], ...]
    endpoint: str
    content: bytes
    headers: dict[str, str]


def subscribe(session: Session, *, actor: Actor, now: datetime, browser: Browser, name: str) -> None:
    """Tell the actor in a browser from now on; one that somebody else was told in is theirs no more.

    Raises:
        NotFound: nobody to tell.
        RuleViolation: the browser cannot be written to.
    """
    if actor.person_id is None:
        message = "There is no such person."
        raise NotFound(message)
    web_push.checked(browser)
    values = {
        "person_id": actor.person_id,
        "p256dh": browser.p256dh,
        "auth": browser.auth,
        "name": name[:NAME_LENGTH],
        "created_at": now,
    }
    statement = insert_of(session, PushBrowser).values(endpoint=browser.endpoint, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["endpoint"], set_=values))
    newest = select(PushBrowser.id).where(PushBrowser.person_id == actor.person_id).order_by(PushBrowser.id.desc())
    _remove(session, list(session.scalars(newest.offset(MOST_BROWSERS))))


def browsers_of(session: Session, *, actor: Actor) -> Sequence[PushBrowser]:
    """Return the browsers in which the actor is told, the newest first."""
    query = select(PushBrowser).where(PushBrowser.person_id == actor.person_id)
    return session.scalars(query.order_by(PushBrowser.id.desc())).all()


def unsubscribe(session: Session, *, actor: Actor, browser_id: int) -> None:
    """Tell the actor in a browser no more.

    Raises:
        NotFound: no such browser of the actor's.
    """
    query = select(PushBrowser.id).where(PushBrowser.id == browser_id, PushBrowser.person_id == actor.person_id)
    if session.scalar(query) is None:
        message = "There is no such browser of yours."
        raise NotFound(message)
    _remove(session, [browser_id])


def claim(session: Session, *, now: datetime, seen_by: SeenBy) -> tuple[list[Parcel], bool]:
    """Return what is due and now ours to send, and whether there may be more.

    What was read meanwhile, what its person may not see or does not want by push any more, and what is a day old goes
    without being sent. What comes in quiet hours waits for their end, and is one parcel a browser then. One whose
    sender was killed is due again after the lease.
    """
    query = select(Push).where(Push.next_attempt_at <= now, Push.held_until.is_(None))
    due = session.scalars(
        query.order_by(Push.next_attempt_at, Push.id)
        .limit(PAGE)
        .options(joinedload(Push.notice), joinedload(Push.browser))
        .with_for_update(skip_locked=True, of=Push)
    ).all()
    parcels = [_parcel(session, [_ours(push, now)], now) for push in _worth_sending(session, due, now, seen_by)]
    room = PAGE - len(parcels)
    browser_ids = _browsers_with_held(session, now, room)
    for browser_id in browser_ids:
        held = [_ours(push, now) for push in _worth_sending(session, _held(session, browser_id, now), now, seen_by)]
        if held:
            parcels.append(_parcel(session, held, now))
    session.flush()
    return parcels, len(due) == PAGE or len(browser_ids) == room


def record(session: Session, *, parcel: Parcel, status: int | None, again_after: int | None, now: datetime) -> None:
    """Note what became of a parcel: sent, or to be tried again; a browser that is gone is forgotten.

    ``status`` None: nobody answered. What is in it and has no lease any more is left to who has it now.
    """
    found = [(session.get(Push, push_id, with_for_update=True), attempt) for push_id, attempt in parcel.pushes]
    ours = [push for push, attempt in found if push is not None and push.attempts == attempt]
    if ours and status in GONE:
        _remove(session, [ours[0].browser_id])
        return
    for push in ours:
        if _may_help_later(status) and push.attempts < MOST_ATTEMPTS:
            wait = timedelta(seconds=30 * 4 ** (push.attempts - 1))
            push.next_attempt_at = now + max(wait, min(timedelta(seconds=again_after or 0), LIFETIME))
        else:
            session.delete(push)
    session.flush()


def _browsers_with_held(session: Session, now: datetime, most: int) -> Sequence[int]:
    """Return browsers for which something waited for the end of quiet hours, held so that one of us bundles it."""
    held = exists().where(Push.browser_id == PushBrowser.id, Push.held_until.is_not(None), Push.next_attempt_at <= now)
    query = select(PushBrowser.id).where(held).order_by(PushBrowser.id).limit(most)
    return session.scalars(query.with_for_update(skip_locked=True)).all() if most else []


def _held(session: Session, browser_id: int, now: datetime) -> Sequence[Push]:
    query = select(Push).where(Push.browser_id == browser_id, Push.held_until.is_not(None), Push.next_attempt_at <= now)
    options = joinedload(Push.notice), joinedload(Push.browser)
    return session.scalars(query.order_by(Push.id).options(*options).with_for_update(skip_locked=True, of=Push)).all()


def _worth_sending(session: Session, due: Iterable[Push], now: datetime, seen_by: SeenBy) -> list[Push]:
    """Return what may be sent now; the rest is deleted, or waits for the end of its person's quiet hours."""
    found = []
    for push in due:
        person = session.get_one(Person, push.notice.person_id)
        if push.attempts >= MOST_ATTEMPTS or not _is_wanted(session, push, person, now, seen_by):
            session.delete(push)
            continue
        quiet_ends = quiet.until(session, person, now=now)
        if quiet_ends is None:
            found.append(push)
        else:
            push.held_until = push.next_attempt_at = quiet_ends
    return found


def _ours(push: Push, now: datetime) -> Push:
    """Take a push on lease, and return it."""
    push.attempts += 1
    push.next_attempt_at = now + LEASE
    return push


def _may_help_later(status: int | None) -> bool:
    return status is None or status in (408, 429) or status >= 500  # noqa: PLR2004 - HTTP: the server's own trouble


def _is_wanted(session: Session, push: Push, person: Person, now: datetime, seen_by: SeenBy) -> bool:
    notice = push.notice
    return (
        person.active
        and push.browser.person_id == person.id
        and notice.read_at is None
        and now - max(notice.created_at, push.held_until or notice.created_at) < LIFETIME
        and "push" in notices.ways_of(session, person.id, notice.kind)
        and bool(seen_by(session, accounts.actor_of(person), [notice]))
    )


def _parcel(session: Session, pushes: Sequence[Push], now: datetime) -> Parcel:
    """Return what tells a browser of one notice, or of several in one sentence."""
    told, row = [push.notice for push in pushes], pushes[0].browser
    person, base_url = session.get_one(Person, row.person_id), str(current_app.config["BASE_URL"] or "").rstrip("/")
    browser, newest = Browser(row.endpoint, row.p256dh, row.auth), told[-1]
    with force_locale(letter_language(person.language)):
        if len(told) == 1:
            said = {"id": newest.id, "kind": newest.kind, "words": pushed(newest), "path": newest.path}
        else:
            words = bundled(told, now=now, zone=zone_of(session, person))
            said = {"id": newest.id, "kind": "bundle", "words": words, "path": LIST_PATH}
    headers = web_push.headers(
        browser,
        contact=base_url if base_url.startswith("https://") else CONTACT,
        lifetime=LIFETIME,
        urgent=any(notice.kind in URGENT for notice in told),
        now=now,
    )
    content = web_push.sealed(json.dumps(said).encode(), browser)
    return Parcel(tuple((push.id, push.attempts) for push in pushes), row.endpoint, content, headers)


def _remove(session: Session, browser_ids: Sequence[int]) -> None:
    if browser_ids:
        session.execute(delete(Push).where(Push.browser_id.in_(browser_ids)))
        session.execute(delete(PushBrowser).where(PushBrowser.id.in_(browser_ids)))
