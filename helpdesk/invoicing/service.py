"""Use cases of invoices: draft a month, drop, issue, void, send again (docs/billing.md rules 16 to 20).

Credit notes and payments will stand beside these: an issued document never changes, it is answered by another.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.expenses import claiming
from helpdesk.infra import audit, jobs
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import expense_lines, queries
from helpdesk.invoicing.delivery import send_again
from helpdesk.invoicing.document import Issue, document_of
from helpdesk.invoicing.domain.documents import canonical_json, sha256_of
from helpdesk.invoicing.models import HOLDER, Invoice, InvoiceLine
from helpdesk.invoicing.month_draft import draft_month
from helpdesk.invoicing.series import next_numbers, take_number
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import local_day
from helpdesk.timekeeping import charging, claims
from helpdesk.timekeeping.claims import Claimant
from helpdesk.timekeeping.models import TimeEntry

__all__ = ["draft_month", "drop_draft", "give_up", "holder_name", "issue", "next_numbers", "send_again", "void"]


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
    invoice.status = "dropped"
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
        RuleViolation: the pattern of numbers gives one that is taken.
    """
    queries.get(session, actor=actor, invoice_id=invoice_id)
    invoice = queries.lock(session, invoice_id)
    if invoice.status != "draft":
        raise Conflict(_not_a_draft(invoice))
    if version is not None and invoice.version != version:
        message = "This draft was changed in the meantime. Look at it again before you issue it."
        raise Conflict(message)
    house = company.get_company(session)
    issued_on = local_day(now, ZoneInfo(house.time_zone))
    series, taken, number = take_number(session, house, issued_on.year)
    due_on = issued_on + timedelta(days=invoice.client.payment_days)
    given = Issue(number=number, issued_on=issued_on, due_on=due_on)
    text = canonical_json(document_of(session, invoice=invoice, issue=given, company=house))
    for line in invoice.lines:
        charging.fix(session, holder=(HOLDER, line.id))
    expense_lines.fix(session, invoice)
    invoice.series_id, invoice.series_number = series.id, taken
    invoice.number, invoice.issued_on, invoice.due_on = given.number, given.issued_on, given.due_on
    invoice.canonical_json, invoice.canonical_sha256 = text, sha256_of(text)
    invoice.status, invoice.issued_at = "issued", now
    invoice.send_to = invoice.client.invoice_email
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="issued",
        kind="invoice",
        object_id=invoice.id,
        now=now,
        number=invoice.number,
        sha256=invoice.canonical_sha256,
    )
    jobs.ring(session, "render_invoice", invoice.id)
    return invoice


def void(session: Session, *, actor: Actor, now: datetime, invoice_id: int, reason: str) -> Invoice:
    """Void an issued invoice that never left the house: number and document stay, its time is free again.

    Raises:
        NotFound: no such invoice for this actor.
        Conflict: it is a draft, or void already.
        RuleViolation: it was sent or paid, which takes a credit note; or no reason was given.
    """
    queries.get(session, actor=actor, invoice_id=invoice_id)
    invoice = queries.lock(session, invoice_id)
    if not reason.strip():
        message = "Say why the invoice is void; the reason stays with its number."
        raise RuleViolation(message)
    if invoice.status in {"draft", "dropped", "void"}:
        message = f"{queries.name_of(invoice)} is {invoice.status}; only an issued invoice is voided."
        raise Conflict(message)
    if invoice.status != "issued" or invoice.outgoing_message_id is not None:
        message = f"{queries.name_of(invoice)} was sent or paid; it is corrected by a credit note, not voided."
        raise RuleViolation(message)
    invoice.status = "void"
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


def holder_name(session: Session, line_id: int) -> str:
    """Return how people call the invoice that a line is on: ``invoice INV-2026-0007``, ``the draft for Acme``."""
    line = session.get(InvoiceLine, line_id)
    if line is None:
        return "an invoice"
    invoice = line.invoice
    return (
        f"invoice {invoice.number}" if invoice.number else f"the draft invoice {invoice.id} for {invoice.client.name}"
    )


def _needs_a_credit_note(session: Session, _entry: TimeEntry, line_id: int) -> str:
    """Say why a reversal does not answer seconds on an issued invoice; a credit note will release their charge."""
    return (
        f"It is on {holder_name(session, line_id)}, which is issued: billed time changes with a credit note that names "
        "it, and Helpdesk does not write these yet. Void the invoice if it never left the house; else add a new entry "
        "for the difference."
    )


charging.name_holders(HOLDER, holder_name)
claiming.name_holders(HOLDER, holder_name)
claims.register(HOLDER, Claimant(objection=_needs_a_credit_note))


def _release(session: Session, invoice: Invoice, now: datetime) -> None:
    for line in invoice.lines:
        charging.release(session, now=now, holder=(HOLDER, line.id))
    expense_lines.release(session, invoice, now)
    session.flush()


def _not_a_draft(invoice: Invoice) -> str:
    number = f" as {invoice.number}" if invoice.number else ""
    return f"The invoice for {invoice.client.name} is {invoice.status.replace('_', ' ')} already{number}."
