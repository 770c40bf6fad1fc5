"""What of a client's time and fees goes on an invoice, and what is left out and why (docs/billing.md rule 16)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from helpdesk.clients.models import Client
from helpdesk.expenses.models import Expense
from helpdesk.invoicing.domain.drafting import NOTHING, BilledItem, Named, Priced
from helpdesk.invoicing.domain.lines import LineKind
from helpdesk.invoicing.drafts import block_lines, expense_lines, fixed_lines
from helpdesk.invoicing.drafts.span import Days, Span, since
from helpdesk.invoicing.models import ENDED, HOLDER, Invoice, InvoiceLine
from helpdesk.kernel.durations import free_ranges
from helpdesk.kernel.money import exponent_of
from helpdesk.kernel.periods import Month, local_day
from helpdesk.projects.models import FixedFee, Project, WorkItem
from helpdesk.retainers import queries as retainers
from helpdesk.retainers import settled
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.domain.terms import OverageBasis
from helpdesk.retainers.models import RetainerPeriod, TopUp
from helpdesk.retainers.settled import OverageRange, Range, Settled
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.models import Charge, TimeEntry
from helpdesk.timekeeping.queries import entries as timekeeping

Live = aliased(Charge, name="live")


@dataclass(frozen=True)
class Facts:
    """What decides about the time of some clients up to the end of a month, read for all of them at once.

    ``entries`` by client have something left to bill or to explain; ``live`` are by entry the seconds of them that
    charges hold.
    """

    entries: Mapping[int, Sequence[TimeEntry]]
    settled: Settled
    live: Mapping[int, list[Range]]

    def overage(self, client: Client, month: Days) -> list[OverageRange]:
        """Return what closed months left as overage and nothing holds yet."""
        return self.settled.open_overage(client.id, until=month.last_day)


@dataclass(frozen=True)
class Selection:
    """What a draft takes: seconds with their prices, work shown at no charge, fees and blocks, expenses."""

    priced: list[Priced]
    no_charge: list[Priced]
    fees: list[retainers.FeeDue]
    expenses: list[Expense]
    fixed: list[FixedFee]
    blocks: list[TopUp]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to bill."""
        return not (self.priced or self.fees or self.expenses or self.fixed or self.blocks)


def select_for(session: Session, *, client: Client, month: Days) -> Selection:
    """Return everything that can be billed to ``client`` up to the end of ``month`` in its zone.

    Overage comes from closed periods alone, hourly time is what no charge and no closed period holds, and both
    count only with a price in the client's currency. Time that waits for a retainer's next month is not hourly.
    """
    facts = facts_of(session, clients=[client], month=month)
    entries = facts.entries.get(client.id, ())
    billable = [
        entry
        for entry in entries
        if entry.billable == "billable" and _is_approved(entry) and not _is_of_fixed_fee(entry)
    ]
    return Selection(
        priced=[
            *(each for each in _overage(session, client, month, facts) if each.worked_on >= (since(month) or date.min)),
            *_hourly(client, billable, facts),
        ],
        no_charge=[_shown(entry, client) for entry in entries if _is_shown(entry, client, month)],
        fees=fees_to_bill(session, client_id=client.id, month=month),
        expenses=expense_lines.due(session, client=client, month=month),
        fixed=fixed_lines.due(session, client=client, month=month),
        blocks=block_lines.due(session, client=client, month=month),
    )


def facts_of(session: Session, *, clients: Sequence[Client], month: Days, found: Settled | None = None) -> Facts:
    """Return the facts about the time of these clients: two queries for any number of them.

    ``found``, what was settled of these clients or more, was read before.
    """
    live = _open_entries(session, clients, month)
    entries: dict[int, list[TimeEntry]] = defaultdict(list)
    for entry in live:
        entries[entry.work_item.project.client_id].append(entry)
    return Facts(
        entries,
        found or settled.settled_of(session, [client.id for client in clients]),
        {entry.id: ranges for entry, ranges in live.items()},
    )


