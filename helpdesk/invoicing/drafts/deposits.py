"""Deposits as they stand: paid on an invoice of their own, taken off later ones (docs/billing.md rule 21)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.infra.ahead import Question, models_of, rows_of
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.deposits import Deposit
from helpdesk.invoicing.models import Invoice, InvoiceLine, PaymentShare
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money

PAID = ("part_paid", "paid")


def standing_of(session: Session, line: InvoiceLine) -> Deposit:
    """Return how a deposit stands: what of it is paid, credited and taken off."""
    return _standings(session, [line], _sums_asked(select(InvoiceLine.id).where(InvoiceLine.id == line.id)))[line.id]


def available(session: Session, draft: Invoice) -> list[tuple[InvoiceLine, int]]:
    """Return the deposits that the draft can take off, oldest first, with how much of each is free.

    That is in the prices of the draft: net or with tax in them; a deposit in the others is not for this draft.
    """
    lines, invoices = models_of(session, _free_asked(draft)), models_of(session, _invoices_asked(draft))
    by_id = {invoice.id: invoice for invoice in invoices}
    for line in lines:
        set_committed_value(line, "invoice", by_id[line.invoice_id])
    if not lines:
        return []
    standings = _standings(session, lines, _sums_asked(_ids_of_free(draft)))
    found = [(line, standings[line.id].available_minor) for line in lines]
    return [(line, amount_minor) for line, amount_minor in found if amount_minor > 0]


def available_asked(draft: Invoice) -> list[Question]:
    """Return the questions of `available`, for deposits, their invoices and sums, to be asked together with others."""
    return [_free_asked(draft), _invoices_asked(draft), *_sums_asked(_ids_of_free(draft)).values()]


def _free_asked(draft: Invoice) -> Select[InvoiceLine]:
    query = (
        select(InvoiceLine)
        .join(InvoiceLine.invoice)
        .where(
            Invoice.client_id == draft.client_id,
            Invoice.currency == draft.currency,
            Invoice.kind == "invoice",
            Invoice.prices_include_tax.is_(draft.prices_include_tax),
            Invoice.status.in_(PAID),
            InvoiceLine.kind == "deposit",
            InvoiceLine.deducts_id.is_(None),
        )
    )
    return query.order_by(Invoice.issued_on, InvoiceLine.id)


def _ids_of_free(draft: Invoice) -> Select[int]:
    return _free_asked(draft).order_by(None).with_only_columns(InvoiceLine.id, maintain_column_froms=True)


def _invoices_asked(draft: Invoice) -> Select[Invoice]:
    theirs = _free_asked(draft).order_by(None).with_only_columns(InvoiceLine.invoice_id, maintain_column_froms=True)
    return select(Invoice).where(Invoice.id.in_(theirs))


def _standings(session: Session, lines: Sequence[InvoiceLine], sums: Mapping[str, Question]) -> dict[int, Deposit]:
    known = {name: {row.id: int(row.minor) for row in rows_of(session, query)} for name, query in sums.items()}
    return {
        line.id: Deposit(
            amount_minor=line.amount_minor,
            credited_minor=-known["credited"].get(line.id, 0),
            deducted_minor=-known["taken"].get(line.id, 0) - known["given_back"].get(line.id, 0),
            owed_minor=line.invoice.total_minor + known["notes"].get(line.invoice_id, 0),
            paid_minor=known["paid"].get(line.invoice_id, 0),
        )
        for line in lines
    }


def _sums_asked(deposits: Select[int]) -> dict[str, Question]:
    """Return the questions what was taken off, given back and credited by deposit, and credited and paid by invoice.

    ``deposits`` are the ids of their lines; ``notes`` and ``credited`` are below zero.
    """
    deposit, taker, credit, note = aliased(InvoiceLine), aliased(InvoiceLine), aliased(InvoiceLine), aliased(Invoice)
    takers = (
        select(taker.id, taker.deducts_id, taker.amount_minor)
        .join(Invoice, Invoice.id == taker.invoice_id)
        .where(taker.deducts_id.in_(deposits), Invoice.kind == "invoice", Invoice.status.not_in(("void", "dropped")))
    ).subquery()
    theirs = select(deposit.invoice_id).where(deposit.id.in_(deposits))
    paid = PaymentShare.invoice_id.in_(theirs) & PaymentShare.undone_at.is_(None)
    return {
        "taken": _sum_by(takers.c.deducts_id, takers.c.amount_minor),
        "given_back": _sum_by(takers.c.deducts_id, credit.amount_minor).join(credit, credit.credits_id == takers.c.id),
        "credited": _sum_by(credit.credits_id, credit.amount_minor).where(credit.credits_id.in_(deposits)),
        "notes": _sum_by(note.corrects_id, note.total_minor).where(note.corrects_id.in_(theirs)),
        "paid": _sum_by(PaymentShare.invoice_id, PaymentShare.amount_minor).where(paid),
    }


def _sum_by(key: Any, amount: Any) -> Select[Any, Any]:  # noqa: ANN401 - columns
    return select(key.label("id"), func.sum(amount).label("minor")).group_by(key)


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
