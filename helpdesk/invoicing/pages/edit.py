"""What the page shows on which a draft is changed (templates/invoicing/edit.html)."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.invoicing import queries
from helpdesk.invoicing.document import EntryBehind, entries_behind
from helpdesk.invoicing.drafts import deposits
from helpdesk.invoicing.drafts.percents import UNADJUSTED
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.invoicing.printing import printed_lines
from helpdesk.kernel.periods import local_day

Page = dict[str, Any]


def edit_page(session: Session, *, invoice: Invoice, typed: Mapping[int, str]) -> Page:
    """Return the lines of the draft with what can be done to each; ``typed`` are texts that were refused, by line."""
    behind = entries_behind(session, invoice)
    last = len(invoice.lines) - 1
    return {
        "deposits": [
            {"id": line.id, "text": line.description, "number": line.invoice.number, "amount_minor": amount_minor}
            for line, amount_minor in deposits.available(session, invoice)
        ],
        "invoice": {
            "id": invoice.id,
            "version": invoice.version,
            "name": queries.name_of(invoice),
            "client_name": invoice.client.name,
            "currency": invoice.currency,
            "net_minor": invoice.net_minor,
            "total_minor": invoice.total_minor,
            "is_draft": invoice.status == "draft",
            "created_on": local_day(invoice.created_at, ZoneInfo(invoice.client.time_zone)),
        },
        "lines": [
            {
                **_line(line, behind.get(line.id, []), typed.get(line.id, line.description)),
                "is_first": place == 0,
                "is_last": place == last,
            }
            for place, line in enumerate(invoice.lines)
        ],
    }


def _line(line: InvoiceLine, behind: list[EntryBehind], text: str) -> Page:
    return {
        "id": line.id,
        "item_number": line.work_item.number if line.work_item else None,
        "text": text,
        "detail": line.detail,
        "quantity": printed_lines.quantity_text(line.minutes, line.quantity),
        "price": printed_lines.number_text(line.unit_price),
        "tax_percent": line.tax_percent,
        "amount_minor": line.amount_minor,
        "can_choose": line.kind not in UNADJUSTED,
        "entries": [
            {
                "id": each.entry.id,
                "day": each.day,
                "person": each.entry.person.name,
                "note": each.entry.note,
                "seconds": each.charged_seconds,
            }
            for each in behind
            if each.charged_seconds
        ],
    }
