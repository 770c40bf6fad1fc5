"""The draft of a month: what it takes, its lines, and the time that it holds (docs/billing.md rules 16 to 18)."""

from collections import defaultdict
from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.clients.queries import tax_mode_of
from helpdesk.infra import audit
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries, taxing
from helpdesk.invoicing.domain.drafting import DraftLine, detail_of, draft_lines, fee_description
from helpdesk.invoicing.domain.lines import LineKind
from helpdesk.invoicing.drafts import block_lines, expense_lines, fixed_lines, selection
from helpdesk.invoicing.drafts.span import Days, since
from helpdesk.invoicing.models import HOLDER, Invoice, InvoiceLine
from helpdesk.invoicing.printing import templates
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money, format_price
from helpdesk.kernel.periods import Month
from helpdesk.projects import fees as fixed_fees
from helpdesk.rates.domain import RoundingScope
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.rates.service import policy_of
from helpdesk.retainers import queries as retainers
from helpdesk.retainers.domain.work import WorkEntry, billable_seconds
from helpdesk.retainers.models import Agreement
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.service import history


def draft_month(session: Session, *, actor: Actor, now: datetime, client_id: int, month: Month) -> Invoice | None:
    """Draft what the client owes up to the end of ``month`` in its zone, and hold the time and the expenses behind it.

    Takes the retainer fees that are due, overage of closed periods, hourly time at the rate that each entry was
    approved with, and expenses at what they were approved with; shows work at no charge (rules 3, 16). A repeat
    returns the invoice that is there already, whatever was approved since; None where there is nothing to bill.

    Raises:
        NotFound: no such client, or the actor may not bill it.
        RuleViolation: the client is our own company, or a retainer month up to ``month`` is still open.
        Conflict: another invoice was faster to take the time; it is named.
    """
    client = lock_client(session, actor, client_id)
    key = f"close:{client.id}:{month}"
    existing = queries.find_live(session, key=key)
    if existing is not None:
        return existing
    lock_agreements(session, client)
    _refuse_open_periods(session, client, month)
    history.settle_rounding(session, actor=actor, now=now, settled=rounded_groups(session, client, month))
    session.flush()
    chosen = selection.select_for(session, client=client, month=month)
    if chosen.is_empty:
        return None
    invoice = write(session, client=client, chosen=chosen, key=key, month=month, now=now)
    audit.record(
        session,
        actor=actor,
        action="drafted",
        kind="invoice",
        object_id=invoice.id,
        now=now,
        month=str(month),
        lines=len(invoice.lines),
    )
    return invoice


def write(
    session: Session, *, client: Client, chosen: selection.Selection, key: str, month: Days, now: datetime
) -> Invoice:
    """Add the draft with its lines, and let each line hold the seconds or the expense behind it."""
    group_by, mode = templates.grouping_of(session, client), tax_mode_of(session, client)
    drafts = draft_lines(
        [*chosen.priced, *chosen.no_charge],
        currency=client.currency,
        group_by=group_by,
        language=letter_language(client.language),
    )
    fees = [_fee_line(fee, client) for fee in chosen.fees]
    times = [time_line(line, client, client.currency) for line in drafts]
    spent = [expense_lines.line_of(expense, client, mode) for expense in chosen.expenses]
    invoice = Invoice(
        client=client,
        idempotency_key=key,
        month=month.first_day if isinstance(month, Month) else None,
        first_day=since(month),
        last_day=None if isinstance(month, Month) else month.last_day,
        currency=client.currency,
        group_by=group_by.value,
        tax_per_line=mode.per_line,
        prices_include_tax=mode.included,
        created_at=now,
    )
    if chosen.fixed:
        fixed_fees.hold(session, [fee.id for fee in chosen.fixed])
    fixed = [fixed_lines.line_of(fee, client) for fee in chosen.fixed]
    bought = [block_lines.line_of(block, client) for block in chosen.blocks]
    for position, line in enumerate([*fees, *bought, *fixed, *times, *spent], start=1):
        line.position = position
        invoice.lines.append(line)
    add_up(invoice)
    session.add(invoice)
    session.flush()
    held = [((HOLDER, line.id), ranges_of(drafted)) for line, drafted in zip(times, drafts, strict=True)]
    charging.hold_each(session, now=now, held=held)
    for line, expense in zip(spent, chosen.expenses, strict=True):
        expense_lines.hold(session, now=now, line=line, expense=expense)
    return invoice


