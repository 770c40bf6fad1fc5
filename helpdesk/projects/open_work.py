"""The open tasks of all projects with what their plans know of them: what the workload is made of."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.clients.queries import visible
from helpdesk.infra.ahead import rows_of
from helpdesk.infra.policy import Actor
from helpdesk.projects.models import OPEN_STATUSES, Project, TaskDetails, WorkItem


@dataclass(frozen=True)
class OpenTask:
    """One open task, whose it is, and its plan."""

    id: int
    number: int
    title: str
    person_id: int | None
    person_name: str | None
    project_id: int
    project_name: str
    client_name: str
    starts_on: date | None
    due_on: date | None
    estimate_seconds: int | None
    stated_remaining_seconds: int | None
    stated_at_worked_seconds: int | None


def open_tasks(
    session: Session, *, actor: Actor, project_id: int | None = None, client_id: int | None = None
) -> list[OpenTask]:
    """Return the open tasks of active projects that the actor may see, by due day: one query.

    Milestones take no time, and a task with tasks below it is made of these: neither is among them.
    """
    asked = open_tasks_asked(actor, project_id=project_id, client_id=client_id)
    return [OpenTask(*row) for row in rows_of(session, asked)]


def open_tasks_asked(actor: Actor, *, project_id: int | None = None, client_id: int | None = None) -> Select[Any]:
    """Return the question of `open_tasks`, to be asked together with others."""
    columns: tuple[Any, ...] = (
        WorkItem.id,
        WorkItem.number,
        WorkItem.title,
        WorkItem.assignee_id,
        Person.name,
        Project.id,
        Project.name,
        Client.name,
        TaskDetails.starts_on,
        TaskDetails.due_on,
        TaskDetails.estimate_seconds,
        TaskDetails.stated_remaining_seconds,
        TaskDetails.stated_at_worked_seconds,
    )
    return (
        select(*columns)
        .join(TaskDetails, TaskDetails.work_item_id == WorkItem.id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .outerjoin(Person, Person.id == WorkItem.assignee_id)
        .where(visible(actor), Client.archived_at.is_(None), *_open(project_id, client_id))
        .order_by(TaskDetails.due_on.is_(None), TaskDetails.due_on, func.lower(Client.name), WorkItem.number)
    )


def open_task_ids() -> Select[int]:
    """Return the question for the ids of all open tasks of active projects, for what is known of them elsewhere."""
    return select(WorkItem.id).join(Project, Project.id == WorkItem.project_id).where(*_is_open())


def _open(project_id: int | None, client_id: int | None) -> list[ColumnElement[bool]]:
    below, part = aliased(TaskDetails), aliased(WorkItem)
    parts = exists().where(below.parent_id == WorkItem.id, part.id == below.work_item_id, part.kind == "task")
    found = [*_is_open(), TaskDetails.is_milestone.is_(False), ~parts]
    if project_id is not None:
        found.append(Project.id == project_id)
    if client_id is not None:
        found.append(Project.client_id == client_id)
    return found


def _is_open() -> tuple[ColumnElement[bool], ...]:
    return WorkItem.kind == "task", WorkItem.status.in_(OPEN_STATUSES), Project.status == "active"
