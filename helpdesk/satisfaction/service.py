"""Asking whether a requester is content, and keeping the answer (docs/satisfaction.md).

The link holds 128 random bits, of which only the hash is kept.
"""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from helpdesk.clients.models import Contact
from helpdesk.company import service as company
from helpdesk.infra import audit
from helpdesk.infra.db import alone, insert_of
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.outbox import queries as outbox_queries
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.projects import telling
from helpdesk.projects.models import Project, WorkItem
from helpdesk.projects.telling import Said
from helpdesk.satisfaction import letters, queries
from helpdesk.satisfaction.domain import (
    ANSWERABLE,
    ANSWERS,
    LONGEST_COMMENT,
    MOST_CHANGES,
    MOST_DAYS,
    MOST_HOURS,
)
from helpdesk.satisfaction.models import OWN_ID, SatisfactionQuestion, SatisfactionSetting
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.service.writing import add_event

BYTES = 16
LONGEST_TOKEN = 64
NO_LINK = "There is nothing here, or it is not for you."
AT_ONCE = 50
EXCERPT = 300


def set_asking(
    session: Session, *, actor: Actor, now: datetime, is_on: bool, after_hours: int, every_days: int
) -> SatisfactionSetting:
    """Switch the question on or off, and say when it is asked; tickets that are done already are not asked about.

    Raises:
        RuleViolation: an odd number of hours or days.
    """
    if not 0 <= after_hours <= MOST_HOURS or not 1 <= every_days <= MOST_DAYS:
        message = f"Ask after 0 to {MOST_HOURS} hours, and each contact once in 1 to {MOST_DAYS} days."
        raise RuleViolation(message)
    row = session.get(SatisfactionSetting, OWN_ID)
    if row is None:
        row = SatisfactionSetting(id=OWN_ID)
        session.add(row)
    since = (row.since or now) if is_on else None
    row.since, row.after_hours, row.every_days = since, after_hours, every_days
    session.flush()
    said = {"is_on": is_on, "after_hours": after_hours, "every_days": every_days}
    audit.record(session, actor=actor, action="satisfaction set", kind="company", object_id=OWN_ID, now=now, **said)
    return row


def ask_due(session: Session, *, now: datetime) -> int:
    """Ask about tickets whose time has come, a batch of them, and return how many.

    One at a time asks: who is in two tickets of a batch, or of two batches, is asked about one.
    """
    alone(session, "satisfaction")
    told, asked = queries.setting(session), set[int]()
    house = company.find_company(session)
    if told.since is None or house is None or not letters.link_of("x"):
        return 0
    own = outbox_queries.own_addresses(session)
    for item_id, contact_id in queries.due(session, told=told, now=now, limit=AT_ONCE):
        contact = session.get_one(Contact, contact_id)
        if contact_id not in asked and contact.email.lower() not in own:
            asked |= {contact_id} if _ask(session, now, item_id, contact, house.name) else set()
    return len(asked)


def open_link(session: Session, *, token: str, now: datetime, lock: bool = False) -> SatisfactionQuestion:
    """Return the question of a link.

    Raises:
        NotFound: there is no such link, or it is too old, or its client is archived; nobody is told which.
    """
    if len(token) > LONGEST_TOKEN:
        raise NotFound(NO_LINK)
    query = (
        select(SatisfactionQuestion)
        .where(SatisfactionQuestion.token_hash == hash_of(token))
        .options(joinedload(SatisfactionQuestion.work_item).joinedload(WorkItem.project).joinedload(Project.client))
        .execution_options(populate_existing=True)
    )
    found = session.scalar(query.with_for_update(of=SatisfactionQuestion) if lock else query)
    if found is None or found.expires_at <= now or found.work_item.project.client.archived_at is not None:
        raise NotFound(NO_LINK)
    return found


def answer(session: Session, *, now: datetime, token: str, says: str, comment: str) -> SatisfactionQuestion:
    """Keep what somebody answers, or answers otherwise; the same again changes nothing.

    The ticket says it and stays as it is; whoever has it or follows it is told of a bad one.

    Raises:
        NotFound: as for `open_link`.
        RuleViolation: no such answer, too long a comment, or it was changed often enough.
    """
    found = open_link(session, token=token, now=now, lock=True)
    words = comment.strip()
    if says not in ANSWERS or len(words) > LONGEST_COMMENT:
        message = "Choose one of the three." if says not in ANSWERS else f"At most {LONGEST_COMMENT} letters."
        raise RuleViolation(message)
    if (found.answer, found.comment) == (says, words):
        return found
    if found.changes >= MOST_CHANGES:
        message = "This was changed often enough."
        raise RuleViolation(message)
    first = not found.answer
    found.answer, found.comment, found.answered_at, found.changes = says, words, now, found.changes + 1
    session.flush()
    item = _item_of(session, found)
    line = f"{found.contact.name} {'says' if first else 'says now'} that our help was {says}"
    quote = f": “{words}”" if words else ""
    event = add_event(session, actor=SYSTEM, now=now, item_id=item.id, text=f"{line}{quote}")
    audit.record(
        session, actor=SYSTEM, action="rated", kind="work_item", object_id=item.id, now=now, answer=says, asked=found.id
    )
    if says == "bad":
        what = Said(
            "reply",
            f"satisfaction:{found.id}:{found.changes}",
            author=found.contact.name,
            excerpt=f"Our help was bad{quote}"[:EXCERPT],
            message_id=event.id,
        )
        people = telling.audience(session, item)
        telling.tell(session, actor=SYSTEM, now=now, item=item, what=what, person_ids=people)
    return found


def hash_of(token: str) -> str:
    """Return the SHA-256 of a link's token, in hexadecimal figures."""
    return hashlib.sha256(token.encode()).hexdigest()


def _item_of(session: Session, found: SatisfactionQuestion) -> WorkItem:
    """Return the ticket, or the one into which it was merged since."""
    into_id = tickets.merged_into(session, found.work_item_id)
    return session.get_one(WorkItem, into_id) if into_id else found.work_item


def _ask(session: Session, now: datetime, item_id: int, contact: Contact, house: str) -> bool:
    item = session.get_one(WorkItem, item_id)
    details = tickets.details(session, item_id)
    mailbox_id = details.mailbox_id if details is not None else None
    mailbox = outbox.default_mailbox(session) if mailbox_id is None else None
    if mailbox_id is None and mailbox is None:
        return False
    token = secrets.token_urlsafe(BYTES)
    letter = letters.question(
        language=contact.language or item.project.client.language,
        name=contact.name,
        number=item.number,
        title=item.title,
        link=letters.link_of(token),
        company=house,
    )
    values = {
        "work_item_id": item.id,
        "closed_at": item.closed_at,
        "contact_id": contact.id,
        "person_id": item.assignee_id,
        "token_hash": hash_of(token),
        "language": letter.language,
        "asked_at": now,
        "expires_at": now + ANSWERABLE,
    }
    statement = insert_of(session, SatisfactionQuestion).values(**values).on_conflict_do_nothing()
    asked_id = session.scalar(statement.returning(SatisfactionQuestion.id))
    if asked_id is None:
        return False
    outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox_id or (mailbox.id if mailbox else 0),
        idempotency_key=f"satisfaction:{asked_id}",
        purpose="notice",
        about=("work_item", item.id),
        to=[Address(contact.name, contact.email)],
        subject=letter.subject,
        text=letter.text,
        automatic=True,
        item_id=item.id,
    )
    return True
