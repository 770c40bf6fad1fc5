"""What a line bills once: whether an invoice that stands does, and which one (docs/billing.md rules 9 and F1)."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from helpdesk.clients.models import Client
from helpdesk.invoicing.models import Invoice, InvoiceLine

Column = InstrumentedAttribute[int | None]
"""The column of a line that names what it bills, such as ``InvoiceLine.fixed_fee_id``."""


def billed_ids(session: Session, column: Column) -> set[int | None]:
    """Return the ids that some line bills."""
    return set(session.scalars(select(column).join(InvoiceLine.invoice).where(*_is_billed(column))))


def holder_names(session: Session, column: Column, ids: Collection[int]) -> dict[int, str]:
    """Return what bills each of ``ids``, as people call it; what nothing bills is not among them."""
    query = (
        select(column.label("billed_id"), Invoice.id, Invoice.number, Client.name)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .join(Invoice.client)
        .where(column.in_(ids), *_is_billed(column))
    )
    return {
        row.billed_id: f"invoice {row.number}" if row.number else f"the draft invoice {row.id} for {row.name}"
        for row in session.execute(query)
    }


def _is_billed(column: Column) -> Sequence[ColumnElement[bool]]:
    """Return the conditions of a line that bills: on an invoice that stands, and not credited."""
    credit_line = aliased(InvoiceLine)
    return (
        column.is_not(None),
        Invoice.kind == "invoice",
        Invoice.status.not_in(("void", "dropped")),
        ~exists().where(credit_line.credits_id == InvoiceLine.id, credit_line.releases),
    )
