"""What can be seen of the story in the database: counts and ids, nothing written."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import Integer, Select, func, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra.db import db, read_session
from helpdesk.intake.models import InboundMessage, IntakeSource
from helpdesk.invoicing.models import Invoice
from helpdesk.projects.models import WorkItem
from helpdesk.retainers.models import RetainerPeriod
from helpdesk.tickets.models import Message, ThreadReference, TicketDetails
from helpdesk.timekeeping.models import TimeEntry


@dataclass(frozen=True)
class EntrySeen:
    """An entry's id and status."""

    id: int
    status: str


def is_watching(app: Flask) -> bool:
    """Return whether the watcher listens to the mailbox by IDLE."""
    return _count(app, select(func.count()).where(IntakeSource.idle_since.is_not(None))) > 0


def tickets(app: Flask) -> int:
    """Return how many tickets there are."""
    return _count(app, select(func.count()).select_from(TicketDetails))


def replies(app: Flask) -> int:
    """Return how many mails have joined a ticket that was there."""
    return _inbound(app, "reply")


def ignored(app: Flask) -> int:
    """Return how many mails were ignored, with a reason each."""
    return _count(app, select(func.count()).where(InboundMessage.state == "ignored"))


def inbound_total(app: Flask) -> int:
    """Return how many mails were fetched."""
    return _count(app, select(func.count()).select_from(InboundMessage))


def entries(app: Flask) -> int:
    """Return how many time entries there are."""
    return _count(app, select(func.count()).select_from(TimeEntry))


def approved_seconds(app: Flask) -> int:
    """Return the billable seconds of all approved time."""
    query = select(func.coalesce(func.sum(TimeEntry.billable_seconds), 0).cast(Integer))
    return _count(app, query.where(TimeEntry.status.in_(("approved", "locked"))))


def overage_seconds(app: Flask) -> int:
    """Return the overage of all closed periods."""
    query = select(func.coalesce(func.sum(RetainerPeriod.overage_seconds), 0))
    return _count(app, query.where(RetainerPeriod.reversed_at.is_(None)))


def number_of(app: Flask, letter: str) -> int:
    """Return the number of the ticket that a sample letter opened."""
    query = (
        select(WorkItem.number)
        .join(ThreadReference, ThreadReference.work_item_id == WorkItem.id)
        .where(ThreadReference.message_id.startswith(f"<{letter}.2026@"))
    )
    return _count(app, query)


def running_since(app: Flask, number: int, *, seconds: float) -> bool:
    """Return whether a timer has run on the item for so long; a stopped one has, too."""
    query = select(TimeEntry).join(TimeEntry.work_item).where(WorkItem.number == number, TimeEntry.source == "timer")
    with _reading(app) as session:
        found = session.scalars(query).all()
        now = datetime.now(UTC)
        return any(now - entry.started_at > timedelta(seconds=seconds) for entry in found)


def our_replies(app: Flask, number: int) -> int:
    """Return how many replies of ours a ticket has."""
    query = select(func.count()).select_from(Message).join(Message.work_item)
    return _count(app, query.where(WorkItem.number == number, Message.kind == "reply"))


def is_typed(app: Flask, note: str) -> bool:
    """Return whether an entry with this note is there."""
    return _count(app, select(func.count()).where(TimeEntry.note == note)) > 0


def entry_noted(app: Flask, note: str) -> EntrySeen:
    """Return the entry with this note."""
    with _reading(app) as session:
        entry = session.scalars(select(TimeEntry).where(TimeEntry.note == note)).one()
        return EntrySeen(entry.id, entry.status)


def submitted(app: Flask) -> list[int]:
    """Return the ids of the entries that wait for approval."""
    return _ids(app, select(TimeEntry.id).where(TimeEntry.status == "submitted"))


def drafts_of(app: Flask, email: str) -> list[int]:
    """Return the ids of a person's entries that are not submitted yet."""
    query = select(TimeEntry.id).join(TimeEntry.person).where(Person.email == email, TimeEntry.status == "draft")
    return _ids(app, query)


def drafts(app: Flask) -> dict[int, int]:
    """Return the draft invoices by id, each with the state in which it is now."""
    query = select(Invoice.id, Invoice.version).where(Invoice.status == "draft").order_by(Invoice.id)
    with _reading(app) as session:
        return dict(session.execute(query).tuples().all())


def drafted_or_issued(app: Flask) -> int:
    """Return how many invoices there are."""
    return _count(app, select(func.count()).select_from(Invoice))


def with_pdf(app: Flask) -> int:
    """Return how many invoices have their PDF."""
    return _count(app, select(func.count()).where(Invoice.pdf_sha256.is_not(None)))


def invoice_of(app: Flask, number: str) -> tuple[int, str, str] | None:
    """Return total in minor units, currency and the PDF's sha256 of an issued invoice."""
    with _reading(app) as session:
        found = session.scalar(select(Invoice).where(Invoice.number == number))
        return None if found is None else (found.total_minor, found.currency, found.pdf_sha256 or "")


def _inbound(app: Flask, outcome: str) -> int:
    return _count(app, select(func.count()).where(InboundMessage.outcome == outcome))


def _count(app: Flask, query: Select[int]) -> int:
    with _reading(app) as session:
        return session.scalar(query) or 0


def _ids(app: Flask, query: Select[int]) -> list[int]:
    with _reading(app) as session:
        return sorted(session.scalars(query))


@contextmanager
def _reading(app: Flask) -> Iterator[Session]:
    """Yield a session that sees what is committed now."""
    with app.app_context():
        try:
            yield read_session()
        finally:
            db.session.remove()
