"""Timers that seem forgotten ask their person, who keeps, cuts or discards; nothing bills by itself (rule 1)."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.company import service as company
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.outbox import queries as mailboxes
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.timekeeping import letters
from helpdesk.timekeeping.domain.timer import Question, question
from helpdesk.timekeeping.models import TimeEntry, TimerEventRow
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.service import events, history
from helpdesk.timekeeping.service.ground import lock_owner, lock_person
from helpdesk.timekeeping.service.locks import refuse_locked_entry
from helpdesk.timekeeping.service.projection import take_timers_word

ANSWERS = ("keep", "trim", "discard", "restore", "follow")


def forgotten(session: Session, *, now: datetime) -> list[int]:
    """Return whose running timers have something to ask now; nothing is written."""
    running = session.scalars(queries.with_work().where(TimeEntry.ended_at.is_(None), TimeEntry.asks == ""))
    return [entry.person_id for entry in running if _question(session, entry, now)]


def ask_about(session: Session, *, person_id: int, now: datetime) -> TimeEntry | None:
    """Let the person's running timer ask, if it still has to, mail that once, and return the entry."""
    lock_owner(session, person_id)
    events.adopt(session, person_id=person_id, now=now)
    entry = queries.running(session, person_id)
    found = _question(session, entry, now) if entry is not None and not entry.asks else None
    if entry is None or found is None:
        return None
    asked = events.ask(session, now=now, entry=entry, reason=found.reason, until=found.until)
    _tell(session, now, entry, found, key=asked)
    return entry


def answer(session: Session, *, actor: Actor, now: datetime, uuid: str, said: str) -> None:
    """Take the actor's word about one of their entries: keep it, trim it, discard it, restore it, or follow the timer.

    ``follow`` gives an entry what the timer came to say about it. Discarding and trimming can be taken back.

    Raises:
        NotFound: no such entry of the actor's own.
        Conflict: it is approved, or was charged.
        RuleViolation: there is no such answer.
    """
    person_id = lock_person(session, actor)
    entry = queries.of_uuid(session, person_id=person_id, uuid=uuid)
    if entry is None and not (said == "restore" and _was_ours(session, person_id, uuid)):
        message = "There is no such time entry."
        raise NotFound(message)
    if said not in ANSWERS:
        message = f"{said!r} is no answer; use {', '.join(ANSWERS)}."
        raise RuleViolation(message)
    if entry is not None:
        _refuse_charged(entry)
        history.record(session, actor=actor, now=now, action=said, entry=entry, was=history.facts_of(entry))
    if said == "follow" and entry is not None:
        refuse_locked_entry(session, actor=actor, entry=entry, reason="")
        take_timers_word(session, entry)
    elif entry is not None and said == "keep" and not entry.asks and entry.differs:
        entry.differs = False
        session.flush()
    else:
        events.act(session, actor=actor, now=now, kind=said, entry=uuid)


def _refuse_charged(entry: TimeEntry) -> None:
    if entry.charges:
        message = f"Time on #{entry.work_item.number} was charged; correct the entry instead."
        raise Conflict(message)


def _was_ours(session: Session, person_id: int, uuid: str) -> bool:
    query = select(TimerEventRow.id).where(TimerEventRow.uuid == uuid, TimerEventRow.person_id == person_id)
    return session.scalar(query) is not None


def _question(session: Session, entry: TimeEntry, now: datetime) -> Question | None:
    house = company.get_company(session)
    return question(
        entry.started_at,
        entry.ended_at,
        kept_at=events.last_kept_at(session, entry.uuid),
        last_seen_at=accounts.last_seen(session, entry.person_id),
        now=now,
        idle=timedelta(minutes=house.timer_idle_minutes),
        limit=timedelta(hours=house.timer_limit_hours),
    )


def _tell(session: Session, now: datetime, entry: TimeEntry, found: Question, *, key: str) -> None:
    mailbox, person = mailboxes.default_mailbox(session), entry.person
    if mailbox is None or not (person.active and person.mail_notifications):
        return
    zone = accounts.zone_of(session, person)
    letter = letters.asking_letter(entry, reason=found.reason, until=found.until, now=now, zone=zone)
    outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"timer:{key}",
        purpose="notification",
        about=("time_entry", entry.id),
        to=[Address(person.name, person.email)],
        subject=letter.subject,
        text=letter.text,
        automatic=True,
    )
