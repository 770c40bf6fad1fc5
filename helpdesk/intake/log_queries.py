"""Reads of the inbound log: one page by what somebody asks for, its counts, and one message with all around it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.infra.models import AuditRow, Blob
from helpdesk.intake.models import InboundEffect, InboundMessage
from helpdesk.outbox.models import Mailbox
from helpdesk.projects.models import WorkItem

PAGE_ROWS = 50
COPIES = 20
ACTS = 50
LARGEST_NUMBER = 2**31 - 1

_STATE_IS = {
    "waiting": ("received", "processing"),
    "quarantined": ("quarantined",),
    "ignored": ("ignored",),
}
_OUTCOME_IS = {
    "tickets": ("ticket",),
    "replies": ("reply",),
    "held": ("held", "capped"),
    "automatic": ("automatic",),
    "bounces": ("bounce",),
    "spam": ("spam",),
    "duplicates": ("duplicate",),
}
COUNTED = ("waiting", "held", "quarantined")
"""What somebody may have to see to: few rows, found by an index however long the log is."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What is asked of the log; the empty filter is all of it.

    ``outcome`` is all, one of the keys above, or anything else, which is all as well. ``since`` and ``until`` are
    instants, the second one exclusive. ``words`` is a part of sender, subject or Message-ID, or a ticket's number.
    """

    outcome: str = "all"
    mailbox_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the outcome is asked for."""
        return any((self.mailbox_id, self.since, self.until, self.words))


def page(session: Session, wanted: LogFilter, *, before: int | None, limit: int = PAGE_ROWS) -> list[InboundMessage]:
    """Return up to ``limit`` and one row of the log, newest first, with mailbox and ticket: one query.

    ``before`` is the id that the page begins below.
    """
    query = (
        select(InboundMessage)
        .options(
            joinedload(InboundMessage.mailbox),
            joinedload(InboundMessage.effect).joinedload(InboundEffect.work_item),
        )
        .where(*_conditions(wanted))
        .order_by(InboundMessage.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(InboundMessage.id < before)
    return list(session.scalars(query))


def counts(session: Session) -> dict[str, int]:
    """Return how many messages wait, are held, and lie in quarantine: one query over few rows."""
    columns = [func.count().filter(_with_outcome(key)).label(key) for key in COUNTED]
    few = or_(*(_with_outcome(key) for key in COUNTED))
    row = session.execute(select(*columns).select_from(InboundMessage).where(few)).one()
    return {key: int(getattr(row, key)) for key in COUNTED}


def mailboxes(session: Session) -> list[tuple[int, str]]:
    """Return id and address of every mailbox that there ever was, for the filter."""
    return [(row.id, row.address) for row in session.execute(select(Mailbox.id, Mailbox.address).order_by(Mailbox.id))]


def message(session: Session, inbound_id: int) -> InboundMessage | None:
    """Return one message with its mailbox and ticket: one query."""
    query = select(InboundMessage).where(InboundMessage.id == inbound_id)
    return session.scalar(
        query.options(
            joinedload(InboundMessage.mailbox), joinedload(InboundMessage.effect).joinedload(InboundEffect.work_item)
        )
    )


def namesakes(session: Session, inbound: InboundMessage) -> list[InboundMessage]:
    """Return other messages with the same Message-ID, in any mailbox: copies, and other mail under the same name."""
    query = (
        select(InboundMessage)
        .where(InboundMessage.message_id == inbound.message_id, InboundMessage.id != inbound.id)
        .options(joinedload(InboundMessage.mailbox))
        .order_by(InboundMessage.id)
        .limit(COPIES)
    )
    return list(session.scalars(query))


def acts(session: Session, inbound_id: int) -> list[AuditRow]:
    """Return what people did with the message, oldest first."""
    query = select(AuditRow).where(AuditRow.object_kind == "inbound_message", AuditRow.object_id == inbound_id)
    return list(session.scalars(query.order_by(AuditRow.id).limit(ACTS)))


def stored_at(session: Session, digest: str) -> datetime | None:
    """Return when the bytes were stored with us for the first time."""
    return session.scalar(select(Blob.created_at).where(Blob.sha256 == digest))


def _conditions(wanted: LogFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.outcome in _STATE_IS or wanted.outcome in _OUTCOME_IS:
        yield _with_outcome(wanted.outcome)
    if wanted.mailbox_id is not None:
        yield InboundMessage.mailbox_id == wanted.mailbox_id
    if wanted.since is not None:
        yield InboundMessage.received_at >= wanted.since
    if wanted.until is not None:
        yield InboundMessage.received_at < wanted.until
    if wanted.words:
        yield _with_words(wanted.words)


def _with_outcome(key: str) -> ColumnElement[bool]:
    if key in _STATE_IS:
        return InboundMessage.state.in_(_STATE_IS[key])
    return and_(InboundMessage.outcome.in_(_OUTCOME_IS[key]), InboundMessage.state.not_in(_STATE_IS["waiting"]))


def _with_words(words: str) -> ColumnElement[bool]:
    """Return the condition of the search field: ``#12`` is the ticket alone, ``12`` may be part of a text as well."""
    number = words.removeprefix("#")
    found: list[ColumnElement[bool]] = []
    if number.isascii() and number.isdigit() and int(number) <= LARGEST_NUMBER:
        found.append(_on_ticket(int(number)))
    if not found or not words.startswith("#"):
        columns = (
            InboundMessage.from_address,
            InboundMessage.from_name,
            InboundMessage.subject,
            InboundMessage.message_id,
        )
        found += [column.icontains(way, autoescape=True) for column in columns for way in _ways_to_write(words)]
    return or_(*found)


def _ways_to_write(words: str) -> set[str]:
    """Return the words with the capitals that they may have: SQLite folds those of ASCII only."""
    return {words} if words.isascii() else {words, words.lower(), words.upper(), words.capitalize(), words.title()}


def _on_ticket(number: int) -> ColumnElement[bool]:
    on_it = (
        select(InboundEffect.inbound_message_id)
        .join(WorkItem, WorkItem.id == InboundEffect.work_item_id)
        .where(WorkItem.number == number)
    )
    return InboundMessage.id.in_(on_it)
