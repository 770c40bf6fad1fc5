"""Web push: the browsers of a person, and what is on its way to them (docs/notifications.md rules 18 to 21)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.infra import web_push
from helpdesk.infra.db import insert_of
from helpdesk.infra.i18n import SOURCE_LANGUAGE
from helpdesk.infra.policy import Actor
from helpdesk.infra.web_push import Browser
from helpdesk.kernel.errors import NotFound
from helpdesk.notices import service as notices
from helpdesk.notices.mailing import SeenBy
from helpdesk.notices.models import Notice, Push, PushBrowser
from helpdesk.notices.render import pushed

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


@dataclass(frozen=True)
class Parcel:
    """One push that is ours to send: everything that it takes, free of any session."""

    push_id: int
    attempt: int
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
    """Return pushes that are due and now ours to send, and whether there may be more.

    What was read meanwhile, what its person may not see or does not want by push any more, and what is a day old goes
    without being sent. One whose sender was killed is due again after the lease.
    """
    query = select(Push).where(Push.next_attempt_at <= now).order_by(Push.next_attempt_at, Push.id).limit(PAGE)
    due = session.scalars(
        query.options(joinedload(Push.notice), joinedload(Push.browser)).with_for_update(skip_locked=True, of=Push)
    ).all()
    parcels = []
    for push in due:
        if push.attempts >= MOST_ATTEMPTS or not _is_wanted(session, push.notice, push.browser, now, seen_by):
            session.delete(push)
            continue
        push.attempts += 1
        push.next_attempt_at = now + LEASE
        parcels.append(_parcel(push, now))
    session.flush()
    return parcels, len(due) == PAGE


def record(session: Session, *, parcel: Parcel, status: int | None, again_after: int | None, now: datetime) -> None:
    """Note what became of a push: sent, or to be tried again; a browser that is gone is forgotten.

    ``status`` None: nobody answered. One whose lease is over is left to who has it now.
    """
    push = session.get(Push, parcel.push_id, with_for_update=True)
    if push is None or push.attempts != parcel.attempt:
        return
    if status in GONE:
        _remove(session, [push.browser_id])
    elif _may_help_later(status) and push.attempts < MOST_ATTEMPTS:
        wait = timedelta(seconds=30 * 4 ** (push.attempts - 1))
        push.next_attempt_at = now + max(wait, min(timedelta(seconds=again_after or 0), LIFETIME))
    else:
        session.delete(push)
    session.flush()


def _may_help_later(status: int | None) -> bool:
    return status is None or status in (408, 429) or status >= 500  # noqa: PLR2004 - HTTP: the server's own trouble


def _is_wanted(session: Session, notice: Notice, browser: PushBrowser, now: datetime, seen_by: SeenBy) -> bool:
    person = session.get_one(Person, notice.person_id)
    return (
        person.active
        and browser.person_id == person.id
        and notice.read_at is None
        and now - notice.created_at < LIFETIME
        and "push" in notices.ways_of(session, person.id, notice.kind)
        and bool(seen_by(session, accounts.actor_of(person), [notice]))
    )


def _parcel(push: Push, now: datetime) -> Parcel:
    notice, base_url = push.notice, str(current_app.config["BASE_URL"] or "").rstrip("/")
    browser = Browser(push.browser.endpoint, push.browser.p256dh, push.browser.auth)
    with force_locale(SOURCE_LANGUAGE):  # as our pages speak so far
        said = {"id": notice.id, "kind": notice.kind, "words": pushed(notice), "path": notice.path}
    headers = web_push.headers(
        browser,
        contact=base_url if base_url.startswith("https://") else CONTACT,
        lifetime=LIFETIME,
        urgent=notice.kind in URGENT,
        now=now,
    )
    content = web_push.sealed(json.dumps(said).encode(), browser)
    return Parcel(push.id, push.attempts, browser.endpoint, content, headers)


def _remove(session: Session, browser_ids: Sequence[int]) -> None:
    if browser_ids:
        session.execute(delete(Push).where(Push.browser_id.in_(browser_ids)))
        session.execute(delete(PushBrowser).where(PushBrowser.id.in_(browser_ids)))
