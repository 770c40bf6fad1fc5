"""Discounts and surcharges of a draft: lines of their own, in percent or as an amount (docs/billing.md rule 20)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from helpdesk.infra.i18n import letter_language
from helpdesk.infra.policy import Actor
from helpdesk.invoicing.domain.adjusting import check_adjusting_percent, spread_over
from helpdesk.invoicing.drafts.opening import add_line, check_text, close_draft, open_draft
from helpdesk.invoicing.drafts.percents import ADJUSTING, Tax, base_of, blank, reckon, set_amount, sum_of, tax_of
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.money import Money


@dataclass(frozen=True)
class Adjustment:
    """A discount or a surcharge (``kind``): ``percent`` or ``amount``, above zero, of lines by id or (None) of all."""

    kind: str
    text: str
    percent: Decimal | None = None
    amount: Money | None = None
    line_ids: tuple[int, ...] | None = None


def adjust(
    session: Session, *, actor: Actor, now: datetime, invoice_id: int, version: int, wanted: Adjustment
) -> Invoice:
    """Add a discount or surcharge, a line for each tax that it is of, and return the draft.

    A percent follows its lines when they change; an amount is shared out over the taxes in proportion, and stays.

    Raises:
        NotFound, Conflict: as `open_draft`; or a line that was chosen is not on it any more.
        RuleViolation: no text; neither percent nor amount, or both; a discount beyond what there is.
    """
    invoice = open_draft(session, actor=actor, invoice_id=invoice_id, version=version)
    text, groups = check_text(wanted.text), _groups(invoice, wanted)
    if (wanted.percent is None) == (wanted.amount is None):
        message = "Write either a percentage or an amount."
        raise RuleViolation(message, field="percent")
    lines = _in_percent(invoice, wanted, groups) if wanted.percent is not None else _amounts(invoice, wanted, groups)
    for line in lines:
        line.description = text
        add_line(session, invoice, line)
    return close_draft(session, actor=actor, now=now, invoice=invoice, action="adjusted", line=text)


def _groups(invoice: Invoice, wanted: Adjustment) -> dict[Tax, list[InvoiceLine]]:
    """Return by tax the lines that are discounted."""
    lines = base_of(invoice.lines, wanted.line_ids)
    if wanted.line_ids is not None and len(lines) < len(set(wanted.line_ids)):
        message = "A line that you chose is not on this draft any more. Look at it again."
        raise Conflict(message)
    if any(line.kind in ADJUSTING for line in lines):
        message = "A discount or surcharge is of what is billed, not of another one; choose other lines."
        raise RuleViolation(message, field="lines")
    groups: dict[Tax, list[InvoiceLine]] = defaultdict(list)
    for line in lines:
        groups[tax_of(line)].append(line)
    if sum_of(lines, invoice.currency).minor <= 0:
        message = "These lines come to nothing; there is nothing to take it from."
        raise RuleViolation(message, field="lines")
    return groups


def _in_percent(invoice: Invoice, wanted: Adjustment, groups: dict[Tax, list[InvoiceLine]]) -> list[InvoiceLine]:
    percent = check_adjusting_percent(wanted.percent or Decimal(0), is_discount=wanted.kind == "discount")
    made = []
    for tax, base in groups.items():
        line = blank(wanted.kind, tax)
        line.adjusts_percent = f"{percent.normalize():f}"
        line.adjusts_lines = None if wanted.line_ids is None else [each.id for each in base]
        reckon(line, sum_of(base, invoice.currency), letter_language(invoice.client.language))
        made.append(line)
    return made


def _amounts(invoice: Invoice, wanted: Adjustment, groups: dict[Tax, list[InvoiceLine]]) -> list[InvoiceLine]:
    amount = wanted.amount or Money.zero(invoice.currency)
    if amount.minor <= 0:
        message = f"{amount} is no amount; write one above zero."
        raise RuleViolation(message, field="amount")
    whole = sum((sum_of(base, invoice.currency) for base in groups.values()), Money.zero(invoice.currency))
    if wanted.kind == "discount" and amount.minor > whole.minor:
        message = f"These lines come to {whole}; a discount takes off no more than that."
        raise RuleViolation(message, field="amount")
    signed = -amount if wanted.kind == "discount" else amount
    made = []
    for tax, part in spread_over(signed, {tax: sum_of(base, invoice.currency) for tax, base in groups.items()}).items():
        line = blank(wanted.kind, tax)
        line.adjusts_lines = None if wanted.line_ids is None else [each.id for each in groups[tax]]
        set_amount(line, part)
        made.append(line)
    return made
