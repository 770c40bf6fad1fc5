"""Rates: set from a day on, ended, removed while only planned, and looked up (docs/billing.md rules 5 and 6)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.rates import queries
from helpdesk.rates.domain import RateCard, RateHit, RateMissing, RateQuestion, find_rate
from helpdesk.rates.models import Rate, WorkType
from helpdesk.rates.service.rules import check_day, check_scope, hourly_price

Listener = Callable[[Session, Actor, datetime, Rate], None]

_listeners: list[Listener] = []


def on_rate_set(listener: Listener) -> None:
    """Tell a slice above of each new rate, such as the one that has time without a price (rule 6)."""
    _listeners.append(listener)


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
    Approved time that had no price at all gets one (rule 6).

    Raises:
        NotFound: no such client, project, person or work type, or not for this actor.
        Denied: a general rate (for no client and no project), by somebody who is not a manager.
        RuleViolation: the fields fit no level of rule 5, the amount or the day is none, or there is one from that day.
    """
    price = hourly_price(amount, currency)
    check_day(effective_on)
    check_scope(session, actor, client_id=client_id, project_id=project_id)
    _check_parts(session, person_id=person_id, work_type_id=work_type_id)
    fields = {"project": project_id, "client": client_id, "person": person_id, "work_type": work_type_id}
    scope_key = _scope_key(fields, price, effective_on)
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
    _note(session, actor, now, "set", rate)
    for listener in _listeners:
        listener(session, actor, now, rate)
    return rate


def end_rate(session: Session, *, actor: Actor, now: datetime, rate_id: int, ends_on: date) -> Rate:
    """Let a rate end with a day: from the next one on the next level counts. Approved time keeps its price.

    Raises:
        NotFound: no such rate, or not for this actor.
        Denied: a general rate, by somebody who is not a manager.
        RuleViolation: it ends before it begins, or a later rate takes its place by then; at ``ends_on``.
    """
    rate = _changeable(session, actor, rate_id)
    check_day(ends_on, "ends_on")
    if ends_on < rate.effective_on:
        message = f"It begins on {rate.effective_on}; its last day is that one or a later one."
        raise RuleViolation(message, field="ends_on")
    later = _same_scope(rate).where(Rate.effective_on > rate.effective_on).order_by(Rate.effective_on).limit(1)
    successor = session.scalar(later)
    if successor is not None and ends_on >= successor.effective_on - timedelta(days=1):
        message = f"It ends by itself where its successor begins, on {successor.effective_on}."
        raise RuleViolation(message, field="ends_on")
    rate.ends_on = ends_on
    session.flush()
    _note(session, actor, now, "ended", rate, ends_on=str(ends_on))
    return rate


def remove_rate(session: Session, *, actor: Actor, now: datetime, rate_id: int, today: date) -> None:
    """Remove a rate that has not begun yet; nothing was priced with it. The audit trail keeps what it said.

    Raises:
        NotFound: no such rate, or not for this actor.
        Denied: a general rate, by somebody who is not a manager.
        RuleViolation: it has begun.
    """
    rate = _changeable(session, actor, rate_id)
    if rate.effective_on <= today:
        message = "It has begun, and time may have its price; let it end instead."
        raise RuleViolation(message)
    _note(session, actor, now, "removed", rate)
    session.delete(rate)
    session.flush()


def _changeable(session: Session, actor: Actor, rate_id: int) -> Rate:
    queries.rate_line(session, actor=actor, rate_id=rate_id)
    rate = session.scalar(select(Rate).where(Rate.id == rate_id).with_for_update())
    if rate is None:
        message = "There is no such rate."
        raise NotFound(message)
    check_scope(session, actor, client_id=rate.client_id, project_id=rate.project_id)
    return rate


def _same_scope(rate: Rate) -> Any:  # noqa: ANN401 - a selection of rates
    return select(Rate).where(Rate.scope_key == rate.scope_key, Rate.currency == rate.currency)


def _scope_key(fields: dict[str, int | None], price: Money, effective_on: date) -> str:
    keys: dict[str, Any] = {name: None if row_id is None else str(row_id) for name, row_id in fields.items()}
    card = RateCard(amount=price.amount, currency=price.currency, effective_from=effective_on, **keys)
    return "+".join(f"{name}:{fields[name]}" for name in card.level) or "company"


def _check_parts(session: Session, *, person_id: int | None, work_type_id: int | None) -> None:
    if person_id is not None:
        accounts.get_person(session, person_id)
    if work_type_id is not None and session.get(WorkType, work_type_id) is None:
        message = "There is no such work type."
        raise NotFound(message)


def _refuse_second(session: Session, *, scope_key: str, currency: str, effective_on: date) -> None:
    query = select(Rate).where(
        Rate.scope_key == scope_key, Rate.currency == currency, Rate.effective_on == effective_on
    )
    there = session.scalar(query)
    if there is not None:
        amount = Money(there.amount_minor, currency)
        message = (
            f"There is a rate for the same from {effective_on} already, {amount} {currency}. It is never changed, as "
            "time may have its price; choose a later day."
        )
        raise RuleViolation(message, field="effective_on")


def _note(session: Session, actor: Actor, now: datetime, action: str, rate: Rate, **more: str) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        kind="rate",
        object_id=rate.id,
        now=now,
        scope=rate.scope_key,
        amount=f"{Money(rate.amount_minor, rate.currency)} {rate.currency}",
        effective_on=str(rate.effective_on),
        **more,
    )
