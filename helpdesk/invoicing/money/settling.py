"""Payments: part and whole, more than is open, and taken back (docs/billing.md rule 21).

A payment is a client's; its shares say which invoices it settles. What no share takes is the client's credit, until
another invoice uses it. What is open of an invoice is its total, less its credit notes, less its live shares.
"""

from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of, rows_of
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.settling import Account, give_back, spread
from helpdesk.invoicing.listing import our_day
from helpdesk.invoicing.models import Invoice, Payment, PaymentShare, Refund, RefundPart
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.money import Money

PAYABLE = ("issued", "part_paid")


def account_of(session: Session, invoice: Invoice) -> Account:
    """Return how the invoice stands."""
    notes = queries.credit_notes_of(session, invoice)
    credited = -sum(note.total_minor for note in notes)
    is_taken_back = bool(notes) and invoice.net_minor + sum(note.net_minor for note in notes) == 0
    paid = sum(share.amount_minor for share in shares_of(session, invoice))
    return Account(invoice.total_minor, credited, paid, is_taken_back)


def credit_of(session: Session, *, client_id: int, currency: str) -> int:
    """Return what the client has paid beyond its invoices, in minor units."""
    return sum(rest for _payment_id, rest in free_of(session, client_id=client_id, currency=currency))


def record_payment(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    invoice_id: int,
    amount: Money,
    received_on: date,
    method: str,
    reference: str,
    key: str,
) -> Payment:
    """Note what the client paid; it settles this invoice, and what is more is the client's credit.

    A repeat with the same ``key`` returns the payment that is there already.

    Raises:
        NotFound: no such invoice for this actor.
        RuleViolation: it is none that is paid, the amount is nothing or in another currency, or the day is to come.
    """
    invoice = _lock(session, actor, invoice_id)
    existing = session.scalar(select(Payment).where(Payment.idempotency_key == key))
    if existing is not None:
        return existing
    _refuse(invoice, amount, received_on, today=our_day(session, now))
    payment = Payment(
        client_id=invoice.client_id,
        received_on=received_on,
        amount_minor=amount.minor,
        currency=amount.currency,
        method=method,
        reference=reference.strip(),
        idempotency_key=key,
        created_at=now,
        created_by_id=actor.person_id,
    )
    session.add(payment)
    session.flush()
    settles = min(amount.minor, account_of(session, invoice).open_minor)
    _share(session, now, payment.id, invoice, settles)
    restate(session, invoice)
    audit.record(
        session,
        actor=actor,
        action="paid",
        kind="invoice",
        object_id=invoice.id,
        now=now,
        payment=payment.id,
        amount_minor=amount.minor,
        settles_minor=settles,
    )
    return payment


def use_credit(session: Session, *, actor: Actor, now: datetime, invoice_id: int) -> int:
    """Settle the invoice with what the client has paid too much, the oldest payment first; return how much.

    Raises:
        NotFound: no such invoice for this actor.
        RuleViolation: it is none that is paid, or the client has no credit.
    """
    invoice = _lock(session, actor, invoice_id)
    _refuse_unpayable(invoice)
    free = free_of(session, client_id=invoice.client_id, currency=invoice.currency)
    parts = spread(account_of(session, invoice).open_minor, free)
    if not parts:
        message = f"{invoice.client.name} has no credit in {invoice.currency}."
        raise RuleViolation(message)
    for payment_id, amount_minor in parts:
        _share(session, now, payment_id, invoice, amount_minor)
    restate(session, invoice)
    used = sum(amount_minor for _payment_id, amount_minor in parts)
    audit.record(
        session, actor=actor, action="credit used", kind="invoice", object_id=invoice.id, now=now, amount_minor=used
    )
    return used


def take_back(
    session: Session, *, actor: Actor, now: datetime, invoice_id: int, payment_id: int, reason: str
) -> Payment:
    """Say that a payment of the invoice's client never came, or was noted wrongly; what it settled is open again.

    Raises:
        NotFound: no such invoice or payment for this actor.
        Conflict: it was taken back before.
        RuleViolation: no reason was given, or something of it was paid back.
    """
    client_id = _lock(session, actor, invoice_id).client_id
    payment = session.scalar(select(Payment).where(Payment.id == payment_id, Payment.client_id == client_id))
    if payment is None:
        message = "There is no such payment."
        raise NotFound(message)
    if payment.taken_back_at is not None:
        message = "This payment was taken back before."
        raise Conflict(message)
    if not reason.strip():
        message = "Say why the payment is taken back; the reason stays with it."
        raise RuleViolation(message)
    refunded_on = session.scalar(
        select(Refund.paid_on)
        .join(RefundPart, RefundPart.refund_id == Refund.id)
        .where(RefundPart.payment_id == payment.id, Refund.undone_at.is_(None))
    )
    if refunded_on is not None:
        message = f"Something of this payment was paid back on {refunded_on}. Undo that first, on the client's account."
        raise RuleViolation(message)
    payment.taken_back_at, payment.taken_back_because = now, reason.strip()
    settled = select(PaymentShare.invoice_id).where(
        PaymentShare.payment_id == payment.id, PaymentShare.undone_at.is_(None)
    )
    for settled_id in sorted(set(session.scalars(settled))):
        invoice = queries.lock(session, settled_id)
        for share in shares_of(session, invoice):
            if share.payment_id == payment.id:
                share.undone_at = now
        session.flush()
        restate(session, invoice)
        audit.record(
            session,
            actor=actor,
            action="payment taken back",
            kind="invoice",
            object_id=invoice.id,
            now=now,
            payment=payment.id,
            reason=payment.taken_back_because,
        )
    session.flush()
    return payment


