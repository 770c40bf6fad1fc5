"""The tax of invoice lines: which kind, at how many percent, and why there is none (docs/billing.md rule 20)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from helpdesk.clients.models import Client
from helpdesk.expenses.models import Expense
from helpdesk.invoicing.domain.documents import Json
from helpdesk.invoicing.domain.totals import TaxGroup, TaxRate, Totals, line_nets, total_up
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.invoicing.printing.printed_tax import usual_reason
from helpdesk.kernel.money import Money
from helpdesk.kernel.taxes import EXPLAINED, TaxMode, category_of


@dataclass(frozen=True)
class LineTax:
    """What is written on a line: the names are those of its columns."""

    tax_category: str
    tax_percent: str
    tax_reason: str


def of_client(client: Client) -> LineTax:
    """Return the tax of what a client is billed for."""
    return LineTax(category_of(client.tax_category, client.tax_percent), client.tax_percent, client.tax_reason)


def of_expense(expense: Expense, client: Client) -> LineTax:
    """Return the tax of an expense: that of its category, else the client's.

    A client without tax has none on expenses either (docs/billing.md rule 16).
    """
    usual, own = of_client(client), expense.category
    if not own.tax_category or usual.tax_category != "S":
        return usual
    return LineTax(category_of(own.tax_category, own.tax_percent), own.tax_percent, own.tax_reason)


def rate_of(line: InvoiceLine) -> TaxRate:
    """Return the kind of tax of a line and its percentage."""
    category = category_of(line.tax_category or "S", line.tax_percent)  # before it is stored a line may have none
    return TaxRate(category, Decimal(line.tax_percent))


def totals_of(invoice: Invoice) -> Totals:
    """Return net, tax by rate, and total of the invoice's lines (rule 20)."""
    return total_up(_amounts(invoice), invoice.currency, mode_of(invoice))


def mode_of(invoice: Invoice) -> TaxMode:
    """Return how the invoice takes tax: as its client had it when it was drafted."""
    return TaxMode(per_line=bool(invoice.tax_per_line), included=bool(invoice.prices_include_tax))


def nets_of(invoice: Invoice) -> list[Money]:
    """Return the net of each line; where prices include tax those of a group add up to its net."""
    return line_nets(_amounts(invoice), invoice.currency, mode_of(invoice))


def groups_in(document: dict[str, Any]) -> list[TaxGroup]:
    """Return the tax groups that an issued document has, in its positive figures."""
    currency = document["currency"]
    return [
        TaxGroup(
            TaxRate(tax["category"], Decimal(tax["percent"])),
            Money.parse(tax["net"], currency),
            Money.parse(tax["tax"], currency),
        )
        for tax in document["taxes"]
    ]


def billed_amount(net: Money, tax: LineTax, mode: TaxMode) -> Money:
    """Return what a line says of an amount that is known without tax: that, or with tax where prices include it."""
    return net.times(1 + Fraction(tax.tax_percent) / 100) if mode.included else net


def _amounts(invoice: Invoice) -> list[tuple[Money, TaxRate]]:
    return [(Money(line.amount_minor, invoice.currency), rate_of(line)) for line in invoice.lines]


def groups_of(invoice: Invoice, totals: Totals, *, sign: int) -> list[Json]:
    """Return the tax groups as the document has them; where there is no tax each says why, in the client's language."""
    return [
        {
            "category": group.rate.category,
            "percent": f"{group.rate.percent:f}",
            "net": str(group.net.times(sign)),
            "tax": str(group.tax.times(sign)),
            "reason": _reason(group.rate, invoice.lines, invoice.client.language),
        }
        for group in totals.groups
    ]


def _reason(rate: TaxRate, lines: Iterable[InvoiceLine], language: str) -> str:
    if rate.category not in EXPLAINED:
        return ""
    usual = usual_reason(rate.category, language)
    said = [line.tax_reason or usual for line in lines if rate_of(line) == rate]
    return "; ".join(dict.fromkeys(filter(None, said)))
