"""A draft of chosen days of a client, of what is chosen to be taken (docs/billing.md rule 16)."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.lines import LineKind
from helpdesk.invoicing.drafts import month as month_draft
from helpdesk.invoicing.drafts import selection
from helpdesk.invoicing.drafts.span import Span
from helpdesk.invoicing.models import HOLDER, Invoice, InvoiceLine
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import local_day
from helpdesk.projects.models import Project, WorkItem
from helpdesk.timekeeping.models import Charge, TimeEntry
from helpdesk.timekeeping.service import history

TAKES = ("time", "expenses", "overage", "fees", "blocks", "fixed_fees")
"""What a draft of chosen days can take: hourly time, expenses, overage, fees and blocks of retainers, fixed fees."""


@dataclass(frozen=True)
class DaysWish:
    """What is to be drafted: for whom, of which days, and which of ``TAKES``."""

    client_id: int
    span: Span
    takes: frozenset[str]


def draft_days(session: Session, *, actor: Actor, now: datetime, wish: DaysWish, key: str) -> Invoice:
    """Draft what a client owes for chosen days of its zone, and hold what is behind it; a repeat of ``key`` returns it.

    Months of a retainer that are not closed stay out: what they cover, and their overage, are not known before.

    Raises:
        NotFound: no such client, or the actor may not bill it.
        RuleViolation: it is our own company, a day is still to come, nothing was chosen, or nothing of it is free: then
            the drafts that hold time of these days are named.
        Conflict: the key was used for another client.
    """
    client = month_draft.lock_client(session, actor, wish.client_id)
    existing = queries.find_live(session, key=f"days:{key}")
    if existing is not None:
        if existing.client_id == client.id:
            return existing
        message = f"This page drafted for {existing.client.name} already. Open it again."
        raise Conflict(message)
    _refuse(client, wish, now)
    month_draft.lock_agreements(session, client)
    if "time" in wish.takes:
        settled = month_draft.rounded_groups(session, client, wish.span)
        history.settle_rounding(session, actor=actor, now=now, settled=settled)
        session.flush()
    chosen = _chosen(selection.select_for(session, client=client, month=wish.span), wish.takes)
    if chosen.is_empty:
        raise RuleViolation(_nothing(session, client, wish.span))
    invoice = month_draft.write(session, client=client, chosen=chosen, key=f"days:{key}", month=wish.span, now=now)
    audit.record(
        session,
        actor=actor,
        action="drafted",
        kind="invoice",
        object_id=invoice.id,
        now=now,
        first_day=wish.span.first_day.isoformat(),
        last_day=wish.span.last_day.isoformat(),
        takes=sorted(wish.takes),
        lines=len(invoice.lines),
    )
    return invoice


def held_by_drafts(
    session: Session, *, client: Client, span: Span, but_for: int | None = None
) -> list[tuple[int, int]]:
    """Return the other drafts that hold time of these days, each with how many seconds of it."""
    begins, ends = span.instants(ZoneInfo(client.time_zone))
    query = (
        select(InvoiceLine.invoice_id, func.sum(Charge.to_second - Charge.from_second))
        .join(InvoiceLine, InvoiceLine.id == Charge.holder_id)
        .join(TimeEntry, TimeEntry.id == Charge.time_entry_id)
        .join(WorkItem, WorkItem.id == TimeEntry.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .where(
            Charge.holder_kind == HOLDER,
            Charge.state == "held",
            Project.client_id == client.id,
            TimeEntry.started_at >= begins,
            TimeEntry.started_at < ends,
        )
        .group_by(InvoiceLine.invoice_id)
        .order_by(InvoiceLine.invoice_id)
    )
    return [(invoice_id, int(seconds)) for invoice_id, seconds in session.execute(query) if invoice_id != but_for]


def _refuse(client: Client, wish: DaysWish, now: datetime) -> None:
    today = local_day(now, ZoneInfo(client.time_zone))
    if wish.span.last_day > today:
        message = f"{wish.span.last_day} is still to come in {client.time_zone}; today is {today} there."
        raise RuleViolation(message, field="last_day")
    if not wish.takes.intersection(TAKES):
        message = "Choose what the draft is to take."
        raise RuleViolation(message, field="takes")


def _chosen(found: selection.Selection, takes: frozenset[str]) -> selection.Selection:
    kinds = {kind for kind, name in ((LineKind.TIME, "time"), (LineKind.OVERAGE, "overage")) if name in takes}
    return replace(
        found,
        priced=[each for each in found.priced if each.kind in kinds],
        no_charge=found.no_charge if "time" in takes else [],
        fees=found.fees if "fees" in takes else [],
        expenses=found.expenses if "expenses" in takes else [],
        fixed=found.fixed if "fixed_fees" in takes else [],
        blocks=found.blocks if "blocks" in takes else [],
    )


def _nothing(session: Session, client: Client, span: Span) -> str:
    held = [
        f"{format_hm(seconds)} on the draft invoice {invoice_id}"
        for invoice_id, seconds in held_by_drafts(session, client=client, span=span)
    ]
    where = f": {', '.join(held)}" if held else ""
    return f"Nothing of {client.name} from {span.first_day} to {span.last_day} is free to be billed{where}."
