"""What is stored of fees, expenses, credited lines, taxes and totals, to be explained (domain/explaining.py)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from helpdesk.expenses.models import Expense, ExpenseRate
from helpdesk.infra.ahead import Question, models_of
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import money_filter
from helpdesk.invoicing import taxing
from helpdesk.invoicing.domain.explaining import FeeWhy, TaxWhy, TotalWhy
from helpdesk.invoicing.domain.totals import TaxGroup
from helpdesk.invoicing.drafts import expense_lines
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.retainers import queries as retainers
from helpdesk.retainers.books import engine_agreement

Said = tuple[str, str, str]
"""What it is, how much, and why."""


@dataclass(frozen=True)
class Amounts:
    """By position of the line: ``fees``, and what is said before its price; and what all comes to."""

    fees: Mapping[int, FeeWhy]
    before: Mapping[int, Sequence[Said]]
    total: TotalWhy


def read(session: Session, invoice: Invoice) -> Amounts:
    """Return all that is explained of amounts that no entry stands behind."""
    return Amounts(
        fees=_fees(session, invoice),
        before={**_spent(session, invoice), **_credited(session, invoice)},
        total=_total(invoice),
    )


def questions_of(invoice: Invoice) -> list[Question]:
    """Return what `read` asks beside the lines, to be asked ahead."""
    spent = expense_lines.behind_asked(invoice.id)
    rates = select(ExpenseRate).where(ExpenseRate.id.in_(spent[1].with_only_columns(Expense.rate_id)))
    return [*retainers.agreements_asked(invoice.client_id), *spent, rates, *_credited_asked(invoice.id)]


def _fees(session: Session, invoice: Invoice) -> dict[int, FeeWhy]:
    """Return how each fee came about, by the terms that were in force in its month; of an invoice alone."""
    lines = [line for line in invoice.lines if line.agreement_id is not None and line.credits_id is None]
    if not lines:
        return {}
    rows = {row.id: row for row in retainers.agreements_of(session, client_id=invoice.client_id)}
    found = {}
    for line in lines:
        row = rows.get(line.agreement_id or 0)
        if row is not None and line.fee_month is not None:
            whole, month = engine_agreement(row), Month.of(line.fee_month)
            terms = whole.terms_in(month)
            found[line.position] = FeeWhy(
                agreement=row.name,
                month=str(month),
                terms_since=terms.effective_on,
                fee=terms.fee,
                days=whole.days_in(month),
                month_days=month.days,
                is_prorated=terms.prorate,
                amount=Money(line.amount_minor, invoice.currency),
            )
    return found


def _spent(session: Session, invoice: Invoice) -> dict[int, Sequence[Said]]:
    spent = expense_lines.behind(session, invoice)
    return {line.position: _expense(spent[line.id]) for line in invoice.lines if line.id in spent}


def _expense(expense: Expense) -> Sequence[Said]:
    gross = money_filter(expense.gross_minor, expense.currency)
    net, tax = money_filter(expense.net_minor, expense.currency), money_filter(expense.tax_minor, expense.currency)
    said: list[Said] = [(_("Spent"), gross, _expense_basis(expense))]
    if expense.tax_minor:
        said.append((_("Net"), net, _("%(tax)s of tax in it are ours to reclaim", tax=tax)))
    worth = money_filter(expense.bill_minor or 0, expense.bill_currency)
    said.append((_("What the client pays"), worth, expense.bill_reason))
    return said


def _expense_basis(expense: Expense) -> str:
    if expense.kind == "mileage" and expense.rate is not None:
        return f"{expense.distance} {expense.rate.unit} × {expense.unit_amount}"
    if expense.kind == "per_diem":
        partial = f" + {expense.partial_days} × {expense.partial_amount}" if expense.partial_days else ""
        return f"{expense.full_days} × {expense.unit_amount}{partial}"
    return ""


def _credited(session: Session, invoice: Invoice) -> dict[int, Sequence[Said]]:
    """Return of which line each line of a credit note takes back."""
    ids = [line.credits_id for line in invoice.lines if line.credits_id is not None]
    if not ids:
        return {}
    billed, invoices = (models_of(session, query) for query in _credited_asked(invoice.id))
    numbers = {row.id: row.number for row in invoices}
    lines = {line.id: (line, numbers[line.invoice_id]) for line in billed}
    return {
        line.position: [_taken_back(*lines[line.credits_id], line, currency=invoice.currency)]
        for line in invoice.lines
        if line.credits_id is not None
    }


def _credited_asked(note_id: int) -> tuple[Select[InvoiceLine], Select[Invoice]]:
    """Return the questions for the lines that a credit note takes back, and for their invoices."""
    note = aliased(InvoiceLine)
    lines = select(InvoiceLine).where(InvoiceLine.id.in_(select(note.credits_id).where(note.invoice_id == note_id)))
    theirs = lines.with_only_columns(InvoiceLine.invoice_id)
    return lines, select(Invoice).where(Invoice.id.in_(theirs))


def _taken_back(billed: InvoiceLine, number: str | None, line: InvoiceLine, *, currency: str) -> Said:
    label = _("Line %(line)s of %(number)s", line=billed.position, number=number)
    if not line.releases:
        why = _("an amount alone: what it was for stays billed")
    elif line.minutes is None and billed.minutes is not None:
        why = _("what is left of the line when all its minutes are credited")
    else:
        why = _("what it was for is free again")
    return label, money_filter(billed.amount_minor, currency), why


def _total(invoice: Invoice) -> TotalWhy:
    """Return the stored totals, and the tax of each group on its lines."""
    currency, computed = invoice.currency, {group.rate: group for group in taxing.totals_of(invoice).groups}
    taxes = tuple(
        TaxWhy(
            category=group.rate.category,
            percent=group.rate.percent,
            lines=tuple(
                (line.position, line.description, Money(line.amount_minor, currency))
                for line in invoice.lines
                if taxing.rate_of(line) == group.rate
            ),
            net=group.net,
            tax=group.tax,
            mode=taxing.mode_of(invoice),
            is_rest=invoice.kind == "credit_note" and computed.get(group.rate) != group,
        )
        for group in _groups(invoice)
    )
    return TotalWhy(Money(invoice.net_minor, currency), taxes, Money(invoice.total_minor, currency))


def _groups(invoice: Invoice) -> Sequence[TaxGroup]:
    """Return the tax groups as they were issued, or as a draft has them now."""
    if invoice.canonical_json is None:
        return taxing.totals_of(invoice).groups
    groups = taxing.groups_in(json.loads(invoice.canonical_json))
    return groups if invoice.kind == "invoice" else [TaxGroup(one.rate, -one.net, -one.tax) for one in groups]
