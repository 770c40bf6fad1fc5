"""Reminders of one invoice, held for a while or until somebody ends it, with a reason (docs/billing.md rule M1)."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.listing import our_day
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.reminding.models import ReminderHold
from helpdesk.kernel.errors import Conflict, RuleViolation


def hold(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    invoice_id: int,
    through: date | None,
    reason: str,
    disputed: bool = False,
) -> ReminderHold:
    """Hold the reminders of an invoice up to and with a day, or until it is ended; one that is held is held anew.

    Raises:
        NotFound: no such invoice for this actor.
        RuleViolation: it is not open, the day is over, or no reason was given.
    """
    invoice = lock(session, actor, invoice_id)
    if invoice.kind != "invoice" or invoice.status not in queries.OPEN:
        message = f"{queries.name_of(invoice)} is {invoice.status.replace('_', ' ')}; nobody is reminded of it."
        raise RuleViolation(message)
    if through is not None and through < our_day(session, now):
        message = f"{through} is over; choose a day to come, or none."
        raise RuleViolation(message, field="through")
    if not reason.strip():
        message = "Say why its reminders are held; the reason stays with the invoice."
        raise RuleViolation(message, field="reason")
    _end(session, invoice, now)
    held = ReminderHold(
        invoice_id=invoice.id, through=through, reason=reason.strip(), disputed=disputed, created_at=now
    )
    session.add(held)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="reminders held",
        kind="invoice",
        object_id=invoice.id,
        now=now,
        through=None if through is None else through.isoformat(),
        reason=held.reason,
        disputed=disputed,
    )
    return held


def release(session: Session, *, actor: Actor, now: datetime, invoice_id: int) -> None:
    """End the hold of an invoice; its reminders go on where they were.

    Raises:
        NotFound: no such invoice for this actor.
        Conflict: nothing holds it.
    """
    invoice = lock(session, actor, invoice_id)
    if not _end(session, invoice, now):
        message = "Nothing holds the reminders of this invoice any more."
        raise Conflict(message)
    audit.record(session, actor=actor, action="hold ended", kind="invoice", object_id=invoice.id, now=now)


def lock(session: Session, actor: Actor, invoice_id: int) -> Invoice:
    """Return the invoice as it is now; nobody pays, credits or reminds of it until this transaction ends.

    Raises:
        NotFound: no such invoice for this actor.
    """
    invoice = queries.get(session, actor=actor, invoice_id=invoice_id)
    queries.lock_client(session, actor=actor, client_id=invoice.client_id)
    return queries.lock(session, invoice_id)


def held(session: Session, invoice_ids: Collection[int], *, today: date) -> dict[int, ReminderHold]:
    """Return what holds these invoices today; a hold whose day is over holds no more."""
    rows = models_of(session, held_asked(invoice_ids))
    return {row.invoice_id: row for row in rows if row.through is None or row.through >= today}


def held_asked(invoice_ids: Collection[int]) -> Select[ReminderHold]:
    """Return the question of `held`, whatever the day, to be asked together with others."""
    return select(ReminderHold).where(ReminderHold.invoice_id.in_(invoice_ids), ReminderHold.ended_at.is_(None))


def _end(session: Session, invoice: Invoice, now: datetime) -> bool:
    row = session.scalar(
        select(ReminderHold).where(ReminderHold.invoice_id == invoice.id, ReminderHold.ended_at.is_(None))
    )
    if row is None:
        return False
    row.ended_at = now
    session.flush()
    return True
