"""What the month-end page shows, from top to bottom (docs/billing.md "Month-end close")."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.company import service as company
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import Actor
from helpdesk.infra.web import amount_filter, money_filter
from helpdesk.invoicing import queries, readiness, service
from helpdesk.invoicing.domain.comparison import Change, Compared, Figure, compare
from helpdesk.invoicing.drafts import expense_lines, selection
from helpdesk.invoicing.models import CloseRun, CloseStep, Invoice, InvoiceLine
from helpdesk.invoicing.printing import printed
from helpdesk.invoicing.words import month_label, reason_text
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.periods import Month, local_day
from helpdesk.projects.models import Project, WorkItem
from helpdesk.tickets.models import TicketDetails
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as timekeeping

Page = dict[str, Any]
SAID_CHANGES = 3
UNSAID_REASONS = {"not_billable", "no_charge"}


def close_page(session: Session, *, actor: Actor, month: Month, now: datetime) -> Page:
    """Return the whole page: what is missing, the run, the drafts against the month before, and what can be issued."""
    house = company.get_company(session)
    ends_at = month.instants(ZoneInfo(house.time_zone))[1]
    run, drafts = _run(session, month), _drafts(session, month)
    timers, unapproved = _timers(session, ends_at), _unapproved(session, actor, ends_at, own_too=house.self_approval)
    missing, unresolved = _missing_rates(session, month, ends_at), _unresolved(session, ends_at)
    spent = _unapproved_expenses(session, month)
    lacking = readiness.missing_of_month(
        session, actor=actor, month=month, today=local_day(now, ZoneInfo(house.time_zone))
    )
    ready = sum(draft["issuable"] for draft in drafts)
    numbers = service.next_numbers(session, now=now, count=max(ready, 1))
    failed = len(run["failed"]) if run else 0
    return {
        "month": _stepper(month, is_over=now >= ends_at),
        "sums": {
            "drafts": _totals(draft for draft in drafts if draft["issuable"]),
            "drafted": len(drafts),
            "clients": run["total"] if run else _client_count(session),
            "issued": sum(not draft["issuable"] for draft in drafts),
            "needs_you": sum(map(bool, (timers, unapproved, missing, unresolved, spent, lacking))) + failed,
        },
        "timers": timers,
        "unapproved": unapproved,
        "missing_rates": missing,
        "unresolved": unresolved,
        "expenses": spent,
        "lacking": lacking,
        "run": run,
        "drafts": drafts,
        "lock": _lock(session, month),
        "ready": {"count": ready, "first_number": numbers[0], "last_number": numbers[-1]},
    }


def _stepper(month: Month, *, is_over: bool) -> Page:
    return {
        "key": str(month),
        "label": month_label(month),
        "previous_label": month_label(month.previous),
        "before_url": url_for("invoicing.close", month=str(month.previous)),
        "after_url": url_for("invoicing.close", month=str(month.next)),
        "over": is_over,
    }


def _lock(session: Session, month: Month) -> Page:
    """Return until when time is locked, and whether that covers the month: the close offers it and does not do it."""
    through = timekeeping.locked_through(session)
    return {
        "through": through,
        "last_day": month.last_day.isoformat(),
        "done": through is not None and through >= month.last_day,
    }


def _client_count(session: Session) -> int:
    query = select(func.count(Client.id)).where(Client.is_internal.is_(False), Client.archived_at.is_(None))
    return session.scalar(query) or 0


def _timers(session: Session, ends_at: datetime) -> list[Page]:
    query = timekeeping.with_work().where(
        TimeEntry.ended_at.is_(None), TimeEntry.started_at < ends_at, Client.is_internal.is_(False)
    )
    return [
        {
            "person_name": entry.person.name,
            "number": entry.work_item.number,
            "title": entry.work_item.title,
            "started_at": entry.started_at,
        }
        for entry in session.scalars(query.order_by(TimeEntry.started_at))
    ]


def _unapproved(session: Session, actor: Actor, ends_at: datetime, *, own_too: bool) -> list[Page]:
    """Return by person the time that nobody has approved; ``ids`` are those that the actor can approve now."""
    query = timekeeping.with_work().where(
        TimeEntry.status.in_(("draft", "submitted")),
        TimeEntry.ended_at.is_not(None),
        TimeEntry.started_at < ends_at,
        Client.is_internal.is_(False),
    )
    by_person: dict[int, list[TimeEntry]] = defaultdict(list)
    for entry in session.scalars(query.order_by(TimeEntry.started_at)):
        by_person[entry.person_id].append(entry)
    people = sorted(by_person.values(), key=lambda entries: entries[0].person.name)
    return [_of_person(entries, approves=own_too or entries[0].person_id != actor.person_id) for entries in people]


def _of_person(entries: Sequence[TimeEntry], *, approves: bool) -> Page:
    names = sorted({timekeeping.client_of(entry).name for entry in entries})
    return {
        "person_id": entries[0].person_id,
        "person_name": entries[0].person.name,
        "client_names": ", ".join(names),
        "count": len(entries),
        "worked_seconds": sum(timekeeping.worked_of(entry).seconds for entry in entries),
        "ids": [entry.id for entry in entries if entry.status == "submitted" and approves],
    }


def _missing_rates(session: Session, month: Month, ends_at: datetime) -> list[Page]:
    """Return what approved time lacks a price, by person, work type and client; covered time needs none."""
    query = (
        select(Client)
        .join(Project, Project.client_id == Client.id)
        .join(WorkItem, WorkItem.project_id == Project.id)
        .join(TimeEntry, TimeEntry.work_item_id == WorkItem.id)
        .where(
            Client.is_internal.is_(False),
            TimeEntry.billable == "billable",
            TimeEntry.status.in_(charging.APPROVED),
            TimeEntry.rate_minor.is_(None),
            TimeEntry.started_at < ends_at,
        )
        .distinct()
    )
    rows: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    found: dict[str, Client] = {}
    for client in session.scalars(query.order_by(Client.name)):
        found[client.name] = client
        for row in selection.left_out(session, client=client, month=month):
            if row["reason"] == "rate_missing":
                rows[(str(row["person"]), str(row["work_type"]), client.name)].append(row)
    return [
        {
            "person_name": person,
            "work_type_name": work_type,
            "client_name": client_name,
            "billable_seconds": sum(row["seconds"] for row in of_group),
            "rate_url": _rate_form(found[client_name], of_group),
        }
        for (person, work_type, client_name), of_group in sorted(rows.items(), key=lambda each: each[0])
    ]


def _rate_form(client: Client, rows: Sequence[dict[str, Any]]) -> str:
    """Return the address of the form for a rate, filled in so that it prices this time from its first day on."""
    values: dict[str, Any] = {
        "client": client.id,
        "person": rows[0]["person_id"],
        "currency": client.currency,
        "from": min(row["day"] for row in rows),
    }
    return url_for("rates.index", **values, _anchor="add")


def _unresolved(session: Session, ends_at: datetime) -> list[Page]:
    """Return the tickets in Triage on which somebody has worked: nobody knows whom to bill."""
    worked = (
        select(TimeEntry.work_item_id)
        .where(TimeEntry.started_at < ends_at, TimeEntry.billable != "not_billable")
        .distinct()
    )
    query = (
        select(WorkItem, TicketDetails)
        .join(WorkItem.project)
        .outerjoin(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .options(joinedload(TicketDetails.requester))
        .where(Project.is_triage.is_(True), WorkItem.id.in_(worked))
        .order_by(WorkItem.number)
    )
    return [
        {"number": item.number, "title": item.title, "sender": details.requester.email if details else ""}
        for item, details in session.execute(query)
    ]


def _unapproved_expenses(session: Session, month: Month) -> list[Page]:
    """Return by person the expenses up to the end of the month that nobody has approved."""
    by_person: dict[str, dict[str, int]] = defaultdict(dict)
    for name, status, count in expense_lines.unapproved(session, month=month):
        by_person[name][status] = count
    return [
        {
            "person_name": name,
            "count": sum(counts.values()),
            "said": ", ".join(f"{count} {reason_text(status)}" for status, count in counts.items()),
        }
        for name, counts in by_person.items()
    ]


def _run(session: Session, month: Month) -> Page | None:
    query = select(CloseRun).where(CloseRun.month == month.first_day)
    run = session.scalar(query.options(selectinload(CloseRun.steps).joinedload(CloseStep.client)))
    if run is None:
        return None
    starter = session.get(Person, run.started_by_id) if run.started_by_id is not None else None
    failed = [step for step in run.steps if step.state == "failed"]
    return {
        "started_at": run.started_at,
        "started_by": starter.name if starter else "Helpdesk",
        "done": sum(step.state not in {"waiting", "failed"} for step in run.steps),
        "total": len(run.steps),
        "failed": [{"client_name": step.client.name, "error": step.error} for step in failed],
    }


def _drafts(session: Session, month: Month) -> list[Page]:
    before: dict[int, list[Invoice]] = defaultdict(list)
    for invoice in queries.of_month(session, month=month.previous):
        before[invoice.client_id].append(invoice)
    return [
        _review(
            invoice,
            before.get(invoice.client_id, []),
            _left_out(session, invoice, month),
            expense_lines.left_out(session, client=invoice.client, month=month) if invoice.status == "draft" else [],
        )
        for invoice in queries.of_month(session, month=month)
    ]


def _left_out(session: Session, invoice: Invoice, month: Month) -> list[dict[str, Any]]:
    """Return what is not on a draft as things are now; an issued invoice is past that question."""
    return selection.left_out(session, client=invoice.client, month=month) if invoice.status == "draft" else []


def _review(
    invoice: Invoice,
    before: Sequence[Invoice],
    left_out: Iterable[dict[str, Any]],
    spent: Iterable[dict[str, Any]],
) -> Page:
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
        "left_out": ", ".join(filter(None, (_said_left_out(left_out), _said_expenses(spent)))),
        "lines": [_change(each) for each in changes],
        "issuable": invoice.status == "draft",
    }


def _change(each: Compared) -> Page:
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
    note = f"{hours} × {printed.number_text(line.unit_price)}"
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


def _said_expenses(rows: Iterable[dict[str, Any]]) -> str:
    """Return how many expenses are left out and why: ``2 expenses: waits for approval``."""
    counts = Counter(str(row["reason"]) for row in rows if row["reason"] not in UNSAID_REASONS)
    return ", ".join(
        ngettext("%(num)s expense: %(why)s", "%(num)s expenses: %(why)s", count, why=reason_text(reason))
        for reason, count in counts.items()
    )


def _totals(drafts: Iterable[Page]) -> list[str]:
    minor: dict[str, int] = defaultdict(int)
    for draft in drafts:
        minor[draft["currency"]] += draft["total_minor"]
    return [money_filter(amount, currency) for currency, amount in sorted(minor.items())]
