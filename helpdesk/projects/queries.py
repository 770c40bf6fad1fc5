"""Reads of projects and work items, each scoped to what the actor may see."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, and_, bindparam, case, func, literal_column, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.clients.queries import billable_by, visible
from helpdesk.infra.ahead import models_of, rows_of
from helpdesk.infra.db import foresee, foreseen
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.infra.sql import among, unguessed
from helpdesk.kernel.errors import NotFound
from helpdesk.projects.models import OPEN_STATUSES, Project, ProjectMember, TaskDetails, WorkItem

NO_ITEM = "There is no such ticket or task."
_IS_ACTIVE = and_(Project.status == "active", Client.archived_at.is_(None))


def visible_items(actor: Actor) -> Select[WorkItem]:
    """Return the query of all work items that the actor may see, joined to their project and client."""
    return _items().where(visible(actor))


def _items() -> Select[WorkItem]:
    return (
        select(WorkItem).join(Project, Project.id == WorkItem.project_id).join(Client, Client.id == Project.client_id)
    )


def get_item(session: Session, *, actor: Actor, number: int | None = None, item_id: int | None = None) -> WorkItem:
    """Return a work item by its number or its id, with project, client, assignee and plan details loaded.

    Raises:
        NotFound: no such item, or not for this actor.
    """
    wanted = WorkItem.number == number if item_id is None else WorkItem.id == item_id
    item = session.scalar(whole_items(visible(actor)).where(wanted))
    if item is None:
        raise NotFound(NO_ITEM)
    return item


def get_items(session: Session, *, actor: Actor, numbers: Sequence[int]) -> list[WorkItem]:
    """Return work items in the order of their numbers, each as `get_item` does, by one query.

    Raises:
        NotFound: one of them does not exist, or not for this actor.
    """
    query = whole_items(visible(actor)).where(WorkItem.number.in_(numbers))
    found = {item.number: item for item in session.scalars(query)}
    if not found.keys() >= set(numbers):
        raise NotFound(NO_ITEM)
    return [found[number] for number in numbers]


def whole_items(seen: ColumnElement[bool]) -> Select[WorkItem]:
    """Return the query of `get_item`, of the items of clients that are ``seen``."""
    query = _items().where(seen)
    return query.options(
        contains_eager(WorkItem.project).contains_eager(Project.client),
        joinedload(WorkItem.assignee),
        joinedload(WorkItem.task_details),
    )


def numbers_of(session: Session, item_ids: Collection[int]) -> dict[int, int]:
    """Return the numbers of work items by their ids, in one query."""
    query = select(WorkItem.id, WorkItem.number).where(WorkItem.id.in_(item_ids))
    return {row.id: row.number for row in session.execute(query)}


def lock_items(session: Session, item_ids: Collection[int]) -> None:
    """Lock many work items until the transaction ends, in one query; :func:`locked_item` has them, with projects."""
    query = select(WorkItem).where(among(session, WorkItem.id, item_ids)).options(joinedload(WorkItem.project))
    query = query.order_by(WorkItem.id).with_for_update(of=WorkItem).execution_options(populate_existing=True)
    for item in session.scalars(query) if item_ids else ():
        foresee(session, "locked item", item.id, value=item)


def locked_item(session: Session, item_id: int) -> WorkItem | None:
    """Return the work item if this transaction has locked it by :func:`lock_items`."""
    item: WorkItem | None = foreseen(session, "locked item", item_id, otherwise=None)
    return item


def get_project(session: Session, *, actor: Actor, project_id: int) -> Project:
    """Return a project with its client loaded.

    Raises:
        NotFound: no such project, or not for this actor.
    """
    if actor is SYSTEM:  # sees all, and has it loaded already more often than not
        project = session.get(Project, project_id)
    else:
        query = select(Project).join(Project.client).where(Project.id == project_id, visible(actor))
        project = session.scalar(query.options(contains_eager(Project.client)))
    if project is None:
        message = "There is no such project."
        raise NotFound(message)
    return project


def triage_project(session: Session) -> Project:
    """Return the project in which mail waits whose client nobody knows.

    Raises:
        NotFound: Helpdesk is not set up yet.
    """
    project = next(iter(models_of(session, triage_asked())), None)
    if project is None:
        message = "There is no Triage project: Helpdesk is not set up yet."
        raise NotFound(message)
    return project


def triage_asked() -> Select[Project]:
    """Return the question of `triage_project`, to be asked together with others."""
    return select(Project).where(Project.is_triage.is_(True)).order_by(Project.id).limit(1)


def default_project(session: Session, client_id: int) -> Project | None:
    """Return the active project in which a client's mail lands; None where the client has none."""
    return default_projects(session, [client_id])[client_id]


