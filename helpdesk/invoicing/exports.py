"""The list of invoices and the account of a client as tables."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.infra.export.columns import AT_ONCE, Column, Sheet, amount, day, pages, text
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import exchanging, queries
from helpdesk.invoicing.domain.statement import Entry, Line
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.money.account_words import kind_names
from helpdesk.invoicing.pages.account import Asked, statement_asked


def invoices_sheet(session: Session, *, actor: Actor, state: str, today: date) -> Sheet[Invoice]:
    """Return the documents in a state whose money is the actor's, newest first."""

    def read(before: int | None) -> tuple[Sequence[Invoice], int | None]:
        return queries.page(session, actor=actor, state=state, before=before, limit=AT_ONCE)

    statuses, own = _status_names(), company.get_company(session).currency
    columns: list[Column[Invoice]] = [
        text(_("Number"), lambda invoice: invoice.number),
        text(_("Client"), lambda invoice: invoice.client.name),
        text(_("Month"), lambda invoice: f"{invoice.month:%Y-%m}" if invoice.month else ""),
        text(_("State"), lambda invoice: statuses[invoice.status]),
        day(_("Issued"), lambda invoice: invoice.issued_on),
        day(_("Due"), queries.due_day),
        text(_("Overdue"), lambda invoice: _("overdue") if queries.is_overdue(invoice, today) else ""),
        amount(_("Net"), lambda invoice: (invoice.net_minor, invoice.currency)),
        amount(_("Tax"), lambda invoice: (invoice.tax_minor, invoice.currency)),
        amount(_("Total"), lambda invoice: (invoice.total_minor, invoice.currency)),
        text(_("Currency"), lambda invoice: invoice.currency),
        text(_("Rate of exchange"), lambda invoice: invoice.exchange_rate),
        amount(_("Total, %(currency)s", currency=own), lambda invoice: _in(invoice, own)),
    ]
    return Sheet(f"invoices {'' if state == 'all' else state}", columns, pages(read))


def account_sheet(session: Session, *, asked_for: Asked) -> Sheet[Line]:
    """Return what happened on a client's account in the days that are asked for, from opening to closing balance."""
    found, currency = statement_asked(session, asked_for), asked_for.currency
    names = {**kind_names(), "opening": _("Opening balance"), "closing": _("Closing balance")}
    opening = Line(Entry(found.first, "opening", 0), found.opening_minor)
    closing = Line(Entry(found.last, "closing", 0), found.closing_minor)
    columns: list[Column[Line]] = [
        day(_("Day"), lambda line: line.entry.on),
        text(_("What"), lambda line: names[line.entry.kind]),
        text(_("Reference"), lambda line: line.entry.reference),
        text(_("Details"), lambda line: line.entry.detail),
        amount(_("Amount"), lambda line: (line.entry.amount_minor, currency)),
        amount(_("Balance"), lambda line: (line.balance_minor, currency)),
        text(_("Currency"), lambda _line: currency),
    ]
    return Sheet(f"account {asked_for.client.name}", columns, [opening, *found.lines, closing])


def _in(invoice: Invoice, own: str) -> tuple[int | None, str]:
    total = exchanging.in_currency(invoice, invoice.total_minor, own)
    return (None if total is None else total.minor), own


def _status_names() -> dict[str, str]:
    return {
        "draft": _("Draft"),
        "issued": _("Issued"),
        "part_paid": _("Part paid"),
        "paid": _("Paid"),
        "void": _("Void"),
        "credited": _("Credited"),
        "dropped": _("Dropped"),
    }
