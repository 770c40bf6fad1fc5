"""Receipts of an expense: added with it, removed as long as nothing bills it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.expenses import claiming, queries
from helpdesk.expenses.domain.facts import FieldRefused
from helpdesk.expenses.domain.receipts import MOST_RECEIPTS, NewReceipt
from helpdesk.expenses.models import Expense, ExpenseReceipt
from helpdesk.expenses.service.writing import refuse_billed
from helpdesk.infra import audit, blobs
from helpdesk.infra.policy import Actor


def add_receipts(
    session: Session, *, actor: Actor, now: datetime, expense: Expense, files: Iterable[NewReceipt]
) -> None:
    """Add stored files to an expense that the actor has just written; a file that it has already is left alone.

    Raises:
        FieldRefused: more receipts than an expense can have.
    """
    query = select(ExpenseReceipt.blob_sha256).where(ExpenseReceipt.expense_id == expense.id)
    known = set(session.scalars(query))
    new = {file.digest: file for file in files if file.digest not in known}
    if len(known) + len(new) > MOST_RECEIPTS:
        raise FieldRefused(field="receipt", message=f"An expense has {MOST_RECEIPTS} receipts at most.")
    for file in new.values():
        blobs.record(session, digest=file.digest, size_bytes=file.size_bytes, now=now)
        session.add(
            ExpenseReceipt(
                expense_id=expense.id,
                blob_sha256=file.digest,
                name=file.name,
                content_type=file.content_type,
                size_bytes=file.size_bytes,
                added_at=now,
            )
        )
        audit.record(
            session, actor=actor, action="receipt added", kind="expense", object_id=expense.id, now=now, name=file.name
        )
    session.flush()


def remove_receipt(session: Session, *, actor: Actor, now: datetime, receipt_id: int) -> Expense:
    """Take a receipt from its expense, and return the expense; the audit trail keeps its name and hash.

    Raises:
        NotFound: no such receipt, or of somebody else's expense.
        Conflict: an invoice bills the expense; it is named.
    """
    receipt = queries.get_receipt(session, actor=actor, receipt_id=receipt_id)
    expense = queries.get(session, actor=actor, expense_id=receipt.expense_id, to_change=True)
    claiming.lock(session, [expense.id])
    refuse_billed(session, expense)
    audit.record(
        session,
        actor=actor,
        action="receipt removed",
        kind="expense",
        object_id=expense.id,
        now=now,
        name=receipt.name,
        sha256=receipt.blob_sha256,
    )
    session.delete(receipt)
    session.flush()
    return expense
