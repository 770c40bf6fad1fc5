"""What an invoice says, as plain JSON: written once at issue, and what its PDF shows (docs/billing.md rule 19)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, exists, or_, select, true
from sqlalchemy.orm import Session, joinedload

from helpdesk.clients.models import Client
from helpdesk.company.models import Company
from helpdesk.infra.ahead import Question, models_of, rows_of
from helpdesk.infra.db import Base
from helpdesk.infra.i18n import letter_language
from helpdesk.invoicing import exchanging, taxing
from helpdesk.invoicing.domain.documents import Json
from helpdesk.invoicing.domain.einvoice.wanted import FACTUR_X, is_wanted
from helpdesk.invoicing.domain.totals import Totals
from helpdesk.invoicing.drafts import expense_lines
from helpdesk.invoicing.drafts.span import days_of
from helpdesk.invoicing.models import HOLDER, CreditedCharge, Invoice, InvoiceLine
from helpdesk.invoicing.printing import templates
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month, local_day
from helpdesk.projects.models import WorkItem
from helpdesk.retainers import queries as retainers
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.models import Agreement, LedgerRow, RetainerPeriod
from helpdesk.timekeeping.models import Charge, TimeEntry
from helpdesk.timekeeping.queries import entries as timekeeping

FORMAT = 1
SELLER = [
    "name",
    "legal_name",
    "address",
    "country",
    "vat_id",
    "tax_number",
    "registration",
    "email",
    "website",
    "bank_name",
    "iban",
    "bic",
    "logo_sha256",
]
BUYER = ["name", "legal_name", "address", "country", "vat_id", "customer_number", "purchase_order"]
FIGURES = [
    "granted_seconds",
    "carried_in_seconds",
    "topped_up_seconds",
    "used_seconds",
    "expired_seconds",
    "carried_out_seconds",
    "overage_seconds",
]


@dataclass(frozen=True)
class Issue:
    """What a draft is given when it becomes a document."""

    number: str
    issued_on: date
    due_on: date


def document_of(
    session: Session,
    *,
    invoice: Invoice,
    issue: Issue,
    company: Company,
    totals: Totals | None = None,
    behind: Mapping[int, Sequence["EntryBehind"]] | None = None,
) -> dict[str, Json]:
    """Return the whole document.

    A credit note has the same fields in positive figures, and names the invoice that it corrects, and why; its
    ``totals`` are given, as they depend on the notes before it. ``behind`` was read before.

    It holds number and dates, snapshots of both sides, lines with the time behind them, taxes, totals, terms, and
    the statement of each retainer period that closed with it. Amounts are texts with exactly the currency's
    decimals, minutes and prices plain decimals, days ISO 8601.
    """
    client, totals = invoice.client, totals or taxing.totals_of(invoice)
    layout = templates.layout_of(session, client, company)
    sign = -1 if invoice.kind == "credit_note" else 1  # what is credited is printed as positive figures
    behind = entries_behind(session, invoice) if behind is None else behind
    days = [each.day for entries in behind.values() for each in entries]
    days += [expense.spent_on for expense in expense_lines.behind(session, invoice).values()]
    return {
        "format": FORMAT,
        "kind": invoice.kind,
        **_correction(invoice),
        **({"einvoice": FACTUR_X} if is_wanted(company.factur_x, client.factur_x) else {}),
        "number": issue.number,
        "issued_on": issue.issued_on.isoformat(),
        "due_on": issue.due_on.isoformat(),
        "language": letter_language(layout.language or client.language),
        "currency": invoice.currency,
        "period": _period(invoice, client, days),
        "seller": _snapshot(company, SELLER),
        "buyer": _snapshot(client, BUYER),
        "lines": [
            {**_line(line, invoice.currency, behind.get(line.id, ()), sign), "net_amount": str(net.times(sign))}
            for line, net in zip(invoice.lines, taxing.nets_of(invoice), strict=True)
        ],
        "prices_include_tax": invoice.prices_include_tax,
        "tax_per_line": invoice.tax_per_line,
        "taxes": taxing.groups_of(invoice, totals, sign=sign),
        "net": str(totals.net.times(sign)),
        "tax": str(totals.tax.times(sign)),
        "total": str(totals.total.times(sign)),
        "exchange": exchanging.said(invoice, totals.tax.times(sign), totals.total.times(sign)),
        "terms": company.invoice_terms,
        "payment_days": client.payment_days,
        "retainers": _statements(session, invoice),
        "grouped_by": invoice.group_by,
        "layout": layout.as_json(),
    }


@dataclass(frozen=True)
class EntryBehind:
    """Seconds of one entry that a line bills: ``charged_seconds`` of its ``billable_seconds``."""

    entry: TimeEntry
    day: date
    charged_seconds: int


def entries_behind(session: Session, invoice: Invoice) -> dict[int, list[EntryBehind]]:
    """Return by line the entries that it bills, by start: those of its charges, and those shown at no charge."""
    zone = ZoneInfo(invoice.client.time_zone)
    found: dict[int, list[EntryBehind]] = defaultdict(list)
    if invoice.kind == "credit_note":
        return _entries_credited(session, invoice, zone)
    query = (
        select(Charge.holder_id, Charge.to_second - Charge.from_second, TimeEntry)
        .join(Charge.entry)
        .where(Charge.holder_kind == HOLDER, Charge.holder_id.in_([line.id for line in invoice.lines]))
        .where(is_or_was_billed(invoice))
        .options(joinedload(TimeEntry.person), joinedload(TimeEntry.work_item), joinedload(TimeEntry.work_type))
        .order_by(TimeEntry.started_at, TimeEntry.id, Charge.from_second)
    )
    for line_id, seconds, entry in session.execute(query):
        found[line_id].append(EntryBehind(entry, local_day(entry.started_at, zone), seconds))
    for line_id, entry in _shown_at_no_charge(session, invoice, charged=set(found)):
        found[line_id].append(EntryBehind(entry, local_day(entry.started_at, zone), 0))
    return dict(found)


def is_or_was_billed(invoice: Invoice) -> ColumnElement[bool]:
    """Return the condition of a charge of the invoice's lines: live, credited since, or any where the invoice ended."""
    if invoice.status in ("void", "dropped"):  # not what was taken off before
        return true() if invoice.ended_at is None else Charge.released_at >= invoice.ended_at
    return or_(Charge.released_at.is_(None), exists().where(CreditedCharge.charge_id == Charge.id))


