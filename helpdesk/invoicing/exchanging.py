"""What an invoice in another currency is worth in ours: by a rate that it keeps from its issue (billing.md rule 20)."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from helpdesk.company.models import Company
from helpdesk.expenses.domain.amounts import EXCHANGE_DAYS, ExchangeStep, convert
from helpdesk.expenses.service.pricing import exchange_rate, exchanged_on
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import day_filter
from helpdesk.invoicing.domain.documents import Json
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money


def keep(session: Session, *, invoice: Invoice, house: Company, day: date) -> None:
    """Write the rate to our currency that counts on the day of issue, its day and its source (docs/billing.md rule E3).

    A credit note has that of the invoice that it corrects.

    Raises:
        RuleViolation: nobody entered a rate; it says which, and where it is entered.
    """
    if invoice.currency == house.currency:
        return
    step = _step(session, invoice, house, day)
    if step is None and invoice.kind == "credit_note":
        return  # it corrects an invoice from before rates were kept
    if step is None:
        message = f"The invoice for {invoice.client.name} cannot be issued yet. {_plainly(invoice, house, day)}"
        raise RuleViolation(message)
    invoice.company_currency, invoice.exchange_rate = house.currency, f"{step.rate:f}"
    invoice.exchanged_on, invoice.exchange_source = step.effective_on, step.source


def missing(session: Session, *, currencies: Iterable[str], house: Company, day: date) -> list[str]:
    """Return which rates invoices of a day lack, and where they are entered."""
    foreign = [currency for currency in currencies if currency != house.currency]
    known = exchanged_on(session, house.currency, day) if foreign else set()
    return [
        _(
            "There is no rate of exchange from %(currency)s to %(own)s for %(day)s or the %(days)s days before. Enter "
            "it in the lists of expenses.",
            currency=currency,
            own=house.currency,
            day=day_filter(day),
            days=EXCHANGE_DAYS,
        )
        for currency in foreign
        if currency not in known
    ]


def in_currency(invoice: Invoice, minor: int, own: str) -> Money | None:
    """Return an amount of an invoice in our currency, at the rate of its issue; None where it kept none."""
    amount = Money(minor, invoice.currency)
    if invoice.currency == own:
        return amount
    if invoice.exchange_rate is None or invoice.company_currency != own:
        return None
    return convert(amount, Decimal(invoice.exchange_rate), own)


def said(invoice: Invoice, tax: Money, total: Money) -> Json:
    """Return what the document says of it: the rate, its day and source, and tax and total in our currency."""
    if invoice.exchange_rate is None or invoice.exchanged_on is None:
        return None
    rate, currency = Decimal(invoice.exchange_rate), invoice.company_currency
    return {
        "currency": currency,
        "rate": invoice.exchange_rate,
        "on": invoice.exchanged_on.isoformat(),
        "source": invoice.exchange_source,
        "tax": str(convert(tax, rate, currency)),
        "total": str(convert(total, rate, currency)),
    }


def _step(session: Session, invoice: Invoice, house: Company, day: date) -> ExchangeStep | None:
    first = invoice.corrects
    if first is not None and first.exchange_rate and first.exchanged_on and first.company_currency == house.currency:
        return ExchangeStep(first.exchanged_on, Decimal(first.exchange_rate), first.exchange_source)
    return exchange_rate(session, invoice.currency, house.currency, day)


def _plainly(invoice: Invoice, house: Company, day: date) -> str:
    return (
        f"There is no rate of exchange from {invoice.currency} to {house.currency} for {day.isoformat()} or the "
        f"{EXCHANGE_DAYS} days before. Enter it in the lists of expenses, under Rates of exchange."
    )
