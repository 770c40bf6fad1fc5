"""What the page of one client shows, from all slices that know it; what is not for the reader is None."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client, Contact, Note
from helpdesk.clients.notes import notes_asked
from helpdesk.desk import contact_merge_page, queries, render
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, CLIENTS_EDIT, COSTS, DESK, INVOICES, RETAINERS, Actor
from helpdesk.kernel.periods import Month, day_instants, day_start, local_day, local_month, zone_named
from helpdesk.retainers import queries as retainers
from helpdesk.satisfaction import queries as satisfaction
from helpdesk.timekeeping.queries import entries as time
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
    handles_money = session.scalar(select(Client.id).where(Client.id == client_id, clients.billable_by(actor)))
    sees_retainers = handles_money and actor.is_one_of(RETAINERS)
    sees_invoices = handles_money and actor.is_one_of(INVOICES)
    works = actor.is_one_of(DESK)
    people, domains = clients.contacts_of(session, client_id), [one.domain for one in client.domains]
    return {
        "client": _facts(session, client),
        "can_edit": actor.is_one_of(CLIENTS_EDIT),
        "tickets": queries.open_tickets(session, actor=actor, client_id=client_id) if works else None,
        "projects": _projects(session, client_id),
        "retainers": _retainers(session, client_id, now) if sees_retainers else None,
        "invoices": queries.invoices_of(session, client_id) if sees_invoices else None,
        "unbilled_seconds": time.unbilled_seconds(session, client_id) if sees_invoices else None,
        "contacts": [_contact(contact) for contact in people],
        "doubles": contact_merge_page.doubles(people) if actor.is_one_of(CLIENTS_EDIT) else [],
        "notes": session.execute(notes_asked().where(Note.client_id == client_id)).all(),
        "satisfaction": satisfaction.of_client(session, client_id=client_id, since=now - YEAR) if works else None,
        "sees_answers": actor.is_one_of(APPROVERS),
        "can_note": works,
        "there": now.astimezone(zone_named(client.time_zone)),
        "domains": client.domains,
        "unknown": clients.unknown_senders(session, domains) if actor.is_one_of(CLIENTS_EDIT) else {},
        "margins": _margins(session, client, now, since, through) if actor.is_one_of(COSTS) else None,
    }


def _facts(session: Session, client: Client) -> dict[str, object]:
    names = ("id", "name", "legal_name", "address", "currency", "time_zone", "language")
    more = ("tax_percent", "payment_days", "vat_id", "invoice_email")
    manager = session.get(Person, client.account_manager_id) if client.account_manager_id else None
    return {
        **{name: getattr(client, name) for name in (*names, *more)},
        "account_manager_name": manager.name if manager else None,
    }


def _projects(session: Session, client_id: int) -> list[dict[str, object]]:
    words = {"active": _("Active"), "paused": _("Paused"), "done": _("Done")}
    return [
        {"id": project.id, "name": project.name, "status_label": words[project.status], "open_count": number}
        for project, number in queries.projects_of(session, client_id)
    ]


def _retainers(session: Session, client_id: int, now: datetime) -> list[dict[str, object]]:
    views = [
        retainers.month_view(
            session, agreement=agreement, month=local_month(now, zone_named(agreement.time_zone)), now=now
        )
        for agreement in retainers.agreements_of(session, client_id=client_id)
    ]
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