def left_out(session: Session, *, client: Client, month: Days, facts: Facts | None = None) -> list[dict[str, object]]:
    """Return what of the client's time up to the end of ``month`` is on no invoice, by start, as plain JSON.

    Each has ``reason`` (running, draft, submitted, rejected, not_billable, no_charge, rate_missing, other_currency,
    fixed_fee: its project has one, next_period: late for its retainer month, or approved_later: after the draft was
    made), ``entry_id``, ``item_number``, ``title``, ``person``, ``person_id``, ``work_type``, ``work_type_id``,
    ``day`` and ``seconds`` (billable ones where approved, else worked). ``facts`` were read before.
    """
    facts = facts or facts_of(session, clients=[client], month=month)
    entries = facts.entries.get(client.id, ())
    approved = [entry for entry in entries if entry.billable == "billable" and _is_approved(entry)]
    found = {
        **dict.fromkeys(_waiting_for_retainer(client, approved, facts.settled), "next_period"),
        **{entry.id: _why_not_hourly(entry, client) for entry, _ in _unsettled(client, approved, facts)},
        **{
            each.time_entry_id: "rate_missing" if each.price_minor is None else "approved_later"
            for each in facts.overage(client, month)
        },
    }
    return [
        _left(entry, reason, client) for entry in entries if (reason := _why_not_approved(entry) or found.get(entry.id))
    ]


def fees_to_bill(session: Session, *, client_id: int, month: Days) -> list[retainers.FeeDue]:
    """Return the fees that are due with ``month`` and on no live invoice yet, or were credited there.

    A fee of which an amount was taken back, all of it even, stays billed (rule 17).
    """
    credit_line = aliased(InvoiceLine)
    is_credited = exists().where(credit_line.credits_id == InvoiceLine.id, credit_line.releases)
    billed = {
        (agreement_id, Month.of(fee_month))
        for agreement_id, fee_month in session.execute(
            select(InvoiceLine.agreement_id, InvoiceLine.fee_month)
            .join(InvoiceLine.invoice)
            .where(
                Invoice.client_id == client_id,
                Invoice.kind == "invoice",
                Invoice.status.not_in(("void", "dropped")),
                InvoiceLine.kind == LineKind.RETAINER_FEE,
                ~is_credited,
            )
        )
        if fee_month is not None
    }
    begins = since(month)
    due = retainers.fees_due(session, client_id=client_id, month=month.closing if isinstance(month, Span) else month)
    return [
        fee
        for fee in due
        if (fee.agreement_id, fee.month) not in billed and (begins is None or fee.month.last_day >= begins)
    ]


def hourly_groups(session: Session, *, client: Client, month: Days) -> list[TimeEntry]:
    """Return approved entries that nothing has charged or settled yet: their day or ticket can still be rounded.

    What a draft left for later, or a credit note took back, keeps the seconds of its first charge: others of its day
    or ticket are still billed with it (rule 10). Where the whole invoice is gone the group begins anew.
    """
    entries = [
        entry
        for entry in _open_entries(session, [client], month)
        if entry.billable == "billable" and entry.status == "approved" and not _is_of_fixed_fee(entry)
    ]
    found = settled.settled_of(session, [client.id])
    waiting, drawn = _waiting_for_retainer(client, entries, found), found.ranges(client.id)
    fixed = _rounded_before(session, client)
    return [entry for entry in entries if not (entry.id in waiting or entry.id in drawn or entry.id in fixed)]


