"""A client's credit, paid back: never more than there is, the oldest payment first (docs/billing.md rule M4)."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.settling import spread
from helpdesk.invoicing.listing import our_day
from helpdesk.invoicing.models import Refund, RefundPart
from helpdesk.invoicing.money import settling
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.money import Money


def pay_back(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    client_id: int,
    amount: Money,
    paid_on: date,
    method: str,
    reference: str,
    reason: str,
    key: str,
) -> Refund:
    """Note what we paid back of the client's credit in the amount's currency; a repeat of ``key`` notes nothing more.

    Raises:
        NotFound: no such client for this actor.
        RuleViolation: it is nothing or more than the credit, the day is to come, or no reason was given; ``field``
            says which.
    """
    client = queries.lock_client(session, actor=actor, client_id=client_id)
    existing = session.scalar(select(Refund).where(Refund.idempotency_key == key, Refund.client_id == client_id))
    if existing is not None:
        return existing
    free = settling.free_of(session, client_id=client_id, currency=amount.currency)
    credit = Money(sum(rest for _payment_id, rest in free), amount.currency)
    _refuse(client.name, amount, credit, paid_on, reason, today=our_day(session, now))
    refund = Refund(
        client_id=client_id,
        paid_on=paid_on,
        amount_minor=amount.minor,
        currency=amount.currency,
        method=method,
        reference=reference.strip(),
        reason=reason.strip(),
        idempotency_key=key,
        created_at=now,
        created_by_id=actor.person_id,
        parts=[RefundPart(payment_id=payment_id, amount_minor=part) for payment_id, part in spread(amount.minor, free)],
    )
    session.add(refund)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="paid back",
        kind="client",
        object_id=client_id,
        now=now,
        refund=refund.id,
        amount_minor=amount.minor,
        currency=amount.currency,
        reason=refund.reason,
    )
    return refund


def undo(session: Session, *, actor: Actor, now: datetime, client_id: int, refund_id: int, reason: str) -> Refund:
    """Say that a refund never left or came back; what it took is the client's credit again.

    Raises:
        NotFound: no such client or refund for this actor.
        Conflict: it was undone before.
        RuleViolation: no reason was given.
    """
    queries.lock_client(session, actor=actor, client_id=client_id)
    refund = session.scalar(
        select(Refund).where(Refund.id == refund_id, Refund.client_id == client_id),
        execution_options={"populate_existing": True},
    )
    if refund is None:
        message = "There is no such refund."
        raise NotFound(message)
    if refund.undone_at is not None:
        message = "This refund was undone before."
        raise Conflict(message)
    if not reason.strip():
        message = "Say why the refund is undone; the reason stays with it."
        raise RuleViolation(message, field="reason")
    refund.undone_at, refund.undone_because = now, reason.strip()
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="refund undone",
        kind="client",
        object_id=client_id,
        now=now,
        refund=refund.id,
        reason=refund.undone_because,
    )
    return refund


def refunds_of(session: Session, *, client_id: int, currency: str) -> Sequence[Refund]:
    """Return what was paid back to the client in a currency, the newest first, what was undone among it."""
    return models_of(session, refunds_asked(client_id, currency))


def refunds_asked(client_id: int, currency: str) -> Select[Refund]:
    """Return the question of `refunds_of`, to be asked together with others."""
    query = select(Refund).where(Refund.client_id == client_id, Refund.currency == currency)
    return query.order_by(Refund.paid_on.desc(), Refund.id.desc())


def _refuse(client_name: str, amount: Money, credit: Money, paid_on: date, reason: str, *, today: date) -> None:
    if amount.minor <= 0:
        message = f"{amount} is no refund; write an amount above zero."
        raise RuleViolation(message, field="amount")
    if credit < amount:
        message = f"{client_name} has a credit of {credit} {credit.currency}; no more than that is paid back."
        raise RuleViolation(message, field="amount")
    if paid_on > today:
        message = f"{paid_on} is still to come; note a refund once it has left."
        raise RuleViolation(message, field="paid_on")
    if not reason.strip():
        message = "Say why it is paid back; the reason stays with it."
        raise RuleViolation(message, field="reason")
