"""Use cases of prices: what an hour costs the client, what it costs us, and how it is rounded."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.infra import audit
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.durations import MINUTE, RoundingMode
from helpdesk.kernel.errors import Denied, NotFound, RuleViolation
from helpdesk.kernel.money import Money, check_currency
from helpdesk.projects.models import Project
from helpdesk.rates import queries
from helpdesk.rates.domain import (
    RateCard,
    RateHit,
    RateMissing,
    RateQuestion,
    RoundingPolicy,
    RoundingScope,
    find_rate,
)
from helpdesk.rates.models import CostRate, Rate, RoundingPolicyRow, WorkType

MOST_STEP_MINUTES = 1440
DEFAULT_WORK_TYPES = ("Remote support", "On-site", "Consulting")


def find_price(
    session: Session,
    *,
    client_id: int,
    project_id: int,
    person_id: int,
    work_type_id: int | None,
    currency: str,
    on: date,
) -> RateHit | RateMissing:
    """Return the price of an hour of this work on a local day of the contract, or what was tried (rules 5 and 6)."""
    cards = queries.matching_cards(
        session, client_id=client_id, project_id=project_id, person_id=person_id, work_type_id=work_type_id
    )
    question = RateQuestion(
        worked_on=on,
        currency=currency,
        project=str(project_id),
        client=str(client_id),
        person=str(person_id),
        work_type=None if work_type_id is None else str(work_type_id),
    )
    return find_rate(cards, question)


def set_rate(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    amount: str,
    currency: str,
    effective_on: date,
    client_id: int | None = None,
    project_id: int | None = None,
    person_id: int | None = None,
    work_type_id: int | None = None,
) -> Rate:
    """Add a price per hour (``amount`` as a plain decimal, such as ``120.00``) from a day on.

    A price is never changed: a new one from a later day replaces it, and approved time keeps its own (rule 4).

    Raises:
        NotFound: no such client, project, person or work type, or not for this actor.
        Denied: a general rate (for no client and no project), by somebody who is not a manager.
        RuleViolation: the fields fit no level of rule 5, the amount is none, or there is one from that day.
    """
    price = Money.parse(amount, currency)
    if price.minor < 0:
        message = "A rate is not negative."
        raise RuleViolation(message)
    _check_scope(session, actor, client_id=client_id, project_id=project_id)
    _check_parts(session, person_id=person_id, work_type_id=work_type_id)
    fields = {"project": project_id, "client": client_id, "person": person_id, "work_type": work_type_id}
    keys: dict[str, Any] = {name: None if row_id is None else str(row_id) for name, row_id in fields.items()}
    card = RateCard(amount=price.amount, currency=currency, effective_from=effective_on, **keys)
    scope_key = "+".join(f"{name}:{fields[name]}" for name in card.level) or "company"
    _refuse_second(session, scope_key=scope_key, currency=currency, effective_on=effective_on)
    rate = Rate(
        **{f"{name}_id": row_id for name, row_id in fields.items()},
        scope_key=scope_key,
        amount_minor=price.minor,
        currency=currency,
        effective_on=effective_on,
        created_at=now,
    )
    session.add(rate)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="set",
        kind="rate",
        object_id=rate.id,
        now=now,
        scope=scope_key,
        amount=f"{price} {currency}",
        effective_on=str(effective_on),
    )
    return rate


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
        RuleViolation: the amount is none, or there is one from that day.
    """
    _require_manager(actor)
    person = accounts.get_person(session, person_id)
    cost = Money.parse(amount, currency)
    same = select(CostRate.id).where(CostRate.person_id == person_id, CostRate.effective_on == effective_on)
    if cost.minor < 0 or session.scalar(same) is not None:
        message = f"There is a cost of {person.name} from {effective_on} already, or it is negative."
        raise RuleViolation(message)
    row = CostRate(person_id=person_id, amount_minor=cost.minor, currency=currency, effective_on=effective_on)
    session.add(row)
    session.flush()
    audit.record(session, actor=actor, action="set", kind="cost_rate", object_id=row.id, now=now, person_id=person_id)
    return row


def rounding_for(session: Session, *, client_id: int, on: date) -> RoundingPolicyRow | None:
    """Return the rounding in force on a day: the client's own, else the default of all, else None."""
    row = RoundingPolicyRow
    rows = session.scalars(select(row).where(or_(row.client_id == client_id, row.client_id.is_(None))))
    return rounding_of(rows, client_id=client_id, on=on)


def rounding_of(rows: Iterable[RoundingPolicyRow], *, client_id: int, on: date) -> RoundingPolicyRow | None:
    """Return which of many policies is in force for a client on a day; the latest of the narrowest wins."""
    begun = [row for row in rows if row.client_id in {client_id, None} and row.effective_on <= on]
    return max(begun, key=lambda row: (row.client_id is not None, row.effective_on, row.id), default=None)


