"""What is submitted: which of it is asked for, and how much that is by person, client, project and its manager."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.infra.sql import seconds_between
from helpdesk.projects.models import Project, WorkItem
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries.rights import Reach

GROUPS = ("person", "client", "project", "manager")
Manager = aliased(Person, name="project_manager")


@dataclass(frozen=True, slots=True)
class Filters:
    """What of all that waits is asked for; None is everything."""

    person: int | None = None
    client: int | None = None
    project: int | None = None
    manager: int | None = None


@dataclass(slots=True)
class Sum:
    """What waits under one key: its id (0: nobody), how it is called, how many entries, how many seconds."""

    id: int
    name: str
    count: int
    seconds: int


def submitted(reach: Reach, filters: Filters) -> Select[int, datetime]:
    """Return the selection of id and start of what waits in reach, as far as the filters leave it."""
    query = (
        select(TimeEntry.id, TimeEntry.started_at)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .join(Person, Person.id == TimeEntry.person_id)
        .outerjoin(Manager, Manager.id == Project.manager_id)
        .where(TimeEntry.status == "submitted", reach.condition)
    )
    for column, wanted in _columns(filters):
        if wanted is not None:
            query = query.where(column == wanted)
    return query


def _columns(filters: Filters) -> Iterable[tuple[Any, int | None]]:  # columns that a query compares
    return (
        (TimeEntry.person_id, filters.person),
        (Project.client_id, filters.client),
        (Project.id, filters.project),
        (func.coalesce(Project.manager_id, 0), filters.manager),
    )


def sums(session: Session, *, reach: Reach, group: str, filters: Filters) -> tuple[list[Sum], dict[str, list[Sum]]]:
    """Return the sums by ``group`` of what the filters leave, and those of everything by each key; by name."""
    chosen: dict[int, Sum] = {}
    choices: dict[str, dict[int, Sum]] = {name: {} for name in GROUPS}
    wanted = {name: value for name in GROUPS if (value := getattr(filters, name)) is not None}
    for *named, count, seconds in _by_person_and_project(session, reach):
        keys = dict(zip(GROUPS, zip(named[::2], named[1::2], strict=True), strict=True))
        for name, (id_, label) in keys.items():
            _add(choices[name], id_, label, count, int(seconds or 0))
        if all(keys[name][0] == value for name, value in wanted.items()):
            _add(chosen, *keys[group], count, int(seconds or 0))
    return _by_name(chosen), {name: _by_name(found) for name, found in choices.items()}


def _by_person_and_project(session: Session, reach: Reach) -> Iterable[tuple[Any, ...]]:
    """Return one row for each person on each project: what the sums and the choices of the filters are made of.

    A row has id and name of each of `GROUPS` in their order, then how many entries and seconds.
    """
    query = (
        submitted(reach, Filters())
        .with_only_columns(
            TimeEntry.person_id,
            Person.name,
            Client.id,
            Client.name,
            Project.id,
            (Client.name + ", " + Project.name),
            func.coalesce(Project.manager_id, 0),
            func.coalesce(Manager.name, ""),
            func.count(),
            func.sum(seconds_between(TimeEntry.started_at, TimeEntry.ended_at)),
        )
        .group_by(TimeEntry.person_id, Person.name, Client.id, Client.name, Project.id, Project.name, Manager.name)
    )
    return session.execute(query)


def _add(sums: dict[int, Sum], id_: int, name: str, count: int, seconds: int) -> None:
    if (found := sums.get(id_)) is None:
        sums[id_] = Sum(id_, name, count, seconds)
    else:
        found.count += count
        found.seconds += seconds


def _by_name(sums: Mapping[int, Sum]) -> list[Sum]:
    return sorted(sums.values(), key=lambda each: (each.name.casefold(), each.id))
