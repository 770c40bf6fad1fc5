"""Reads of invoices, each scoped to the clients whose money the actor may see."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.infra.ahead import Question, all_of, ask_ahead, models_of
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import Actor
from helpdesk.infra.together import Together
from helpdesk.invoicing.models import ENDED, Invoice, InvoiceLine, PaymentShare
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.periods import Month
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem

PAGE = 50
OPEN = ("issued", "part_paid")
LIVE = ("draft", "issued", "part_paid", "paid")
STATES = {
    "draft": Invoice.status == "draft",
    "open": and_(Invoice.status.in_(OPEN), Invoice.kind == "invoice"),
    "paid": Invoice.status == "paid",
    "all": Invoice.status != "dropped",
}
SETTLE_SECONDS = 60
"""How long an issued invoice may go without PDF and mail before the sweeper rings again."""


def get(session: Session, *, actor: Actor, invoice_id: int) -> Invoice:
    """Return an invoice with client, lines and what they are about.

    Raises:
        NotFound: no such invoice, or of a client whose money the actor may not see.
    """
    whole = selectinload(Invoice.lines).joinedload(InvoiceLine.work_item)
    invoice = session.scalar(_one(actor, invoice_id).options(whole))
    if invoice is None:
        message = "There is no such invoice."
        raise NotFound(message)
    return invoice


def get_with_lines(
    session: Session, *, actor: Actor, invoice_id: int, also: Callable[[Invoice], list[Question]]
) -> Invoice:
    """Return what `get` does; its lines are asked ahead, together with what ``also`` makes of it.

    Raises:
        NotFound: as `get`.
    """
    invoice = session.scalar(_one(actor, invoice_id))
    if invoice is None:
        message = "There is no such invoice."
        raise NotFound(message)
    lines = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id).order_by(InvoiceLine.position)
    of_lines = select(InvoiceLine.work_item_id).where(InvoiceLine.invoice_id == invoice_id)
    items = select(WorkItem).where(WorkItem.id.in_(of_lines))
    ask_ahead(session, lines, items, *also(invoice))
    by_id = {item.id: item for item in models_of(session, items)}
    found = models_of(session, lines)
    for line in found:
        set_committed_value(line, "work_item", by_id.get(line.work_item_id or 0))
    set_committed_value(invoice, "lines", found)
    return invoice


def _one(actor: Actor, invoice_id: int) -> Select[Invoice]:
    return (
        select(Invoice)
        .join(Invoice.client)
        .where(Invoice.id == invoice_id, clients.billable_by(actor))
        .options(contains_eager(Invoice.client))
    )


def lock(session: Session, invoice_id: int) -> Invoice:
    """Return the invoice as it is now; nobody else changes it until this transaction ends.

    Raises:
        NotFound: no such invoice.
    """
    invoice = session.scalar(
        select(Invoice).where(Invoice.id == invoice_id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if invoice is None:
        message = "There is no such invoice."
        raise NotFound(message)
    return invoice


def lock_client(session: Session, *, actor: Actor, client_id: int) -> Client:
    """Return the client whose money the actor may see; nobody else bills it or books for it until the transaction ends.

    Raises:
        NotFound: no such client for this actor.
    """
    clients.get_billable(session, actor=actor, client_id=client_id)
    return session.scalars(
        select(Client).where(Client.id == client_id).with_for_update(), execution_options={"populate_existing": True}
    ).one()


def find_live(session: Session, *, key: str) -> Invoice | None:
    """Return the document that was made under this key and is neither dropped, void nor credited."""
    return session.scalar(select(Invoice).where(Invoice.idempotency_key == key, Invoice.status.not_in(ENDED)))


def of_month(session: Session, *, month: Month) -> list[Invoice]:
    """Return the live invoices that close ``month``, by client, with their lines."""
    return of_months(session, months=[month])[month]


def of_months(session: Session, *, months: Collection[Month]) -> dict[Month, list[Invoice]]:
    """Return by month what `of_month` does, in one go for all of them."""
    days = [each.first_day for each in months]
    known = all_of(session, months_to_ask(days))
    read = _months_asked().read(session, months=days) if known is None else known
    clients, items = ({row.id: row for row in read[name]} for name in ("clients", "items"))
    lines: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in read["lines"]:
        set_committed_value(line, "work_item", items.get(line.work_item_id))
        lines[line.invoice_id].append(line)
    found: dict[Month, list[Invoice]] = {month: [] for month in months}
    for invoice in read["invoices"]:
        set_committed_value(invoice, "client", clients[invoice.client_id])
        set_committed_value(invoice, "lines", lines[invoice.id])
        found[Month.of(invoice.month)].append(invoice)
    return found


@cache
def _months_asked() -> Together:
    return Together(**months_to_ask(bindparam("months", expanding=True, type_=Date())))


def months_to_ask(months: Sequence[date] | BindParameter[date]) -> dict[str, Select[Any]]:
    """Return the questions of `of_months` for the first days of months, to be asked together with others."""
    live = select(Invoice.id).where(Invoice.month.in_(months), Invoice.status.in_(LIVE))
    items = select(InvoiceLine.work_item_id).where(InvoiceLine.invoice_id.in_(live))
    return {
        "invoices": select(Invoice)
        .join(Invoice.client)
        .where(Invoice.id.in_(live))
        .order_by(func.lower(Client.name), Invoice.id),
        "lines": select(InvoiceLine).where(InvoiceLine.invoice_id.in_(live)).order_by(InvoiceLine.position),
        "clients": select(Client).where(Client.id.in_(select(Invoice.client_id).where(Invoice.id.in_(live)))),
        "items": select(WorkItem).where(WorkItem.id.in_(items)),
    }


@dataclass(frozen=True)
class Sum:
    """What invoices of one state and one currency add up to."""

    key: str
    currency: str
    count: int
    total_minor: int


def open_minor() -> ColumnElement[int]:
    """Return what is open of an invoice of the query: its total less its credit notes less its live shares."""
    note = aliased(Invoice)
    credited = select(func.coalesce(func.sum(note.total_minor), 0)).where(note.corrects_id == Invoice.id)
    paid = select(func.coalesce(func.sum(PaymentShare.amount_minor), 0)).where(
        PaymentShare.invoice_id == Invoice.id, PaymentShare.undone_at.is_(None)
    )
    return (
        Invoice.total_minor + credited.correlate(Invoice).scalar_subquery() - paid.correlate(Invoice).scalar_subquery()
    )


def sums(session: Session, *, actor: Actor, today: date) -> list[Sum]:
    """Return what drafts, open, overdue, paid and all documents add up to, by currency.

    Of open and overdue invoices that is what is open of them (rule 21).
    """
    values = {"open": open_minor(), "overdue": open_minor()}
    conditions: dict[str, ColumnElement[bool]] = {**STATES, "overdue": and_(STATES["open"], Invoice.due_on < today)}
    columns = [
        column
        for key, condition in conditions.items()
        for column in (
            func.count().filter(condition).label(f"{key}_count"),
            func.coalesce(func.sum(values.get(key, Invoice.total_minor)).filter(condition), 0).label(f"{key}_total"),
        )
    ]
    query = (
        select(Invoice.currency, *columns)
        .join(Invoice.client)
        .where(clients.billable_by(actor))
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return [  # PostgreSQL adds bigints up to a numeric
        Sum(key, row.currency, getattr(row, f"{key}_count"), int(getattr(row, f"{key}_total")))
        for row in session.execute(query)
        for key in conditions
    ]


def page(
    session: Session, *, actor: Actor, state: str, before: int | None, limit: int = PAGE
) -> tuple[Sequence[Invoice], int | None]:
    """Return up to ``limit`` documents of a state, newest first, and the key of the page after them (None: none)."""
    query = (
        select(Invoice)
        .join(Invoice.client)
        .where(clients.billable_by(actor), STATES[state])
        .options(contains_eager(Invoice.client))
        .order_by(Invoice.id.desc())
        .limit(limit + 1)
    )
    rows = session.scalars(query if before is None else query.where(Invoice.id < before)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def due_day(invoice: Invoice) -> date | None:
    """Return the day on which it is to be paid; None for a draft, and for a credit note."""
    return invoice.due_on if invoice.kind == "invoice" else None


def is_overdue(invoice: Invoice, today: date) -> bool:
    """Whether the invoice is open and the day on which it was due is over."""
    return (
        invoice.kind == "invoice" and invoice.status in OPEN and invoice.due_on is not None and invoice.due_on < today
    )


def credit_notes_of(session: Session, invoice: Invoice) -> Sequence[Invoice]:
    """Return the credit notes that correct the invoice, oldest first."""
    return models_of(session, credit_notes_asked(invoice.id))


def credit_notes_asked(invoice_id: int) -> Select[Invoice]:
    """Return the question of `credit_notes_of`, to be asked together with others."""
    return select(Invoice).where(Invoice.corrects_id == invoice_id).order_by(Invoice.id)


def credits_of(session: Session, invoice: Invoice) -> Sequence[InvoiceLine]:
    """Return the lines of credit notes that take back of the invoice's lines."""
    return models_of(session, credits_asked(invoice.id))


