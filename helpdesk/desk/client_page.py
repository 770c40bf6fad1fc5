"""What the page of one client shows, from all slices that know it; what is not for the reader is None."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client, Contact
from helpdesk.desk import around_client, contact_merge_page, queries, render
from helpdesk.desk.around_client import Sees
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, CLIENTS_EDIT, COSTS, DESK, INVOICES, RETAINERS, Actor
from helpdesk.kernel.periods import Month, day_instants, day_start, local_day, local_month, zone_named
from helpdesk.retainers import queries as retainers
from helpdesk.retainers.first_rows import Rows
from helpdesk.timekeeping.queries.margins import margins_of, total_of

YEAR = timedelta(days=365)


def client_values(
    session: Session,
    *,
    actor: Actor,
    client_id: int,
    now: datetime,
    since: date | None = None,
    through: date | None = None,
) -> dict[str, object]:
    """Return the context of clients/client.html, apart from its forms; margins are of ``since`` to ``through``.

    Raises:
        NotFound: no such client, or not for this actor.
    """
    client = clients.get(session, actor=actor, client_id=client_id)
    handles_money = clients.bills(actor, client)
    sees = Sees(
        works=actor.is_one_of(DESK),
        edits=actor.is_one_of(CLIENTS_EDIT),
        invoices=handles_money and actor.is_one_of(INVOICES),
        retainers=handles_money and actor.is_one_of(RETAINERS),
    )
    around = around_client.read(session, client=client, sees=sees, since=now - YEAR)
    return {
        "client": _facts(client, around.manager_name),
        "can_edit": sees.edits,
        "tickets": queries.open_tickets(session, actor=actor, now=now, client_id=client_id) if sees.works else None,
        "projects": _projects(around.projects),
        "retainers": _retainers(session, around.books, now) if around.books is not None else None,
        "invoices": around.invoices,
        "unbilled_seconds": around.unbilled_seconds,
        "contacts": [_contact(contact) for contact in around.contacts],
        "doubles": contact_merge_page.doubles(around.contacts) if sees.edits else [],
        "notes": around.notes,
        "satisfaction": around.satisfaction,
        "sees_answers": actor.is_one_of(APPROVERS),
        "can_note": sees.works,
        "there": now.astimezone(zone_named(client.time_zone)),
        "domains": client.domains,
        "unknown": around.unknown,
        "margins": _margins(session, client, now, since, through) if actor.is_one_of(COSTS) else None,
    }


def _facts(client: Client, manager_name: str | None) -> dict[str, object]:
    names = ("id", "name", "legal_name", "address", "currency", "time_zone", "language")
    more = ("tax_percent", "payment_days", "vat_id", "invoice_email")
    return {
        **{name: getattr(client, name) for name in (*names, *more)},
        "account_manager_name": manager_name,
    }


def _projects(rows: Iterable[Any]) -> list[dict[str, object]]:
    words = {"active": _("Active"), "paused": _("Paused"), "done": _("Done")}
    return [
        {"id": row.id, "name": row.name, "status_label": words[row.status], "open_count": row.open_count}
        for row in rows
    ]


def _retainers(session: Session, books: Rows, now: datetime) -> list[dict[str, object]]:
    months = {each.id: local_month(now, zone_named(each.time_zone)) for each in books.agreements}
    if not months:
        return []
    shelf = retainers.shelf_of(
        session,
        client_ids={each.client_id for each in books.agreements},
        month=min(months.values()),
        through=max(months.values()),
        now=now,
        rows=books,
    )
    views = [shelf.month_view(each, month=months[each.id], now=now) for each in books.agreements]
    return [render.client_retainer(view) for view in views if view is not None]


def _margins(
    session: Session, client: Client, now: datetime, since: date | None, through: date | None
) -> dict[str, object]:
    """Return the margins of the client's approved work, of the last twelve months where no days are chosen."""
    zone = zone_named(client.time_zone)
    last = through or local_day(now, zone)
    first = since or Month.of(last).plus(-11).first_day
    found = margins_of(session, client=client, begins=day_start(first, zone), ends=day_instants(last, zone)[1])
    total = total_of(found, name=_("All projects"), currency=client.currency)
    return {"since": first, "through": last, "projects": found, "total": total}


def _contact(contact: Contact) -> dict[str, object]:
    return {
        "id": contact.id,
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "title": contact.title,
        "retired": contact.retired_at is not None,
        "undeliverable": contact.undeliverable_at is not None,
    }
