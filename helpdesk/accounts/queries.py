"""Lists of staff and teams."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Label, Select, func, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person, PersonSession, Team, TeamMember
from helpdesk.company import service as company
from helpdesk.company.models import OWN_ID, Company
from helpdesk.infra.ahead import rows_of
from helpdesk.infra.db import foreseen
from helpdesk.kernel.periods import zone_named


@dataclass(frozen=True)
class PersonLine:
    """One line of the list of people."""

    id: int
    name: str
    email: str
    role: str
    active: bool
    time_zone: str
    last_seen_at: datetime | None


@dataclass(frozen=True)
class TeamLine:
    """One line of the list of teams."""

    id: int
    name: str
    member_ids: list[int]
    member_names: list[str]
    is_retired: bool


def zone_column() -> Label[str]:
    """Return the column of the zone on whose clock a person is: their own, else that of our company, to be joined."""
    return func.coalesce(func.nullif(Person.time_zone, ""), Company.time_zone, "UTC").label("time_zone")


def zone_of(session: Session, person: Person | None) -> ZoneInfo:
    """Return the zone on whose clock a person is: their own, else our company's (docs/desk.md rule 103)."""
    if person is not None and person.time_zone:
        return zone_named(person.time_zone)
    house = company.find_company(session)
    return zone_named(house.time_zone if house is not None else "UTC")


def people_lines(session: Session) -> list[PersonLine]:
    """Return all staff, active ones first, by name, with when each was last seen: one query."""
    seen = (
        select(PersonSession.person_id, func.max(PersonSession.last_seen_at).label("at"))
        .group_by(PersonSession.person_id)
        .subquery("last_seen")
    )
    query = (
        select(Person.id, Person.name, Person.email, Person.role, Person.active, zone_column(), seen.c.at)
        .select_from(Person)
        .outerjoin(Company, Company.id == OWN_ID)
        .outerjoin(seen, seen.c.person_id == Person.id)
        .order_by(Person.active.desc(), func.lower(Person.name), Person.id)
    )
    return [PersonLine(*row) for row in session.execute(query)]


def team_lines(session: Session) -> list[TeamLine]:
    """Return all teams by name with their members, retired ones last: one query."""
    query = (
        select(Team, Person.id, Person.name)
        .outerjoin(TeamMember, TeamMember.team_id == Team.id)
        .outerjoin(Person, Person.id == TeamMember.person_id)
        .order_by(Team.retired_at.is_not(None), func.lower(Team.name), func.lower(Person.name))
    )
    found: dict[int, TeamLine] = {}
    for team, person_id, name in session.execute(query):
        line = found.setdefault(team.id, TeamLine(team.id, team.name, [], [], team.retired_at is not None))
        if person_id is not None:
            line.member_ids.append(person_id)
            line.member_names.append(name)
    return list(found.values())


def members(session: Session, *, team_id: int) -> list[int]:
    """Return the ids of the people in a team."""
    return list(session.scalars(select(TeamMember.person_id).where(TeamMember.team_id == team_id)))


def choices(session: Session, *, roles: Collection[str]) -> list[tuple[int, str]]:
    """Return (id, name) of the active people with one of ``roles``, by name, for a select field."""
    return [(row.id, row.name) for row in rows_of(session, choice_of(roles))]


def choice_of(roles: Collection[str]) -> Select[int, str]:
    """Return the question of `choices`, to be asked together with others."""
    query = select(Person.id, Person.name).where(Person.active.is_(True), Person.role.in_(sorted(roles)))
    return query.order_by(func.lower(Person.name))


def addresses(session: Session) -> list[str]:
    """Return the addresses of all staff, also of those who have left."""
    known: list[str] | None = foreseen(session, "staff addresses", otherwise=None)
    return known if known is not None else list(session.scalars(select(Person.email)))


def team_choices(session: Session) -> list[tuple[int, str]]:
    """Return (id, name) of the teams that are not retired, by name, for a select field."""
    return [(row.id, row.name) for row in rows_of(session, team_choice())]


def team_choice() -> Select[int, str]:
    """Return the question of `team_choices`, to be asked together with others."""
    return select(Team.id, Team.name).where(Team.retired_at.is_(None)).order_by(func.lower(Team.name), Team.id)


def names_of_teams(session: Session, ids: Collection[int]) -> list[tuple[int, str]]:
    """Return (id, name) of these teams by name, also of retired ones."""
    query = select(Team.id, Team.name).where(Team.id.in_(ids)).order_by(func.lower(Team.name))
    return [(row.id, row.name) for row in session.execute(query)] if ids else []


def last_seen(session: Session, person_id: int) -> datetime | None:
    """Return when a person last used any browser, to the minute; None where nobody knows."""
    return session.scalar(select(func.max(PersonSession.last_seen_at)).where(PersonSession.person_id == person_id))


def names(session: Session, ids: Collection[int]) -> list[tuple[int, str]]:
    """Return (id, name) of these people by name, also of those who have left."""
    query = select(Person.id, Person.name).where(Person.id.in_(ids)).order_by(func.lower(Person.name))
    return [(row.id, row.name) for row in session.execute(query)] if ids else []
