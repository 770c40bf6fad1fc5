"""Use cases of retainers: agree, look at a month, close it, reopen it (docs/billing.md rules 8 to 13)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.clients import queries as clients
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.money import exponent_of
from helpdesk.kernel.periods import Month, local_day, local_month
from helpdesk.projects.models import Project
from helpdesk.rates import service as rates
from helpdesk.rates.domain import RateHit
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.retainers import giving_back, queries
from helpdesk.retainers.books import MonthView, engine_agreement
from helpdesk.retainers.domain.engine import Settlement, settle
from helpdesk.retainers.domain.period import PeriodResult, Posting
from helpdesk.retainers.domain.pieces import Piece, PieceKind
from helpdesk.retainers.domain.terms import narrowness
from helpdesk.retainers.models import Agreement, AgreementScope, AgreementTerms, LedgerRow, RetainerPeriod
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.models import Charge, TimeEntry
from helpdesk.timekeeping.service import history

HOLDER = "retainer_period"


def _name_of_period(session: Session, period_id: int) -> str:
    """Return what people call a closed period that holds seconds."""
    period = session.get_one(RetainerPeriod, period_id, options=[joinedload(RetainerPeriod.agreement)])
    return f"the closed month {Month.of(period.month)} of {period.agreement.name}"


charging.name_holders(HOLDER, _name_of_period)


def _finder_of(session: Session, client_id: int) -> Callable[[int | None, int | None, date], int | None]:
    """Return what finds the agreement whose rounding counts for work of the client."""
    known = {row.id: engine_agreement(row) for row in queries.agreements_of(session, client_id=client_id)}
    return lambda project_id, work_type_id, on: queries.narrowest(known, project_id, work_type_id, on) or None


rates.name_covering(_finder_of)
giving_back.register(HOLDER)


@dataclass(frozen=True)
class NewTerms:
    """The terms of one version, as a form or a seed gives them; amounts in minor units of the client's currency."""

    allowance_seconds: int
    fee_minor: int = 0
    fee_timing: str = "advance"
    overage_rate_minor: int | None = None
    overage_basis: str = "worked"
    rollover_months: int = 0
    rollover_cap_seconds: int | None = None
    draw_order: str = "earliest_expiry"
    carry_deficit: bool = False
    prorate: bool = True
    multipliers: tuple[tuple[int, str], ...] = ()  # (work type id, factor)
    after_hours: dict[str, object] | None = None


def add_agreement(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    client_id: int,
    name: str,
    starts_on: date,
    terms: NewTerms,
    ends_on: date | None = None,
    project_ids: Sequence[int] = (),
    work_type_ids: Sequence[int] = (),
) -> Agreement:
    """Add an agreement with its first terms; currency and zone are the client's.

    Raises:
        NotFound: no such client for this actor.
        RuleViolation: it ends before it starts, names another client's project, or ties with an agreement in
            force that is as narrow (rule 10).
    """
    client = clients.get(session, actor=actor, client_id=client_id)
    if ends_on is not None and ends_on < starts_on:
        message = "An agreement does not end before it starts."
        raise RuleViolation(message)
    if terms.overage_basis == "weighted" and terms.overage_rate_minor is None:
        message = "Overage on weighted time needs an overage rate."
        raise RuleViolation(message)
    _refuse_foreign_projects(session, client_id, project_ids)
    agreement = Agreement(
        client_id=client.id,
        name=name.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        time_zone=client.time_zone,
        currency=client.currency,
        created_at=now,
        terms=[_terms_row(terms, effective_on=starts_on, now=now)],
        scope=[
            *(AgreementScope(project_id=each) for each in project_ids),
            *(AgreementScope(work_type_id=each) for each in work_type_ids),
        ],
    )
    _refuse_tie(session, agreement, project_ids, work_type_ids)
    session.add(agreement)
    session.flush()
    audit.record(session, actor=actor, action="added", kind="agreement", object_id=agreement.id, now=now, name=name)
    return agreement


