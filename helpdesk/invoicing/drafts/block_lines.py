"""Blocks of hours on invoices: which are sold and on no invoice yet, and the line of each (rules 9 and 16)."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date

from babel.dates import format_date
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.infra.i18n import letter_language
from helpdesk.invoicing import taxing
from helpdesk.invoicing.domain.lines import LineKind
from helpdesk.invoicing.drafts.billed_once import billed_ids, holder_names
from helpdesk.invoicing.drafts.span import Days, since
from helpdesk.invoicing.models import InvoiceLine
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.money import Money
from helpdesk.retainers.models import TopUp
from helpdesk.retainers.service import blocks


def due(session: Session, *, client: Client, month: Days) -> list[TopUp]:
    """Return the client's blocks with a price, valid from a day until the last of the days, that no invoice bills."""
    first = since(month) or date.min
    found = blocks.due(session, client_id=client.id, currency=client.currency, first=first, last=month.last_day)
    billed = billed_ids(session, InvoiceLine.top_up_id) if found else set()
    return [block for block in found if block.id not in billed]


def line_of(block: TopUp, client: Client) -> InvoiceLine:
    """Return the line of a block: ``Managed workplace: 10:00 h, 1 Mar 2026 – 30 Jun 2026``, and its note below."""
    amount = Money(block.price_minor or 0, client.currency)
    locale = letter_language(client.language).replace("-", "_")
    first, last = (format_date(day, "d MMM y", locale=locale) for day in (block.valid_from, block.expires_on))
    return InvoiceLine(
        kind=LineKind.BLOCK.value,
        description=f"{block.agreement.name}: {format_hm(block.seconds)} h, {first} \N{EN DASH} {last}",
        detail=block.note,
        minutes=None,
        unit_price=str(amount),
        amount_minor=amount.minor,
        **asdict(taxing.of_client(client)),
        top_up_id=block.id,
    )


def _holder_names(session: Session, ids: Collection[int]) -> Mapping[int, str]:
    return holder_names(session, InvoiceLine.top_up_id, ids)


blocks.name_holders(_holder_names)
