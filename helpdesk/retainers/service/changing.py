"""Other terms from a month on (docs/billing.md rule 8)."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month, local_month
from helpdesk.retainers import queries
from helpdesk.retainers.books import engine_agreement, terms_in
from helpdesk.retainers.domain.spans import span_of
from helpdesk.retainers.models import Agreement, AgreementTerms
from helpdesk.retainers.service.agreements import NewTerms, refuse_odd_terms, terms_row

AHEAD = 12


def months_to_change(agreement: Agreement, *, now: datetime) -> list[Month]:
    """Return the months from which other terms can count: those to come, a year of them, until the agreement ends.

    Of a quarter its first alone.
    """
    whole = engine_agreement(agreement)
    return [each for each in _to_come(agreement, now) if each == whole.span_of(each).first]


def _to_come(agreement: Agreement, now: datetime) -> list[Month]:
    first = max(local_month(now, ZoneInfo(agreement.time_zone)), Month.of(agreement.starts_on)).next
    months = [first.plus(step) for step in range(AHEAD)]
    return [each for each in months if agreement.ends_on is None or each.first_day <= agreement.ends_on]


def newest_terms(agreement: Agreement, month: Month) -> NewTerms:
    """Return the terms that count in a month as far as they are agreed, to begin a change with."""
    row = terms_in(agreement, month)
    return NewTerms(
        allowance_seconds=row.allowance_seconds,
        fee_minor=row.fee_minor,
        fee_timing=row.fee_timing,
        overage_rate_minor=row.overage_rate_minor,
        overage_basis=row.overage_basis,
        rollover_months=row.rollover_months,
        rollover_cap_seconds=row.rollover_cap_seconds,
        draw_order=row.draw_order,
        carry_deficit=row.carry_deficit,
        prorate=row.prorate,
        multipliers=tuple((each["work_type_id"], str(Decimal(each["factor"]))) for each in row.multipliers),
        after_hours=dict(row.after_hours),
        at_cap=row.at_cap,
        pool_months=row.pool_months,
    )


def change_terms(
    session: Session, *, actor: Actor, now: datetime, agreement_id: int, month: Month, terms: NewTerms
) -> AgreementTerms:
    """Let other terms count from a month to come, and return them; what counts until then stays as it was agreed.

    Terms that were to begin with the same month and have not yet are replaced; later ones stay.

    Raises:
        NotFound: no such agreement, or not for this actor.
        RuleViolation: a month that has begun, is not in the agreement or lies inside of a quarter, or terms that lack
            a price of an hour, or share hours over a quarter inside of which later terms begin.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    queries.lock_agreement(session, agreement.id)
    refuse_odd_terms(terms)
    _refuse_month(agreement, month, terms, now)
    for planned in [each for each in agreement.terms if each.effective_on == month.first_day]:
        agreement.terms.remove(planned)
        session.delete(planned)
    session.flush()
    changed = terms_row(terms, effective_on=month.first_day, now=now)
    agreement.terms.append(changed)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="terms changed",
        kind="agreement",
        object_id=agreement.id,
        now=now,
        month=str(month),
        allowance_seconds=terms.allowance_seconds,
        fee_minor=terms.fee_minor,
        overage_rate_minor=terms.overage_rate_minor,
        rollover_months=terms.rollover_months,
        at_cap=terms.at_cap,
        pool_months=terms.pool_months,
    )
    return changed


def _refuse_month(agreement: Agreement, month: Month, terms: NewTerms, now: datetime) -> None:
    if month not in _to_come(agreement, now):
        message = "Terms change with a month to come; what runs or is over stays as it was agreed."
        raise RuleViolation(message, field="month")
    running = engine_agreement(agreement).span_of(month)
    if month != running.first:
        message = (
            f"{running.first} to {running.last} are one quarter and share their hours; other terms count from "
            f"{running.last.next} on, with the next one."
        )
        raise RuleViolation(message, field="month")
    planned = [Month.of(each.effective_on) for each in agreement.terms if each.effective_on > month.first_day]
    quarter = span_of(min(planned, default=month), begins=month, pool_months=terms.pool_months)
    if planned and min(planned) != quarter.first:
        message = (
            f"Other terms are agreed from {min(planned)} on, inside of the quarter {quarter.first} to {quarter.last}; "
            "change those first."
        )
        raise RuleViolation(message, field="month")
