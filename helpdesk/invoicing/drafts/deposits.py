"""Deposits as they stand: paid on an invoice of their own, taken off later ones (docs/billing.md rule 21)."""

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.infra.ahead import models_of
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.deposits import Deposit
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.invoicing.money import settling
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money

PAID = ("part_paid", "paid")


def standing_of(session: Session, line: InvoiceLine) -> Deposit:
    """Return how a deposit stands: what of it is paid, credited and taken off."""
    taker, credit = aliased(InvoiceLine), aliased(InvoiceLine)
    takers = (
        select(taker.id, taker.amount_minor)
        .join(Invoice, Invoice.id == taker.invoice_id)
        .where(taker.deducts_id == line.id, Invoice.kind == "invoice", Invoice.status.not_in(("void", "dropped")))
    ).subquery()
    taken = session.scalar(select(func.coalesce(func.sum(takers.c.amount_minor), 0))) or 0
    given_back = session.scalar(
        select(func.coalesce(func.sum(credit.amount_minor), 0)).where(credit.credits_id.in_(select(takers.c.id)))
    )
    credited = session.scalar(
        select(func.coalesce(func.sum(credit.amount_minor), 0)).where(credit.credits_id == line.id)
    )
    account = settling.account_of(session, line.invoice)
    return Deposit(
        amount_minor=line.amount_minor,
        credited_minor=-int(credited or 0),
        deducted_minor=-int(taken) - int(given_back or 0),
        owed_minor=line.invoice.total_minor - account.credited_minor,
        paid_minor=account.paid_minor,
    )


def available(session: Session, draft: Invoice) -> list[tuple[InvoiceLine, int]]:
    """Return the deposits that the draft can take off, oldest first, with how much of each is free.

    That is in the prices of the draft: net or with tax in them; a deposit in the others is not for this draft.
    """
    lines, invoices = (models_of(session, query) for query in available_asked(draft))
    by_id = {invoice.id: invoice for invoice in invoices}
    for line in lines:
        set_committed_value(line, "invoice", by_id[line.invoice_id])
    found = [(line, standing_of(session, line).available_minor) for line in lines]
    return [(line, amount_minor) for line, amount_minor in found if amount_minor > 0]


def available_asked(draft: Invoice) -> tuple[Select[InvoiceLine], Select[Invoice]]:
    """Return the questions of `available`, for deposits and their invoices, to be asked together with others."""
    query = (
        select(InvoiceLine)
        .join(InvoiceLine.invoice)
        .where(
            Invoice.client_id == draft.client_id,
            Invoice.currency == draft.currency,
            Invoice.prices_include_tax.is_(draft.prices_include_tax),
            Invoice.kind == "invoice",
            Invoice.status.in_(PAID),
            InvoiceLine.kind == "deposit",
            InvoiceLine.deducts_id.is_(None),
        )
    )
    theirs = query.with_only_columns(InvoiceLine.invoice_id, maintain_column_froms=True)
    return query.order_by(Invoice.issued_on, InvoiceLine.id), select(Invoice).where(Invoice.id.in_(theirs))


def refuse_unpaid(session: Session, invoice: Invoice) -> None:
    """Refuse to issue an invoice that takes off more of a deposit than is paid by now.

    Raises:
        RuleViolation: it names the deposit.
    """
    for line in invoice.lines:
        if line.deducts_id is not None:
            deposit = session.get_one(InvoiceLine, line.deducts_id)
            queries.lock(session, deposit.invoice_id)
            if standing_of(session, deposit).available_minor < 0:
                message = f"{line.description} is not paid any more as far as it is taken off here; take off the line."
                raise RuleViolation(message)


def refuse_deducted(session: Session, invoice: Invoice, credited: dict[int, int]) -> None:
    """Refuse to take back of deposits (by line: minor units) what other invoices take off already.

    Raises:
        RuleViolation: it says how much can be taken back.
    """
    for line in invoice.lines:
        if line.kind == "deposit" and line.deducts_id is None and line.id in credited:
            free = standing_of(session, line).creditable_minor
            if credited[line.id] > free:
                said = Money(max(free, 0), invoice.currency)
                message = f"{line.description}: other invoices take this deposit off already; {said} is free."
                raise RuleViolation(message)
