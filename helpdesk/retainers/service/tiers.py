"""The tiers that we sell: bundles of terms by which advice is given (docs/billing.md rule 15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.errors import Denied, NotFound, RuleViolation
from helpdesk.kernel.money import Money, check_currency
from helpdesk.retainers.models import Tier


@dataclass(frozen=True)
class TierTerms:
    """The terms of a tier; ``overage_rate`` None bills overage at the rate of the work."""

    currency: str
    allowance_seconds: int
    fee: Decimal = Decimal(0)
    overage_rate: Decimal | None = None
    rollover_months: int = 0
    rollover_cap_seconds: int | None = None
    carry_deficit: bool = False


def tiers(session: Session, *, currency: str | None = None, archived_too: bool = False) -> Sequence[Tier]:
    """Return the tiers, of one currency or of all, from few hours to many; those that we still sell first."""
    query = select(Tier).order_by(
        Tier.archived_at.is_not(None), Tier.currency, Tier.allowance_seconds, Tier.fee_minor, Tier.id
    )
    if currency is not None:
        query = query.where(Tier.currency == currency)
    if not archived_too:
        query = query.where(Tier.archived_at.is_(None))
    return session.scalars(query).all()


def get_tier(session: Session, tier_id: int) -> Tier:
    """Return the tier.

    Raises:
        NotFound: there is none.
    """
    tier = session.get(Tier, tier_id)
    if tier is None:
        message = "There is no such tier."
        raise NotFound(message)
    return tier


def add_tier(session: Session, *, actor: Actor, now: datetime, name: str, terms: TierTerms) -> Tier:
    """Add a tier.

    Raises:
        Denied: the actor is not a manager.
        RuleViolation: no name, or another's; no currency of ISO 4217.
    """
    _require_manager(actor)
    tier = Tier(name=_free_name(session, name, None), created_at=now)
    _set(tier, terms)
    session.add(tier)
    session.flush()
    audit.record(session, actor=actor, action="added", kind="tier", object_id=tier.id, now=now, name=tier.name)
    return tier


def change_tier(
    session: Session, *, actor: Actor, now: datetime, tier_id: int, name: str, terms: TierTerms, in_use: bool
) -> Tier:
    """Change a tier, or say that it is not sold any more; agreements keep what was agreed.

    Raises:
        Denied: the actor is not a manager.
        NotFound: there is no such tier.
        RuleViolation: as for a new one.
    """
    _require_manager(actor)
    tier = get_tier(session, tier_id)
    before = {"name": tier.name, "hours": tier.allowance_seconds, "fee": tier.fee_minor, "currency": tier.currency}
    tier.name = _free_name(session, name, tier.id)
    _set(tier, terms)
    if in_use != (tier.archived_at is None):
        tier.archived_at = None if in_use else now
    session.flush()
    audit.record(session, actor=actor, action="changed", kind="tier", object_id=tier.id, now=now, before=before)
    return tier


def _set(tier: Tier, terms: TierTerms) -> None:
    try:
        tier.currency = check_currency(terms.currency)
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field="currency") from refusal
    tier.allowance_seconds = terms.allowance_seconds
    tier.fee_minor = Money.rounded(terms.fee, tier.currency).minor
    rate = terms.overage_rate
    tier.overage_rate_minor = None if rate is None else Money.rounded(rate, tier.currency).minor
    tier.rollover_months = terms.rollover_months
    tier.rollover_cap_seconds = terms.rollover_cap_seconds
    tier.carry_deficit = terms.carry_deficit


def _free_name(session: Session, name: str, tier_id: int | None) -> str:
    title = " ".join(name.split())
    if not title:
        message = "A tier needs a name."
        raise RuleViolation(message, field="name")
    taken = session.scalar(select(Tier.id).where(func.lower(Tier.name) == title.lower(), Tier.id != (tier_id or 0)))
    if taken is not None:
        message = f"There is a tier called {title} already."
        raise RuleViolation(message, field="name")
    return title


def _require_manager(actor: Actor) -> None:
    if not actor.is_one_of(APPROVERS):
        message = "Only managers and administrators change what we sell."
        raise Denied(message)
