"""Links that open an issued invoice to whoever holds them: made, looked up, taken back (docs/billing.md rule W1)."""

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.infra import audit, crypto
from helpdesk.infra.ahead import models_of
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.proof.models import ProofLink, ProofSettings
from helpdesk.kernel.errors import NotFound, RuleViolation

MOST_DAYS = 3650
OPENS = ("issued", "part_paid", "paid", "credited")
_TOKEN = re.compile("[a-z2-7]{26}")
_NOTHING = "There is no such page."


def settings_of(session: Session) -> ProofSettings:
    """Return what is set; before anybody has set anything, the standard."""
    found = next(iter(models_of(session, settings_asked())), None)
    return found or ProofSettings(id=1, days=90, shows_names=True, shows_notes=False)


def settings_asked() -> Select[ProofSettings]:
    """Return the question of `settings_of`, to be asked together with others."""
    return select(ProofSettings).where(ProofSettings.id == 1)


def set_up(
    session: Session, *, actor: Actor, now: datetime, days: int, shows_names: bool, shows_notes: bool
) -> ProofSettings:
    """Say how long links are good that are made from now on, and what their pages show.

    Raises:
        RuleViolation: such a number of days is none.
    """
    if not 0 <= days <= MOST_DAYS:
        message = f"A link is good for 1 to {MOST_DAYS} days; 0 means that invoices have none."
        raise RuleViolation(message, field="days")
    row = session.merge(ProofSettings(id=1, days=days, shows_names=shows_names, shows_notes=shows_notes))
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="proof of work set",
        kind="company",
        object_id=1,
        now=now,
        days=days,
        shows_names=shows_names,
        shows_notes=shows_notes,
    )
    return row


def make(session: Session, *, now: datetime, invoice: Invoice) -> ProofLink | None:
    """Add a link to a document that is issued; None where invoices have none."""
    days = settings_of(session).days
    if not days:
        return None
    salt = secrets.token_hex(16)
    link = ProofLink(
        invoice_id=invoice.id,
        salt=salt,
        token_hash=_hash(_token(salt)),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(link)
    session.flush()
    return link


def open_link(session: Session, *, token: str, now: datetime) -> Invoice:
    """Return the invoice that a link opens, with client and lines.

    Raises:
        NotFound: the link is unknown, garbled, over or taken back, or the invoice is void: all the same to its reader.
    """
    if not _TOKEN.fullmatch(token):
        raise NotFound(_NOTHING)
    query = (
        select(ProofLink)
        .where(ProofLink.token_hash == _hash(token), ProofLink.revoked_at.is_(None), ProofLink.expires_at > now)
        .options(joinedload(ProofLink.invoice).joinedload(Invoice.client))
    )
    link = session.scalar(query)
    if link is None or link.invoice.status not in OPENS:
        raise NotFound(_NOTHING)
    return link.invoice


def live_link(session: Session, *, invoice: Invoice, now: datetime) -> ProofLink | None:
    """Return the newest link of the invoice that opens it."""
    if invoice.status not in OPENS:
        return None
    return next(iter(models_of(session, live_asked(invoice.id, now=now))), None)


def live_asked(invoice_id: int, *, now: datetime) -> Select[ProofLink]:
    """Return the question of `live_link`, to be asked together with others."""
    query = select(ProofLink).where(
        ProofLink.invoice_id == invoice_id, ProofLink.revoked_at.is_(None), ProofLink.expires_at > now
    )
    return query.order_by(ProofLink.id.desc()).limit(1)


def url_of(link: ProofLink | None) -> str:
    """Return the address to print or mail; empty without a link, or where we do not know our own address."""
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    return f"{base_url}/proof/{_token(link.salt)}" if link is not None and base_url else ""


def url_to_print(session: Session, invoice: Invoice) -> str:
    """Return the address that stands on the PDF: of the first link, so that printing again gives the same bytes."""
    query = select(ProofLink).where(ProofLink.invoice_id == invoice.id).order_by(ProofLink.id).limit(1)
    return url_of(session.scalars(query).one_or_none())


def revoke(session: Session, *, actor: Actor, now: datetime, invoice_id: int) -> None:
    """Take back every link of an invoice: who follows one finds nothing.

    Raises:
        NotFound: no such invoice for this actor.
    """
    queries.get(session, actor=actor, invoice_id=invoice_id)
    invoice = queries.lock(session, invoice_id)
    _end(session, invoice, now)
    audit.record(session, actor=actor, action="link revoked", kind="invoice", object_id=invoice.id, now=now)


def renew(session: Session, *, actor: Actor, now: datetime, invoice_id: int) -> ProofLink:
    """Take back every link of an invoice and make a new one, for the next mail.

    Raises:
        NotFound: no such invoice for this actor.
        RuleViolation: it is not issued, or invoices have no links.
    """
    queries.get(session, actor=actor, invoice_id=invoice_id)
    invoice = queries.lock(session, invoice_id)
    if invoice.status not in OPENS:
        message = f"{queries.name_of(invoice)} is {invoice.status}; only an issued document has a page for its client."
        raise RuleViolation(message)
    _end(session, invoice, now)
    link = make(session, now=now, invoice=invoice)
    if link is None:
        message = "Invoices have no links: the settings say 0 days."
        raise RuleViolation(message)
    audit.record(session, actor=actor, action="link renewed", kind="invoice", object_id=invoice.id, now=now)
    return link


def _end(session: Session, invoice: Invoice, now: datetime) -> None:
    query = select(ProofLink).where(ProofLink.invoice_id == invoice.id, ProofLink.revoked_at.is_(None))
    for link in session.scalars(query):
        link.revoked_at = now
    session.flush()


def _token(salt: str) -> str:
    return crypto.proof_token(salt)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
