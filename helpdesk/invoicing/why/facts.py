"""What is stored of the entries behind an invoice's lines, put together to be explained (domain/explaining.py)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.infra.i18n import gettext as _
from helpdesk.invoicing import document
from helpdesk.invoicing.domain.explaining import EntryWhy, LineWhy, Taken, whole_of
from helpdesk.invoicing.drafts.percents import base_of, tax_of
from helpdesk.invoicing.models import HOLDER, CreditedCharge, Invoice, InvoiceLine
from helpdesk.invoicing.why.rounding import Groups, groups_of
from helpdesk.kernel.money import Money, exponent_of
from helpdesk.kernel.periods import Month, local_day
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.domain.grants import GrantDrawn, kept
from helpdesk.retainers.domain.terms import OverageBasis
from helpdesk.retainers.models import LedgerRow, RetainerPeriod
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.models import Charge, TimeEntry
from helpdesk.timekeeping.queries import entries as timekeeping

PERIOD = "retainer_period"


@dataclass(frozen=True)
class _Books:
    """Everything that was read, to be looked up entry by entry."""

    invoice: Invoice
    zone: ZoneInfo
    charges: Mapping[int, Sequence[Charge]]
    rows: Mapping[int, Sequence[LedgerRow]]
    holders: Mapping[tuple[str, int], str]
    weighted: frozenset[int]
    groups: Groups


def lines_why(session: Session, invoice: Invoice) -> list[LineWhy]:
    """Return how each line of the invoice came about, in order; a fixed number of queries for any number of lines."""
    behind = document.entries_behind(session, invoice)
    entries = {each.entry.id: each.entry for many in behind.values() for each in many}
    books = _read(session, invoice, entries)
    return [_line(line, [each.entry for each in behind.get(line.id, ())], books) for line in invoice.lines]


def _read(session: Session, invoice: Invoice, entries: Mapping[int, TimeEntry]) -> _Books:
    own = _own_charges(session, invoice)
    charges: dict[int, list[Charge]] = defaultdict(list)
    for charge in [*own, *_others(session, invoice, entries, own)]:
        charges[charge.time_entry_id].append(charge)
    mine = {(HOLDER, line.id): _("line %(number)s", number=line.position) for line in invoice.lines}
    strangers = {(each.holder_kind, each.holder_id) for many in charges.values() for each in many} - set(mine)
    zone = ZoneInfo(invoice.client.time_zone)
    return _Books(
        invoice=invoice,
        zone=zone,
        charges=charges,
        rows=_ledger(session, entries),
        holders={**mine, **_names(session, strangers)},
        weighted=_weighted(session, invoice),
        groups=groups_of(session, list(entries.values()), client_id=invoice.client_id, zone=zone),
    )


def _own_charges(session: Session, invoice: Invoice) -> Sequence[Charge]:
    """Return what the lines of the document bill or billed, or what a credit note let go."""
    ids = [line.id for line in invoice.lines]
    query = select(Charge)
    if invoice.kind == "credit_note":
        query = query.join(CreditedCharge, CreditedCharge.charge_id == Charge.id).where(CreditedCharge.line_id.in_(ids))
    else:
        query = query.where(Charge.holder_kind == HOLDER, Charge.holder_id.in_(ids), document.is_or_was_billed(invoice))
    return session.scalars(query.order_by(Charge.time_entry_id, Charge.from_second)).all()


def _others(session: Session, invoice: Invoice, entries: Iterable[int], own: Sequence[Charge]) -> Iterable[Charge]:
    """Return what else held seconds of the entries when the document came to be: no second of ``own`` twice."""
    at = invoice.issued_at or invoice.created_at
    query = select(Charge).where(
        Charge.time_entry_id.in_(list(entries)),
        Charge.id.not_in([charge.id for charge in own]),
        or_(Charge.released_at.is_(None), Charge.released_at > at),
    )
    taken: dict[int, list[Charge]] = defaultdict(list)
    for charge in own:
        taken[charge.time_entry_id].append(charge)
    if invoice.status != "draft":
        query = query.where(Charge.created_at <= at)
    for charge in session.scalars(query.order_by(Charge.time_entry_id, Charge.from_second)):
        beside = taken[charge.time_entry_id]
        if not any(each.from_second < charge.to_second and charge.from_second < each.to_second for each in beside):
            beside.append(charge)
            yield charge


def _ledger(session: Session, entries: Iterable[int]) -> Mapping[int, Sequence[LedgerRow]]:
    """Return by entry what closed months that count wrote about it."""
    query = (
        select(LedgerRow)
        .join(LedgerRow.period)
        .where(
            LedgerRow.time_entry_id.in_(list(entries)),
            LedgerRow.kind.in_(("draw", "overage")),
            RetainerPeriod.reversed_at.is_(None),
        )
        .options(joinedload(LedgerRow.period))
        .order_by(LedgerRow.time_entry_id, LedgerRow.from_second, LedgerRow.id)
    )
    found: dict[int, list[LedgerRow]] = defaultdict(list)
    for row in session.scalars(query):
        found[row.time_entry_id or 0].append(row)
    return found


def _names(session: Session, holders: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Return how people call what else holds seconds; the lines of one invoice are named together."""
    wanted = sorted(holders)
    lines = select(InvoiceLine).where(InvoiceLine.id.in_([each for kind, each in wanted if kind == HOLDER]))
    session.scalars(lines.options(joinedload(InvoiceLine.invoice).joinedload(Invoice.client))).all()  # into the session
    return {holder: charging.name_of(session, holder) for holder in wanted}


