"""Discounts and surcharges in percent follow their lines while the invoice is a draft (docs/billing.md rule 20)."""

from collections import defaultdict
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


def taxes_of(invoice: Invoice) -> frozenset[Tax]:
    """Return the taxes of the lines that a discount on everything is of."""
    return frozenset(tax_of(line) for line in base_of(invoice.lines, None))


def follow(session: Session, invoice: Invoice, *, known: frozenset[Tax]) -> list[InvoiceLine]:
    """Reckon what is in percent anew, drop what has no line left that it is of, and return the lines in their order.

    What is of all lines reaches a tax that came since, which is none of ``known``: with a line of its own for that.
    """
    for tax in taxes_of(invoice) - known:
        _reach(invoice, tax)
    session.flush()
    for line in [line for line in invoice.lines if line.adjusts_percent is not None]:
        base = [each for each in base_of(invoice.lines, line.adjusts_lines) if tax_of(each) == tax_of(line)]
        if not base:
            invoice.lines.remove(line)
            session.delete(line)
        else:
            reckon(line, sum_of(base, invoice.currency), letter_language(invoice.client.language))
    session.flush()
    return sorted(invoice.lines, key=lambda line: line.position)


def _reach(invoice: Invoice, tax: Tax) -> None:
    """Add for a new tax what percents of all lines there are for another one: for that which has the most of them."""
    of_all: dict[Tax, list[InvoiceLine]] = defaultdict(list)
    for line in invoice.lines:
        if line.adjusts_percent is not None and line.adjusts_lines is None:
            of_all[tax_of(line)].append(line)
    last = max((line.position for line in invoice.lines), default=0)
    most = max(of_all.values(), key=len) if of_all else []
    for position, like in enumerate(most, start=last + 1):
        line = blank(like.kind, tax)
        line.position, line.description, line.adjusts_percent = position, like.description, like.adjusts_percent
        set_amount(line, Money.zero(invoice.currency))
        invoice.lines.append(line)


def blank(kind: str, tax: Tax) -> InvoiceLine:
    """Return a discount or surcharge of that tax that says nothing yet."""
    return InvoiceLine(kind=kind, detail="", minutes=None, **dict(zip(TAX, tax, strict=True)))


def reckon(line: InvoiceLine, base: Money, language: str) -> None:
    """Let the line come to its percent of ``base``, and say so below its text."""
    percent = Decimal(line.adjusts_percent or 0)
    set_amount(line, percent_of(base, percent))
    places = "0" * exponent_of(base.currency)
    of = format_decimal(base.amount, format="#,##0" + (f".{places}" if places else ""), locale=language)
    line.detail = f"{format_decimal(abs(percent), locale=language)} % × {of}"
