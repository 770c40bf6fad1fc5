"""Reads of rates, rounding policies and work types."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.clients.queries import billable_by
from helpdesk.infra.policy import Actor
from helpdesk.kernel.money import Money
from helpdesk.projects.models import Project
from helpdesk.rates.domain import LEVELS, RateCard
from helpdesk.rates.models import CostRate, Rate, RoundingPolicyRow, WorkType

_Named = Select[Rate, str | None, str | None, str | None, str | None]


def cards_for(session: Session, *, client_id: int, currency: str) -> list[RateCard]:
    """Return every rate that work for a client can have, as the pure engine takes them: one query.

    Keys are ids as text. Rates of other clients, and of their projects, are left out.
    """
    query = _named().where(or_(Client.id.is_(None), Client.id == client_id), Rate.currency == currency)
    return [_card(*row) for row in session.execute(query)]


def matching_cards(
    session: Session, *, client_id: int, project_id: int, person_id: int, work_type_id: int | None
) -> list[RateCard]:
    """Return the rates, in every currency and of every day, whose fields this work has: one query."""
    query = _named().where(
        or_(Rate.client_id.is_(None), Rate.client_id == client_id),
        or_(Rate.project_id.is_(None), Rate.project_id == project_id),
        or_(Rate.person_id.is_(None), Rate.person_id == person_id),
        or_(Rate.work_type_id.is_(None), Rate.work_type_id == work_type_id),
    )
    return [_card(*row) for row in session.execute(query)]


def _named() -> _Named:
    """Return the query of rates with the names of what they are for; the client of a project's rate comes along."""
    return (
        select(Rate, Client.name, Project.name, Person.name, WorkType.name)
        .outerjoin(Project, Project.id == Rate.project_id)
        .outerjoin(Client, Client.id == func.coalesce(Rate.client_id, Project.client_id))
        .outerjoin(Person, Person.id == Rate.person_id)
        .outerjoin(WorkType, WorkType.id == Rate.work_type_id)
    )


def _card(rate: Rate, client: str | None, project: str | None, person: str | None, work_type: str | None) -> RateCard:
    named = (
        f"project {project}" if rate.project_id else None,
        f"client {client}" if rate.client_id else None,
        person,
        work_type,
    )
    return RateCard(
        amount=Money(rate.amount_minor, rate.currency).amount,
        currency=rate.currency,
        project=_key(rate.project_id),
        client=_key(rate.client_id),
        person=_key(rate.person_id),
        work_type=_key(rate.work_type_id),
        effective_from=rate.effective_on,
        label=" + ".join(name for name in named if name),
    )


def _key(row_id: int | None) -> str | None:
    return None if row_id is None else str(row_id)


@dataclass(frozen=True)
class RateLine:
    """One line of the page of rates; names are None where the rate does not name that."""

    id: int
    scope_key: str
    level: tuple[str, ...]
    client_name: str | None
    project_name: str | None
    person_name: str | None
    work_type_name: str | None
    amount_minor: int
    currency: str
    effective_on: date

    @property
    def order(self) -> tuple[object, ...]:
        """Where the line stands: levels as they apply (rule 5), then names, then the newest first."""
        names = (self.client_name, self.project_name, self.person_name, self.work_type_name)
        return LEVELS.index(self.level), *(name or "" for name in names), self.currency, -self.effective_on.toordinal()


def lines(session: Session, *, actor: Actor) -> list[RateLine]:
    """Return the rates that the actor may see, in the order in which they apply: one query.

    Account managers see those of their own clients, and the general ones, as these apply to their clients too.
    """
    query = _named().where(or_(Client.id.is_(None), billable_by(actor)))
    found = [_line(*row) for row in session.execute(query)]
    return sorted(found, key=lambda line: line.order)


def _line(rate: Rate, client: str | None, project: str | None, person: str | None, work_type: str | None) -> RateLine:
    return RateLine(
        id=rate.id,
        scope_key=rate.scope_key,
        level=_card(rate, client, project, person, work_type).level,
        client_name=client,
        project_name=project,
        person_name=person,
        work_type_name=work_type,
        amount_minor=rate.amount_minor,
        currency=rate.currency,
        effective_on=rate.effective_on,
    )


@dataclass(frozen=True)
class CostLine:
    """One line of the list of costs."""

    person_name: str
    amount_minor: int
    currency: str
    effective_on: date


def cost_lines(session: Session) -> list[CostLine]:
    """Return what people cost, by name, newest first. Only for those who may see costs (rule 7)."""
    query = (
        select(Person.name, CostRate.amount_minor, CostRate.currency, CostRate.effective_on)
        .join(Person, Person.id == CostRate.person_id)
        .order_by(func.lower(Person.name), CostRate.effective_on.desc())
    )
    return [CostLine(*row) for row in session.execute(query)]


@dataclass(frozen=True)
class RoundingLine:
    """One line of the list of rounding policies; ``client_name`` None is the default of all."""

    client_name: str | None
    mode: str
    step_minutes: int
    minimum_minutes: int
    grace_seconds: int
    scope: str
    effective_on: date


def rounding_lines(session: Session, *, actor: Actor) -> list[RoundingLine]:
    """Return the rounding policies that the actor may see, the default first, each newest first: one query."""
    row = RoundingPolicyRow
    query = (
        select(
            Client.name, row.mode, row.step_minutes, row.minimum_minutes, row.grace_seconds, row.scope, row.effective_on
        )
        .outerjoin(Client, Client.id == row.client_id)
        .where(or_(Client.id.is_(None), billable_by(actor)))
        .order_by(Client.name.is_not(None), func.lower(Client.name), row.effective_on.desc())
    )
    return [RoundingLine(*values) for values in session.execute(query)]


def work_types(session: Session) -> list[WorkType]:
    """Return the work types in use, the default one first, then by name."""
    query = select(WorkType).where(WorkType.archived_at.is_(None))
    return list(session.scalars(query.order_by(WorkType.is_default.desc(), func.lower(WorkType.name))))


def work_type_names(session: Session) -> dict[int, str]:
    """Return the names of all work types by id, also of those that are not in use any more."""
    return {row.id: row.name for row in session.execute(select(WorkType.id, WorkType.name))}
