"""Fixed fees on invoices: which instalments are due and on no invoice, and the line of each (rules 16 and F1)."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date

from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.invoicing import taxing
from helpdesk.invoicing.domain.lines import LineKind
from helpdesk.invoicing.drafts.billed_once import billed_ids, holder_names
from helpdesk.invoicing.drafts.span import Days, since
from helpdesk.invoicing.models import InvoiceLine
from helpdesk.kernel.money import Money
from helpdesk.projects import fees
from helpdesk.projects.models import FixedFee


def due(session: Session, *, client: Client, month: Days) -> list[FixedFee]:
    """Return the instalments of the client up to the last of the days that no invoice bills, by day."""
    first = since(month) or date.min
    found = fees.due(session, client_id=client.id, currency=client.currency, first=first, last=month.last_day)
    billed = billed_ids(session, InvoiceLine.fixed_fee_id)
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


def _holder_names(session: Session, ids: Collection[int]) -> Mapping[int, str]:
    return holder_names(session, InvoiceLine.fixed_fee_id, ids)


fees.name_holders(_holder_names)
