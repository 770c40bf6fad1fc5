"""Templates: kept from the plan and team of a project, and a new project begun from one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session, selectinload

from helpdesk.clients.models import Client
from helpdesk.clients.queries import visible
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries, service, settings
from helpdesk.projects.domain.beginning import Days, KeptTask, days_from
from helpdesk.projects.domain.plan import Link
from helpdesk.projects.models import (
    Project,
    ProjectTemplate,
    TaskDetails,
    TaskLink,
    TemplateLink,
    TemplateMember,
    TemplateTask,
    WorkItem,
)


@dataclass(frozen=True)
class TemplateLine:
    """One line of the list of templates."""

    id: int
    name: str
    project_name: str
    client_name: str
    task_count: int
    created_at: datetime


@dataclass(frozen=True)
class Begun:
    """A project that began from a template, and who was not taken along: each with the reason, as a sentence."""

    project: Project
    left_out: list[str]


def make(session: Session, *, actor: Actor, now: datetime, project_id: int, name: str) -> ProjectTemplate:
    """Keep the plan and the team of a project as a template and return it.

    Kept are tasks and milestones with their levels, estimates, days from the start, people, priorities and tags; what
    follows what; the team and its manager; the budget of hours, but none of money, as each client has a currency. The
    start is that of the project, or the first day of any task where it has none.

    Raises:
        NotFound: no such project, or not for this actor.
        RuleViolation: no name, or one that another template has; no task to keep.
    """
    project = queries.get_project(session, actor=actor, project_id=project_id)
    title = " ".join(name.split())
    same = select(ProjectTemplate.id).where(func.lower(ProjectTemplate.name) == title.lower())
    _refuse_if(not title, "The template needs a name.")
    _refuse_if(session.scalar(same) is not None, f"There is a template named {title} already.")
    rows = _tasks_of(session, project.id)
    _refuse_if(not rows, f"{project.name} has no task that a template could keep.")
    template = ProjectTemplate(
        name=title,
        project_id=project.id,
        billing=project.billing,
        budget_seconds=project.budget_seconds,
        manager_id=project.manager_id,
        created_at=now,
        created_by_id=actor.person_id,
    )
    session.add(template)
    session.flush()
    kept = _keep(session, template.id, rows, start=project.starts_on or _first_day(rows))
    _keep_links(session, kept)
    team = settings.member_ids(session, project.id)
    session.add_all(TemplateMember(template_id=template.id, person_id=person_id) for person_id in team)
    session.flush()
    audit.record(
        session, actor=actor, action="kept", kind="project_template", object_id=template.id, now=now, name=title
    )
    return template


def begin_project(
    session: Session, *, actor: Actor, now: datetime, template_id: int, client_id: int, name: str, starts_on: date
) -> Begun:
    """Add a project with the plan and the team of a template, its days counted from ``starts_on``, and return it.

    A day that nobody works goes to the next one that is worked, and what follows is pushed as far as its links demand.
    Who has left, or may not work for the client, is left out; their tasks are nobody's.

    Raises:
        NotFound: no such template or client, or not for this actor.
        RuleViolation: as for a project that is added by hand.
    """
    template = get(session, actor=actor, template_id=template_id)
    project = service.add_project(
        session, actor=actor, now=now, client_id=client_id, name=name, billing=template.billing
    )
    tasks, links = _in_order(session, template.id), _links_of(session, template.id)
    team = set(session.scalars(select(TemplateMember.person_id).where(TemplateMember.template_id == template.id)))
    named = {*team, template.manager_id, *(task.assignee_id for task in tasks)}
    out = settings.unfit(session, project, [person_id for person_id in named if person_id is not None])
    wanted = replace(
        settings.settings_of(session, project),
        starts_on=starts_on,
        budget_seconds=template.budget_seconds,
        manager_id=None if template.manager_id in out else template.manager_id,
        member_ids=frozenset(team - set(out)),
    )
    settings.change_project(session, actor=actor, now=now, project_id=project.id, settings=wanted)
    days = days_from(
        starts_on,
        [
            KeptTask(
                task.id, task.title, task.starts_after_days, task.due_after_days, task.parent_id, task.is_milestone
            )
            for task in tasks
        ],
        [Link(link.predecessor_id, link.successor_id, link.lag_days, link.lag_in_working_days) for link in links],
    )
    made: dict[int, int] = {}
    for task in tasks:
        item = service.create_item(
            session,
            actor=actor,
            now=now,
            kind="task",
            project_id=project.id,
            title=task.title,
            priority=task.priority,
            assignee_id=None if task.assignee_id in out else task.assignee_id,
        )
        made[task.id] = item.id
        session.flush()
        session.add(_details(task, item.id, made, days[task.id]))
        service.add_tags(session, item_id=item.id, tags=task.tags)
    session.add_all(_link(link, made, now) for link in links)
    session.flush()
    return Begun(project, list(out.values()))


def lines(session: Session, *, actor: Actor) -> list[TemplateLine]:
    """Return the templates that the actor may see, by name: one query."""
    count = select(func.count()).where(TemplateTask.template_id == ProjectTemplate.id).scalar_subquery()
    query = _seen(
        actor,
        ProjectTemplate.id,
        ProjectTemplate.name,
        Project.name.label("project_name"),
        Client.name.label("client_name"),
        count.label("task_count"),
        ProjectTemplate.created_at,
    ).order_by(func.lower(ProjectTemplate.name))
    return [TemplateLine(**row) for row in session.execute(query).mappings()]


def get(session: Session, *, actor: Actor, template_id: int) -> ProjectTemplate:
    """Return a template.

    Raises:
        NotFound: no such template, or not for this actor.
    """
    found: ProjectTemplate | None = session.scalar(
        _seen(actor, ProjectTemplate).where(ProjectTemplate.id == template_id)
    )
    if found is None:
        message = "There is no such template."
        raise NotFound(message)
    return found


def remove(session: Session, *, actor: Actor, now: datetime, template_id: int) -> None:
    """Remove a template; projects that began from it stay as they are.

    Raises:
        NotFound: no such template, or not for this actor.
    """
    template = get(session, actor=actor, template_id=template_id)
    rows = session.scalars(select(TemplateTask.title).where(TemplateTask.template_id == template.id))
    audit.record(
        session,
        actor=actor,
        action="removed",
        kind="project_template",
        object_id=template.id,
        now=now,
        name=template.name,
        tasks=list(rows),
    )
    tasks = select(TemplateTask.id).where(TemplateTask.template_id == template.id)
    session.execute(delete(TemplateLink).where(TemplateLink.successor_id.in_(tasks)))
    session.execute(delete(TemplateMember).where(TemplateMember.template_id == template.id))
    session.execute(delete(TemplateTask).where(TemplateTask.template_id == template.id))
    session.delete(template)
    session.flush()


def _seen(actor: Actor, *columns: Any) -> Select[Any]:  # noqa: ANN401 - columns of many types
    return (
        select(*columns)
        .select_from(ProjectTemplate)
        .join(Project, Project.id == ProjectTemplate.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(visible(actor))
    )


def _tasks_of(session: Session, project_id: int) -> Sequence[Any]:
    query = (
        select(WorkItem, TaskDetails)
        .join(TaskDetails, TaskDetails.work_item_id == WorkItem.id)
        .where(WorkItem.project_id == project_id, WorkItem.kind == "task")
        .options(selectinload(WorkItem.tags))
        .order_by(TaskDetails.position, WorkItem.number)
    )
    return session.execute(query).all()


def _first_day(rows: Sequence[Any]) -> date | None:
    days = [day for _item, task in rows for day in (task.starts_on, task.due_on) if day is not None]
    return min(days, default=None)


def _keep(session: Session, template_id: int, rows: Sequence[Any], *, start: date | None) -> dict[int, TemplateTask]:
    """Write the tasks, then what lies below what: a task may stand before the one above it. Return them by item."""
    kept: dict[int, TemplateTask] = {}
    for position, (item, task) in enumerate(rows, start=1):
        kept[task.work_item_id] = TemplateTask(
            template_id=template_id,
            position=position,
            title=item.title,
            starts_after_days=_days_after(task.starts_on, start),
            due_after_days=_days_after(task.due_on, start),
            estimate_seconds=task.estimate_seconds,
            is_milestone=task.is_milestone,
            assignee_id=item.assignee_id,
            priority=item.priority,
            tags=[each.tag for each in item.tags],
        )
    session.add_all(kept.values())
    session.flush()
    for _item, task in rows:
        above = kept.get(task.parent_id)
        kept[task.work_item_id].parent_id = above.id if above is not None else None
    session.flush()
    return kept


def _keep_links(session: Session, kept: Mapping[int, TemplateTask]) -> None:
    query = select(TaskLink).where(TaskLink.successor_id.in_(kept), TaskLink.predecessor_id.in_(kept))
    session.add_all(
        TemplateLink(
            predecessor_id=kept[link.predecessor_id].id,
            successor_id=kept[link.successor_id].id,
            lag_days=link.lag_days,
            lag_in_working_days=link.lag_in_working_days,
        )
        for link in session.scalars(query)
    )


def _links_of(session: Session, template_id: int) -> Sequence[TemplateLink]:
    query = (
        select(TemplateLink)
        .join(TemplateTask, TemplateTask.id == TemplateLink.successor_id)
        .where(TemplateTask.template_id == template_id)
        .order_by(TemplateTask.position, TemplateLink.predecessor_id)
    )
    return session.scalars(query).all()


def _link(link: TemplateLink, made: Mapping[int, int], now: datetime) -> TaskLink:
    return TaskLink(
        predecessor_id=made[link.predecessor_id],
        successor_id=made[link.successor_id],
        lag_days=link.lag_days,
        lag_in_working_days=link.lag_in_working_days,
        created_at=now,
    )


def _in_order(session: Session, template_id: int) -> list[TemplateTask]:
    """Return the tasks of a template, each after the one above it."""
    rows = session.scalars(
        select(TemplateTask).where(TemplateTask.template_id == template_id).order_by(TemplateTask.position)
    )
    below: dict[int | None, list[TemplateTask]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    ordered, waiting = [], list(reversed(below.get(None, [])))
    while waiting:
        task = waiting.pop()
        ordered.append(task)
        waiting.extend(reversed(below.get(task.id, [])))
    return ordered


def _details(task: TemplateTask, item_id: int, made: Mapping[int, int], days: Days) -> TaskDetails:
    return TaskDetails(
        work_item_id=item_id,
        parent_id=made.get(task.parent_id) if task.parent_id is not None else None,
        starts_on=days[0],
        due_on=days[1],
        estimate_seconds=task.estimate_seconds,
        is_milestone=task.is_milestone,
        position=task.position,
    )


def _days_after(day: date | None, start: date | None) -> int | None:
    return None if day is None or start is None else (day - start).days


def _refuse_if(is_wrong: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    if is_wrong:
        raise RuleViolation(message)
