"""An issued invoice on its way: its PDF, stored once, and the mail that carries it (docs/billing.md rules 19, 23)."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.infra import audit, blobs
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import invoice_letters, queries, render
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.proof import links
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address, OutgoingFile
from helpdesk.outbox.models import OutgoingMessage


def unprinted(session: Session, *, invoice_id: int) -> dict[str, Any] | None:
    """Return the document of an issued invoice that has no PDF yet, with ``proof``, its client's link; else None."""
    invoice = session.get(Invoice, invoice_id)
    if invoice is None or invoice.canonical_json is None or invoice.pdf_sha256 is not None:
        return None
    document: dict[str, Any] = json.loads(invoice.canonical_json)
    return {**document, "proof": links.url_to_print(session, invoice)}


def record_pdf(session: Session, *, now: datetime, invoice_id: int, digest: str, size_bytes: int) -> bool:
    """Note the stored PDF of an issued invoice; return whether it was the first, for only that one counts."""
    blobs.record(session, digest=digest, size_bytes=size_bytes, now=now)
    noted = session.execute(
        update(Invoice)
        .where(Invoice.id == invoice_id, Invoice.number.is_not(None), Invoice.pdf_sha256.is_(None))
        .values(pdf_sha256=digest)
        .returning(Invoice.id)
    )
    return noted.scalar_one_or_none() is not None


def queue_mail(session: Session, *, now: datetime, invoice_id: int) -> OutgoingMessage | None:
    """Queue the mail that takes a printed invoice to its client, once; None where it need not or cannot go.

    It need not where it went before, is void, or named nobody to send to when it was issued; it cannot go while
    there is no mailbox.
    """
    invoice = queries.lock(session, invoice_id)
    is_due = invoice.status in (*queries.OPEN, "paid") and invoice.send_to and invoice.outgoing_message_id is None
    if not is_due or invoice.pdf_sha256 is None:
        return None
    return _queue(session, now=now, invoice=invoice, to=invoice.send_to, key=f"invoice:{invoice.id}")


def send_again(session: Session, *, actor: Actor, now: datetime, invoice_id: int) -> OutgoingMessage:
    """Queue one more mail with the stored PDF, to the client's present address.

    Raises:
        NotFound: no such invoice for this actor.
        Conflict: the mail before it has not left yet.
        RuleViolation: it is no open invoice with a PDF, the client has no address, or we have no mailbox.
    """
    queries.get(session, actor=actor, invoice_id=invoice_id)
    invoice = queries.lock(session, invoice_id)
    before = queries.mail_of(session, invoice)
    if before is not None and before.state in {"queued", "claimed"}:
        message = f"The mail to {before.to[0]['address']} is on its way already."
        raise Conflict(message)
    if invoice.status not in (*queries.OPEN, "paid") or invoice.pdf_sha256 is None:
        message = f"{queries.name_of(invoice)} cannot be sent: it is {invoice.status}, or its PDF is not there yet."
        raise RuleViolation(message)
    if not invoice.client.invoice_email:
        message = f"{invoice.client.name} has no address for invoices; add one to the client."
        raise RuleViolation(message)
    key = f"invoice:{invoice.id}:after:{invoice.outgoing_message_id or 0}"
    queued = _queue(session, now=now, invoice=invoice, to=invoice.client.invoice_email, key=key)
    if queued is None:
        message = "There is no mailbox to send from; connect one in the settings."
        raise RuleViolation(message)
    audit.record(
        session, actor=actor, action="sent", kind="invoice", object_id=invoice.id, now=now, to=queued.to[0]["address"]
    )
    return queued


def _queue(session: Session, *, now: datetime, invoice: Invoice, to: str, key: str) -> OutgoingMessage | None:
    mailbox = outbox.default_mailbox(session)
    if mailbox is None or invoice.canonical_json is None or invoice.pdf_sha256 is None:
        return None
    link = links.live_link(session, invoice=invoice, now=now)
    letter = invoice_letters.letter(session, {**json.loads(invoice.canonical_json), "proof": links.url_of(link)})
    queued = outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=key,
        purpose="invoice",
        about=("invoice", invoice.id),
        to=[Address(invoice.client.legal_name or invoice.client.name, to)],
        subject=letter.subject,
        text=letter.text,
        attachments=[OutgoingFile(render.file_name(str(invoice.number)), "application/pdf", invoice.pdf_sha256)],
    )
    invoice.outgoing_message_id = queued.id
    session.flush()
    return queued
