"""How far the issued invoices of a month are on their way: PDF and mail follow by themselves (rules 19, 23)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra.ahead import Question, rows_of
from helpdesk.infra.i18n import gettext as _
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.periods import Month
from helpdesk.outbox import queries as outbox
from helpdesk.outbox.models import OutgoingMessage

SOON = timedelta(minutes=10)
"""What was issued so lately is looked after while somebody watches."""


@dataclass(frozen=True)
class OnTheWay:
    """How many invoices are to be mailed, were, and are about to be; ``stays`` are those that somebody has to look at.

    ``lacks_mailbox`` where there is none to send from: then none leaves. ``moves`` while some were issued just now.
    """

    to_mail: int
    mailed: int
    leaving: int
    stays: list[dict[str, Any]]
    lacks_mailbox: bool
    moves: bool


def on_the_way(session: Session, *, month: Month, invoices: Sequence[Invoice], now: datetime) -> OnTheWay:
    """Return how far the issued ones among ``invoices``, which close ``month``, are."""
    issued = [invoice for invoice in invoices if invoice.number is not None]
    mails = {mail.id: mail for mail in rows_of(session, _mails_asked(month))}
    mail_of = {invoice.id: mails.get(invoice.outgoing_message_id or 0) for invoice in issued}
    stays = [
        {"invoice_id": invoice.id, "number": invoice.number, "client_name": invoice.client.name, "why": why}
        for invoice in issued
        if (why := _why_it_stays(invoice, mail_of[invoice.id]))
    ]
    kept = {row["invoice_id"] for row in stays}
    rest = [invoice for invoice in issued if invoice.id not in kept]
    leaving = [invoice for invoice in rest if (mail := mail_of[invoice.id]) is None or mail.sent_at is None]
    lacks_mailbox = bool(leaving) and not rows_of(session, outbox.active_count())[0][0]
    return OnTheWay(
        to_mail=len(issued),
        mailed=len(rest) - len(leaving),
        leaving=len(leaving),
        stays=stays,
        lacks_mailbox=lacks_mailbox,
        moves=not lacks_mailbox and any((invoice.issued_at or now) > now - SOON for invoice in leaving),
    )


def questions_of(month: Month) -> list[Question]:
    """Return what `on_the_way` asks, to be asked ahead."""
    return [_mails_asked(month), outbox.active_count()]


def _mails_asked(month: Month) -> Question:
    mail = OutgoingMessage
    theirs = select(Invoice.outgoing_message_id).where(Invoice.month == month.first_day)
    return select(mail.id, mail.state, mail.last_error, mail.sent_at, mail.bounced_at).where(mail.id.in_(theirs))


def _why_it_stays(invoice: Invoice, mail: Any) -> str:  # noqa: ANN401 - a row with the columns of a mail, or None
    """Return why an issued invoice does not reach its client by itself; empty where it does."""
    if mail is None:
        return "" if invoice.send_to else _("no address for invoices was known; send it from its page")
    if mail.state == "failed":
        return _("the mail failed: %(error)s", error=mail.last_error)
    return _("the mail came back") if mail.bounced_at is not None else ""
