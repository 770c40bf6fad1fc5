"""Fixed fees on invoices: which instalments are due and on no invoice, and the line of each (rules 16 and F1)."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from helpdesk.clients.models import Client
from helpdesk.invoicing import taxing
from helpdesk.invoicing.domain.lines import LineKind
from helpdesk.invoicing.drafts.span import Days, since
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.kernel.money import Money
from helpdesk.projects import fees
from helpdesk.projects.models import FixedFee


def due(session: Session, *, client: Client, month: Days) -> list[FixedFee]:
    """Return the instalments of the client up to the last of the days that no invoice bills, by day."""
    first = since(month) or date.min
    found = fees.due(session, client_id=client.id, currency=client.currency, first=first, last=month.last_day)
    billed = set(session.scalars(select(InvoiceLine.fixed_fee_id).join(InvoiceLine.invoice).where(*_is_billed())))
    return [fee for fee in found if fee.id not in billed]


def line_of(fee: FixedFee, client: Client) -> InvoiceLine:
    """Return the line of an instalment: the project and what it is for."""
    amount = Money(fee.amount_minor, client.currency)
    return InvoiceLine(
        kind=LineKind.FIXED_FEE.value,
        description=f"{fee.project.name}: {fee.text}",
        detail=f"{fee.percent} %" if fee.percent else "",
        minutes=None,
        unit_price=str(amount),
        amount_minor=amount.minor,
        **asdict(taxing.of_client(client)),
        fixed_fee_id=fee.id,
    )


def holder_name(session: Session, fee_id: int) -> str:
    """Return what bills an instalment, as people call it; empty where nothing does."""
    query = select(Invoice).join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
    invoice = session.scalar(query.where(InvoiceLine.fixed_fee_id == fee_id, *_is_billed()))
    if invoice is None:
        return ""
    return (
        f"invoice {invoice.number}" if invoice.number else f"the draft invoice {invoice.id} for {invoice.client.name}"
    )


fees.name_holders(holder_name)


def _is_billed() -> Sequence[ColumnElement[bool]]:
    """Return the conditions of a line that bills its instalment: on an invoice that stands, and not credited."""
    credit_line = aliased(InvoiceLine)
    return (
        InvoiceLine.fixed_fee_id.is_not(None),
        Invoice.kind == "invoice",
        Invoice.status.not_in(("void", "dropped")),
        ~exists().where(credit_line.credits_id == InvoiceLine.id, credit_line.releases),
    )
