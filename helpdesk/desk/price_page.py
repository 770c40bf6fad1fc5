"""What an hour of somebody's work on a ticket would cost, and why (docs/billing.md rules 5, 6, 8 and 10)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.desk.render import rounding_words
from helpdesk.infra.policy import Actor
from helpdesk.infra.web import money_filter
from helpdesk.kernel.durations import parse_typed_duration
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.money import Money, format_price
from helpdesk.kernel.periods import wall_clock, zone_named
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.rates import queries as rate_queries
from helpdesk.rates import service as rates
from helpdesk.rates.domain import RateHit, RateMissing, RateQuestion, amount_for, find_rate
from helpdesk.rates.explain import LevelLooked, explain
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.retainers.domain.pieces import PieceKind
from helpdesk.retainers.domain.work import WorkEntry
from helpdesk.retainers.supposed import Supposed, suppose
from helpdesk.timekeeping.domain.worked import NOON

MOST_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Work:
    """The work that is asked about: whose, on what, of which kind, on which day of the contract, how long."""

    number: int
    person_id: int
    work_type_id: int | None
    on: date
    worked: str


@dataclass(frozen=True)
class Share:
    """A part of the billable time: what becomes of it, at which price, and what that comes to."""

    kind: str
    seconds: int
    price: str
    amount: Money | None
    reason: str


@dataclass(frozen=True)
class PriceAnswer:
    """The context of desk/price.html beside its form. ``missing`` fills in the form for a rate."""

    item: WorkItem
    client: Client
    price: RateHit | None
    reason: str
    missing: dict[str, Any] | None
    levels: list[LevelLooked]
    rounding: RoundingPolicyRow | None
    rounding_words: str
    worked_seconds: int
    billable_seconds: int
    supposed: Supposed | None
    shares: list[Share]
    total: Money | None


def answer(session: Session, *, actor: Actor, work: Work) -> PriceAnswer:
    """Return what an hour of this work costs and why, and what its length comes to.

    Raises:
        NotFound: no such item, or the actor does not handle its client's money.
        RuleViolation: the length is none, or more than a day; at ``worked``.
    """
    item = projects.get_item(session, actor=actor, number=work.number)
    client = item.project.client
    if not clients.bills(actor, client):
        message = "There is no such ticket or task."
        raise NotFound(message)
    worked_seconds = _seconds(work.worked)
    question = _question(work, item)
    cards = rate_queries.matching_cards(
        session,
        client_id=client.id,
        project_id=item.project_id,
        person_id=work.person_id,
        work_type_id=work.work_type_id,
    )
    price = find_rate(cards, question)
    policy = rates.rounding_for(
        session, client_id=client.id, project_id=item.project_id, work_type_id=work.work_type_id, on=work.on
    )
    billable = rates.policy_of(policy).billable_seconds(worked_seconds)
    supposed = suppose(session, client=client, work=_supposed(work, item, question, worked_seconds, billable))
    shares = _shares(supposed, price, billable, client.currency)
    return PriceAnswer(
        item=item,
        client=client,
        price=price if isinstance(price, RateHit) else None,
        reason=price.reason,
        missing=_missing(work, client) if isinstance(price, RateMissing) else None,
        levels=explain(cards, question),
        rounding=policy,
        rounding_words=rounding_words(policy),
        worked_seconds=worked_seconds,
        billable_seconds=billable,
        supposed=supposed,
        shares=shares,
        total=_total(shares, client.currency),
    )


def _seconds(worked: str) -> int:
    try:
        seconds = parse_typed_duration(worked)
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field="worked") from None
    if not 0 < seconds <= MOST_SECONDS:
        message = "Write some time, and no more than a day."
        raise RuleViolation(message, field="worked")
    return seconds


def _question(work: Work, item: WorkItem) -> RateQuestion:
    return RateQuestion(
        worked_on=work.on,
        currency=item.project.client.currency,
        project=str(item.project_id),
        client=str(item.project.client_id),
        person=str(work.person_id),
        work_type=None if work.work_type_id is None else str(work.work_type_id),
    )


def _supposed(work: Work, item: WorkItem, question: RateQuestion, worked_seconds: int, billable: int) -> WorkEntry:
    start: datetime = wall_clock(work.on, NOON, zone_named(item.project.client.time_zone))
    return WorkEntry(
        uuid="",
        started_at=start,
        ended_at=start + timedelta(seconds=worked_seconds),
        person=question.person,
        project=question.project,
        ticket=str(item.id),
        work_type=question.work_type,
        is_typed_duration=True,
        fixed_seconds=billable,
    )


def _shares(supposed: Supposed | None, price: RateHit | RateMissing, billable: int, currency: str) -> list[Share]:
    if supposed is None:
        return [_share("hourly", billable, price, currency)]
    return [
        Share("covered", piece.quantity_seconds, "", Money.zero(currency), piece.reason)
        if piece.kind is PieceKind.COVERED or piece.price is None
        else _share(piece.kind.value, piece.quantity_seconds, piece.price, currency)
        for piece in supposed.result.pieces
    ]


def _share(kind: str, seconds: int, price: RateHit | RateMissing, currency: str) -> Share:
    if isinstance(price, RateMissing):
        return Share(kind, seconds, "", None, price.reason)
    return Share(kind, seconds, hour_text(price), amount_for(seconds, price.amount, currency), price.reason)


def hour_text(price: RateHit) -> str:
    """Return a price of an hour as people write it; one that is finer than its currency with all its decimals."""
    money = Money.rounded(price.amount, price.currency)
    if money.amount == price.amount:
        return money_filter(money.minor, price.currency)
    return f"{format_price(price.amount, price.currency)} {price.currency}"


def card_text(amount: Any, currency: str) -> str:  # noqa: ANN401 - a Decimal in a template
    """Return the price of a card in the same way."""
    return hour_text(RateHit(amount, currency, "", ""))


def _total(shares: list[Share], currency: str) -> Money | None:
    amounts = [share.amount for share in shares]
    if any(amount is None for amount in amounts):
        return None
    return Money(sum(amount.minor for amount in amounts if amount is not None), currency)


def _missing(work: Work, client: Client) -> dict[str, Any]:
    return {"client": client.id, "person": work.person_id, "currency": client.currency, "from": work.on.isoformat()}
