"""Agreements: terms by date, the end, rounding, and what is left of a month (docs/billing.md rule 8)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.infra import audit
from helpdesk.infra.db import foreseen
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month, local_day, local_month
from helpdesk.projects.models import Project
from helpdesk.rates import service as rates
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.retainers import first_rows, queries
from helpdesk.retainers.books import MonthView, engine_agreement
from helpdesk.retainers.domain.spans import MONTHLY, POOL_MONTHS
from helpdesk.retainers.domain.terms import narrowness
from helpdesk.retainers.models import Agreement, AgreementScope, AgreementTerms


@dataclass(frozen=True)
class NewTerms:
    """The terms of one version, as a form or a seed gives them; amounts in minor units of the client's currency.

    Hours and fee are those of a month; with ``pool_months`` 3 a quarter shares its hours.
    """

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
    at_cap: str = "warn"
    pool_months: int = MONTHLY


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
        raise RuleViolation(message, field="ends_on")
    refuse_odd_terms(terms)
    _refuse_foreign_projects(session, client_id, project_ids)
    agreement = Agreement(
        client_id=client.id,
        name=name.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        time_zone=client.time_zone,
        currency=client.currency,
        created_at=now,
        terms=[terms_row(terms, effective_on=starts_on, now=now)],
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
    """Let an agreement end with a whole month, this one or one to come; a quarter is ended with its last one.

    Fees of the months before are billed, so nothing shorter is left; one that ends already may only end earlier.

    Raises:
        NotFound: no such agreement, or not for this actor.
        RuleViolation: a month that is over, before the agreement starts, after the end that it has, inside of a
            quarter, whose first month granted the hours of all three, or before a block that nobody could draw then.
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
    span = engine_agreement(agreement).span_of(last_month)
    if last_month != span.last:
        message = f"{span.first} to {span.last} are one quarter and share their hours; end it with {span.last}."
        raise RuleViolation(message, field="month")
    after = [each.valid_from for each in agreement.top_ups if each.taken_back_at is None]
    if max(after, default=last_month.last_day) > last_month.last_day:
        message = f"A block is valid from {max(after)} on, and nobody could draw it then; take it back first."
        raise RuleViolation(message, field="month")
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
    known: first_rows.Rows | None = foreseen(session, "first rows", client_id, otherwise=None)
    rows = known or first_rows.rows_of(session, [client_id], with_rates=True)
    for agreement in rows.agreements:
        engine = engine_agreement(agreement)
        today = local_day(now, ZoneInfo(agreement.time_zone))
        covers = engine.projects is None or str(project_id) in engine.projects
        narrow = narrowness(engine)
        if engine.is_in_force(today) and covers and (best is None or narrow > best[0]):
            best = (narrow, agreement)
    if best is None:
        return None
    month = local_month(now, ZoneInfo(best[1].time_zone))
    return queries.month_view(session, agreement=best[1], month=month, now=now, rows=rows)


def refuse_odd_terms(terms: NewTerms) -> None:
    """Let terms be agreed only where everything that they need is named.

    Raises:
        RuleViolation: weighted overage, or asking the client at the cap, without a price of an hour; or hours that are
            shared over neither a month nor a quarter.
    """
    if terms.pool_months not in POOL_MONTHS:
        message = "Hours are those of a month, or of a quarter."
        raise RuleViolation(message, field="pool_months")
    if terms.overage_rate_minor is None and terms.overage_basis == "weighted":
        message = "Overage on weighted time needs an overage rate."
        raise RuleViolation(message, field="overage_rate")
    if terms.overage_rate_minor is None and terms.at_cap == "ask":
        message = "To ask the client for more hours, name the price of an hour beyond the allowance."
        raise RuleViolation(message, field="overage_rate")


def terms_row(terms: NewTerms, *, effective_on: date, now: datetime) -> AgreementTerms:
    """Return the row of one version of the terms; it is not added yet."""
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
        at_cap=terms.at_cap,
        pool_months=terms.pool_months,
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


def _finder_of(session: Session, client_id: int) -> Callable[[int | None, int | None, date], int | None]:
    """Return what finds the agreement whose rounding counts for work of the client."""
    known = {row.id: engine_agreement(row) for row in queries.agreements_of(session, client_id=client_id)}
    return lambda project_id, work_type_id, on: queries.narrowest(known, project_id, work_type_id, on) or None


rates.name_covering(_finder_of)
