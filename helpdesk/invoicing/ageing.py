"""What clients owe, by how long it has been overdue (templates/invoicing/ageing.html; docs/billing.md rule 21)."""

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.settling import by_age
from helpdesk.invoicing.listing import our_day
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.reminding.page import due_rows

Page = dict[str, Any]


def ageing_page(session: Session, *, actor: Actor, now: datetime) -> Page:
    """Return a row for each client and currency with something open: its sums by age, the oldest debts first."""
    found: dict[tuple[str, int, str], list[tuple[int, int]]] = defaultdict(list)
    today = our_day(session, now)
    for client_id, name, currency, due_on, open_minor in _open(session, actor):
        found[name, client_id, currency].append((_overdue(due_on, today), open_minor))
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
        "reminders": due_rows(session, actor=actor, now=now),
    }


def _open(session: Session, actor: Actor) -> list[tuple[int, str, str, date, int]]:
    """Return client, currency, due day and what is open of every open invoice that the actor may see."""
    query = (
        select(Client.id, Client.name, Invoice.currency, Invoice.due_on, queries.open_minor())
        .join(Invoice.client)
        .where(clients.billable_by(actor), queries.STATES["open"])
        .order_by(func.lower(Client.name), Invoice.id)
    )
    return [
        (client_id, name, currency, due_on, int(open_minor))
        for client_id, name, currency, due_on, open_minor in session.execute(query)
        if due_on is not None
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
