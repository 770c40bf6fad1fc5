"""Discounts and surcharges in percent follow their lines while the invoice is a draft (docs/billing.md rule 20)."""

from collections.abc import Sequence
from decimal import Decimal

from babel.numbers import format_decimal
from sqlalchemy.orm import Session

from helpdesk.infra.i18n import letter_language
from helpdesk.invoicing.domain.adjusting import percent_of
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.kernel.money import Money, exponent_of

ADJUSTING = ("discount", "surcharge")
UNADJUSTED = (*ADJUSTING, "deposit")
"""What a discount on everything leaves alone: others of its kind, and money that was paid before."""
TAX = ("tax_category", "tax_percent", "tax_reason")

Tax = tuple[str, ...]


def tax_of(line: InvoiceLine) -> Tax:
    """Return what the tax of a line depends on; lines of one such value are taxed together."""
    return tuple(getattr(line, name) for name in TAX)


def base_of(lines: Sequence[InvoiceLine], chosen: Sequence[int] | None) -> list[InvoiceLine]:
    """Return the lines that are discounted: those chosen by id, or (None) all that can be."""
    if chosen is None:
        return [line for line in lines if line.kind not in UNADJUSTED]
    return [line for line in lines if line.id in chosen]


def sum_of(lines: Sequence[InvoiceLine], currency: str) -> Money:
    """Return what the lines add up to."""
    return Money(sum(line.amount_minor for line in lines), currency)


def set_amount(line: InvoiceLine, amount: Money) -> None:
    """Let a line that is not counted in minutes come to ``amount``."""
    line.unit_price, line.amount_minor, line.quantity = str(amount), amount.minor, None


def follow(session: Session, invoice: Invoice) -> list[InvoiceLine]:
    """Reckon what is in percent anew, drop what has no line left that it is of, and return the lines in their order."""
    for line in [line for line in invoice.lines if line.adjusts_percent is not None]:
        base = [each for each in base_of(invoice.lines, line.adjusts_lines) if tax_of(each) == tax_of(line)]
        if not base:
            invoice.lines.remove(line)
            session.delete(line)
        else:
            reckon(line, sum_of(base, invoice.currency), letter_language(invoice.client.language))
    session.flush()
    return sorted(invoice.lines, key=lambda line: line.position)


def reckon(line: InvoiceLine, base: Money, language: str) -> None:
    """Let the line come to its percent of ``base``, and say so below its text."""
    percent = Decimal(line.adjusts_percent or 0)
    set_amount(line, percent_of(base, percent))
    places = "0" * exponent_of(base.currency)
    of = format_decimal(base.amount, format="#,##0" + (f".{places}" if places else ""), locale=language)
    line.detail = f"{format_decimal(abs(percent), locale=language)} % × {of}"
