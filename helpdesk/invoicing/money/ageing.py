"""What clients owe, by how long it has been overdue (templates/invoicing/ageing.html; docs/billing.md rule 21)."""

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.company import service as company
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import exchanging, queries
from helpdesk.invoicing.domain.settling import by_age
from helpdesk.invoicing.listing import our_day
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.reminding.page import due_rows
from helpdesk.kernel.money import Money

Page = dict[str, Any]


def ageing_page(session: Session, *, actor: Actor, now: datetime) -> Page:
    """Return a row for each client and currency with something open: its sums by age, the oldest debts first."""
    found: dict[tuple[str, int, str], list[tuple[int, int]]] = defaultdict(list)
    ours: list[tuple[int, Money | None]] = []
    today, own = our_day(session, now), company.get_company(session).currency
    for client_id, name, invoice, open_minor in _open(session, actor):
        days = _overdue(invoice.due_on or today, today)
        found[name, client_id, invoice.currency].append((days, open_minor))
        ours.append((days, exchanging.in_currency(invoice, open_minor, own)))
    rows: list[Page] = [
        {
            "client_name": name,
            "client_id": client_id,
            "currency": currency,
            "sums": list(by_age(amounts)),
            "total_minor": sum(open_minor for _days, open_minor in amounts),
        }
        for (name, client_id, currency), amounts in found.items()
    ]
    rows.sort(key=lambda row: ([-amount for amount in row["sums"][::-1]], row["client_name"]))
    return {
        "labels": [_("Not due yet"), _("To 30 days"), _("31 to 60"), _("61 to 90"), _("Older")],
        "rows": rows,
        "totals": _totals(rows),
        "ours": _in_our_currency(ours, own) if {row["currency"] for row in rows} - {own} else None,
        "reminders": due_rows(session, actor=actor, now=now),
    }


def _in_our_currency(amounts: list[tuple[int, Money | None]], own: str) -> Page:
    """Return all by age in our currency, each invoice at the rate of its issue; those that kept none are counted."""
    known = [(days, amount.minor) for days, amount in amounts if amount is not None]
    sums = list(by_age(known))
    return {"currency": own, "sums": sums, "total_minor": sum(sums), "left_out": len(amounts) - len(known)}


def _open(session: Session, actor: Actor) -> list[tuple[int, str, Invoice, int]]:
    """Return client, invoice and what is open of every open invoice that the actor may see."""
    query = (
        select(Client.id, Client.name, Invoice, queries.open_minor())
        .join(Invoice.client)
        .where(clients.billable_by(actor), queries.STATES["open"])
        .order_by(func.lower(Client.name), Invoice.id)
    )
    return [
        (client_id, name, invoice, int(open_minor))
        for client_id, name, invoice, open_minor in session.execute(query)
        if invoice.due_on is not None
    ]


def _overdue(due_on: date, today: date) -> int:
    return max((today - due_on).days, 0)


def _totals(rows: list[Page]) -> list[Page]:
    sums: dict[str, list[int]] = {}
    for row in rows:
        before = sums.setdefault(row["currency"], [0] * len(row["sums"]))
        sums[row["currency"]] = [a + b for a, b in zip(before, row["sums"], strict=True)]
    return [
        {"currency": currency, "sums": amounts, "total_minor": sum(amounts)}
        for currency, amounts in sorted(sums.items())
    ]
