"""What a line bills once: whether an invoice that stands does, and which one (docs/billing.md rules 9 and F1)."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from helpdesk.invoicing.models import Invoice, InvoiceLine

Column = InstrumentedAttribute[int | None]
"""The column of a line that names what it bills, such as ``InvoiceLine.fixed_fee_id``."""


def billed_ids(session: Session, column: Column) -> set[int | None]:
    """Return the ids that some line bills."""
    return set(session.scalars(select(column).join(InvoiceLine.invoice).where(*_is_billed(column))))


def holder_name(session: Session, column: Column, billed_id: int) -> str:
    """Return what bills ``billed_id``, as people call it; empty where nothing does."""
    query = select(Invoice).join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
    invoice = session.scalar(query.where(column == billed_id, *_is_billed(column)))
    if invoice is None:
        return ""
    return (
        f"invoice {invoice.number}" if invoice.number else f"the draft invoice {invoice.id} for {invoice.client.name}"
    )


def _is_billed(column: Column) -> Sequence[ColumnElement[bool]]:
    """Return the conditions of a line that bills: on an invoice that stands, and not credited."""
    credit_line = aliased(InvoiceLine)
    return (
        column.is_not(None),
        Invoice.kind == "invoice",
        Invoice.status.not_in(("void", "dropped")),
        ~exists().where(credit_line.credits_id == InvoiceLine.id, credit_line.releases),
    )
