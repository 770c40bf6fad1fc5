"""The drafts of a month against the month before: what each comes to, its lines, and what it leaves out (rule 16)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.web import amount_filter
from helpdesk.invoicing.domain.comparison import Change, Compared, Figure, compare
from helpdesk.invoicing.drafts import expense_lines, selection
from helpdesk.invoicing.drafts.selection import Facts
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.invoicing.printing import printed_lines
from helpdesk.invoicing.words import reason_text
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.periods import Month

Row = dict[str, Any]
SAID_CHANGES = 3
UNSAID_REASONS = {"not_billable", "no_charge"}


def review(
    session: Session, *, month: Month, invoices: Sequence[Invoice], before: Iterable[Invoice], facts: Facts
) -> list[Row]:
    """Return ``invoices``, which close ``month``, each with its lines against those of the month ``before``.

    What a draft leaves out is as things are now; an issued invoice is past that question.
    """
    last: dict[int, list[Invoice]] = defaultdict(list)
    for invoice in before:
        last[invoice.client_id].append(invoice)
    drafted = {invoice.client_id: invoice.client for invoice in invoices if invoice.status == "draft"}
    spent = expense_lines.reasons_of(session, month=month)
    said = {
        client.id: _left_out(
            selection.left_out(session, client=client, month=month, facts=facts), spent.get(client.id, [])
        )
        for client in drafted.values()
    }
    return [
        _review(
            invoice,
            last.get(invoice.client_id, []),
            said[invoice.client_id] if invoice.status == "draft" else "",
        )
        for invoice in invoices
    ]


def _left_out(worked: Iterable[Row], expenses: Iterable[str]) -> str:
    time, spent = _said_left_out(worked), _said_expenses(expenses)
    return ", ".join(filter(None, (time, spent)))


def _review(invoice: Invoice, before: Sequence[Invoice], left_out: str) -> Row:
    previous = [each for each in before if each.currency == invoice.currency]
    changes = compare([figure for each in previous for figure in _figures(each)], _figures(invoice))
    previous_minor = sum(each.total_minor for each in previous) if previous else None
    return {
        "invoice_id": invoice.id,
        "version": invoice.version,
        "client_name": invoice.client.name,
        "status": invoice.status,
        "previous_minor": previous_minor,
        "total_minor": invoice.total_minor,
        "currency": invoice.currency,
        "change_minor": None if previous_minor is None else invoice.total_minor - previous_minor,
        "why": _said(changes, invoice.currency) if previous else _("First invoice"),
        "left_out": left_out,
        "lines": [_change(each) for each in changes],
        "issuable": invoice.status == "draft",
    }


def _change(each: Compared) -> Row:
    return {
        "kind": each.change.value,
        "text": each.label,
        "detail": each.note,
        "before_minor": each.before_minor,
        "after_minor": each.after_minor,
    }


def _figures(invoice: Invoice) -> list[Figure]:
    return [_figure(line) for line in invoice.lines]


def _figure(line: InvoiceLine) -> Figure:
    if line.kind == "retainer_fee":
        return Figure(f"fee:{line.agreement_id}", line.description, "", line.amount_minor)
    if line.kind == "expense":
        return Figure("expenses", _("Expenses"), line.description, line.amount_minor)
    if line.kind not in {"overage", "time"}:
        return Figure(f"{line.kind}:{line.description}", line.description, line.detail, line.amount_minor)
    hours = format_hm(int(Decimal(line.minutes or 0) * 60))
    note = f"{hours} × {printed_lines.number_text(line.unit_price)}"
    if line.kind == "overage":
        return Figure("overage", _("Over the allowance"), note, line.amount_minor)
    if line.work_item is None:
        return _figure_of_group(line, note)
    return Figure(f"item:{line.work_item_id}", f"#{line.work_item.number} {line.description}", note, line.amount_minor)


def _figure_of_group(line: InvoiceLine, note: str) -> Figure:
    """Compare time by project, person and so on with its like; days are other ones each month, and go together."""
    if line.invoice.group_by == "day":
        return Figure("time", _("Time"), note, line.amount_minor)
    return Figure(f"time:{line.description}", line.description, note, line.amount_minor)


def _said(changes: Sequence[Compared], currency: str) -> str:
    """Return the largest changes in a few words: ``Over the allowance +420.00, …``."""
    moved = [each for each in changes if each.change is not Change.SAME]
    if not moved:
        return _("Same as last month")
    largest = sorted(moved, key=lambda each: -abs(_moved_by(each)))[:SAID_CHANGES]
    return ", ".join(f"{each.label} {_signed(_moved_by(each), currency)}" for each in largest)


def _moved_by(each: Compared) -> int:
    return (each.after_minor or 0) - (each.before_minor or 0)


def _signed(amount_minor: int, currency: str) -> str:
    return f"{'+' if amount_minor > 0 else ''}{amount_filter(amount_minor, currency)}"


def _said_left_out(rows: Iterable[dict[str, Any]]) -> str:
    seconds: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["reason"] not in UNSAID_REASONS:
            seconds[row["reason"]] += row["seconds"]
    return ", ".join(f"{format_hm(length)} {reason_text(reason)}" for reason, length in seconds.items())


def _said_expenses(reasons: Iterable[str]) -> str:
    """Return how many expenses are left out and why: ``2 expenses: waits for approval``."""
    counts = Counter(reason for reason in reasons if reason not in UNSAID_REASONS)
    return ", ".join(
        ngettext("%(num)s expense: %(why)s", "%(num)s expenses: %(why)s", count, why=reason_text(reason))
        for reason, count in counts.items()
    )
