"""The lists of projects, tasks and templates as tables."""

from datetime import date

from sqlalchemy.orm import Session

from helpdesk.infra.export.columns import AT_ONCE, Column, Sheet, day, hours, instant, number, pages, text, yes
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.projects import queries, tasks, templates
from helpdesk.projects.forms import BILLING_NAMES, STATUS_NAMES
from helpdesk.projects.queries import ProjectLine
from helpdesk.projects.tasks import TaskFilter, TaskLine
from helpdesk.projects.templates import TemplateLine
from helpdesk.projects.words import priority_names, status_names


def projects_sheet(session: Session, *, actor: Actor) -> Sheet[ProjectLine]:
    """Return the projects that the actor may see, by client."""
    columns: list[Column[ProjectLine]] = [
        text(_("Project"), lambda line: line.name),
        text(_("Client"), lambda line: line.client_name),
        text(_("Billing"), lambda line: str(BILLING_NAMES[line.billing])),
        text(_("State"), lambda line: str(STATUS_NAMES[line.status])),
        text(_("Manager"), lambda line: line.manager_name),
        day(_("Due"), lambda line: line.due_on),
        number(_("Open"), lambda line: line.open_count),
        number(_("Done"), lambda line: line.done_count),
    ]
    return Sheet("projects", columns, queries.lines(session, actor=actor))


def tasks_sheet(session: Session, *, actor: Actor, wanted: TaskFilter, today: date) -> Sheet[TaskLine]:
    """Return the tasks that meet the filter, in its order."""

    def read(key: str | None) -> tuple[list[TaskLine], str | None]:
        page = tasks.page(session, actor=actor, wanted=wanted, today=today, after=key, limit=AT_ONCE)
        return page.rows, page.next_key

    statuses, priorities = status_names(), priority_names()
    columns: list[Column[TaskLine]] = [
        number(_("Number"), lambda line: line.number),
        text(_("Task"), lambda line: line.title),
        text(_("Client"), lambda line: line.client_name),
        text(_("Project"), lambda line: line.project_name),
        text(_("Status"), lambda line: statuses[line.status]),
        text(_("Priority"), lambda line: priorities[line.priority]),
        text(_("Assigned to"), lambda line: line.assignee_name),
        text(_("Team"), lambda line: line.team_name),
        hours(_("Estimate"), lambda line: line.estimate_seconds),
        day(_("Due"), lambda line: line.due_on),
        yes(_("Milestone"), lambda line: line.is_milestone),
        text(_("Tags"), lambda line: ", ".join(line.tags)),
        instant(_("Changed"), lambda line: line.updated_at),
    ]
    return Sheet(f"tasks {wanted.status}", columns, pages(read))


def templates_sheet(session: Session, *, actor: Actor) -> Sheet[TemplateLine]:
    """Return the templates of projects that the actor may see, by name."""
    columns: list[Column[TemplateLine]] = [
        text(_("Template"), lambda line: line.name),
        text(_("Client"), lambda line: line.client_name),
        text(_("Project"), lambda line: line.project_name),
        number(_("Tasks"), lambda line: line.task_count),
        instant(_("Kept"), lambda line: line.created_at),
    ]
    return Sheet("project templates", columns, templates.lines(session, actor=actor))