def lock_client(session: Session, actor: Actor, client_id: int) -> Client:
    """Return the client whom nobody else bills meanwhile.

    Raises:
        NotFound: no such client, or the actor may not bill it.
        RuleViolation: it is our own company.
    """
    client = queries.lock_client(session, actor=actor, client_id=client_id)
    if client.is_internal:
        message = f"{client.name} is our own company; nobody is invoiced for it."
        raise RuleViolation(message)
    return client


def lock_agreements(session: Session, client: Client) -> None:
    """Lock what the fees and periods hang on, so that nobody bills or reopens them meanwhile."""
    query = select(Agreement.id).where(Agreement.client_id == client.id).order_by(Agreement.id)
    session.execute(query.with_for_update()).all()


def _refuse_open_periods(session: Session, client: Client, month: Month) -> None:
    due = retainers.periods_to_close(session, client_id=client.id, month=month)
    if due:
        message = f"{due[0][1]} of a retainer of {client.name} is not closed yet; its overage is not known before."
        raise RuleViolation(message)


def rounded_groups(session: Session, client: Client, month: Days) -> list[tuple[TimeEntry, int]]:
    """Return the entries billed by the hour with the one rounding of their day or ticket (docs/billing.md rule 10).

    The first charge fixes it: what is approved later is a group of its own.
    """
    groups: dict[int, list[TimeEntry]] = defaultdict(list)
    for entry in selection.hourly_groups(session, client=client, month=month):
        if entry.rounding_policy_id is not None:
            groups[entry.rounding_policy_id].append(entry)
    settled: list[tuple[TimeEntry, int]] = []
    for policy_id, entries in groups.items():
        policy = policy_of(session.get(RoundingPolicyRow, policy_id))
        if policy.scope is not RoundingScope.ENTRY:
            seconds = billable_seconds([_work_entry(entry) for entry in entries], policy, ZoneInfo(client.time_zone))
            settled += [(entry, seconds[entry.uuid]) for entry in entries]
    return settled


def _work_entry(entry: TimeEntry) -> WorkEntry:
    return WorkEntry(
        uuid=entry.uuid,
        started_at=entry.started_at,
        ended_at=entry.ended_at or entry.started_at,
        person=str(entry.person_id),
        ticket=str(entry.work_item_id),
    )


def _fee_line(fee: retainers.FeeDue, client: Client) -> InvoiceLine:
    amount = Money(fee.fee_minor, client.currency)
    return InvoiceLine(
        kind=LineKind.RETAINER_FEE.value,
        description=fee_description(fee.name, fee.month, letter_language(client.language)),
        detail=format_hm(fee.allowance_seconds),
        minutes=None,
        unit_price=str(amount),
        amount_minor=amount.minor,
        **asdict(taxing.of_client(client)),
        agreement_id=fee.agreement_id,
        fee_month=fee.month.first_day,
    )


def time_line(line: DraftLine, client: Client, currency: str) -> InvoiceLine:
    """Return the line of an invoice in that currency for time that shares one."""
    return InvoiceLine(
        kind=line.kind.value,
        description=line.description,
        detail=detail_of(line.pieces, letter_language(client.language)),
        minutes=f"{line.minutes:f}",
        unit_price=format_price(line.unit_price, currency),
        amount_minor=line.amount.minor,
        **asdict(taxing.of_client(client)),
        work_item_id=line.item.id if line.item else None,
        retainer_period_id=line.period_id,
    )


def ranges_of(line: DraftLine) -> list[ChargeRange]:
    """Return the seconds that a line of time is to hold."""
    kind = "overage" if line.kind is LineKind.OVERAGE else "hourly"
    return [
        ChargeRange(piece.entry_id, piece.from_second, piece.to_second, piece.burn_seconds, kind)
        for piece in line.pieces
        if piece.is_charged
    ]


def add_up(invoice: Invoice) -> None:
    """Write down what the invoice comes to."""
    totals = taxing.totals_of(invoice)
    invoice.net_minor, invoice.tax_minor, invoice.total_minor = totals.net.minor, totals.tax.minor, totals.total.minor