def trim(session: Session, *, now: datetime, invoice: Invoice) -> None:
    """Give back to the client's credit what payments settle beyond what is owed, the newest first; then restate.

    For a credit note over an invoice that was paid. The caller holds the invoice's lock.
    """
    excess = -account_of(session, invoice).open_minor
    shares = {share.id: share for share in shares_of(session, invoice)}
    for share_id, kept in give_back([(share.id, share.amount_minor) for share in shares.values()], excess):
        shares[share_id].undone_at = now
        session.flush()
        _share(session, now, shares[share_id].payment_id, invoice, kept)
    restate(session, invoice)


def restate(session: Session, invoice: Invoice) -> None:
    """Write down how the invoice stands by its credit notes and payments."""
    session.flush()
    invoice.status = account_of(session, invoice).status
    session.flush()


def _lock(session: Session, actor: Actor, invoice_id: int) -> Invoice:
    invoice = queries.get(session, actor=actor, invoice_id=invoice_id)
    queries.lock_client(session, actor=actor, client_id=invoice.client_id)
    return queries.lock(session, invoice_id)


def _refuse_unpayable(invoice: Invoice) -> None:
    if invoice.kind != "invoice" or invoice.status not in PAYABLE:
        message = f"{queries.name_of(invoice)} is {invoice.status.replace('_', ' ')}; nothing of it is to be paid."
        raise RuleViolation(message)


def _refuse(invoice: Invoice, amount: Money, received_on: date, *, today: date) -> None:
    _refuse_unpayable(invoice)
    if amount.currency != invoice.currency:
        message = f"{queries.name_of(invoice)} is in {invoice.currency}; note what came in {invoice.currency}."
        raise RuleViolation(message, field="amount")
    if amount.minor <= 0:
        message = f"{amount} is no payment; write an amount above zero."
        raise RuleViolation(message, field="amount")
    if received_on > today:
        message = f"{received_on} is still to come; note a payment once it is there."
        raise RuleViolation(message, field="received_on")


def _share(session: Session, now: datetime, payment_id: int, invoice: Invoice, amount_minor: int) -> None:
    if amount_minor > 0:
        session.add(
            PaymentShare(payment_id=payment_id, invoice_id=invoice.id, amount_minor=amount_minor, created_at=now)
        )
        session.flush()


def is_untouched(session: Session, invoice: Invoice) -> bool:
    """Return whether nothing was paid of an issued invoice; one of nothing is paid from the beginning."""
    return invoice.status == "issued" or (
        invoice.status == "paid" and not invoice.total_minor and not shares_of(session, invoice)
    )


def shares_of(session: Session, invoice: Invoice) -> list[PaymentShare]:
    """Return what settles the invoice, oldest first."""
    return models_of(session, shares_asked(invoice.id))


def shares_asked(invoice_id: int) -> Select[PaymentShare]:
    """Return the question of `shares_of`, to be asked together with others."""
    query = select(PaymentShare).where(PaymentShare.invoice_id == invoice_id, PaymentShare.undone_at.is_(None))
    return query.order_by(PaymentShare.id)


def payments_asked(invoice_id: int) -> Select[Payment]:
    """Return the question for the payments behind `shares_of`, to be asked together with others."""
    theirs = shares_asked(invoice_id).order_by(None).with_only_columns(PaymentShare.payment_id)
    return select(Payment).where(Payment.id.in_(theirs))


def rest_of(session: Session, payment: Payment) -> int:
    """Return what of a payment settles nothing and is not paid back."""
    return dict(free_of(session, client_id=payment.client_id, currency=payment.currency)).get(payment.id, 0)


def free_of(session: Session, *, client_id: int, currency: str) -> list[tuple[int, int]]:
    """Return the client's payments of which something settles nothing and is not paid back, oldest first, with it."""
    rows = rows_of(session, free_asked(client_id, currency))
    return [(payment_id, int(rest)) for payment_id, rest in rows if rest > 0]


def free_asked(client_id: int, currency: str) -> Select[int, int]:
    """Return the question of `free_of`, to be asked together with others."""
    settled = (
        select(func.coalesce(func.sum(PaymentShare.amount_minor), 0))
        .where(PaymentShare.payment_id == Payment.id, PaymentShare.undone_at.is_(None))
        .correlate(Payment)
        .scalar_subquery()
    )
    refunded = (
        select(func.coalesce(func.sum(RefundPart.amount_minor), 0))
        .join(Refund, Refund.id == RefundPart.refund_id)
        .where(RefundPart.payment_id == Payment.id, Refund.undone_at.is_(None))
        .correlate(Payment)
        .scalar_subquery()
    )
    return (
        select(Payment.id, (Payment.amount_minor - settled - refunded).label("rest"))
        .where(Payment.client_id == client_id, Payment.currency == currency, Payment.taken_back_at.is_(None))
        .order_by(Payment.received_on, Payment.id)
    )
