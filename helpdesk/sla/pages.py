"""What the pages of service levels show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.clients.models import Client
from helpdesk.infra.ahead import models_of
from helpdesk.kernel.business_time import add_business_seconds
from helpdesk.kernel.dates import instant_words
from helpdesk.projects.models import Project
from helpdesk.sla import queries
from helpdesk.sla.domain.clocks import TARGETS
from helpdesk.sla.models import BusinessCalendar, SlaPolicy, SlaScope
from helpdesk.sla.render import TARGET_NAMES


@dataclass(frozen=True)
class Covered:
    """A client or project that a policy covers."""

    scope_id: int
    name: str


@dataclass(frozen=True)
class Level:
    """A policy as the pages show it."""

    id: int
    name: str
    is_on: bool
    is_default: bool
    calendar_name: str
    measured_since: datetime | None
    covers: list[Covered]


@dataclass(frozen=True)
class Preview:
    """When a ticket that arrives at some time would be due: words by priority and target, empty where not promised."""

    arrives: str
    zone: str
    targets: list[object]
    due: Mapping[str, list[str]]


def levels(session: Session) -> list[Level]:
    """Return all policies, the default one first, in two queries."""
    query = select(SlaPolicy).options(joinedload(SlaPolicy.calendar))
    rows = session.scalars(query.order_by(SlaPolicy.is_default.desc(), func.lower(SlaPolicy.name))).all()
    covered = _covered(session)
    return [
        Level(
            row.id,
            row.name,
            row.measured_since is not None,
            row.is_default,
            row.calendar.name,
            row.measured_since,
            covered.get(row.id, []),
        )
        for row in rows
    ]


def level(session: Session, policy_id: int) -> Level:
    """Return one policy, which exists."""
    return next(one for one in levels(session) if one.id == policy_id)


def calendars(session: Session) -> Sequence[BusinessCalendar]:
    """Return the calendars by name."""
    return models_of(session, calendars_asked())


def calendars_asked() -> Select[BusinessCalendar]:
    """Return the question of `calendars`, to be asked together with others."""
    return select(BusinessCalendar).order_by(func.lower(BusinessCalendar.name))


def calendar_choices(session: Session) -> list[tuple[int, str]]:
    """Return (id, name) of the calendars, for a select field."""
    return [(row.id, row.name) for row in calendars(session)]


def preview(
    session: Session, *, calendar_id: int, budgets: Mapping[str, Mapping[str, int | None]], arrives: datetime
) -> Preview:
    """Return when a ticket would be due that arrives at ``arrives``, without a zone, on the clock of the calendar."""
    row = session.get_one(BusinessCalendar, calendar_id)
    calendar = queries.calendar_of(row, company_zone=queries.company_zone(session))
    start = arrives.replace(tzinfo=calendar.zone)

    def due(seconds: int | None) -> str:
        return instant_words(add_business_seconds(calendar, start, seconds), calendar.zone) if seconds else ""

    return Preview(
        instant_words(start, calendar.zone),
        str(calendar.zone),
        [TARGET_NAMES[target] for target in TARGETS],
        {priority: [due(targets.get(target)) for target in TARGETS] for priority, targets in budgets.items()},
    )


def _covered(session: Session) -> dict[int, list[Covered]]:
    owner = func.coalesce(SlaScope.client_id, Project.client_id)
    query = (
        select(SlaScope.policy_id, SlaScope.id, Client.name, Project.name)
        .outerjoin(Project, Project.id == SlaScope.project_id)
        .join(Client, Client.id == owner)
        .order_by(func.lower(Client.name), SlaScope.id)
    )
    found: dict[int, list[Covered]] = {}
    for policy_id, scope_id, client, project in session.execute(query):
        found.setdefault(policy_id, []).append(Covered(scope_id, f"{client} · {project}" if project else client))
    return found
