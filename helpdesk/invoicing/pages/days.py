"""What the page of a draft of chosen days shows: what would be on it (templates/invoicing/new.html)."""

from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.infra.db import UnitOfWork
from helpdesk.infra.policy import Actor
from helpdesk.invoicing.drafts import expense_lines, selection
from helpdesk.invoicing.drafts.days import DaysWish, draft_days, held_by_drafts
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.printing import printed_lines
from helpdesk.invoicing.words import expense_left_out_text, left_out_text, reason_text

Page = dict[str, Any]


class _Undone(Exception):  # noqa: N818 - no error: it leaves a unit of work without a trace
    """Carries what was seen out of the transaction that it undoes."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page


def client_choices(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Return id and name of the clients who can be billed, by name."""
    query = select(Client.id, Client.name).where(
        clients.billable_by(actor), Client.is_internal.is_(False), Client.archived_at.is_(None)
    )
    return [(row.id, row.name) for row in session.execute(query.order_by(Client.name))]


def preview(unit_of_work: UnitOfWork, *, actor: Actor, now: datetime, wish: DaysWish) -> Page:
    """Return what the draft would be: it is made in the same way, looked at, and undone.

    Raises:
        NotFound, RuleViolation, Conflict: as `draft_days`.
    """
    try:
        with unit_of_work() as session:
            invoice = draft_days(session, actor=actor, now=now, wish=wish, key="preview")
            _undo(_seen(session, invoice, wish))
    except _Undone as undone:
        return undone.page


def _undo(page: Page) -> NoReturn:
    raise _Undone(page)


def _seen(session: Session, invoice: Invoice, wish: DaysWish) -> Page:
    client = invoice.client
    rows = selection.left_out(session, client=client, month=wish.span)
    spent = expense_lines.left_out(session, client=client, month=wish.span)
    said = [(left_out_text(row), row) for row in rows] + [(expense_left_out_text(row), row) for row in spent]
    return {
        "client_name": client.name,
        "currency": invoice.currency,
        "lines": [
            {
                "item_number": line.work_item.number if line.work_item else None,
                "text": line.description,
                "detail": line.detail,
                "quantity": printed_lines.quantity_text(line.minutes, line.quantity),
                "price": printed_lines.number_text(line.unit_price),
                "amount_minor": line.amount_minor,
            }
            for line in invoice.lines
        ],
        "net_minor": invoice.net_minor,
        "tax_minor": invoice.tax_minor,
        "total_minor": invoice.total_minor,
        "left_out": [{"text": text, "reason": reason_text(str(row["reason"]))} for text, row in said],
        "held": [
            {"invoice_id": invoice_id, "seconds": seconds}
            for invoice_id, seconds in held_by_drafts(session, client=client, span=wish.span, but_for=invoice.id)
        ],
    }
