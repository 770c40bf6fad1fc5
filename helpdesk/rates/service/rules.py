"""Who sets prices for whom, and which amounts and days can be meant at all."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.infra.policy import APPROVERS, COSTS, Actor
from helpdesk.kernel.errors import Denied, NotFound, RuleViolation
from helpdesk.kernel.money import Money, format_price
from helpdesk.projects.models import Project

MOST_AN_HOUR = 10_000_000  # of any currency: even 100 USD are less in the weakest one
FIRST_YEAR, LAST_YEAR = 1970, 9990


def hourly_price(amount: str, currency: str) -> Money:
    """Return what a plain decimal says an hour costs.

    Raises:
        RuleViolation: no plain decimal, finer than the currency, negative, or more than anybody could mean; at
            ``amount``, or at ``currency`` where there is no such one.
    """
    try:
        Money.zero(currency)
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field="currency") from None
    try:
        price = Money.parse(amount, currency)
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field="amount") from None
    if price.minor < 0:
        message = "A price of an hour is not negative."
        raise RuleViolation(message, field="amount")
    if price.amount > MOST_AN_HOUR:
        message = (
            f"{format_price(price.amount, currency)} {currency} an hour is more than {MOST_AN_HOUR:,}; is it a slip?"
        )
        raise RuleViolation(message, field="amount")
    return price


def check_day(day: date, field: str = "effective_on") -> None:
    """Refuse a day that nobody can mean.

    Raises:
        RuleViolation: before 1970 or after 9990; at ``field``.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        message = f"{day} is no day that we keep books for; years go from {FIRST_YEAR} to {LAST_YEAR}."
        raise RuleViolation(message, field=field)


def check_scope(session: Session, actor: Actor, *, client_id: int | None, project_id: int | None) -> None:
    """Refuse a scope whose prices the actor does not set.

    Raises:
        NotFound: no such client or project, or not for this actor.
        Denied: what applies to every client, by somebody who is not a manager.
    """
    if client_id is None and project_id is None:
        require_manager(actor)
    if client_id is not None:
        clients.get_billable(session, actor=actor, client_id=client_id)
    if project_id is not None:
        query = select(Project.id).join(Client, Client.id == Project.client_id)
        if session.scalar(query.where(Project.id == project_id, clients.billable_by(actor))) is None:
            message = "There is no such project."
            raise NotFound(message)


def require_manager(actor: Actor) -> None:
    """Refuse those who may not set what applies to all.

    Raises:
        Denied: not a manager or administrator.
    """
    if not actor.is_one_of(APPROVERS):
        message = "Only managers and administrators set what applies to every client."
        raise Denied(message)


def require_costs(actor: Actor) -> None:
    """Refuse those who may not see costs (rule 7).

    Raises:
        Denied: the role does not include them.
    """
    if not actor.is_one_of(COSTS):
        message = "Your role does not include what people cost."
        raise Denied(message)