def _entries_credited(session: Session, note: Invoice, zone: ZoneInfo) -> dict[int, list[EntryBehind]]:
    found: dict[int, list[EntryBehind]] = defaultdict(list)
    query = (
        select(CreditedCharge.line_id, Charge.to_second - Charge.from_second, TimeEntry)
        .join(Charge, Charge.id == CreditedCharge.charge_id)
        .join(Charge.entry)
        .where(CreditedCharge.line_id.in_([line.id for line in note.lines]))
        .options(joinedload(TimeEntry.person), joinedload(TimeEntry.work_item), joinedload(TimeEntry.work_type))
        .order_by(TimeEntry.started_at, TimeEntry.id, Charge.from_second)
    )
    for line_id, seconds, entry in session.execute(query):
        found[line_id].append(EntryBehind(entry, local_day(entry.started_at, zone), seconds))
    return dict(found)


def _shown_at_no_charge(session: Session, invoice: Invoice, *, charged: set[int]) -> Iterable[tuple[int, TimeEntry]]:
    free = {
        line.work_item_id: line.id
        for line in invoice.lines
        if line.kind == "time" and line.amount_minor == 0 and line.id not in charged
    }
    billed = days_of(invoice)
    if not free or billed is None:
        return []
    start, end = billed.instants(ZoneInfo(invoice.client.time_zone))
    query = timekeeping.with_work().where(
        TimeEntry.work_item_id.in_([item_id for item_id in free if item_id is not None]),
        TimeEntry.billable == "no_charge",
        TimeEntry.started_at >= start,
        TimeEntry.started_at < end,
    )
    return [(free[entry.work_item_id], entry) for entry in session.scalars(query.order_by(TimeEntry.started_at))]


def _snapshot(row: Base, names: Iterable[str]) -> dict[str, Json]:
    return {name: getattr(row, name) for name in names}


def _period(invoice: Invoice, client: Client, days: Iterable[date]) -> Json:
    """Return the month that is closed, and the days from and to which work is billed (EN 16931 BG-14)."""
    billed = days_of(invoice)
    if billed is None:
        return None
    return {
        "month": str(billed) if isinstance(billed, Month) else "",
        "from": min([billed.first_day, *days]).isoformat(),
        "to": billed.last_day.isoformat(),
        "time_zone": client.time_zone,
    }


def _correction(invoice: Invoice) -> dict[str, Json]:
    """Return which invoice a credit note corrects, and why; nothing for an invoice."""
    original = invoice.corrects
    if original is None or original.issued_on is None:
        return {}
    return {
        "corrects": {"number": original.number, "issued_on": original.issued_on.isoformat()},
        "reason": invoice.reason,
    }


