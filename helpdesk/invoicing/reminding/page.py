"""What pages show of reminders: the panel of an invoice, and what is due (rule M1)."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.infra.web import day_filter
from helpdesk.invoicing import queries
from helpdesk.invoicing.listing import our_day
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.reminding import rules, sending
from helpdesk.invoicing.reminding.holds import held
from helpdesk.invoicing.reminding.models import InvoiceReminder
from helpdesk.invoicing.reminding.sending import Due
from helpdesk.outbox.models import OutgoingMessage

Page = dict[str, Any]


def level_name(level: int, *, last: int) -> str:
    """Return how people call a level: the first one is friendly, the highest one the last."""
    if level == 1:
        return _("Reminder")
    return _("Last reminder") if level >= last else _("%(number)s. reminder", number=level)


def panel(session: Session, *, invoice: Invoice, now: datetime) -> Page | None:
    """Return what went out about an invoice, what comes next and what holds it; None where there is nothing to say."""
    sent = sending.sent_of(session, invoice) if invoice.number is not None else []
    is_open = invoice.kind == "invoice" and invoice.status in queries.OPEN
    if not sent and not is_open:
        return None
    today, set_to = our_day(session, now), rules.rules_of(session)
    last = set_to.levels[-1].number
    found = sending.find(session, invoice=invoice, now=now)
    hold = held(session, [invoice.id], today=today).get(invoice.id) if is_open else None
    return {
        "sent": [_sent(row, last) for row in sent],
        "hold": None if hold is None else {"through": hold.through, "reason": hold.reason, "disputed": hold.disputed},
        "can_hold": is_open,
        "following": None if found is None else _following(found, last),
        "by_itself": set_to.automatic and rules.goes_by_itself(session, client_id=invoice.client_id),
        "company_sends": set_to.automatic,
    }


def due_rows(session: Session, *, actor: Actor, now: datetime) -> list[Page]:
    """Return the reminders that are to go out today, the longest overdue first, and why one cannot."""
    last = rules.rules_of(session).levels[-1].number
    return [
        {
            "id": each.invoice.id,
            "number": each.invoice.number,
            "client_name": each.invoice.client.name,
            "days_overdue": each.days_overdue,
            "open_minor": each.open_minor,
            "currency": each.invoice.currency,
            "level": each.following.level.number,
            "name": level_name(each.following.level.number, last=last),
            "obstacle": _obstacle(each),
        }
        for each in sending.due(session, actor=actor, now=now)
    ]


def _sent(row: InvoiceReminder, last: int) -> Page:
    return {
        "name": level_name(row.level, last=last),
        "on": row.sent_on,
        "open_minor": row.open_minor,
        "to": str(row.mail.to[0]["address"]),
        "by": row.created_by.name if row.created_by is not None else _("by itself"),
        "state": _state(row.mail),
        "error": row.mail.last_error if row.mail.state == "failed" else row.mail.bounce_report,
    }


def _state(mail: OutgoingMessage) -> str:
    if mail.bounced_at is not None:
        return "returned"
    return mail.state if mail.state in {"sent", "failed"} else "queued"


def _following(found: Due, last: int) -> Page:
    level = found.following.level.number
    return {
        "level": level,
        "name": level_name(level, last=last),
        "from_day": found.following.from_day,
        "to": found.invoice.client.invoice_email,
        "obstacle": "" if found.hold is not None else _obstacle(found),
        "can_send": not found.obstacle,
    }


def _obstacle(found: Due) -> str:
    """Return why a reminder cannot be sent, in the reader's language; empty where it can."""
    if found.hold is not None:
        if found.hold.through is None:
            return _("Held: %(reason)s", reason=found.hold.reason)
        day = day_filter(found.hold.through, "d MMM")
        return _("Held until %(day)s: %(reason)s", day=day, reason=found.hold.reason)
    return {
        "": "",
        "no_address": _("The client has no address for invoices."),
        "questioned": _("Its client asked about a line and waits for an answer."),
        "no_pdf": _("Its PDF is not there yet."),
    }[found.obstacle]