def policy_of(row: RoundingPolicyRow | None) -> RoundingPolicy:
    """Return a stored policy as the pure engine takes it; None is each started minute of each entry."""
    if row is None:
        return RoundingPolicy()
    return RoundingPolicy(
        mode=RoundingMode(row.mode),
        step_seconds=row.step_minutes * MINUTE,
        minimum_seconds=row.minimum_minutes * MINUTE,
        grace_seconds=row.grace_seconds,
        scope=RoundingScope(row.scope),
    )


def set_rounding(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    effective_on: date,
    mode: str,
    client_id: int | None = None,
    step_minutes: int = 1,
    minimum_minutes: int = 0,
    scope: str = "entry",
    grace_seconds: int = 0,
) -> RoundingPolicyRow:
    """Say how time is rounded for a client, or with None for all that have nothing of their own, from a day on.

    Raises:
        NotFound: no such client, or not for this actor.
        Denied: the default of all, by somebody who is not a manager.
        RuleViolation: a word or number that no policy has, or there is one from that day.
    """
    _check_scope(session, actor, client_id=client_id, project_id=None)
    if mode not in set(RoundingMode) or scope not in set(RoundingScope):
        message = "Rounding goes up, down, to the nearest step or not at all; once an entry, a day or a ticket."
        raise RuleViolation(message)
    if not 1 <= step_minutes <= MOST_STEP_MINUTES or minimum_minutes < 0 or grace_seconds < 0:
        message = f"A step has 1 to {MOST_STEP_MINUTES} minutes; minimum and grace are not negative."
        raise RuleViolation(message)
    row = RoundingPolicyRow
    same_client = row.client_id.is_(None) if client_id is None else row.client_id == client_id
    if session.scalar(select(row.id).where(same_client, row.effective_on == effective_on).limit(1)) is not None:
        message = f"There is a rounding from {effective_on} already; choose a later day."
        raise RuleViolation(message)
    policy = RoundingPolicyRow(
        client_id=client_id,
        mode=mode,
        step_minutes=step_minutes,
        minimum_minutes=minimum_minutes,
        scope=scope,
        grace_seconds=grace_seconds,
        effective_on=effective_on,
        created_at=now,
    )
    session.add(policy)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="set",
        kind="rounding",
        object_id=policy.id,
        now=now,
        client_id=client_id,
        mode=mode,
    )
    return policy


def add_work_type(
    session: Session, *, actor: Actor, now: datetime, name: str, billable: bool = True, is_default: bool = False
) -> WorkType:
    """Add a kind of work; a default one takes the place of the default before.

    Raises:
        RuleViolation: no name, or one that there is already.
    """
    title = " ".join(name.split())
    taken = select(WorkType.id).where(func.lower(WorkType.name) == title.lower()).limit(1)
    if not title or session.scalar(taken) is not None:
        message = "A work type needs a name of its own."
        raise RuleViolation(message)
    if is_default:
        session.execute(update(WorkType).values(is_default=False))
    work_type = WorkType(name=title, billable=billable, is_default=is_default)
    session.add(work_type)
    session.flush()
    audit.record(session, actor=actor, action="added", kind="work_type", object_id=work_type.id, now=now, name=title)
    return work_type


def add_default_work_types(session: Session, *, actor: Actor, now: datetime) -> list[WorkType]:
    """Add the kinds of work that a new house begins with; the first is what new time has."""
    return [
        add_work_type(session, actor=actor, now=now, name=name, is_default=at == 0)
        for at, name in enumerate(DEFAULT_WORK_TYPES)
    ]


def _check_scope(session: Session, actor: Actor, *, client_id: int | None, project_id: int | None) -> None:
    if client_id is None and project_id is None:
        _require_manager(actor)
    if client_id is not None:
        clients.get_billable(session, actor=actor, client_id=client_id)
    if project_id is not None:
        query = select(Project.id).join(Client, Client.id == Project.client_id)
        if session.scalar(query.where(Project.id == project_id, clients.billable_by(actor))) is None:
            message = "There is no such project."
            raise NotFound(message)


def _check_parts(session: Session, *, person_id: int | None, work_type_id: int | None) -> None:
    if person_id is not None:
        accounts.get_person(session, person_id)
    if work_type_id is not None and session.get(WorkType, work_type_id) is None:
        message = "There is no such work type."
        raise NotFound(message)


def _refuse_second(session: Session, *, scope_key: str, currency: str, effective_on: date) -> None:
    check_currency(currency)
    query = select(Rate.id).where(
        Rate.scope_key == scope_key, Rate.currency == currency, Rate.effective_on == effective_on
    )
    if session.scalar(query) is not None:
        message = f"There is a rate for the same from {effective_on} already; choose a later day."
        raise RuleViolation(message)


def _require_manager(actor: Actor) -> None:
    if not actor.is_one_of(APPROVERS):
        message = "Only managers and administrators set what applies to every client."
        raise Denied(message)