def _line(line: InvoiceLine, currency: str, behind: Iterable[EntryBehind], sign: int) -> dict[str, Json]:
    item, is_price = line.work_item, line.minutes is not None
    return {
        "kind": line.kind,
        "reference": f"#{item.number}" if item is not None and item.kind == "ticket" else "",
        "description": line.description,
        "detail": line.detail,
        "minutes": None if line.minutes is None else f"{sign * Decimal(line.minutes):f}",
        "quantity": line.quantity,
        "unit_price": line.unit_price if is_price else f"{sign * Decimal(line.unit_price):f}",
        "amount": str(Money(sign * line.amount_minor, currency)),
        "tax_category": taxing.rate_of(line).category,
        "tax_percent": line.tax_percent,
        "entries": [
            {
                "day": each.day.isoformat(),
                "person": each.entry.person.name,
                "work_type": each.entry.work_type.name if each.entry.work_type else "",
                "note": each.entry.note,
                "worked_seconds": timekeeping.worked_of(each.entry).seconds,
                "billed_seconds": each.charged_seconds,
            }
            for each in behind
        ],
    }


def _statements(session: Session, invoice: Invoice) -> list[Json]:
    """Return the closed periods of the invoice's month, each with its figures, its days and what it covered."""
    periods = models_of(session, periods_asked(invoice))
    if not periods:
        return []
    agreements = {row.id: row for row in retainers.agreements_of(session, client_id=invoice.client_id)}
    burned: dict[int, list[Any]] = defaultdict(list)
    covered: dict[int, list[Any]] = defaultdict(list)
    for found, query in ((burned, _burned_asked(invoice)), (covered, _covered_asked(invoice))):
        for row in rows_of(session, query):
            found[row.period_id].append(row)
    return [
        _statement(period, agreements[period.agreement_id], burned[period.id], covered[period.id]) for period in periods
    ]


def statements_asked(invoice: Invoice) -> list[Question]:
    """Return what the document asks about the closed periods of its month beside the agreements, to be asked ahead."""
    return [periods_asked(invoice), _burned_asked(invoice), _covered_asked(invoice)]


def periods_asked(invoice: Invoice) -> Select[RetainerPeriod]:
    """Return the question for the closed periods of the invoice's month, to be asked together with others."""
    return (
        select(RetainerPeriod)
        .join(RetainerPeriod.agreement)
        .where(
            Agreement.client_id == invoice.client_id,
            RetainerPeriod.month == invoice.month,
            RetainerPeriod.reversed_at.is_(None),
        )
        .order_by(Agreement.name, Agreement.id)
    )


def _statement(period: RetainerPeriod, agreement: Agreement, burned: Iterable[Any], covered: Iterable[Any]) -> Json:
    figures: dict[str, Json] = {name: getattr(period, name) for name in FIGURES}
    month, zone = Month.of(period.month), ZoneInfo(agreement.time_zone)
    span = engine_agreement(agreement).span_of(month)
    seconds: dict[int, int] = defaultdict(int)
    items = {}
    for row in covered:
        seconds[row.number] += row.seconds
        items[row.number] = row
    return {
        "name": agreement.name,
        "month": str(month),
        **({"quarter": {"first": str(span.first), "last": str(span.last)}} if span.is_quarter else {}),
        "time_zone": agreement.time_zone,
        **figures,
        "burned_by_day": list(_burned_by_day(burned, month, zone)),
        "covered": [
            {
                "reference": f"#{number}" if items[number].kind == "ticket" else "",
                "description": items[number].title,
                "seconds": seconds[number],
            }
            for number in sorted(items)
        ],
    }


def _covered_asked(invoice: Invoice) -> Question:
    """Return the question for the seconds that periods cover, each piece with its ticket or task."""
    length = Charge.to_second - Charge.from_second
    item = WorkItem
    return (
        select(Charge.holder_id.label("period_id"), item.number, item.kind, item.title, length.label("seconds"))
        .join(TimeEntry, TimeEntry.id == Charge.time_entry_id)
        .join(item, item.id == TimeEntry.work_item_id)
        .where(
            Charge.holder_kind == "retainer_period",
            Charge.holder_id.in_(_ids_of_periods(invoice)),
            Charge.released_at.is_(None),
        )
    )


def _burned_asked(invoice: Invoice) -> Question:
    """Return the question for what periods drew or left as overage, each piece with when the work began."""
    return (
        select(LedgerRow.period_id, LedgerRow.kind, LedgerRow.seconds, TimeEntry.started_at)
        .join(TimeEntry, TimeEntry.id == LedgerRow.time_entry_id)
        .where(LedgerRow.period_id.in_(_ids_of_periods(invoice)), LedgerRow.kind.in_(("draw", "overage")))
    )


def _ids_of_periods(invoice: Invoice) -> Select[int]:
    return periods_asked(invoice).order_by(None).with_only_columns(RetainerPeriod.id, maintain_column_froms=True)


def _burned_by_day(rows: Iterable[Any], month: Month, zone: ZoneInfo) -> list[int]:
    """Return the burn of each day of the month, by the day on which the work began; late time is on the first."""
    days = [0] * month.days
    for row in rows:
        day = local_day(row.started_at, zone)
        days[day.day - 1 if Month.of(day) == month else 0] += -row.seconds if row.kind == "draw" else row.seconds
    return days