def credits_asked(invoice_id: int) -> Select[InvoiceLine]:
    """Return the question of `credits_of`, to be asked together with others."""
    billed = aliased(InvoiceLine)
    theirs = select(billed.id).where(billed.invoice_id == invoice_id)
    return select(InvoiceLine).where(InvoiceLine.credits_id.in_(theirs)).order_by(InvoiceLine.id)


def unfinished(session: Session, *, now: datetime) -> list[int]:
    """Return the issued invoices that nobody rendered or mailed for a minute: for the sweeper (rule 23).

    Those that name nobody to send to need no mail.
    """
    query = select(Invoice.id).where(
        Invoice.status.in_((*OPEN, "paid")),
        Invoice.issued_at <= now - timedelta(seconds=SETTLE_SECONDS),
        or_(
            Invoice.pdf_sha256.is_(None),
            and_(Invoice.send_to != "", Invoice.outgoing_message_id.is_(None)),
        ),
    )
    return list(session.scalars(query.order_by(Invoice.id)))


def mail_of(session: Session, invoice: Invoice) -> OutgoingMessage | None:
    """Return the newest mail that took the invoice out, or is about to."""
    return None if invoice.outgoing_message_id is None else session.get(OutgoingMessage, invoice.outgoing_message_id)


def history(session: Session, invoice_id: int) -> Sequence[AuditRow]:
    """Return what people did with the invoice, newest first."""
    return models_of(session, history_asked(invoice_id))


def history_asked(invoice_id: int) -> Select[AuditRow]:
    """Return the question of `history`, to be asked together with others."""
    query = select(AuditRow).where(AuditRow.object_kind == "invoice", AuditRow.object_id == invoice_id)
    return query.order_by(AuditRow.at.desc(), AuditRow.id.desc())


def name_of(invoice: Invoice) -> str:
    """Return how people call the invoice: its number, or whose draft it is."""
    return invoice.number or f"The draft for {invoice.client.name}"