def default_projects(session: Session, client_ids: Collection[int]) -> dict[int, Project | None]:
    """Return the active project in which each client's mail lands, in one query; None where a client has none."""
    query = (
        select(Project)
        .where(among(session, Project.client_id, client_ids), Project.is_default.is_(True), Project.status == "active")
        .options(joinedload(Project.client))
        .order_by(Project.id.desc())
    )
    found = {project.client_id: project for project in session.scalars(query)} if client_ids else {}
    return {client_id: found.get(client_id) for client_id in client_ids}


def projects_of_slugs(session: Session, slugs: Collection[str]) -> dict[str, Project]:
    """Return the active projects that have one of these slugs in their address, by slug. docs/mail.md rule 37."""
    query = select(Project).where(Project.mail_slug.in_(slugs), Project.status == "active")
    query = query.options(joinedload(Project.client))
    return {project.mail_slug: project for project in session.scalars(query) if project.mail_slug is not None}


@dataclass(frozen=True)
class ProjectLine:
    """One line of the list of projects."""

    id: int
    name: str
    status: str
    billing: str
    is_triage: bool
    client_id: int
    client_name: str
    manager_name: str | None
    due_on: date | None
    open_count: int
    done_count: int


def lines(session: Session, *, actor: Actor) -> list[ProjectLine]:
    """Return the projects that the actor may see, by client, active ones first: one query."""
    is_open = WorkItem.status.in_(OPEN_STATUSES)
    counts = (
        select(
            WorkItem.project_id,
            func.sum(case((is_open, 1), else_=0)).label("open"),
            func.sum(case((is_open, 0), else_=1)).label("done"),
        )
        .group_by(WorkItem.project_id)
        .subquery("item_counts")
    )
    query = (
        select(
            Project.id,
            Project.name,
            Project.status,
            Project.billing,
            Project.is_triage,
            Client.id,
            Client.name,
            Person.name,
            Project.due_on,
            func.coalesce(counts.c.open, 0),
            func.coalesce(counts.c.done, 0),
        )
        .join(Project.client)
        .outerjoin(Person, Person.id == Project.manager_id)
        .outerjoin(counts, counts.c.project_id == Project.id)
        .where(visible(actor), Client.archived_at.is_(None))
        .order_by(
            func.lower(Client.name),
            Client.id,
            case((Project.status == "active", 0), (Project.status == "paused", 1), else_=2),
            func.lower(Project.name),
            Project.id,
        )
    )
    return [ProjectLine(*row) for row in session.execute(query)]


@dataclass(frozen=True)
class ItemLine:
    """One work item in a list of a project's; what only tasks have is None for a ticket."""

    id: int
    number: int
    title: str
    status: str
    priority: str
    assignee_name: str | None
    changed_at: datetime
    due_on: date | None
    estimate_seconds: int | None
    above: str | None


PROJECT: ColumnElement[int] = unguessed(bindparam("project_id", type_=Integer()))
"""The project that is asked about, by the parameter ``project_id``."""
IS_OPEN = WorkItem.status.in_([literal_column(f"'{status}'", String) for status in OPEN_STATUSES])
"""The item is open; written out, so that PostgreSQL keeps the plan of a question that has it."""


def open_items(*, kind: str, limit: int) -> Select[Any]:
    """Return the question for open tickets, or tasks in the order of the plan with the title of the one above.

    To be asked of a ``project_id`` together with others; an :class:`ItemLine` is made of a row.
    """
    parent = aliased(WorkItem)
    shown: list[Any] = [
        WorkItem.id,
        WorkItem.number,
        WorkItem.title,
        WorkItem.status,
        WorkItem.priority,
        Person.name.label("assignee_name"),
        WorkItem.updated_at,
        TaskDetails.due_on,
        TaskDetails.estimate_seconds,
        parent.title.label("above"),
    ]
    return (
        select(*shown)
        .outerjoin(TaskDetails, TaskDetails.work_item_id == WorkItem.id)
        .outerjoin(parent, parent.id == TaskDetails.parent_id)
        .outerjoin(Person, Person.id == WorkItem.assignee_id)
        .where(WorkItem.project_id == PROJECT, WorkItem.kind == literal_column(f"'{kind}'", String), IS_OPEN)
        .order_by(func.coalesce(TaskDetails.position, 0), WorkItem.number)
        .limit(literal_column(str(limit), Integer))
    )


