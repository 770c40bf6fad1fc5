"""A client's account, read: everything that its balance is made of, and what is open and credit (rule M3)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.infra.ahead import Question, models_of, rows_of
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.statement import Entry, Statement, statement_of
from helpdesk.invoicing.models import Invoice, Payment, PaymentShare, Refund
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import local_day


def statement(session: Session, *, client_id: int, currency: str, first: date, last: date) -> Statement:
    """Return the account of a client in one currency from one day to another.

    At the end of today its balance is what ageing says is open, less the client's credit.
    """
    return statement_of(_entries(session, client_id, currency), first=first, last=last)


def open_of(session: Session, *, client_id: int, currency: str) -> int:
    """Return what is open of all invoices of the client in a currency: what ageing says of it."""
    return int(rows_of(session, _open_asked(client_id, currency))[0].minor or 0)


def questions(client_id: int, currency: str) -> list[Question]:
    """Return what `statement` and `open_of` ask, to be asked ahead."""
    return [
        _documents_asked(client_id, currency),
        _settled_asked(client_id, currency),
        _payments_asked(client_id, currency),
        _refunds_asked(client_id, currency),
        _open_asked(client_id, currency),
    ]


def _open_asked(client_id: int, currency: str) -> Question:
    minor = func.coalesce(func.sum(queries.open_minor()), 0).label("minor")
    return select(minor).where(Invoice.client_id == client_id, Invoice.currency == currency, queries.STATES["open"])


def _payments_asked(client_id: int, currency: str) -> Select[Payment]:
    return select(Payment).where(Payment.client_id == client_id, Payment.currency == currency).order_by(Payment.id)


def _refunds_asked(client_id: int, currency: str) -> Select[Refund]:
    return select(Refund).where(Refund.client_id == client_id, Refund.currency == currency).order_by(Refund.id)


def currencies_of(session: Session, *, client_id: int, own: str) -> list[str]:
    """Return the currencies in which the client has documents or payments, its own first."""
    query = union(
        select(Invoice.currency).where(Invoice.client_id == client_id, Invoice.number.is_not(None)),
        select(Payment.currency).where(Payment.client_id == client_id),
    )
    return [own, *sorted(set(session.scalars(query)) - {own})]


def _entries(session: Session, client_id: int, currency: str) -> Iterable[Entry]:
    zone = ZoneInfo(company.get_company(session).time_zone)
    yield from _documents(session, client_id, currency)
    settles = _settled(session, client_id, currency)
    for payment in models_of(session, _payments_asked(client_id, currency)):
        yield Entry(
            payment.received_on, "payment", -payment.amount_minor, payment.reference, settles.get(payment.id, "")
        )
        if payment.taken_back_at is not None:
            day = max(local_day(payment.taken_back_at, zone), payment.received_on)
            yield Entry(day, "payment_taken_back", payment.amount_minor, payment.reference, payment.taken_back_because)
    for refund in models_of(session, _refunds_asked(client_id, currency)):
        yield Entry(refund.paid_on, "refund", refund.amount_minor, refund.reference, refund.reason)
        if refund.undone_at is not None:
            day = max(local_day(refund.undone_at, zone), refund.paid_on)
            yield Entry(day, "refund_undone", -refund.amount_minor, refund.reference, refund.undone_because)


def _documents(session: Session, client_id: int, currency: str) -> Iterable[Entry]:
    """Return invoices and credit notes; what is void was never sent, and is none.

    Of an invoice that is credited whole nothing is owed, whatever cent several credit notes rounded their tax by: that
    cent is an entry of its own.
    """
    documents = models_of(session, _documents_asked(client_id, currency))
    notes: dict[int, list[Invoice]] = defaultdict(list)
    for each in documents:
        if each.corrects_id is not None:
            notes[each.corrects_id].append(each)
    for each in documents:
        if each.issued_on is not None:
            said = each.reason if each.kind == "credit_note" else ""
            yield Entry(each.issued_on, each.kind, each.total_minor, each.number or "", said, each.id)
        left = each.total_minor + sum(note.total_minor for note in notes[each.id])
        if each.status == "credited" and left and (last := notes[each.id][-1].issued_on) is not None:
            yield Entry(last, "rounding", -left, each.number or "", "", each.id)


def _documents_asked(client_id: int, currency: str) -> Select[Invoice]:
    return (
        select(Invoice)
        .where(Invoice.client_id == client_id, Invoice.currency == currency)
        .where(Invoice.number.is_not(None), Invoice.status != "void", Invoice.issued_on.is_not(None))
        .order_by(Invoice.id)
    )


def _settled(session: Session, client_id: int, currency: str) -> dict[int, str]:
    """Return by payment what it settles: ``INV-2026-0007 100.00, INV-2026-0009 19.00``."""
    found: dict[int, list[str]] = defaultdict(list)
    for payment_id, number, minor in rows_of(session, _settled_asked(client_id, currency)):
        found[payment_id].append(f"{number} {Money(int(minor), currency)}")
    return {payment_id: ", ".join(texts) for payment_id, texts in found.items()}


def _settled_asked(client_id: int, currency: str) -> Question:
    return (
        select(PaymentShare.payment_id, Invoice.number, func.sum(PaymentShare.amount_minor).label("minor"))
        .join(Invoice, Invoice.id == PaymentShare.invoice_id)
        .where(Invoice.client_id == client_id, Invoice.currency == currency, PaymentShare.undone_at.is_(None))
        .group_by(PaymentShare.payment_id, Invoice.number, Invoice.id)
        .order_by(Invoice.id)
    )
