"""Lines of a draft: add one of one's own, change a text, move a line (docs/billing.md rule 18)."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.company.domain import check_percent
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import taxing
from helpdesk.invoicing.drafts.opening import (
    add_line,
    check_text,
    close_draft,
    line_of,
    open_draft,
    put_in_order,
)
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money, format_price
from helpdesk.kernel.taxes import category_of

MOST_QUANTITY = Decimal(1_000_000)


@dataclass(frozen=True)
class FreeLine:
    """A line of somebody's own: quantity × price is its amount; the tax is the client's where none is named."""

    text: str
    price: Decimal
    quantity: Decimal = Decimal(1)
    tax_percent: str | None = None


def add_free(
    session: Session, *, actor: Actor, now: datetime, invoice_id: int, version: int, wanted: FreeLine
) -> Invoice:
    """Add a line below all others and return the draft.

    Raises:
        NotFound, Conflict: as `open_draft`.
        RuleViolation: no text, no quantity, a price below zero (that is a discount), or no tax rate.
    """
    invoice = open_draft(session, actor=actor, invoice_id=invoice_id, version=version)
    if not 0 < wanted.quantity <= MOST_QUANTITY:
        message = f"{wanted.quantity} is no quantity; write more than 0 and at most {MOST_QUANTITY}."
        raise RuleViolation(message, field="quantity")
    if wanted.price < 0:
        message = "A price is not below zero; what takes off is a discount."
        raise RuleViolation(message, field="price")
    amount = Money.rounded(wanted.quantity * wanted.price, invoice.currency)
    line = InvoiceLine(
        kind="free",
        description=check_text(wanted.text),
        detail="",
        minutes=None,
        quantity=None if wanted.quantity == 1 else f"{wanted.quantity.normalize():f}",
        unit_price=format_price(wanted.price, invoice.currency),
        amount_minor=amount.minor,
        **asdict(_tax(invoice.client, wanted.tax_percent)),
    )
    add_line(session, invoice, line)
    return close_draft(session, actor=actor, now=now, invoice=invoice, action="line added", line=line.description)


def _tax(client: Client, percent: str | None) -> taxing.LineTax:
    """Return the client's tax, or another rate of it; a client without tax has none on any line (rule 16)."""
    usual = taxing.of_client(client)
    if percent is None or Decimal(check_percent(percent)) == Decimal(usual.tax_percent):
        return usual
    if usual.tax_category not in {"S", "Z"}:
        message = f"{client.name} is billed without tax; leave the percentage empty."
        raise RuleViolation(message, field="tax_percent")
    return taxing.LineTax(category_of("S", percent), percent, "")


def change_text(
    session: Session, *, actor: Actor, now: datetime, invoice_id: int, version: int, line_id: int, text: str
) -> Invoice:
    """Say something else on a line, and return the draft; what is the same already leaves no trace.

    Raises:
        NotFound, Conflict: as `open_draft`; or no such line.
        RuleViolation: no text.
    """
    invoice = open_draft(session, actor=actor, invoice_id=invoice_id, version=version)
    line, said = line_of(invoice, line_id), check_text(text)
    before = line.description
    if said == before:
        return invoice
    line.description = said
    return close_draft(session, actor=actor, now=now, invoice=invoice, action="line changed", line=said, before=before)


def move(
    session: Session, *, actor: Actor, now: datetime, invoice_id: int, version: int, line_id: int, step: int
) -> Invoice:
    """Move a line up (-1) or down (1) past the next one and return the draft; at the end it stays where it is.

    Raises:
        NotFound, Conflict: as `open_draft`; or no such line.
    """
    invoice = open_draft(session, actor=actor, invoice_id=invoice_id, version=version)
    line = line_of(invoice, line_id)
    order = list(invoice.lines)
    at = order.index(line)
    beside = at + (1 if step > 0 else -1)
    if not 0 <= beside < len(order):
        return invoice
    order[at], order[beside] = order[beside], order[at]
    put_in_order(session, invoice, order)
    return close_draft(
        session, actor=actor, now=now, invoice=invoice, action="line moved", line=line.description, step=step
    )
