"""What the page of a client's account shows (templates/invoicing/account.html; docs/billing.md rules M3 and M4)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.invoicing.domain.statement import Line, Statement
from helpdesk.invoicing.listing import our_day
from helpdesk.invoicing.money import accounts, late_fees, refunding, settling
from helpdesk.invoicing.money.account_words import kind_names

Page = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Whose account is asked for, in which of the currencies that it has, and for which days."""

    client: Client
    currencies: list[str]
    currency: str
    first: date
    last: date
    now: datetime
    refusal: str = ""


def asked(
    session: Session, *, actor: Actor, now: datetime, client_id: int, currency: str, first: str, last: str
) -> Asked:
    """Return what of an account is asked for: this year so far where nothing is, or nothing that could be.

    ``refusal`` says what of it could not be read.

    Raises:
        NotFound: no such client for this actor.
    """
    client = clients.get_billable(session, actor=actor, client_id=client_id)
    today = our_day(session, now)
    known = accounts.currencies_of(session, client_id=client_id, own=client.currency)
    chosen = currency if currency in known else client.currency
    year = today.replace(month=1, day=1)
    try:
        begins = date.fromisoformat(first) if first else year
        ends = date.fromisoformat(last) if last else today
    except ValueError:
        said = _("Write days as 2026-01-31; this year so far is shown.")
        return Asked(client, known, chosen, year, today, now, said)
    if ends < begins:
        said = _("The last day comes before the first; this year so far is shown.")
        return Asked(client, known, chosen, year, today, now, said)
    return Asked(client, known, chosen, begins, ends, now)


def account_page(session: Session, *, asked_for: Asked) -> Page:
    """Return the account of the days that are asked for, and what is open and credit now."""
    client, currency = asked_for.client, asked_for.currency
    found = statement_asked(session, asked_for)
    return {
        "client": {"id": client.id, "name": client.name, "email": client.invoice_email},
        "currency": currency,
        "currencies": asked_for.currencies,
        "first": asked_for.first,
        "last": asked_for.last,
        "range_refusal": asked_for.refusal,
        "opening_minor": found.opening_minor,
        "closing_minor": found.closing_minor,
        "charged_minor": found.charged_minor,
        "settled_minor": found.settled_minor,
        "lines": [row_of(line) for line in found.lines],
        "open_minor": accounts.open_of(session, client_id=client.id, currency=currency),
        "credit_minor": settling.credit_of(session, client_id=client.id, currency=currency),
        "late": [
            {
                "key": each.key,
                "invoice_id": each.invoice.id,
                "number": each.invoice.number,
                "level": each.level,
                "detail": each.detail,
                "amount_minor": each.amount_minor,
            }
            for each in late_fees.proposals(session, client_id=client.id, currency=currency, now=asked_for.now)
        ],
        "refunds": [
            {
                "id": refund.id,
                "on": refund.paid_on,
                "amount_minor": refund.amount_minor,
                "reason": refund.reason,
                "reference": refund.reference,
                "undone": refund.undone_at is not None,
                "undone_because": refund.undone_because,
            }
            for refund in refunding.refunds_of(session, client_id=client.id, currency=currency)
        ],
    }


def statement_asked(session: Session, asked_for: Asked) -> Statement:
    """Return the account of the days that are asked for."""
    return accounts.statement(
        session,
        client_id=asked_for.client.id,
        currency=asked_for.currency,
        first=asked_for.first,
        last=asked_for.last,
    )


def row_of(line: Line) -> Page:
    """Return a line with its words, in the reader's language."""
    return {
        "on": line.entry.on,
        "what": kind_names()[line.entry.kind],
        "reference": line.entry.reference,
        "detail": line.entry.detail,
        "invoice_id": line.entry.invoice_id,
        "amount_minor": line.entry.amount_minor,
        "balance_minor": line.balance_minor,
    }
