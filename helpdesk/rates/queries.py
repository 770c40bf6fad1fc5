"""Reads of rates, rounding policies and work types."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.clients.queries import billable_by
from helpdesk.infra.ahead import models_of, rows_of
from helpdesk.infra.policy import Actor
from helpdesk.infra.sql import among
from helpdesk.infra.together import columns_of
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.money import Money
from helpdesk.projects.models import Project
from helpdesk.rates.domain import LEVELS, RateCard
from helpdesk.rates.models import CostRate, Rate, RoundingPolicyRow, WorkType

_Named = Select[Rate, str | None, str | None, str | None, str | None]


def cards_for(session: Session, *, client_id: int, currency: str) -> list[RateCard]:
    """Return every rate that work for a client can have, as the pure engine takes them: one query.

    Keys are ids as text. Rates of other clients, and of their projects, are left out.
    """
    return cards_of(session, [(client_id, currency)])[client_id, currency]


def cards_of(session: Session, wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], list[RateCard]]:
    """Return what `cards_for` would of each client and currency: one query however many."""
    return cards_among(rows_of(session, cards_of_asked(session, wanted)) if wanted else (), wanted)


def cards_of_asked(session: Session, wanted: Collection[tuple[int, str]]) -> Select[Any]:
    """Return the question of `cards_of`, to be asked together with others."""
    clients, currencies = {each for each, _currency in wanted}, {currency for _client, currency in wanted}
    return _named_columns().where(
        or_(Client.id.is_(None), among(session, Client.id, clients)), among(session, Rate.currency, currencies)
    )


def cards_asked(clients: BindParameter[int] | Select[int], currencies: Select[str]) -> Select[Any]:
    """Return the question for the rates of clients in some currencies; `cards_among` reads the answer."""
    return _named_columns().where(or_(Client.id.is_(None), Client.id.in_(clients)), Rate.currency.in_(currencies))


def cards_among(rows: Iterable[Any], wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], list[RateCard]]:
    """Return the rates of each client and currency that is wanted; what is of no client is of all."""
    clients = {each for each, _currency in wanted}
    found: dict[tuple[int, str], list[RateCard]] = {each: [] for each in wanted}
    for row in rows:
        card = _card(row, row.client_name, row.project_name, row.person_name, row.work_type_name)
        of = clients if row.whose_id is None else [row.whose_id]
        for key in {(each, card.currency) for each in of} & found.keys():
            found[key].append(card)
    return found


def _named_columns() -> Select[Any]:
    """Return the query of `_named` as columns, and whose rate each is."""
    names = (Client.name.label("client_name"), Project.name.label("project_name"), Person.name.label("person_name"))
    return _named().with_only_columns(
        *columns_of(Rate), *names, WorkType.name.label("work_type_name"), Client.id.label("whose_id"),
        maintain_column_froms=True,
    )  # fmt: skip


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


def _card(rate: Any, client: str | None, project: str | None, person: str | None, work_type: str | None) -> RateCard:  # noqa: ANN401 - a rate, or a row that has its columns
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
        effective_until=rate.ends_on,
        label=" + ".join(name for name in named if name),
    )


def _key(row_id: int | None) -> str | None:
    return None if row_id is None else str(row_id)


@dataclass(frozen=True)
class RateLine:
    """One line of the page of rates; names and ids are None where the rate does not name that.

    ``client_currency`` is that of the client whose rate it is, or whose project's; None for a general rate.
    """

    id: int
    scope_key: str
    level: tuple[str, ...]
    client_id: int | None
    project_id: int | None
    person_id: int | None
    work_type_id: int | None
    client_name: str | None
    client_currency: str | None
    project_name: str | None
    person_name: str | None
    work_type_name: str | None
    amount_minor: int
    currency: str
    effective_on: date
    ends_on: date | None
    created_at: datetime

    @property
    def scope(self) -> tuple[str, str]:
        """What rates must share to follow one another."""
        return self.scope_key, self.currency

    @property
    def order(self) -> tuple[object, ...]:
        """Where the line stands: levels as they apply (rule 5), then names, then the newest first."""
        names = (self.client_name, self.project_name, self.person_name, self.work_type_name)
        place = (*(name or "" for name in names), self.scope_key, self.currency)
        return LEVELS.index(self.level), *place, -self.effective_on.toordinal()


def lines(session: Session, *, actor: Actor) -> list[RateLine]:
    """Return the rates that the actor may see, in the order in which they apply: one query.

    Account managers see those of their own clients, and the general ones, as these apply to their clients too.
    """
    return _lines(session, or_(Client.id.is_(None), billable_by(actor)))


def rate_line(session: Session, *, actor: Actor, rate_id: int) -> RateLine:
    """Return one rate that the actor may see.

    Raises:
        NotFound: no such rate, or not for this actor.
    """
    found = _lines(session, and_(Rate.id == rate_id, or_(Client.id.is_(None), billable_by(actor))))
    if not found:
        message = "There is no such rate."
        raise NotFound(message)
    return found[0]


def lines_of_scope(session: Session, *, scope: tuple[str, str]) -> list[RateLine]:
    """Return the rates that follow one another with this one, newest first."""
    return _lines(session, and_(Rate.scope_key == scope[0], Rate.currency == scope[1]))


def client_currencies(session: Session) -> set[str]:
    """Return the currencies in which clients are billed; a rate in any other never counts (rule 6)."""
    return set(session.scalars(select(Client.currency).where(Client.archived_at.is_(None)).distinct()))


def _lines(session: Session, condition: ColumnElement[bool]) -> list[RateLine]:
    query = _named().add_columns(Client.currency).where(condition)
    return sorted((_line(*row) for row in session.execute(query)), key=lambda line: line.order)


def _line(
    rate: Rate,
    client: str | None,
    project: str | None,
    person: str | None,
    work_type: str | None,
    client_currency: str | None,
) -> RateLine:
    return RateLine(
        id=rate.id,
        scope_key=rate.scope_key,
        level=_card(rate, client, project, person, work_type).level,
        client_id=rate.client_id,
        project_id=rate.project_id,
        person_id=rate.person_id,
        work_type_id=rate.work_type_id,
        client_name=client,
        client_currency=client_currency,
        project_name=project,
        person_name=person,
        work_type_name=work_type,
        amount_minor=rate.amount_minor,
        currency=rate.currency,
        effective_on=rate.effective_on,
        ends_on=rate.ends_on,
        created_at=rate.created_at,
    )


@dataclass(frozen=True)
class CostLine:
    """One line of the list of costs; nothing but a later one ends it."""

    id: int
    person_id: int
    person_name: str
    amount_minor: int
    currency: str
    effective_on: date
    ends_on: date | None = None


def cost_lines(session: Session) -> list[CostLine]:
    """Return what people cost, by name, newest first. Only for those who may see costs (rule 7)."""
    cost = CostRate
    query = (
        select(cost.id, cost.person_id, Person.name, cost.amount_minor, cost.currency, cost.effective_on)
        .join(Person, Person.id == cost.person_id)
        .order_by(func.lower(Person.name), cost.person_id, cost.effective_on.desc())
    )
    return [CostLine(*row) for row in session.execute(query)]


@dataclass(frozen=True)
class RoundingLine:
    """One line of the list of rounding policies; ``client_name`` None is the default of all."""

    id: int
    client_id: int | None
    client_name: str | None
    mode: str
    step_minutes: int
    minimum_minutes: int
    grace_seconds: int
    scope: str
    effective_on: date
    created_at: datetime
    ends_on: date | None = None


def rounding_lines(session: Session, *, actor: Actor) -> list[RoundingLine]:
    """Return the rounding policies that the actor may see, the default first, each newest first: one query.

    Those of agreements are not among them: they stand on the pages of these.
    """
    visible = or_(Client.id.is_(None), billable_by(actor))
    return _rounding_lines(session, and_(RoundingPolicyRow.agreement_id.is_(None), visible))


def rounding_lines_of(session: Session, *, agreement_id: int) -> list[RoundingLine]:
    """Return the rounding policies of an agreement, newest first."""
    return _rounding_lines(session, RoundingPolicyRow.agreement_id == agreement_id)


def _rounding_lines(session: Session, condition: ColumnElement[bool]) -> list[RoundingLine]:
    row = RoundingPolicyRow
    rule = (row.mode, row.step_minutes, row.minimum_minutes, row.grace_seconds, row.scope)
    query = (
        select(row.id, row.client_id, Client.name, *rule, row.effective_on, row.created_at)
        .outerjoin(Client, Client.id == row.client_id)
        .where(condition)
        .order_by(Client.name.is_not(None), func.lower(Client.name), row.client_id, row.effective_on.desc())
    )
    return [RoundingLine(*values) for values in session.execute(query)]


def work_types(session: Session, *, archived: bool = False) -> list[WorkType]:
    """Return the work types in use, or those in the archive, the default one first, then by name."""
    return models_of(session, work_types_asked(archived=archived))


def work_types_asked(*, archived: bool = False) -> Select[WorkType]:
    """Return the question of `work_types`, to be asked together with others."""
    query = select(WorkType).where(WorkType.archived_at.is_not(None) if archived else WorkType.archived_at.is_(None))
    return query.order_by(WorkType.is_default.desc(), func.lower(WorkType.name))


def work_type_choice() -> Select[int, str, bool]:
    """Return the question for the work types in use, in their order and by their columns, to be asked with others."""
    query = select(WorkType.id, WorkType.name, WorkType.is_default).where(WorkType.archived_at.is_(None))
    return query.order_by(WorkType.is_default.desc(), func.lower(WorkType.name))


def work_type_names(session: Session) -> dict[int, str]:
    """Return the names of all work types by id, also of those that are not in use any more."""
    return {row.id: row.name for row in rows_of(session, work_type_names_asked())}


def work_type_names_asked() -> Select[int, str]:
    """Return the question of `work_type_names`, to be asked together with others."""
    return select(WorkType.id, WorkType.name)


def work_type(session: Session, work_type_id: int) -> WorkType:
    """Return a work type, in use or archived.

    Raises:
        NotFound: there is none.
    """
    found = session.get(WorkType, work_type_id)
    if found is None:
        message = "There is no such work type."
        raise NotFound(message)
    return found