def _rounded_before(session: Session, client: Client) -> set[int]:
    """Return the entries of which an invoice that still counts had a part, and let it go."""
    query = (
        select(Charge.time_entry_id)
        .join(Charge.entry)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .outerjoin(InvoiceLine, InvoiceLine.id == Charge.holder_id)
        .outerjoin(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(
            Project.client_id == client.id,
            Charge.holder_kind == HOLDER,
            Charge.released_at.is_not(None),
            or_(Invoice.id.is_(None), Invoice.status.not_in(ENDED)),
        )
    )
    return set(session.scalars(query))


def _open_entries(session: Session, clients: Iterable[Client], month: Days) -> dict[TimeEntry, list[Range]]:
    """Return the clients' entries that start before the month ends and have something left to bill or to explain.

    They come in the order of their start, each with its seconds that are charged.
    """
    by_zone: dict[str, list[int]] = defaultdict(list)
    for client in clients:
        by_zone[client.time_zone].append(client.id)
    held = (
        select(func.coalesce(func.sum(Charge.to_second - Charge.from_second), 0))
        .where(Charge.time_entry_id == TimeEntry.id, Charge.released_at.is_(None))
        .scalar_subquery()
    )
    query = timekeeping.with_work().outerjoin(Live, (Live.time_entry_id == TimeEntry.id) & Live.released_at.is_(None))
    query = query.where(
        or_(false(), *(_is_of(ids, ZoneInfo(zone), month) for zone, ids in by_zone.items())),
        TimeEntry.status != "reversed",
        (TimeEntry.billable_seconds.is_(None))
        | (TimeEntry.billable_seconds == 0)
        | (held < TimeEntry.billable_seconds),
    )
    query = query.order_by(TimeEntry.started_at, TimeEntry.uuid, Live.from_second)
    found: dict[TimeEntry, list[Range]] = defaultdict(list)
    for entry, low, high in session.execute(query.add_columns(Live.from_second, Live.to_second)):
        found[entry] += [] if low is None else [(low, high)]
    return found


def _is_of(client_ids: Collection[int], zone: ZoneInfo, month: Days) -> ColumnElement[bool]:
    """Return the condition for work of clients in one zone; that of earlier months only where it was to be billed."""
    begins, ends = month.instants(zone)
    was_to_be_billed = (TimeEntry.billable == "billable") & (Project.billing != "fixed_fee")
    is_of_month = TimeEntry.started_at >= begins
    of_days = is_of_month if since(month) is not None else was_to_be_billed | is_of_month
    return and_(Project.client_id.in_(client_ids), TimeEntry.started_at < ends, of_days)


def _overage(session: Session, client: Client, month: Days, facts: Facts) -> Iterator[Priced]:
    ranges = facts.overage(client, month)
    if not ranges:
        return
    entries = {each.id: each for each in timekeeping.entries_by_id(session, {each.time_entry_id for each in ranges})}
    weighted = weighted_periods(session, {each.period_id for each in ranges})
    for each in ranges:
        if each.price_minor is not None:
            seconds = each.burn_seconds if each.period_id in weighted else each.to_second - each.from_second
            yield priced_of(
                entries[each.time_entry_id],
                client,
                LineKind.OVERAGE,
                (each.from_second, each.to_second),
                _price(each.price_minor, client),
                burn_seconds=each.burn_seconds,
                quantity_seconds=seconds,
                period_id=each.period_id,
            )


def weighted_periods(session: Session, period_ids: set[int]) -> set[int]:
    """Return those of the periods whose overage is counted in burned seconds."""
    periods = session.scalars(select(RetainerPeriod).where(RetainerPeriod.id.in_(period_ids))).all()
    terms = {each.id: engine_agreement(each.agreement).terms_in(Month.of(each.month)) for each in periods}
    return {period_id for period_id, each in terms.items() if each.overage_basis is OverageBasis.WEIGHTED}


def _hourly(client: Client, entries: Sequence[TimeEntry], facts: Facts) -> Iterator[Priced]:
    for entry, ranges in _unsettled(client, entries, facts):
        if entry.rate_minor is not None and entry.rate_currency == client.currency:
            for low, high in ranges:
                yield priced_of(entry, client, LineKind.TIME, (low, high), _price(entry.rate_minor, client))


def _unsettled(client: Client, entries: Sequence[TimeEntry], facts: Facts) -> list[tuple[TimeEntry, list[Range]]]:
    """Return the entries that have billable seconds which no charge and no retainer holds, with these seconds."""
    drawn, waiting = facts.settled.ranges(client.id), _waiting_for_retainer(client, entries, facts.settled)
    ranges = {
        entry.id: free_ranges(entry.billable_seconds or 0, [*facts.live.get(entry.id, ()), *drawn.get(entry.id, ())])
        for entry in entries
        if entry.id not in waiting
    }
    return [(entry, ranges[entry.id]) for entry in entries if ranges.get(entry.id)]


def _waiting_for_retainer(client: Client, entries: Sequence[TimeEntry], facts: Settled) -> set[int]:
    """Return the entries that an agreement draws and has not wholly settled, while it still has months to close.

    They came late for a closed month and belong to the next open one (rule 12), or run on into a month that is open; an
    hourly line would bill what that month covers.
    """
    rows, closed = facts.agreements.get(client.id, ()), facts.closed
    if not rows:
        return set()
    drawn = facts.ranges(client.id)
    known = {row.id: engine_agreement(row) for row in rows}
    open_since = {
        row.id: max(closed[row.id]).instants(ZoneInfo(row.time_zone))[1] if closed.get(row.id) else None
        for row in rows
        if row.ends_on is None or Month.of(row.ends_on) not in closed.get(row.id, {})
    }
    found = set()
    for entry in entries:
        for row in (row for row in rows if row.id in open_since):
            day, begins = local_day(entry.started_at, ZoneInfo(row.time_zone)), open_since[row.id]
            is_whole = entry.id in drawn and (begins is None or (entry.ended_at or entry.started_at) <= begins)
            if not is_whole and row.id == retainers.narrowest(
                known, entry.work_item.project_id, entry.work_type_id, day
            ):
                found.add(entry.id)
    return found


def priced_of(
    entry: TimeEntry,
    client: Client,
    kind: LineKind,
    seconds: tuple[int, int],
    price: Decimal,
    *,
    burn_seconds: int | None = None,
    quantity_seconds: int | None = None,
    period_id: int | None = None,
    charge_id: int | None = None,
) -> Priced:
    """Return seconds of an entry at a price, with all that lines are grouped by."""
    length = seconds[1] - seconds[0]
    return Priced(
        entry_id=entry.id,
        item=item_of(entry.work_item),
        kind=kind,
        from_second=seconds[0],
        to_second=seconds[1],
        burn_seconds=length if burn_seconds is None else burn_seconds,
        quantity_seconds=length if quantity_seconds is None else quantity_seconds,
        price=price,
        worked_on=local_day(entry.started_at, ZoneInfo(client.time_zone)),
        person=entry.person.name,
        period_id=period_id,
        person_id=entry.person_id,
        project=Named(entry.work_item.project.name, entry.work_item.project_id),
        work_type=Named(entry.work_type.name, entry.work_type.id) if entry.work_type else NOTHING,
        charge_id=charge_id,
    )


def _price(price_minor: int, client: Client) -> Decimal:
    return Decimal(price_minor).scaleb(-exponent_of(client.currency))


def _shown(entry: TimeEntry, client: Client) -> Priced:
    """Return work at no charge: its worked seconds at a price of zero, nothing to hold (rule 3)."""
    worked = timekeeping.worked_of(entry).seconds
    return priced_of(entry, client, LineKind.TIME, (0, 0), Decimal(0), quantity_seconds=worked)


def _is_shown(entry: TimeEntry, client: Client, month: Days) -> bool:
    begins = month.instants(ZoneInfo(client.time_zone))[0]
    return entry.billable == "no_charge" and _is_approved(entry) and entry.started_at >= begins


def item_of(row: WorkItem) -> BilledItem:
    """Return the ticket or task as a line names it."""
    return BilledItem(row.id, row.number, row.title, row.kind == "ticket")


def _is_approved(entry: TimeEntry) -> bool:
    return entry.status in charging.APPROVED


def _why_not_approved(entry: TimeEntry) -> str | None:
    if entry.ended_at is None:
        return "running"
    if entry.billable != "billable":
        return entry.billable
    return None if _is_approved(entry) else entry.status


def _is_of_fixed_fee(entry: TimeEntry) -> bool:
    return entry.work_item.project.billing == "fixed_fee"


def _why_not_hourly(entry: TimeEntry, client: Client) -> str:
    if _is_of_fixed_fee(entry):
        return "fixed_fee"
    if entry.rate_minor is None:
        return "rate_missing"
    return "approved_later" if entry.rate_currency == client.currency else "other_currency"


def _left(entry: TimeEntry, reason: str, client: Client) -> dict[str, object]:
    seconds = entry.billable_seconds if _is_approved(entry) else None
    worked = 0 if entry.ended_at is None else timekeeping.worked_of(entry).seconds
    return {
        "reason": reason,
        "entry_id": entry.id,
        "item_number": entry.work_item.number,
        "title": entry.work_item.title,
        "person": entry.person.name,
        "person_id": entry.person_id,
        "work_type": entry.work_type.name if entry.work_type else "",
        "work_type_id": entry.work_type_id,
        "day": local_day(entry.started_at, ZoneInfo(client.time_zone)).isoformat(),
        "seconds": seconds or worked,
    }