def _weighted(session: Session, invoice: Invoice) -> frozenset[int]:
    """Return the lines that count burned seconds, by the terms under which their month was closed."""
    ids = {line.retainer_period_id for line in invoice.lines if line.retainer_period_id is not None}
    query = select(RetainerPeriod).where(RetainerPeriod.id.in_(ids)).options(joinedload(RetainerPeriod.agreement))
    found = {
        period.id
        for period in session.scalars(query)
        if engine_agreement(period.agreement).terms_in(Month.of(period.month)).overage_basis is OverageBasis.WEIGHTED
    }
    return frozenset(line.id for line in invoice.lines if line.retainer_period_id in found)


def _line(line: InvoiceLine, entries: Iterable[TimeEntry], books: _Books) -> LineWhy:
    once = {entry.id: entry for entry in entries}
    return LineWhy(
        position=line.position,
        kind=line.kind,
        description=line.description,
        minutes=None if line.minutes is None else Decimal(line.minutes),
        unit_price=Decimal(line.unit_price),
        amount=Money(line.amount_minor, books.invoice.currency),
        entries=tuple(_entry(entry, line, books) for entry in once.values()),
        quantity=Decimal(line.quantity or 1),
        percent=None if line.adjusts_percent is None else Decimal(line.adjusts_percent),
        base=_base(line, books.invoice),
    )


def _base(line: InvoiceLine, invoice: Invoice) -> tuple[tuple[int, str, Money], ...]:
    """Return the lines that a discount or surcharge in percent is of."""
    if line.adjusts_percent is None:
        return ()
    rows = [each for each in base_of(invoice.lines, line.adjusts_lines) if tax_of(each) == tax_of(line)]
    return tuple((each.position, each.description, Money(each.amount_minor, invoice.currency)) for each in rows)


def _entry(entry: TimeEntry, line: InvoiceLine, books: _Books) -> EntryWhy:
    worked = timekeeping.worked_of(entry)
    taken = tuple(_taken(charge, line, books) for charge in books.charges.get(entry.id, ()))
    here = [each for each in taken if each.is_here]
    is_free = not here
    counted = sum(each.burn_seconds if line.id in books.weighted else each.seconds for each in here)
    price, reason = _price(entry, line)
    return EntryWhy(
        entry_id=entry.id,
        day=local_day(entry.started_at, books.zone),
        person=entry.person.name,
        note=entry.note,
        starts=_local(worked.started_at, books.zone),
        ends=_local(worked.ended_at, books.zone),
        is_typed=entry.duration_only,
        worked_seconds=worked.seconds,
        billable_seconds=entry.billable_seconds or 0,
        rounded=None if is_free else books.groups.get(entry.id),
        taken=() if is_free else whole_of(entry.billable_seconds or 0, taken),
        counted_seconds=worked.seconds if is_free else counted,
        price=price,
        price_reason=reason,
        is_free=is_free,
    )


def _taken(charge: Charge, line: InvoiceLine, books: _Books) -> Taken:
    holder = (charge.holder_kind, charge.holder_id)
    billing = line.credits_id if line.credits_id is not None else line.id
    row, is_here = _row_of(charge, books), holder in {(HOLDER, billing), (HOLDER, line.id)}
    return Taken(
        from_second=charge.from_second,
        to_second=charge.to_second,
        burn_seconds=charge.burn_seconds,
        kind=charge.kind,
        holder="" if is_here else books.holders.get(holder, ""),
        reason=row.reason if row is not None else "",
        is_here=is_here,
        grants=_grants(charge, row),
    )


def _row_of(charge: Charge, books: _Books) -> LedgerRow | None:
    """Return the row of a closed month that says what a covered or overage range is."""
    kind = {"covered": "draw", "overage": "overage"}.get(charge.kind)
    for row in books.rows.get(charge.time_entry_id, ()):
        low, high = row.from_second or 0, row.to_second or 0
        if row.kind == kind and low <= charge.from_second and charge.to_second <= high:
            return row
    return None


def _grants(charge: Charge, row: LedgerRow | None) -> tuple[GrantDrawn, ...]:
    """Return which grants paid for a covered range; none where the row tells of more than the range."""
    is_whole = row is not None and (row.from_second, row.to_second) == (charge.from_second, charge.to_second)
    return kept(row.grants) if row is not None and is_whole else ()


def _price(entry: TimeEntry, line: InvoiceLine) -> tuple[Decimal | None, str]:
    """Return the price of an hour that the line takes for the entry, and why: the retainer's, or the entry's own."""
    if line.minutes is None:
        return None, ""
    price = Decimal(line.unit_price)
    own = None
    if entry.rate_minor is not None and entry.rate_currency is not None:
        own = Decimal(entry.rate_minor).scaleb(-exponent_of(entry.rate_currency))
    if line.kind == "overage" and own != price:
        return price, "overage rate of the retainer"
    return price, entry.rate_reason


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone)
