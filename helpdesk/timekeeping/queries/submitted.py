"""What is submitted: which of it is asked for, and how much that is by person, client, project and its manager."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session, aliased

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.infra.ahead import rows_of
from helpdesk.infra.sql import seconds_between, unindexed
from helpdesk.projects.models import Project, WorkItem
from helpdesk.timekeeping.models import SUBMITTED, TimeEntry
from helpdesk.timekeeping.queries.rights import Reach

Manager = aliased(Person, name="project_manager")
KEYS: dict[str, tuple[Any, Any]] = {
    "person": (TimeEntry.person_id, Person.name),
    "client": (Project.client_id, Client.name),
    "project": (Project.id, Client.name + ", " + Project.name),
    "manager": (func.coalesce(Project.manager_id, 0), func.coalesce(Manager.name, "")),
}
"""What can be grouped and filtered by: the id, and how people call it."""
GROUPS = tuple(KEYS)
_AT = {name: 2 * at for at, name in enumerate(GROUPS)}


@dataclass(frozen=True, slots=True)
class Filters:
    """What of all that waits is asked for; None is everything."""

    person: int | None = None
    client: int | None = None
    project: int | None = None
    manager: int | None = None

    @property
    def wanted(self) -> dict[str, int]:
        """What is filtered by."""
        return {name: value for name in GROUPS if (value := getattr(self, name)) is not None}


@dataclass(slots=True)
class Sum:
    """What waits under one key: its id (0: nobody), how it is called, how many entries, how many seconds."""

    id: int
    name: str
    count: int
    seconds: int

    @property
    def place(self) -> tuple[str, int]:
        """What groups are ordered by."""
        return self.name.casefold(), self.id


def submitted(reach: Reach, filters: Filters) -> Select[int, datetime]:
    """Return the selection of id and start of what waits in reach, as far as the filters leave it."""
    query = (
        select(TimeEntry.id, TimeEntry.started_at)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .where(SUBMITTED, reach.condition)
    )
    return query.where(*(KEYS[name][0] == value for name, value in filters.wanted.items()))


@dataclass(frozen=True)
class Waits:
    """How much waits within reach, by person and project: ``everything``, and what the filters leave of it.

    ``is_partial`` where more waits than is within reach. A row has id and name of each of `GROUPS` in their order, then
    how many entries and seconds.
    """

    everything: Sequence[Any]
    left: Sequence[Any]
    is_partial: bool

    def groups(self, by: str) -> list[Sum]:
        """Return the sums by one of `GROUPS` of what the filters leave, by name."""
        return _summed(self.left, by)

    def choices(self) -> dict[str, list[Sum]]:
        """Return the sums of everything by each of `GROUPS`, by name: what can be filtered by."""
        return {by: _summed(self.everything, by) for by in GROUPS}

    def of_groups(self, by: str, ids: Sequence[int]) -> tuple[Select[int, datetime], ColumnElement[int]]:
        """Return the selection of id and start of what waits in groups, and the column of its group's place in ``ids``.

        It begins with what waits, never with all that a project ever had: people and projects are known by now.
        """
        places, at = {id_: place for place, id_ in enumerate(ids)}, _AT[by]
        rows = [row for row in self.left if row[at] in places]
        query = select(TimeEntry.id, TimeEntry.started_at).where(SUBMITTED)
        people, projects = (_ids(rows, name) for name in ("person", "project"))
        if people != _ids(self.everything, "person"):
            query = query.where(TimeEntry.person_id.in_(sorted(people)))
        is_limited = self.is_partial or projects != _ids(self.everything, "project")
        if is_limited or (by != "person" and len(ids) > 1):
            query = query.join(TimeEntry.work_item)
        if is_limited:
            query = query.where(unindexed(WorkItem.project_id).in_(sorted(projects)))
        if by == "person":
            return query, case(places, value=TimeEntry.person_id)
        return query, case({row[_AT["project"]]: places[row[at]] for row in rows}, value=WorkItem.project_id)


def waits(session: Session, *, reach: Reach, filters: Filters) -> Waits:
    """Return how much waits, in one query."""
    rows: Sequence[Any] = rows_of(session, sums_asked(reach))
    wanted = filters.wanted.items()
    left = [row for row in rows if all(row[_AT[name]] == value for name, value in wanted)]
    return Waits(rows, left, is_partial=not reach.everything)


@lru_cache(maxsize=256)
def sums_asked(reach: Reach) -> Select[Any]:
    """Return the question of one row for each person on each project: what sums and choices of the filters are made of.

    All that waits is summed by ids, from its index alone, before anything is looked up.
    """
    summed = (
        select(
            TimeEntry.person_id,
            WorkItem.project_id,
            func.count().label("count"),
            func.sum(seconds_between(TimeEntry.started_at, TimeEntry.ended_at)).label("seconds"),
        )
        .join(TimeEntry.work_item)
        .where(SUBMITTED)
        .group_by(TimeEntry.person_id, WorkItem.project_id)
        .subquery()
    )
    ids = {**{name: id_ for name, (id_, _name) in KEYS.items()}, "person": summed.c.person_id}
    named = [each for name, (_id, called) in KEYS.items() for each in (ids[name], called)]
    return (
        select(*named, summed.c["count"], summed.c.seconds)
        .select_from(summed)
        .join(Person, Person.id == summed.c.person_id)
        .join(Project, Project.id == summed.c.project_id)
        .join(Project.client)
        .outerjoin(Manager, Manager.id == Project.manager_id)
        .where(reach.condition)
    )


def _ids(rows: Iterable[Any], by: str) -> set[int]:
    return {row[_AT[by]] for row in rows}


def _summed(rows: Iterable[Any], by: str) -> list[Sum]:
    at, sums = _AT[by], dict[int, Sum]()
    for row in rows:
        if (found := sums.get(row[at])) is None:
            sums[row[at]] = Sum(row[at], row[at + 1], row[-2], int(row[-1] or 0))
        else:
            found.count += row[-2]
            found.seconds += int(row[-1] or 0)
    return sorted(sums.values(), key=lambda each: each.place)
