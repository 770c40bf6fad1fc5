"""What a project costs at a fixed fee: the whole, and the instalments in which it is billed (docs/billing.md rule F1).

The project knows amounts and days; slices above bill them, and say with :func:`name_holders` what bills one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.projects import queries
from helpdesk.projects.models import FixedFee, Project

Namer = Callable[[Session, Collection[int]], Mapping[int, str]]
WHOLE = Decimal(100)

_namers: list[Namer] = []


def name_holders(namer: Namer) -> None:
    """Tell what bills instalments, as people call it: 7 -> ``invoice INV-2026-0007``; what nothing bills has none."""
    if namer not in _namers:
        _namers.append(namer)


def holder_of(session: Session, fee_id: int) -> str:
    """Return what bills the instalment; empty where nothing does."""
    return holders_of(session, [fee_id]).get(fee_id, "")


def holders_of(session: Session, fee_ids: Collection[int]) -> dict[int, str]:
    """Return what bills each of some instalments, all in one go; what nothing bills has none."""
    return {fee_id: name for namer in _namers for fee_id, name in namer(session, fee_ids).items()}


def fees_of(session: Session, project_id: int) -> Sequence[FixedFee]:
    """Return the instalments of a project, by day."""
    query = select(FixedFee).where(FixedFee.project_id == project_id, FixedFee.removed_at.is_(None))
    return session.scalars(query.order_by(FixedFee.due_on, FixedFee.id)).all()


def set_whole(session: Session, *, actor: Actor, now: datetime, project_id: int, amount_minor: int) -> Project:
    """Say what the project costs in all, in minor units of the client's currency, and return it.

    Raises:
        NotFound: no such project for this actor.
        RuleViolation: it is not billed at a fixed fee, the fee is nothing, or less than its instalments.
    """
    project = _lock(session, actor, project_id)
    planned = sum(fee.amount_minor for fee in fees_of(session, project_id))
    if amount_minor <= 0:
        message = "A fee is more than nothing."
        raise RuleViolation(message, field="whole")
    if amount_minor < planned:
        said = Money(planned, project.client.currency)
        message = f"The instalments come to {said} already; remove some first."
        raise RuleViolation(message, field="whole")
    before, project.fixed_fee_minor = project.fixed_fee_minor, amount_minor
    session.flush()
    if before != amount_minor:
        changes = {"fixed_fee_minor": [before, amount_minor]}
        audit.record(
            session, actor=actor, action="changed", kind="project", object_id=project.id, now=now, changes=changes
        )
    return project


def add_fee(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    text: str,
    due_on: date,
    percent: Decimal | None = None,
    amount_minor: int | None = None,
) -> FixedFee:
    """Add an instalment, of a percentage of the whole fee or an amount, to be billed from ``due_on`` on; return it.

    The last one takes what is left, to the cent, where the percentages come to 100.

    Raises:
        NotFound: no such project for this actor.
        RuleViolation: it is not billed at a fixed fee, has none yet, no text, neither percentage nor amount, or more
            than what is left of the fee.
    """
    project = _lock(session, actor, project_id)
    if project.fixed_fee_minor is None:
        message = "Say first what the project costs in all."
        raise RuleViolation(message, field="whole")
    if not text.strip():
        message = "Write what the instalment is for; the client reads it."
        raise RuleViolation(message, field="text")
    known = fees_of(session, project_id)
    left = project.fixed_fee_minor - sum(fee.amount_minor for fee in known)
    wanted = amount_minor if percent is None else _part(project, percent, known, left)
    if wanted is None or (percent is not None and amount_minor is not None):
        message = "Write either a percentage or an amount."
        raise RuleViolation(message, field="percent")
    if not 0 < wanted <= left:
        message = f"{Money(left, project.client.currency)} of the fee is left to be billed; choose some of it."
        raise RuleViolation(message, field="amount" if percent is None else "percent")
    fee = FixedFee(
        project_id=project_id,
        text=" ".join(text.split()),
        percent=None if percent is None else f"{percent.normalize():f}",
        amount_minor=wanted,
        currency=project.client.currency,
        due_on=due_on,
        created_at=now,
    )
    session.add(fee)
    session.flush()
    _audit(session, actor, now, "instalment added", fee)
    return fee


def remove_fee(session: Session, *, actor: Actor, now: datetime, project_id: int, fee_id: int) -> FixedFee:
    """Remove an instalment that nothing bills.

    Raises:
        NotFound: no such project or instalment for this actor.
        Conflict: a draft or an invoice bills it; it is named.
    """
    _lock(session, actor, project_id)
    asked = select(FixedFee).where(
        FixedFee.id == fee_id, FixedFee.project_id == project_id, FixedFee.removed_at.is_(None)
    )
    fee = session.scalar(asked.with_for_update())
    if fee is None:
        message = "There is no such instalment."
        raise NotFound(message)
    held = holder_of(session, fee.id)
    if held:
        message = f"{fee.text} is on {held}; it stays as it is."
        raise Conflict(message)
    fee.removed_at = now
    session.flush()
    _audit(session, actor, now, "instalment removed", fee)
    return fee


def due(session: Session, *, client_id: int, currency: str, first: date, last: date) -> Sequence[FixedFee]:
    """Return the instalments of the client's projects at a fixed fee from ``first`` to ``last``, by day."""
    query = (
        select(FixedFee)
        .join(FixedFee.project)
        .where(
            Project.client_id == client_id,
            Project.billing == "fixed_fee",
            FixedFee.currency == currency,
            FixedFee.removed_at.is_(None),
            FixedFee.due_on.between(first, last),
        )
        .order_by(FixedFee.due_on, FixedFee.id)
    )
    return session.scalars(query).all()


def hold(session: Session, fee_ids: Collection[int]) -> None:
    """Keep instalments from being removed until the transaction ends, for whoever bills them now.

    Raises:
        Conflict: one was removed in the meantime.
    """
    query = select(FixedFee.id).where(FixedFee.id.in_(fee_ids), FixedFee.removed_at.is_(None))
    if len(session.scalars(query.order_by(FixedFee.id).with_for_update()).all()) < len(fee_ids):
        message = "An instalment was removed in the meantime. Look again."
        raise Conflict(message)


def _part(project: Project, percent: Decimal, known: Sequence[FixedFee], left: int) -> int:
    if percent <= 0 or percent > WHOLE:
        message = f"{percent} % is no part of a fee; write more than 0 and at most 100."
        raise RuleViolation(message, field="percent")
    part = Money(project.fixed_fee_minor or 0, project.client.currency).times(Fraction(percent) / 100).minor
    is_last = all(fee.percent for fee in known) and sum(Decimal(fee.percent or 0) for fee in known) + percent == WHOLE
    is_rounding = abs(left - part) <= len(known)  # more is left where the whole was changed meanwhile
    return left if is_last and is_rounding else part


def _lock(session: Session, actor: Actor, project_id: int) -> Project:
    queries.get_project(session, actor=actor, project_id=project_id)
    project = session.scalars(
        select(Project).where(Project.id == project_id).with_for_update(), execution_options={"populate_existing": True}
    ).one()
    if project.billing != "fixed_fee":
        message = "This project is not billed at a fixed fee; its settings say how it is."
        raise RuleViolation(message)
    return project


def _audit(session: Session, actor: Actor, now: datetime, action: str, fee: FixedFee) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        kind="project",
        object_id=fee.project_id,
        now=now,
        instalment=fee.id,
        text=fee.text,
        amount_minor=fee.amount_minor,
        due_on=fee.due_on.isoformat(),
    )
