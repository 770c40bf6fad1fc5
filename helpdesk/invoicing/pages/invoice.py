"""What the page of an invoice shows: lines, the time behind them, what it lacks (templates/invoicing/invoice.html)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.company.days import house_day, house_zone
from helpdesk.expenses.models import Expense
from helpdesk.expenses.service.pricing import exchanged_asked
from helpdesk.infra.ahead import Question
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import Actor
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.invoicing import crediting, queries, readiness, service
from helpdesk.invoicing.document import EntryBehind, Issue, document_of, entries_behind, statements_asked
from helpdesk.invoicing.domain.einvoice.wanted import is_factur_x
from helpdesk.invoicing.drafts import deposits, expense_lines, selection
from helpdesk.invoicing.drafts.span import days_of
from helpdesk.invoicing.listing import our_day
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.invoicing.money import settling
from helpdesk.invoicing.printing import printed, printed_lines
from helpdesk.invoicing.printing.printed_statement import Document
from helpdesk.invoicing.printing.templates import template_asked
from helpdesk.invoicing.proof import questions
from helpdesk.invoicing.proof.links import live_asked, settings_asked
from helpdesk.invoicing.proof.panel import proof_panel
from helpdesk.invoicing.reminding import page as reminders
from helpdesk.invoicing.reminding import rules, sending
from helpdesk.invoicing.series import series_asked
from helpdesk.invoicing.words import days_label, expense_left_out_text, left_out_text, reason_text
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import local_day
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.retainers import settled
from helpdesk.timekeeping.queries import entries as timekeeping

Page = dict[str, Any]
Behind = dict[int, list[EntryBehind]]
_METHODS = {"bank": _l("Bank"), "card": _l("Card"), "cash": _l("Cash"), "other": _l("Another way")}


@dataclass(frozen=True)
class ShownEntry:
    """An entry behind a line: what was worked, what of it this line bills, at which rate and why."""

    day: date
    person: str
    note: str
    worked_seconds: int
    billable_seconds: int
    charged_seconds: int
    rate: str
    rate_reason: str


def invoice_page(session: Session, *, actor: Actor, invoice: Invoice, now: datetime) -> Page:
    """Return what the page of one invoice shows: its lines and the time behind them, what it lacks, its history."""
    behind = entries_behind(session, invoice)
    document = _document(session, invoice, now, behind)
    mail = queries.mail_of(session, invoice)
    sign = -1 if invoice.kind == "credit_note" else 1  # the document has positive figures, the books have not
    return {
        "deposits_minor": _deposits(session, invoice),
        "invoice": _head(session, invoice, mail, now),
        "states": _states(invoice, mail, house_zone(session)),
        "groups": _groups(session, invoice, document, behind),
        "taxes": printed.tax_rows(document, sign=sign),
        "tax_note": printed.tax_note(document),
        "lacking": readiness.lacking(session, actor=actor, invoice=invoice, day=our_day(session, now)),
        "covered": _covered(document),
        "left_out": _left_out(session, invoice),
        "mail": _mail(mail),
        "settlement": _settlement(session, invoice),
        "proof": proof_panel(session, invoice=invoice, now=now),
        "reminders": reminders.panel(session, invoice=invoice, now=now),
        "corrections": [
            {"id": note.id, "number": note.number, "total_minor": note.total_minor, "reason": note.reason}
            for note in queries.credit_notes_of(session, invoice)
        ],
        "history": [
            {"at": row.at, "text": _act(row.action, row.actor_name)} for row in queries.history(session, invoice.id)
        ],
    }


def questions_of(session: Session, invoice: Invoice, *, now: datetime) -> list[Question]:
    """Return what the page asks about an invoice beside its lines, to be asked ahead."""
    always = [
        series_asked(session, now=now),
        queries.credit_notes_asked(invoice.id),
        queries.history_asked(invoice.id),
        *questions.open_asked(invoice.id),
        *expense_lines.behind_asked(invoice.id),
    ]
    if invoice.status == "draft":
        return [
            *always,
            template_asked(invoice.client_id),
            *statements_asked(invoice),
            *settled.to_ask([invoice.client_id]).values(),
            *deposits.available_asked(invoice),
            exchanged_asked(company.get_company(session).currency, our_day(session, now)),
        ]
    return [
        *always,
        *crediting.standing_asked(invoice.id),
        settling.shares_asked(invoice.id),
        settling.payments_asked(invoice.id),
        settling.free_asked(invoice.client_id, invoice.currency),
        live_asked(invoice.id, now=now),
        settings_asked(),
        *sending.questions_of(invoice.id),
        rules.exception_asked(invoice.client_id),
        select(OutgoingMessage).where(OutgoingMessage.id == invoice.outgoing_message_id),
        select(Invoice).where(Invoice.id == invoice.corrects_id),
    ]


def _head(session: Session, invoice: Invoice, mail: OutgoingMessage | None, now: datetime) -> Page:
    is_open, leaving = invoice.status in queries.OPEN, mail is not None and mail.state in {"queued", "claimed"}
    return {
        "id": invoice.id,
        "number": invoice.number,
        "version": invoice.version,
        "client_id": invoice.client_id,
        "client_name": invoice.client.name,
        "status": invoice.status,
        "currency": invoice.currency,
        "month_label": days_label(invoice),
        "net_minor": invoice.net_minor,
        "total_minor": invoice.total_minor,
        "issued_on": invoice.issued_on,
        "due_on": queries.due_day(invoice),
        "sha256": invoice.canonical_sha256,
        "pdf_ready": invoice.pdf_sha256 is not None,
        "is_factur_x": is_factur_x(json.loads(invoice.canonical_json or "{}")),
        "can_issue": invoice.status == "draft" and bool(invoice.lines),
        "can_edit": invoice.status == "draft",
        "can_void": _can_void(session, invoice, mail),
        "can_credit": crediting.is_creditable(invoice)
        and crediting.can_credit(invoice, crediting.standing_of(session, invoice)),
        "kind": invoice.kind,
        "reason": invoice.reason,
        "corrects": None
        if invoice.corrects is None
        else {"id": invoice.corrects.id, "number": invoice.corrects.number},
        "can_send": is_open and invoice.pdf_sha256 is not None and not leaving,
        "next_number": service.next_numbers(session, now=now)[0],
    }


def _deposits(session: Session, invoice: Invoice) -> int:
    """Return what of paid deposits a draft could take off, net."""
    if invoice.status != "draft":
        return 0
    found = deposits.available(session, invoice)
    return sum(amount_minor for _line, amount_minor in found)


def _settlement(session: Session, invoice: Invoice) -> Page | None:
    """Return what is open of an issued invoice, the payments that settle it, and what credit its client has."""
    if invoice.kind != "invoice" or invoice.number is None or invoice.status == "void":
        return None
    account = settling.account_of(session, invoice)
    return {
        "open_minor": account.open_minor,
        "can_pay": invoice.status in settling.PAYABLE,
        "credit_minor": settling.credit_of(session, client_id=invoice.client_id, currency=invoice.currency),
        "payments": [
            {
                "id": share.payment_id,
                "day": share.payment.received_on,
                "amount_minor": share.amount_minor,
                "whole_minor": share.payment.amount_minor,
                "method": _METHODS[share.payment.method],
                "reference": share.payment.reference,
            }
            for share in settling.shares_of(session, invoice)
        ],
    }


def _can_void(session: Session, invoice: Invoice, mail: OutgoingMessage | None) -> bool:
    """Return whether it is a draft, or an invoice that never left and that nothing corrects."""
    if invoice.status == "draft":
        return True
    is_at_home = invoice.kind == "invoice" and settling.is_untouched(session, invoice) and mail is None
    return is_at_home and not queries.credit_notes_of(session, invoice)


def _document(session: Session, invoice: Invoice, now: datetime, behind: Behind) -> Document:
    """Return the stored document, or for a draft what it would be if it were issued now."""
    if invoice.canonical_json is not None:
        stored: Document = json.loads(invoice.canonical_json)
        return stored
    house = company.get_company(session)
    today = house_day(session, now)
    preview = Issue(number="", issued_on=today, due_on=today + timedelta(days=invoice.client.payment_days))
    return dict(document_of(session, invoice=invoice, issue=preview, company=house, behind=behind))


def _groups(session: Session, invoice: Invoice, document: Document, behind: Behind) -> list[Page]:
    rows = iter(invoice.lines)
    spent = expense_lines.behind(session, invoice)
    groups = []
    for title, note, lines in printed.groups_of(document):
        shown = [_line(next(rows), line, behind, spent) for line in lines]
        groups.append({"title": title, "note": note, "why": _why(lines, document), "lines": shown})
    return groups


def _line(row: InvoiceLine, line: Document, behind: dict[int, list[EntryBehind]], spent: dict[int, Expense]) -> Page:
    expense = spent.get(row.id)
    return {
        "key": f"line-{row.position}",
        "position": row.position,
        "item_number": row.work_item.number if row.work_item else None,
        "text": row.description,
        "detail": printed_lines.detail_text(line),
        "quantity": printed_lines.quantity_text(row.minutes, row.quantity),
        "price": printed_lines.number_text(row.unit_price),
        "tax": printed_lines.percent_text(line),
        "amount_minor": row.amount_minor,
        "entries": [_shown(each) for each in behind.get(row.id, [])],
        "expense": None if expense is None else {"id": expense.id, "why": expense.bill_reason},
    }


def _shown(each: EntryBehind) -> ShownEntry:
    entry = each.entry
    has_rate = entry.rate_minor is not None and entry.rate_currency is not None
    return ShownEntry(
        day=each.day,
        person=entry.person.name,
        note=entry.note,
        worked_seconds=timekeeping.worked_of(entry).seconds,
        billable_seconds=entry.billable_seconds or 0,
        charged_seconds=each.charged_seconds,
        rate=money_filter(entry.rate_minor or 0, str(entry.rate_currency)) if has_rate else "–",
        rate_reason=entry.rate_reason,
    )


def _why(lines: Sequence[Document], document: Document) -> Page | None:
    """Return how the overage came about: used, less what was there, at its price (docs/billing.md rule 11)."""
    if lines[0]["kind"] != "overage":
        return None
    currency = document["currency"]
    amount = sum(Money.parse(line["amount"], currency).minor for line in lines)
    rows: list[Page] = []
    for statement in document["retainers"]:
        if statement["overage_seconds"]:
            rows += _derivation(statement)
    prices = sorted({line["unit_price"] for line in lines}, key=Decimal)
    for price in prices:
        minutes = sum(Decimal(line["minutes"]) for line in lines if line["unit_price"] == price)
        label = _("%(minutes)s min × %(price)s ÷ 60", minutes=f"{minutes:f}", price=printed_lines.number_text(price))
        part = sum(Money.parse(line["amount"], currency).minor for line in lines if line["unit_price"] == price)
        rows.append({"label": label, "value": money_filter(part, currency), "strong": True})
    zones = ", ".join(dict.fromkeys(each["time_zone"] for each in document["retainers"]))
    note = _("Month in %(zones)s. Each line is rounded by itself.", zones=zones)
    return {"amount": money_filter(amount, currency), "rows": rows, "note": note}


def _derivation(statement: Document) -> Iterable[Page]:
    used = sum(statement["burned_by_day"])
    figures = [
        (_("%(name)s, used", name=statement["name"]), used, 1),
        (_("Carried in, drawn first"), statement["carried_in_seconds"], -1),
        (
            _("Allowance of the quarter") if "quarter" in statement else _("Allowance of the month"),
            statement["granted_seconds"],
            -1,
        ),
        (_("Top-ups"), statement["topped_up_seconds"], -1),
    ]
    for label, seconds, sign in figures:
        if seconds:
            yield {"label": label, "value": format_hm(sign * seconds), "strong": False}
    yield {
        "label": _("Over, the last by time of work"),
        "value": format_hm(statement["overage_seconds"]),
        "strong": True,
    }


def _covered(document: Document) -> Page:
    rows = [
        {"number": row["reference"].removeprefix("#") or None, "title": row["description"], "seconds": row["seconds"]}
        for statement in document["retainers"]
        for row in statement["covered"]
    ]
    return {"worked_seconds": sum(row["seconds"] for row in rows), "rows": rows}


def _left_out(session: Session, invoice: Invoice) -> list[Page]:
    month = days_of(invoice)
    if invoice.status != "draft" or month is None:
        return []
    rows = selection.left_out(session, client=invoice.client, month=month)
    spent = expense_lines.left_out(session, client=invoice.client, month=month)
    said = [(left_out_text(row), row) for row in rows] + [(expense_left_out_text(row), row) for row in spent]
    return [{"text": text, "reason": reason_text(str(row["reason"]))} for text, row in said]


def _states(invoice: Invoice, mail: OutgoingMessage | None, zone: ZoneInfo) -> list[Page]:
    """Return the way of the invoice from draft to paid by the days of ``zone``: where it stands, or ended otherwise."""
    if invoice.status in {"void", "dropped", "credited"}:
        ended = {"void": _("Void"), "dropped": _("Dropped"), "credited": _("Credited")}[invoice.status]
        return [_state(_("Draft"), _short(invoice.created_at, zone), past=True), _state(ended, "", current=True)]
    sent_at = mail.sent_at if mail is not None else None
    if invoice.kind == "credit_note":
        issued = _state(_("Issued"), _short(invoice.issued_at, zone), past=sent_at is not None, current=sent_at is None)
        return [issued, _state(_("Sent"), _short(sent_at, zone), current=sent_at is not None)]
    is_paid = invoice.status == "paid"
    is_sent = sent_at is not None or (is_paid and invoice.total_minor > 0)
    reached = [True, invoice.number is not None, is_sent, is_paid]
    at = max(place for place, done in enumerate(reached) if done)
    due = _("due %(day)s", day=day_filter(invoice.due_on, "d MMM")) if invoice.due_on and not is_paid else ""
    steps = [
        (_("Draft"), _short(invoice.created_at, zone)),
        (_("Issued"), _short(invoice.issued_at, zone)),
        (_("Sent"), _short(sent_at, zone)),
        (_("Paid"), due),
    ]
    return [_state(label, note, past=place < at, current=place == at) for place, (label, note) in enumerate(steps)]


def _state(label: str, note: str, *, past: bool = False, current: bool = False) -> Page:
    return {"label": label, "note": note, "past": past, "current": current}


def _short(instant: datetime | None, zone: ZoneInfo) -> str:
    return "" if instant is None else day_filter(local_day(instant, zone), "d MMM")


def _mail(mail: OutgoingMessage | None) -> Page | None:
    if mail is None:
        return None
    state = mail.state if mail.state in {"sent", "failed"} else "queued"
    to = ", ".join(str(person["address"]) for person in mail.to)
    return {"to": to, "state": state, "at": mail.sent_at or mail.created_at, "error": mail.last_error}


def _act(action: str, name: str) -> str:
    known = {
        "drafted": _("Drafted by %(name)s", name=name),
        "issued": _("Issued by %(name)s", name=name),
        "dropped": _("Dropped by %(name)s", name=name),
        "voided": _("Voided by %(name)s", name=name),
        "sent": _("Sent again by %(name)s", name=name),
        "paid": _("Payment noted by %(name)s", name=name),
        "credit used": _("Credit used by %(name)s", name=name),
        "payment taken back": _("Payment taken back by %(name)s", name=name),
        "credited": _("Credited by %(name)s", name=name),
        "reminded": _("Reminder sent by %(name)s", name=name),
        "questioned": _("Questioned by the client"),
        "answered": _("Question answered by %(name)s", name=name),
        "link revoked": _("Link taken back by %(name)s", name=name),
        "link renewed": _("New link by %(name)s", name=name),
        "reminders held": _("Reminders held by %(name)s", name=name),
        "hold ended": _("Reminders let go on by %(name)s", name=name),
        "line added": _("Line added by %(name)s", name=name),
        "line changed": _("Text of a line changed by %(name)s", name=name),
        "line moved": _("Line moved by %(name)s", name=name),
        "line taken off": _("Line left for later by %(name)s", name=name),
        "entries taken off": _("Entries left for later by %(name)s", name=name),
        "adjusted": _("Discount or surcharge added by %(name)s", name=name),
        "deposit deducted": _("Deposit taken off by %(name)s", name=name),
        "regrouped": _("Time grouped anew by %(name)s", name=name),
    }
    return known.get(action, f"{action}, {name}")