def end_agreement(session: Session, *, actor: Actor, now: datetime, agreement_id: int, last_month: Month) -> Agreement:
    """Let an agreement end with a whole month: this one, or one to come.

    Fees of the months before are billed, so nothing shorter is left; one that ends already may only end earlier.

    Raises:
        NotFound: no such agreement, or not for this actor.
        RuleViolation: a month that is over, before the agreement starts, or after the end that it has.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    queries.lock_agreement(session, agreement.id)
    this_month = local_month(now, ZoneInfo(agreement.time_zone))
    if last_month < max(this_month, Month.of(agreement.starts_on)):
        message = "An agreement ends with this month or a later one; what is over stays as it was agreed."
        raise RuleViolation(message)
    if agreement.ends_on is not None and agreement.ends_on < last_month.last_day:
        message = f"{agreement.name} ends before that already; agree anew for what comes after."
        raise RuleViolation(message)
    agreement.ends_on = last_month.last_day
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="ended",
        kind="agreement",
        object_id=agreement.id,
        now=now,
        ends_on=str(agreement.ends_on),
    )
    return agreement


def set_rounding(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    agreement_id: int,
    effective_on: date,
    mode: str,
    step_minutes: int,
    minimum_minutes: int,
    grace_seconds: int,
    scope: str,
) -> RoundingPolicyRow:
    """Say how the time that an agreement covers is rounded, from a day on; before that, and else, its client's counts.

    Raises:
        NotFound: no such agreement, or not for this actor.
        RuleViolation: as for a client's rounding.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    return rates.set_rounding(
        session,
        actor=actor,
        now=now,
        effective_on=effective_on,
        mode=mode,
        client_id=agreement.client_id,
        agreement_id=agreement.id,
        step_minutes=step_minutes,
        minimum_minutes=minimum_minutes,
        scope=scope,
        grace_seconds=grace_seconds,
    )


def hours_left(session: Session, *, client_id: int, project_id: int, now: datetime) -> MonthView | None:
    """Return this month of the narrowest agreement that covers the project; None where none does."""
    best: tuple[int, Agreement] | None = None
    for agreement in queries.agreements_of(session, client_id=client_id):
        engine = engine_agreement(agreement)
        today = local_day(now, ZoneInfo(agreement.time_zone))
        covers = engine.projects is None or str(project_id) in engine.projects
        narrow = narrowness(engine)
        if engine.is_in_force(today) and covers and (best is None or narrow > best[0]):
            best = (narrow, agreement)
    if best is None:
        return None
    month = local_month(now, ZoneInfo(best[1].time_zone))
    return queries.month_view(session, agreement=best[1], month=month, now=now)


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
    history.settle_rounding(session, actor=actor, now=now, settled=_rounded(settlement, month, book.rows))
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
    rows: dict[str, TimeEntry],
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


def _ledger_row(posting: Posting, position: int, rows: dict[str, TimeEntry], currency: str, now: datetime) -> LedgerRow:
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
        posted_at=now,
    )


def _rounded(settlement: Settlement, month: Month, rows: dict[str, TimeEntry]) -> list[tuple[TimeEntry, int]]:
    """Return the entries of the month with what their group was rounded to; it was provisional until now (rule 4)."""
    return [
        (rows[result.entry.uuid], result.billable_seconds)
        for result in settlement.entries
        if any(piece.month == month for piece in result.pieces)
    ]


def _charge(
    session: Session, *, period: RetainerPeriod, result: PeriodResult, rows: dict[str, TimeEntry], now: datetime
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


def _terms_row(terms: NewTerms, *, effective_on: date, now: datetime) -> AgreementTerms:
    return AgreementTerms(
        effective_on=effective_on,
        allowance_seconds=terms.allowance_seconds,
        fee_minor=terms.fee_minor,
        fee_timing=terms.fee_timing,
        overage_rate_minor=terms.overage_rate_minor,
        overage_basis=terms.overage_basis,
        rollover_months=terms.rollover_months,
        rollover_cap_seconds=terms.rollover_cap_seconds,
        draw_order=terms.draw_order,
        carry_deficit=terms.carry_deficit,
        prorate=terms.prorate,
        multipliers=[{"work_type_id": key, "factor": factor} for key, factor in terms.multipliers],
        after_hours=dict(terms.after_hours or {}),
        created_at=now,
    )


def _refuse_foreign_projects(session: Session, client_id: int, project_ids: Sequence[int]) -> None:
    query = select(func.count()).where(Project.id.in_(project_ids), Project.client_id == client_id)
    if project_ids and session.scalar(query) != len(set(project_ids)):
        message = "An agreement covers projects of its own client only."
        raise RuleViolation(message)


def _refuse_tie(session: Session, new: Agreement, project_ids: Iterable[int], work_type_ids: Iterable[int]) -> None:
    mine = (frozenset(project_ids), frozenset(work_type_ids))
    for other in queries.agreements_of(session, client_id=new.client_id):
        theirs = (
            frozenset(each.project_id for each in other.scope if each.project_id is not None),
            frozenset(each.work_type_id for each in other.scope if each.work_type_id is not None),
        )
        in_force_together = (other.ends_on is None or other.ends_on >= new.starts_on) and (
            new.ends_on is None or other.starts_on <= new.ends_on
        )
        as_narrow = [bool(part) for part in mine] == [bool(part) for part in theirs]
        overlap = all(not (one and two) or one & two for one, two in zip(mine, theirs, strict=True))
        if in_force_together and as_narrow and overlap:
            message = f"{other.name} covers the same work in the same time; end it first, or narrow one of the two."
            raise RuleViolation(message)
