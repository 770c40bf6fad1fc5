"""The list of expenses, and what of it waits for approval, as tables."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

from sqlalchemy.orm import Session

from helpdesk.expenses import queries, render, service
from helpdesk.expenses.models import Expense
from helpdesk.expenses.queries import Filters, Listed
from helpdesk.infra.export.columns import AT_ONCE, Column, Sheet, amount, day, number, pages, text, yes
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor

R = TypeVar("R")
Worth = tuple[Expense, int | None, str]


def expenses_sheet(session: Session, *, actor: Actor, filters: Filters) -> Sheet[Listed]:
    """Return the expenses that the actor may read and that fit the filters, latest day first."""

    def read(key: tuple[date, int] | None) -> tuple[list[Listed], tuple[date, int] | None]:
        return queries.page(session, actor=actor, filters=filters, before=key, limit=AT_ONCE)

    statuses = render.status_names()
    columns: list[Column[Listed]] = [
        *_columns(lambda row: row.expense),
        yes(_("Receipt"), lambda row: row.has_receipt),
        text(_("Status"), lambda row: statuses[row.expense.status]),
        text(_("Rejected because"), lambda row: row.expense.rejected_because),
    ]
    return Sheet(f"expenses {filters.month or filters.status or ''}", columns, pages(read))


def waiting_sheet(session: Session, expenses: Iterable[Expense]) -> Sheet[Worth]:
    """Return what waits for approval with what the client would pay, and how that comes about."""
    columns: list[Column[Worth]] = [
        *_columns(lambda row: row[0]),
        yes(_("Receipt"), lambda row: row[0].receipts),
        amount(_("Client pays"), lambda row: (row[1], row[0].project.client.currency)),
        text(_("In"), lambda row: row[0].project.client.currency),
        text(_("How it comes about"), lambda row: row[2]),
    ]
    return Sheet("expenses to approve", columns, ((one, *service.preview(session, one)) for one in expenses))


def _columns(of: Callable[[R], Expense]) -> list[Column[R]]:
    return [
        day(_("Day"), lambda row: of(row).spent_on),
        text(_("Person"), lambda row: of(row).person.name),
        text(_("Client"), lambda row: of(row).project.client.name),
        text(_("Project"), lambda row: of(row).project.name),
        number(_("Number"), lambda row: item.number if (item := of(row).work_item) else None),
        text(_("Category"), lambda row: of(row).category.name),
        text(_("Note"), lambda row: of(row).note or render.quantity_text(of(row))),
        amount(_("Net"), lambda row: (of(row).net_minor, of(row).currency)),
        amount(_("Tax"), lambda row: (of(row).tax_minor, of(row).currency)),
        amount(_("Amount"), lambda row: (of(row).gross_minor, of(row).currency)),
        text(_("Currency"), lambda row: of(row).currency),
        amount(_("In our currency"), lambda row: (of(row).company_minor, of(row).company_currency)),
        text(_("Our currency"), lambda row: of(row).company_currency),
        text(_("Billing"), lambda row: render.billing_text(of(row))),
    ]
