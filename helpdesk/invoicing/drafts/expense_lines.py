"""Expenses on invoices: which of a client's are due, why others are not, and the line of each (rules 16 and E4, E6)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.units import format_unit
from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.expenses import claiming
from helpdesk.expenses import queries as expenses
from helpdesk.expenses.models import Expense, ExpenseCategory
from helpdesk.infra.ahead import Question, rows_of
from helpdesk.infra.holders import Holder
from helpdesk.infra.i18n import letter_language
from helpdesk.invoicing import taxing
from helpdesk.invoicing.domain.lines import LineKind
from helpdesk.invoicing.drafts.span import Days, since
from helpdesk.invoicing.models import HOLDER, Invoice, InvoiceLine
from helpdesk.kernel.dates import format_day
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.kernel.taxes import TaxMode
from helpdesk.projects.models import Project

UNITS = {"km": "length-kilometer", "mi": "length-mile"}


def due(session: Session, *, client: Client, month: Days) -> list[Expense]:
    """Return the approved, billable expenses of the client up to the end of ``month`` that nothing bills, by day."""
    query = (
        expenses.with_work()
        .where(
            Project.client_id == client.id,
            Expense.status == "approved",
            Expense.billing != "not_billable",
            Expense.bill_currency == client.currency,
            Expense.spent_on <= month.last_day,
            Expense.spent_on >= (since(month) or date.min),
        )
        .order_by(Expense.spent_on, Expense.id)
    )
    return list(session.scalars(query))


def taxes_due(session: Session, *, month: Month) -> dict[int, set[str]]:
    """Return by client the kinds of tax that the categories of its expenses due up to ``month`` have of their own."""
    found: dict[int, set[str]] = defaultdict(set)
    for client_id, category in rows_of(session, taxes_asked(month)):
        found[client_id].add(category)
    return found


def taxes_asked(month: Month) -> Select[int, str]:
    """Return the question of `taxes_due`, to be asked together with others."""
    return (
        select(Project.client_id, ExpenseCategory.tax_category)
        .join(Expense.project)
        .join(Expense.category)
        .where(
            ExpenseCategory.tax_category != "",
            Expense.status == "approved",
            Expense.billing != "not_billable",
            Expense.spent_on <= month.last_day,
        )
        .distinct()
    )


def left_out(session: Session, *, client: Client, month: Days) -> list[dict[str, object]]:
    """Return the client's expenses up to the end of ``month`` that are on no invoice, by day, as plain JSON.

    Each has ``reason`` (draft, submitted, rejected, not_billable, other_currency: approved for another one than the
    client has now, or approved_later: after the draft was made), ``expense_id``, ``what``, ``person``, ``day``,
    ``amount_minor`` and ``currency``, as it was paid. Those that are not to be billed are named in their own month.
    """
    return left_out_of(session, clients=[client], month=month).get(client.id, [])


def left_out_of(session: Session, *, clients: Iterable[Client], month: Days) -> dict[int, list[dict[str, object]]]:
    """Return by client what `left_out` does: one query however many there are."""
    known = {client.id: client for client in clients}
    if not known:
        return {}
    query = (
        expenses.with_work()
        .where(Project.client_id.in_(known), _is_left_out(month))
        .order_by(Expense.spent_on, Expense.id)
    )
    found: dict[int, list[dict[str, object]]] = defaultdict(list)
    for expense in session.scalars(query):
        client = known[expense.project.client_id]
        found[client.id].append(_left(expense, client))
    return found


def reasons_of(session: Session, *, month: Month) -> dict[int, list[str]]:
    """Return by client why expenses are on no draft of the month, in the order of `left_out`."""
    found: dict[int, list[str]] = defaultdict(list)
    for row in rows_of(session, reasons_asked(month)):
        found[row.client_id].append(_reason(row.billing, row.status, row.bill_currency, row.currency))
    return found


def reasons_asked(month: Month) -> Question:
    """Return the question of `reasons_of`, to be asked together with others."""
    drafted = select(Invoice.client_id).where(Invoice.month == month.first_day, Invoice.status == "draft")
    query = (
        select(Project.client_id, Expense.billing, Expense.status, Expense.bill_currency, Client.currency)
        .join(Expense.project)
        .join(Project.client)
        .where(Project.client_id.in_(drafted), _is_left_out(month))
    )
    return query.order_by(Expense.spent_on, Expense.id)


def unapproved(session: Session, *, month: Month) -> Sequence[tuple[str, str, int]]:
    """Return name, state and number of the billable expenses of clients up to ``month`` that nobody has approved."""
    return [(name, status, count) for name, status, count in rows_of(session, unapproved_asked(month))]


def unapproved_asked(month: Month) -> Select[str, str, int]:
    """Return the question of `unapproved`, to be asked together with others."""
    return (
        select(Person.name, Expense.status, func.count().label("count"))
        .join(Expense.person)
        .join(Expense.project)
        .join(Project.client)
        .where(
            Expense.status.in_(("draft", "submitted", "rejected")),
            Expense.spent_on <= month.last_day,
            Client.is_internal.is_(False),
        )
        .group_by(Person.name, Expense.status)
        .order_by(Person.name, Expense.status)
    )


def line_of(expense: Expense, client: Client, mode: TaxMode) -> InvoiceLine:
    """Return the line of an expense: what it was for, when and how much of it, and what the client pays.

    The tax is that of its category, else the client's; a client without tax has none on expenses either.
    """
    language = letter_language(client.language)
    tax = taxing.of_expense(expense, client)
    amount = taxing.billed_amount(Money(expense.bill_minor or 0, expense.bill_currency), tax, mode)
    return InvoiceLine(
        kind=LineKind.EXPENSE.value,
        description=f"{expense.category.name}: {expense.note}" if expense.note else expense.category.name,
        detail=", ".join(_detail(expense, language)),
        minutes=None,
        unit_price=str(amount),
        amount_minor=amount.minor,
        **asdict(tax),
        work_item_id=expense.work_item_id,
    )


def hold(session: Session, *, now: datetime, line: InvoiceLine, expense: Expense) -> None:
    """Let the line bill the expense.

    Raises:
        Conflict: another invoice was faster; it is named.
    """
    claiming.hold(session, now=now, holder=(HOLDER, line.id), expense_id=expense.id)


def fix(session: Session, invoice: Invoice) -> None:
    """Make what the lines bill final: the invoice is issued."""
    claiming.fix(session, holders=_holders(invoice))


def release(session: Session, invoice: Invoice, now: datetime) -> None:
    """Let go of what the lines bill: the draft is dropped, or the invoice void."""
    claiming.release(session, now=now, holders=_holders(invoice))


def behind(session: Session, invoice: Invoice) -> dict[int, Expense]:
    """Return by line the expense that it bills or billed."""
    if not any(line.kind == LineKind.EXPENSE.value for line in invoice.lines):
        return {}
    return claiming.expenses_held_by(session, HOLDER, _expense_lines(invoice.id))


def behind_asked(invoice_id: int) -> tuple[Question, Select[Expense]]:
    """Return the questions of `behind`, to be asked together with others."""
    return claiming.held_asked(HOLDER, _expense_lines(invoice_id))


def _expense_lines(invoice_id: int) -> Select[int]:
    return select(InvoiceLine.id).where(
        InvoiceLine.invoice_id == invoice_id, InvoiceLine.kind == LineKind.EXPENSE.value
    )


def _holders(invoice: Invoice) -> Iterable[Holder]:
    return [(HOLDER, line.id) for line in invoice.lines if line.kind == LineKind.EXPENSE.value]


def _detail(expense: Expense, language: str) -> list[str]:
    locale = Locale.parse(language.replace("-", "_"))
    parts = [str(format_day(expense.spent_on, "d MMM y", locale))]
    if expense.kind == "mileage" and expense.rate is not None:
        unit = UNITS[expense.rate.unit]
        parts.append(str(format_unit(Decimal(expense.distance), unit, "short", locale=locale)))
    if expense.kind == "per_diem":
        days = expense.full_days + expense.partial_days
        parts.append(str(format_unit(days, "duration-day", "long", locale=locale)))
    if expense.currency != expense.bill_currency and expense.billing == "as_is":
        parts.append(f"{Money(expense.net_minor, expense.currency)} {expense.currency}")
    return parts


def _is_left_out(month: Days) -> ColumnElement[bool]:
    """Return the condition of an expense up to the end of ``month`` that is on no invoice."""
    return and_(
        Expense.status != "locked",
        Expense.spent_on <= month.last_day,
        (Expense.billing != "not_billable") | (Expense.spent_on >= month.first_day),
        Expense.spent_on >= (since(month) or date.min),
    )


def _reason(billing: str, status: str, currency: str, currency_of_client: str) -> str:
    if billing == "not_billable":
        return "not_billable"
    if status == "approved":
        return "approved_later" if currency == currency_of_client else "other_currency"
    return status


def _left(expense: Expense, client: Client) -> dict[str, object]:
    return {
        "reason": _reason(expense.billing, expense.status, expense.bill_currency, client.currency),
        "expense_id": expense.id,
        "what": expense.category.name,
        "person": expense.person.name,
        "day": expense.spent_on.isoformat(),
        "amount_minor": expense.gross_minor,
        "currency": expense.currency,
    }
