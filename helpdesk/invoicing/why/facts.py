"""What is stored of the entries behind an invoice's lines, put together to be explained (domain/explaining.py)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Subquery, or_, select, union
from sqlalchemy.orm import Session

from helpdesk.infra.ahead import Question, models_of
from helpdesk.infra.i18n import gettext as _
from helpdesk.invoicing import document
from helpdesk.invoicing.domain.explaining import EntryWhy, LineWhy, Taken, whole_of
from helpdesk.invoicing.drafts.percents import base_of, tax_of
from helpdesk.invoicing.models import HOLDER, CreditedCharge, Invoice, InvoiceLine
from helpdesk.invoicing.why.rounding import Groups, groups_of
from helpdesk.kernel.money import Money, exponent_of
from helpdesk.kernel.periods import Month, local_day
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.rates.service import policy_of
from helpdesk.retainers import queries as retainers
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.domain.grants import GrantDrawn, kept
from helpdesk.retainers.domain.terms import Agreement, OverageBasis, Terms
from helpdesk.retainers.models import LedgerRow, RetainerPeriod
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.models import Charge, TimeEntry
from helpdesk.timekeeping.queries import entries as timekeeping

PERIOD = "retainer_period"
IN_ORDER = (Charge.time_entry_id, Charge.from_second)


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


def questions_of(invoice: Invoice) -> list[Question]:
    """Return what `lines_why` asks of charges, and what the names of their holders are made of, to be asked ahead."""
    return [
        _own_charges(invoice).order_by(*IN_ORDER),
        _others_asked(invoice),
        _ledger_asked(invoice),
        _periods_asked(invoice),
        *charging.names_asked(partial(_holders, invoice)),
        _policies_asked(invoice),
    ]


def _read(session: Session, invoice: Invoice, entries: Mapping[int, TimeEntry]) -> _Books:
    own = models_of(session, _own_charges(invoice).order_by(*IN_ORDER))
    charges: dict[int, list[Charge]] = defaultdict(list)
    for charge in [*own, *_others(session, invoice, own)]:
        charges[charge.time_entry_id].append(charge)
    mine = {(HOLDER, line.id): _("line %(number)s", number=line.position) for line in invoice.lines}
    strangers = {(each.holder_kind, each.holder_id) for many in charges.values() for each in many} - set(mine)
    zone = ZoneInfo(invoice.client.time_zone)
    return _Books(
        invoice=invoice,
        zone=zone,
        charges=charges,
        rows=_ledger(session, invoice),
        holders={**mine, **charging.names_of(session, strangers, held=partial(_holders, invoice))},
        weighted=_weighted(session, invoice),
        groups=groups_of(
            session,
            [entries[entry_id] for entry_id in charges if entry_id in entries],
            client_id=invoice.client_id,
            zone=zone,
            policies={row.id: policy_of(row) for row in models_of(session, _policies_asked(invoice))},
        ),
    )


def _own_charges(invoice: Invoice) -> Select[Charge]:
    """Return the question for what the lines of the document bill or billed, or what a credit note let go."""
    if invoice.kind == "credit_note":
        query = select(Charge).join(CreditedCharge, CreditedCharge.charge_id == Charge.id)
        query = query.join(InvoiceLine, InvoiceLine.id == CreditedCharge.line_id)
    else:
        query = select(Charge).join(InvoiceLine, InvoiceLine.id == Charge.holder_id)
        query = query.where(Charge.holder_kind == HOLDER, document.is_or_was_billed(invoice))
    return query.where(InvoiceLine.invoice_id == invoice.id)


def _ids_of_own(invoice: Invoice) -> Subquery:
    """Return the ids of the charges of `_own_charges` and of their entries."""
    own = _own_charges(invoice).with_only_columns(Charge.id, Charge.time_entry_id, maintain_column_froms=True)
    return own.subquery()


def _entries_of(invoice: Invoice) -> Select[int]:
    return select(_ids_of_own(invoice).c.time_entry_id)


def _others(session: Session, invoice: Invoice, own: Sequence[Charge]) -> Iterable[Charge]:
    """Return what else held seconds of the entries when the document came to be: no second of ``own`` twice."""
    taken: dict[int, list[Charge]] = defaultdict(list)
    for charge in own:
        taken[charge.time_entry_id].append(charge)
    for charge in models_of(session, _others_asked(invoice)):
        beside = taken[charge.time_entry_id]
        if not any(each.from_second < charge.to_second and charge.from_second < each.to_second for each in beside):
            beside.append(charge)
            yield charge


def _others_asked(invoice: Invoice) -> Select[Charge]:
    at, own = invoice.issued_at or invoice.created_at, _ids_of_own(invoice)
    query = select(Charge).where(
        Charge.time_entry_id.in_(select(own.c.time_entry_id)),
        Charge.id.not_in(select(own.c.id)),
        or_(Charge.released_at.is_(None), Charge.released_at > at),
    )
    if invoice.status != "draft":
        query = query.where(Charge.created_at <= at)
    return query.order_by(*IN_ORDER)


def _ledger(session: Session, invoice: Invoice) -> Mapping[int, Sequence[LedgerRow]]:
    """Return by entry what closed months that count wrote about it."""
    found: dict[int, list[LedgerRow]] = defaultdict(list)
    for row in models_of(session, _ledger_asked(invoice)):
        found[row.time_entry_id or 0].append(row)
    return found


def _ledger_asked(invoice: Invoice) -> Select[LedgerRow]:
    return (
        select(LedgerRow)
        .join(LedgerRow.period)
        .where(
            LedgerRow.time_entry_id.in_(_entries_of(invoice)),
            LedgerRow.kind.in_(("draw", "overage")),
            RetainerPeriod.reversed_at.is_(None),
        )
        .order_by(LedgerRow.time_entry_id, LedgerRow.from_second, LedgerRow.id)
    )


def _periods_asked(invoice: Invoice) -> Select[RetainerPeriod]:
    """Return the question for the closed months that hold seconds of the entries, or whose overage a line bills."""
    billed = select(InvoiceLine.retainer_period_id).where(InvoiceLine.invoice_id == invoice.id)
    return select(RetainerPeriod).where(RetainerPeriod.id.in_(union(_holders(invoice, PERIOD), billed)))


def _holders(invoice: Invoice, kind: str) -> Select[int]:
    return select(Charge.holder_id).where(Charge.holder_kind == kind, Charge.time_entry_id.in_(_entries_of(invoice)))


def _policies_asked(invoice: Invoice) -> Select[RoundingPolicyRow]:
    used = select(TimeEntry.rounding_policy_id).where(TimeEntry.id.in_(_entries_of(invoice)))
    return select(RoundingPolicyRow).where(RoundingPolicyRow.id.in_(used))


def _weighted(session: Session, invoice: Invoice) -> frozenset[int]:
    """Return the lines that count burned seconds, by the terms under which their month was closed."""
    lines = {line.id: line.retainer_period_id for line in invoice.lines if line.retainer_period_id is not None}
    if not lines:
        return frozenset()
    periods = {period.id: period for period in models_of(session, _periods_asked(invoice))}
    rows = retainers.agreements_of(session, client_id=invoice.client_id)
    agreements = {row.id: engine_agreement(row) for row in rows}
    return frozenset(
        line_id
        for line_id, period_id in lines.items()
        if _terms_of(periods[period_id], agreements).overage_basis is OverageBasis.WEIGHTED
    )


def _terms_of(period: RetainerPeriod, agreements: Mapping[int, Agreement]) -> Terms:
    return agreements[period.agreement_id].terms_in(Month.of(period.month))


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
