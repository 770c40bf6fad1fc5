"""What the list of invoices shows (templates/invoicing/list.html)."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.infra.web import money_filter
from helpdesk.invoicing import queries
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.words import days_label
from helpdesk.kernel.periods import local_day

Page = dict[str, Any]
LISTED = ("draft", "open", "paid", "all")


def list_page(session: Session, *, actor: Actor, state: str, before: int | None, now: datetime) -> Page:
    """Return what the list of documents in ``state`` shows, newest first; a page is one query."""
    today = our_day(session, now)
    rows, older = queries.page(session, actor=actor, state=state, before=before)
    sums = queries.sums(session, actor=actor, today=today)
    labels = {"draft": _("Drafts"), "open": _("Open"), "paid": _("Paid"), "all": _("All"), "overdue": _("Overdue")}
    return {
        "state": state,
        "tabs": [
            {"key": key, "label": labels[key], "count": sum(each.count for each in sums if each.key == key)}
            for key in LISTED
        ],
        "sums": [
            {
                "label": labels[key],
                "amounts": [
                    money_filter(each.total_minor, each.currency) for each in sums if each.key == key and each.count
                ],
            }
            for key in ("draft", "open", "overdue")
        ],
        "rows": [_row(invoice, today) for invoice in rows],
        "page": {
            "newer_url": None if before is None else url_for("invoicing.index", state=state),
            "older_url": None if older is None else url_for("invoicing.index", state=state, before=older),
        },
    }


def our_day(session: Session, now: datetime) -> date:
    """Return the day that it is where our company is: by it something is overdue."""
    return local_day(now, ZoneInfo(company.get_company(session).time_zone))


def _row(invoice: Invoice, today: date) -> Page:
    return {
        "id": invoice.id,
        "number": invoice.number,
        "client_name": invoice.client.name,
        "month_label": days_label(invoice),
        "is_credit": invoice.kind == "credit_note",
        "status": invoice.status,
        "issued_on": invoice.issued_on,
        "due_on": queries.due_day(invoice),
        "overdue": queries.is_overdue(invoice, today),
        "total_minor": invoice.total_minor,
        "currency": invoice.currency,
    }
