"""Quiet hours: who has them, and what waits for their end (docs/notifications.md rules 24 to 27)."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.accounts.queries import zone_of
from helpdesk.infra import jobs
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound
from helpdesk.notices.domain import BUNDLED, QuietHours, quiet_until
from helpdesk.notices.models import Notice, Push, PushBrowser, QuietTime


def hours_of(session: Session, person_id: int) -> QuietHours | None:
    """Return the quiet hours of a person; None without any."""
    found = session.get(QuietTime, person_id)
    return found.hours if found is not None else None


def until(session: Session, person: Person, *, now: datetime) -> datetime | None:
    """Return when the quiet hours end in which a person is now, on their own clock; None where it is not quiet."""
    hours = hours_of(session, person.id)
    return None if hours is None else quiet_until(hours, now=now, zone=zone_of(session, person))


def choose(session: Session, *, actor: Actor, now: datetime, hours: QuietHours) -> None:
    """Keep when the actor is told nothing by push and bundled mail; hours on no day are none.

    Raises:
        NotFound: nobody to choose for.
    """
    if actor.person_id is None:
        message = "There is no such person."
        raise NotFound(message)
    found = session.get(QuietTime, actor.person_id)
    if found is None:
        found = QuietTime(person_id=actor.person_id)
        session.add(found)
    found.begins, found.ends = hours.begins, hours.ends
    found.days, found.whole_days = ("".join(map(str, sorted(each))) for each in (hours.days, hours.whole_days))
    session.flush()
    reconsider(session, person_id=actor.person_id, now=now)


def reconsider(session: Session, *, person_id: int, now: datetime) -> None:
    """Let what waits for the end of quiet hours be looked at anew: they, or the clock that they are on, changed."""
    waiting = update(Notice).where(Notice.person_id == person_id, Notice.mail_due_at > now + BUNDLED)
    session.execute(waiting.values(mail_due_at=now))
    mine = select(PushBrowser.id).where(PushBrowser.person_id == person_id)
    held = update(Push).where(Push.browser_id.in_(mine), Push.held_until > now)
    if session.execute(held.values(held_until=now, next_attempt_at=now).returning(Push.id)).all():
        jobs.ring(session, "push_notices")
