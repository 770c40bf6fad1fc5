"""What the page shows on which a credit note is put together (templates/invoicing/credit.html)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import money_filter
from helpdesk.invoicing import crediting, queries, service
from helpdesk.invoicing.credit_totals import totals_of_note
from helpdesk.invoicing.crediting import Standing, Wish
from helpdesk.invoicing.forms import CreditForm
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.invoicing.printing import printed_lines
from helpdesk.kernel.periods import local_day
from helpdesk.timekeeping.models import TimeEntry

Page = dict[str, Any]


def credit_page(session: Session, *, invoice: Invoice, form: CreditForm, now: datetime) -> Page:
    """Return the invoice's lines with what is left of each, what was chosen, and the number that would be next."""
    standing = crediting.standing_of(session, invoice)
    entries = _entries(session, invoice, standing)
    goes_along = {each.line_id for each in crediting.adjusting_of(invoice, standing) if each.base_left}
    return {
        "invoice": {
            "id": invoice.id,
            "number": invoice.number,
            "client_name": invoice.client.name,
            "currency": invoice.currency,
            "can_credit": crediting.can_credit(invoice, standing),
            "name": queries.name_of(invoice),
            "status": invoice.status,
        },
        "form": form,
        "lines": [
            _line(line, invoice, form, standing, entries) | {"goes_along": line.id in goes_along}
            for line in invoice.lines
            if line.amount_minor or standing.charges[line.id]
        ],
        "next_number": service.next_numbers(session, now=now, kind="credit_note")[0],
    }


def preview(session: Session, *, invoice: Invoice, wishes: Mapping[int, Wish]) -> Page:
    """Return what a credit note over these wishes would say and come to.

    Raises:
        Conflict, RuleViolation: as `crediting.credit` does.
    """
    lines = crediting.lines_of(session, invoice=invoice, wishes=wishes)
    billed = crediting.standing_of(session, invoice).billed
    totals = totals_of_note(session, invoice=invoice, lines=lines, billed=billed)
    return {
        "lines": [
            {
                "text": line.description,
                "quantity": "" if line.minutes is None else printed_lines.quantity_text(line.minutes.removeprefix("-")),
                "amount_minor": -line.amount_minor,
                "releases": line.releases,
            }
            for line in lines
        ],
        "net_minor": -totals.net.minor,
        "tax_minor": -totals.tax.minor,
        "total_minor": -totals.total.minor,
        "total": money_filter(-totals.total.minor, invoice.currency),
    }


def _line(
    line: InvoiceLine, invoice: Invoice, form: CreditForm, standing: Standing, entries: dict[int, TimeEntry]
) -> Page:
    billed, charges = standing.billed[line.id], standing.charges[line.id]
    return {
        "id": line.id,
        "item_number": line.work_item.number if line.work_item else None,
        "text": line.description,
        "amount_minor": line.amount_minor,
        "left_minor": billed.left.minor,
        "is_left": bool(billed.left) or bool(charges),
        "whole": line.id in form.whole,
        "amount": form.amounts.get(line.id, ""),
        "whole_label": _whole_label(line),
        "entries": [
            {
                "value": f"{line.id}.{charge.id}",
                "chosen": charge.id in form.charges.get(line.id, ()),
                "day": local_day(entries[charge.time_entry_id].started_at, ZoneInfo(invoice.client.time_zone)),
                "person": entries[charge.time_entry_id].person.name,
                "note": entries[charge.time_entry_id].note,
                "seconds": charge.to_second - charge.from_second,
            }
            for charge in charges
        ],
    }


def _whole_label(line: InvoiceLine) -> str:
    if line.kind == "retainer_fee":
        return _("The fee; the month can be billed anew")
    if line.kind == "expense":
        return _("The expense; it can be billed anew")
    if line.kind == "block":
        return _("The block; it can be billed anew, or taken back")
    return _("The whole line; its time can be billed anew")


def _entries(session: Session, invoice: Invoice, standing: Standing) -> dict[int, TimeEntry]:
    ids = {charge.time_entry_id for line in invoice.lines for charge in standing.charges[line.id]}
    query = select(TimeEntry).where(TimeEntry.id.in_(ids)).options(joinedload(TimeEntry.person))
    return {entry.id: entry for entry in session.scalars(query)}
