"""A month becomes a fact, and is reopened: ledger rows, charges, reversals (docs/billing.md rules 10 to 12)."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.ahead import Question
from helpdesk.infra.holders import Ids
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.money import exponent_of
from helpdesk.kernel.periods import Month
from helpdesk.rates.domain import RateHit
from helpdesk.retainers import queries
from helpdesk.retainers.domain.engine import Settlement, settle
from helpdesk.retainers.domain.grants import stored
from helpdesk.retainers.domain.period import PeriodResult, Posting
from helpdesk.retainers.domain.pieces import Piece, PieceKind
from helpdesk.retainers.models import Agreement, LedgerRow, RetainerPeriod
from helpdesk.retainers.service import giving_back
from helpdesk.retainers.worked import Worked
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.models import Charge, TimeEntry
from helpdesk.timekeeping.queries.entries import entries_by_id
from helpdesk.timekeeping.service import history

HOLDER = "retainer_period"


def _name_of_period(_period_id: int, period: Any) -> str:  # noqa: ANN401 - a row of `_periods`
    """Return what people call a closed period that holds seconds."""
    return f"the closed month {Month.of(period.month)} of {period.name}"


def _periods(period_ids: Ids) -> Question:
    query = select(RetainerPeriod.id, RetainerPeriod.month, Agreement.name).join(RetainerPeriod.agreement)
    return query.where(RetainerPeriod.id.in_(period_ids))


charging.name_holders(HOLDER, _name_of_period, asked=_periods)
giving_back.register(HOLDER)


def close_period(session: Session, *, actor: Actor, now: datetime, agreement_id: int, month: Month) -> RetainerPeriod:
    """Turn a month into a fact: period, ledger rows and charges for what the allowance covers (rule 10).

    Raises:
        NotFound: no such agreement, or it has no such month.
        Conflict: the month is closed already.
        RuleViolation: the month has not ended in the contract's zone, or an earlier one is open.
    """
    agreement = queries.lock_agreement(session, agreement_id)
    _refuse_untimely(session, agreement, month, now)
    book = queries.books_of(session, agreement, through=month)
    settlement = settle(book.books)
    result = settlement.period(month)
    if result is None:
        message = f"{agreement.name} has no month {month}."
        raise NotFound(message)
    period = _post(session, agreement=agreement, result=result, rows=book.rows, actor=actor, now=now)
    history.settle_rounding(session, actor=actor, now=now, settled=_rounded(session, settlement, month, book.rows))
    _charge(session, period=period, result=result, rows=book.rows, now=now)
    audit.record(
        session, actor=actor, action="closed", kind="retainer_period", object_id=period.id, now=now, month=str(month)
    )
    return period


def reopen_period(
    session: Session, *, actor: Actor, now: datetime, agreement_id: int, month: Month, reason: str
) -> None:
    """Undo the newest close by reversing rows; its charges are let go (rule 10).

    Raises:
        NotFound: the month is not closed.
        RuleViolation: no reason is given, a later month is closed, or an invoice holds overage of it, which is named.
    """
    if not reason.strip():
        message = "Say why the month is reopened."
        raise RuleViolation(message)
    agreement = queries.lock_agreement(session, agreement_id)
    closed = queries.closed_periods(session, agreement_ids=[agreement_id]).get(agreement_id, {})
    period = closed.get(month)
    if period is None:
        message = f"{agreement.name} has no closed month {month}."
        raise NotFound(message)
    if month != max(closed):
        message = f"Only the newest closed month can be reopened; {max(closed)} is closed after {month}."
        raise RuleViolation(message)
    _refuse_billed(session, period)
    session.add_all(_reversed(row, now) for row in period.rows)
    period.reversed_at = now
    charging.release(session, now=now, holder=(HOLDER, period.id))
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="reopened",
        kind="retainer_period",
        object_id=period.id,
        now=now,
        month=str(month),
        reason=reason.strip(),
    )


def _refuse_untimely(session: Session, agreement: Agreement, month: Month, now: datetime) -> None:
    closed = queries.closed_periods(session, agreement_ids=[agreement.id]).get(agreement.id, {})
    if month in closed:
        message = f"{month} of {agreement.name} is closed already."
        raise Conflict(message)
    if now < month.instants(ZoneInfo(agreement.time_zone))[1]:
        message = f"{month} has not ended yet in {agreement.time_zone}; a month is closed after its end."
        raise RuleViolation(message)
    still_open = [each for each in queries.months_of(agreement, through=month.previous) if each not in closed]
    if still_open:
        message = f"Months close in order: {still_open[0]} of {agreement.name} is still open."
        raise RuleViolation(message)


def _post(
    session: Session,
    *,
    agreement: Agreement,
    result: PeriodResult,
    rows: dict[str, Worked],
    actor: Actor,
    now: datetime,
) -> RetainerPeriod:
    last = session.scalar(
        select(func.max(RetainerPeriod.revision)).where(
            RetainerPeriod.agreement_id == agreement.id, RetainerPeriod.month == result.month.first_day
        )
    )
    period = RetainerPeriod(
        agreement_id=agreement.id,
        month=result.month.first_day,
        revision=(last or 0) + 1,
        granted_seconds=result.granted_seconds,
        carried_in_seconds=result.carried_in_seconds,
        topped_up_seconds=result.topped_up_seconds,
        used_seconds=result.used_seconds,
        expired_seconds=result.expired_seconds,
        carried_out_seconds=result.carried_out_seconds,
        overage_seconds=result.overage_seconds,
        fee_minor=result.fee.minor,
        closed_at=now,
        closed_by_id=actor.person_id,
    )
    period.rows = [
        _ledger_row(posting, position, rows, agreement.currency, now)
        for position, posting in enumerate(result.postings, start=1)
    ]
    session.add(period)
    session.flush()
    return period


def _ledger_row(posting: Posting, position: int, rows: dict[str, Worked], currency: str, now: datetime) -> LedgerRow:
    piece, named = posting.piece, posting.piece.entry_uuid if posting.piece else posting.adjusts
    price = piece.price if piece is not None else None
    return LedgerRow(
        position=position,
        kind=posting.kind,
        seconds=posting.seconds,
        time_entry_id=rows[named].id if named else None,
        from_second=piece.from_second if piece else None,
        to_second=piece.to_second if piece else None,
        price_minor=int(price.amount.scaleb(exponent_of(currency))) if isinstance(price, RateHit) else None,
        reason=posting.reason,
        grants=stored(posting.grants) or None,
        posted_at=now,
    )


def _rounded(
    session: Session, settlement: Settlement, month: Month, rows: dict[str, Worked]
) -> list[tuple[TimeEntry, int]]:
    """Return the entries of the month that their group is rounded otherwise than was supposed until now (rule 4)."""
    other = {
        row.id: result.billable_seconds
        for result in settlement.entries
        if (row := rows[result.entry.uuid]).billable_seconds != result.billable_seconds
        and any(piece.month == month for piece in result.pieces)
    }
    return [(entry, other[entry.id]) for entry in entries_by_id(session, other)] if other else []


def _charge(
    session: Session, *, period: RetainerPeriod, result: PeriodResult, rows: dict[str, Worked], now: datetime
) -> None:
    """Hold what the allowance covers; a deficit of earlier months that became overage gives its seconds back first."""
    overdue = [
        posting.piece
        for posting in result.postings
        if posting.kind == "overage" and posting.piece and posting.piece.worked_in != result.month
    ]
    for piece in overdue:
        _give_back(session, rows[piece.entry_uuid].id, piece, now)
    covered = [
        ChargeRange(
            time_entry_id=rows[posting.piece.entry_uuid].id,
            from_second=posting.piece.from_second,
            to_second=posting.piece.to_second,
            burn_seconds=posting.piece.burn_seconds,
            kind="covered",
        )
        for posting in result.postings
        if posting.piece is not None
        and posting.piece.kind is PieceKind.COVERED
        and posting.piece.to_second > posting.piece.from_second
    ]
    charging.hold(session, now=now, holder=(HOLDER, period.id), ranges=covered, state="fixed")


def _give_back(session: Session, entry_id: int, piece: Piece, now: datetime) -> None:
    """Release the covered charges that overlap ``piece`` and hold again what of them stays covered."""
    overlapping = session.scalars(
        select(Charge).where(
            Charge.time_entry_id == entry_id,
            Charge.kind == "covered",
            Charge.released_at.is_(None),
            Charge.from_second < piece.to_second,
            Charge.to_second > piece.from_second,
        )
    ).all()
    for charge in overlapping:
        charge.released_at, charge.state = now, "released"
        session.flush()
        kept = [(charge.from_second, piece.from_second), (piece.to_second, charge.to_second)]
        length = charge.to_second - charge.from_second
        ranges = [
            ChargeRange(entry_id, low, high, charge.burn_seconds * (high - low) // length, "covered")
            for low, high in kept
            if high > low
        ]
        charging.hold(session, now=now, holder=(charge.holder_kind, charge.holder_id), ranges=ranges, state="fixed")


def _refuse_billed(session: Session, period: RetainerPeriod) -> None:
    """Refuse while an invoice holds seconds that the period left over, an issued one before a draft."""
    query = (
        select(Charge.state, Charge.holder_kind, Charge.holder_id)
        .join(LedgerRow, LedgerRow.time_entry_id == Charge.time_entry_id)
        .where(
            LedgerRow.period_id == period.id,
            LedgerRow.kind == "overage",
            Charge.kind == "overage",
            Charge.released_at.is_(None),
            Charge.from_second < LedgerRow.to_second,
            Charge.to_second > LedgerRow.from_second,
        )
    )
    names: dict[str, list[str]] = {"fixed": [], "held": []}
    for state, kind, holder_id in session.execute(query.distinct().order_by(Charge.holder_id)):
        name = charging.name_of(session, (kind, holder_id))
        names[state] += [name] if name not in names[state] else []
    month = Month.of(period.month)
    if names["fixed"]:
        billed_by = ", ".join(names["fixed"])
        message = (
            f"Overage of {month} is billed by {billed_by}; credit it first, or void it if it never left the house."
        )
        raise RuleViolation(message)
    if names["held"]:
        message = f"Overage of {month} is in {', '.join(names['held'])}; drop the draft first."
        raise RuleViolation(message)


def _reversed(row: LedgerRow, now: datetime) -> LedgerRow:
    return LedgerRow(
        period_id=row.period_id,
        position=row.position,
        reverses=True,
        kind=row.kind,
        seconds=-row.seconds,
        time_entry_id=row.time_entry_id,
        from_second=row.from_second,
        to_second=row.to_second,
        price_minor=row.price_minor,
        reason="reopened",
        posted_at=now,
    )
