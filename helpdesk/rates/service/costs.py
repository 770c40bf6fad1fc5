"""What an hour of somebody costs us, from a day on, for those who may see it (docs/billing.md rule 7)."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.rates.models import CostRate
from helpdesk.rates.service.rules import check_day, hourly_price, require_costs


def cost_of(session: Session, *, person_id: int, on: date) -> CostRate | None:
    """Return what an hour of a person costs us on a day; None where nobody said (rule 7)."""
    return session.scalar(
        select(CostRate)
        .where(CostRate.person_id == person_id, CostRate.effective_on <= on)
        .order_by(CostRate.effective_on.desc())
        .limit(1)
    )


def set_cost(
    session: Session, *, actor: Actor, now: datetime, person_id: int, amount: str, currency: str, effective_on: date
) -> CostRate:
    """Say what an hour of a person costs us from a day on.

    Raises:
        Denied: the actor may not see costs.
        NotFound: no such person.
        RuleViolation: the amount or the day is none, or there is one from that day.
    """
    require_costs(actor)
    person = accounts.get_person(session, person_id)
    cost = hourly_price(amount, currency)
    check_day(effective_on)
    same = select(CostRate).where(CostRate.person_id == person_id, CostRate.effective_on == effective_on)
    there = session.scalar(same)
    if there is not None:
        amount_there = f"{Money(there.amount_minor, there.currency)} {there.currency}"
        message = f"There is a cost of {person.name} from {effective_on} already, {amount_there}; choose a later day."
        raise RuleViolation(message, field="effective_on")
    row = CostRate(person_id=person_id, amount_minor=cost.minor, currency=currency, effective_on=effective_on)
    session.add(row)
    session.flush()
    audit.record(session, actor=actor, action="set", kind="cost_rate", object_id=row.id, now=now, person_id=person_id)
    return row


def remove_cost(session: Session, *, actor: Actor, now: datetime, cost_id: int, today: date) -> None:
    """Remove a cost that has not begun yet.

    Raises:
        Denied: the actor may not see costs.
        NotFound: no such cost.
        RuleViolation: it has begun.
    """
    require_costs(actor)
    row = session.get(CostRate, cost_id)
    if row is None:
        message = "There is no such cost."
        raise NotFound(message)
    if row.effective_on <= today:
        message = "It has begun, and time may be reckoned with it; a later one takes its place."
        raise RuleViolation(message)
    audit.record(
        session, actor=actor, action="removed", kind="cost_rate", object_id=row.id, now=now, person_id=row.person_id
    )
    session.delete(row)
    session.flush()