def item_counts() -> Select[Any]:
    """Return the question how many items a ``project_id`` has by kind and whether they are open, as `open_items`."""
    of = select(WorkItem.kind, IS_OPEN.label("is_open")).where(WorkItem.project_id == PROJECT)
    each = of.subquery()
    return select(each.c.kind, each.c.is_open, func.count().label("number")).group_by(each.c.kind, each.c.is_open)


def team() -> Select[str]:
    """Return the question for the names of the people in the team of a ``project_id``, as `open_items`."""
    query = select(Person.name).join(ProjectMember, ProjectMember.person_id == Person.id)
    return query.where(ProjectMember.project_id == PROJECT).order_by(func.lower(Person.name))


def choices(session: Session, *, actor: Actor) -> list[tuple[int, str]]:
    """Return (id, "client · project") of the active projects that the actor may see, for a select field."""
    return _choices(session, visible(actor))


def choice(actor: Actor) -> Select[Any]:
    """Return the question of `choices`, to be asked together with others."""
    return _active(visible(actor))


def choices_for(
    session: Session, *, actor: Actor, item: WorkItem, has_conversation: bool = True
) -> list[tuple[int, str]]:
    """Return (id, "client · project") of the projects to which the actor may move an item.

    A conversation stays with its client, unless that is our own company; a task never goes to Triage.
    """
    return _choices(session, _reach(actor, item, has_conversation=has_conversation))


def choice_for(
    session: Session, *, actor: Actor, item: WorkItem, has_conversation: bool, project_id: int | None
) -> Project | None:
    """Return that one of the projects of `choices_for`, with its client; None where it is none of them."""
    reach = _reach(actor, item, has_conversation=has_conversation)
    query = select(Project).join(Project.client).where(Project.id == project_id, reach, _IS_ACTIVE)
    return session.scalar(query.options(contains_eager(Project.client)))


def _reach(actor: Actor, item: WorkItem, *, has_conversation: bool) -> ColumnElement[bool]:
    home, reach = item.project.client, and_(visible(actor), Project.id != item.project_id)
    if has_conversation and not home.is_internal:
        reach = and_(reach, Project.client_id == home.id)
    if item.kind == "task":
        reach = and_(reach, Project.is_triage.is_(False))
    return reach


def billable_choices(session: Session, *, actor: Actor) -> list[tuple[int, str]]:
    """Return (id, "client · project") of the active projects whose money the actor may handle."""
    return _choices(session, billable_by(actor))


def billable_choice(actor: Actor) -> Select[Any]:
    """Return the question of `billable_choices`, to be asked together with others."""
    return _active(billable_by(actor))


def active_choices(condition: ColumnElement[bool]) -> Select[Any]:
    """Return the question for active projects, to be asked together with others: id, client, name, client_id."""
    return _active(condition).add_columns(Project.client_id)


def choices_with_default(actor: Actor) -> Select[Any]:
    """Return the question of `choices` with the client of each and whether its mail lands there, to be asked ahead."""
    return active_choices(visible(actor)).add_columns(Project.is_default)


def choices_to_move(rows: Iterable[Any], *, item: WorkItem) -> list[tuple[int, str]]:
    """Return of rows of `active_choices` those to which a ticket may be moved, as `choices_for` does."""
    home = item.project.client
    return [
        (row.id, f"{row.client} · {row.name}")
        for row in rows
        if row.id != item.project_id and (home.is_internal or row.client_id == home.id)
    ]


def _choices(session: Session, condition: ColumnElement[bool]) -> list[tuple[int, str]]:
    found = rows_of(session, _active(condition))
    return [(project_id, f"{client} · {project}") for project_id, client, project in found]


def _active(condition: ColumnElement[bool]) -> Select[Any]:
    columns: list[Any] = [Project.id, Client.name.label("client"), Project.name]
    return (
        select(*columns)
        .join(Project.client)
        .where(condition, _IS_ACTIVE)
        .order_by(func.lower(Client.name), func.lower(Project.name))
    )
