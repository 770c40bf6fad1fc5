"""Use cases of invoices: draft a month, drop, issue, void, credit, send again (docs/billing.md rules 16 to 20)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.expenses import claiming
from helpdesk.infra import audit
from helpdesk.infra.ahead import Question
from helpdesk.infra.holders import Ids
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.crediting import credit
from helpdesk.invoicing.delivery import send_again
from helpdesk.invoicing.drafts import deposits, expense_lines
from helpdesk.invoicing.drafts.month import draft_month
from helpdesk.invoicing.drafts.opening import changed_since
from helpdesk.invoicing.models import HOLDER, Invoice, InvoiceLine
from helpdesk.invoicing.money import late_fees, settling
from helpdesk.invoicing.sealing import seal
from helpdesk.invoicing.series import next_numbers
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.timekeeping import charging, claims
from helpdesk.timekeeping.claims import Claimant
from helpdesk.timekeeping.models import TimeEntry

__all__ = [
    "credit",
    "draft_month",
    "drop_draft",
    "give_up",
    "issue",
    "next_numbers",
    "send_again",
    "void",
]


def drop_draft(session: Session, *, actor: Actor, now: datetime, invoice_id: int, reason: str = "") -> Invoice:
    """Give up a draft; its time is free again for the next one.

    Raises:
        NotFound: no such invoice for this actor.
        Conflict: it is no draft any more.
    """
    queries.get(session, actor=actor, invoice_id=invoice_id)
    invoice = queries.lock(session, invoice_id)
    if invoice.status != "draft":
        raise Conflict(_not_a_draft(invoice))
    invoice.status, invoice.ended_at = "dropped", now
    _release(session, invoice, now)
    audit.record(
        session, actor=actor, action="dropped", kind="invoice", object_id=invoice.id, now=now, reason=reason.strip()
    )
    return invoice


def issue(session: Session, *, actor: Actor, now: datetime, invoice_id: int, version: int | None = None) -> Invoice:
    """Give the draft its number and make it a document that never changes again (rule 19).

    The number is the next of the series of its year in the company's zone, taken in this transaction together with
    the canonical JSON and its hash; a failure leaves no gap. PDF and mail follow once it is committed.

    Raises:
        NotFound: no such invoice for this actor.
        Conflict: it is issued or dropped already, or changed since ``version`` was read.
        RuleViolation: nothing is on it, a deposit is not paid any more, what being late costs is not owed as it stands,
            or the pattern gives a number that is taken.
    """
    queries.get(session, actor=actor, invoice_id=invoice_id)
    invoice = queries.lock(session, invoice_id)
    if invoice.status != "draft":
        raise Conflict(_not_a_draft(invoice))
    if version is not None and invoice.version != version:
        raise Conflict(changed_since(session, invoice, version))
    if not invoice.lines:
        message = "Nothing is on this draft; add a line, or drop it."
        raise RuleViolation(message)
    deposits.refuse_unpaid(session, invoice)
    late_fees.refuse_outdated(session, invoice=invoice, now=now)
    charging.fix_each(session, kind=HOLDER, ids=[line.id for line in invoice.lines])
    expense_lines.fix(session, invoice)
    seal(session, actor=actor, now=now, invoice=invoice)
    if not invoice.total_minor:
        settling.restate(session, invoice)
    return invoice


def void(session: Session, *, actor: Actor, now: datetime, invoice_id: int, reason: str) -> Invoice:
    """Void an issued invoice that never left the house: number and document stay, its time is free again.

    Raises:
        NotFound: no such invoice for this actor.
        Conflict: it is a draft, or void already.
        RuleViolation: it was sent, paid or credited in part, which takes a credit note; or no reason was given.
    """
    queries.get(session, actor=actor, invoice_id=invoice_id)
    invoice = queries.lock(session, invoice_id)
    if not reason.strip():
        message = "Say why the invoice is void; the reason stays with its number."
        raise RuleViolation(message)
    if invoice.status in {"draft", "dropped", "void"}:
        message = f"{queries.name_of(invoice)} is {invoice.status}; only an issued invoice is voided."
        raise Conflict(message)
    if invoice.kind == "credit_note":
        message = f"{invoice.number} is a credit note; what it took back is billed again by an invoice."
        raise RuleViolation(message)
    if not settling.is_untouched(session, invoice) or invoice.outgoing_message_id is not None:
        message = f"{queries.name_of(invoice)} was sent or paid; it is corrected by a credit note, not voided."
        raise RuleViolation(message)
    if queries.credit_notes_of(session, invoice):
        message = f"{queries.name_of(invoice)} has a credit note; credit the rest of it."
        raise RuleViolation(message)
    deposits.refuse_deducted(session, invoice, {line.id: line.amount_minor for line in invoice.lines})
    invoice.status, invoice.ended_at = "void", now
    _release(session, invoice, now)
    audit.record(
        session, actor=actor, action="voided", kind="invoice", object_id=invoice.id, now=now, reason=reason.strip()
    )
    return invoice


def give_up(session: Session, *, actor: Actor, now: datetime, invoice_id: int, reason: str) -> Invoice:
    """Drop a draft, or void an issued invoice: whichever it is now. See `drop_draft` and `void`.

    Raises:
        NotFound: no such invoice for this actor.
        Conflict: it was given up before.
        RuleViolation: it was sent or paid, or no reason was given.
    """
    queries.get(session, actor=actor, invoice_id=invoice_id)
    is_draft = queries.lock(session, invoice_id).status == "draft"
    return (drop_draft if is_draft else void)(session, actor=actor, now=now, invoice_id=invoice_id, reason=reason)


def _holder_name(_line_id: int, invoice: Any) -> str:  # noqa: ANN401 - a row of `_invoices_of`
    """Return how people call the invoice that a line is on: ``invoice INV-2026-0007``, ``the draft for Acme``."""
    if invoice is None:
        return "an invoice"
    return (
        f"invoice {invoice.number}"
        if invoice.number
        else f"the draft invoice {invoice.invoice_id} for {invoice.client}"
    )


def _invoices_of(line_ids: Ids) -> Question:
    query = select(InvoiceLine.id, InvoiceLine.invoice_id, Invoice.number, Client.name.label("client"))
    return query.join(InvoiceLine.invoice).join(Invoice.client).where(InvoiceLine.id.in_(line_ids))


def _needs_a_credit_note(session: Session, _entry: TimeEntry, line_id: int) -> str:
    """Say why a reversal does not answer seconds on an issued invoice: a credit note that names them lets them go."""
    invoice = charging.name_of(session, (HOLDER, line_id))
    return (
        f"It is on {invoice}, which is issued. Credit the entry on the page of the invoice first "
        "(or void the invoice if it never left the house); then the entry can be changed."
    )


charging.name_holders(HOLDER, _holder_name, asked=_invoices_of)
claiming.name_holders(HOLDER, _holder_name, asked=_invoices_of)
claims.register(HOLDER, Claimant(objection=_needs_a_credit_note))


def _release(session: Session, invoice: Invoice, now: datetime) -> None:
    for line in invoice.lines:
        charging.release(session, now=now, holder=(HOLDER, line.id))
    expense_lines.release(session, invoice, now)
    late_fees.release(session, now=now, line_ids=[line.id for line in invoice.lines])
    session.flush()


def _not_a_draft(invoice: Invoice) -> str:
    number = f" as {invoice.number}" if invoice.number else ""
    return f"The invoice for {invoice.client.name} is {invoice.status.replace('_', ' ')} already{number}."
