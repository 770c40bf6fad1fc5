"""Routes of tasks over all projects: the list, and the calendar of a month."""

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.company.days import house_day
from helpdesk.infra import clock
from helpdesk.infra.db import read_session
from helpdesk.infra.export.columns import Sheet
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.periods import Month
from helpdesk.projects import exports, queries, tasks
from helpdesk.projects.domain.calendar import weeks_of
from helpdesk.projects.models import ITEM_STATUSES, Project
from helpdesk.projects.tasks import NOBODY, TaskFilter
from helpdesk.projects.views.blueprint import bp


def _sheet(session: Session) -> Sheet[tasks.TaskLine]:
    """Return the list as a table; a project that is not for the actor is refused, as the page does."""
    _project()
    return exports.tasks_sheet(session, actor=current_actor(), wanted=_filter(), today=_today())


@bp.get("/tasks")
@policy(DESK)
@exported(_sheet)
def task_list() -> str:
    """Show a page of the tasks that meet the filter."""
    project, wanted = _project(), _filter()
    page = tasks.page(
        read_session(), actor=current_actor(), wanted=wanted, today=_today(), after=request.args.get("after")
    )
    return render_template(
        "projects/tasks.html",
        **_frame(project, "tasks"),
        wanted=wanted,
        page=page,
        today=_today(),
        next_url=_url("projects.task_list", wanted, after=page.next_key) if page.next_key else None,
        first_url=_url("projects.task_list", wanted) if request.args.get("after") else None,
        is_filtered=any((wanted.who, wanted.tag, wanted.due, wanted.status != "unfinished")),
        statuses=ITEM_STATUSES,
        tags=tasks.tags_in_use(read_session()),
    )


@bp.get("/tasks/calendar")
@policy(DESK)
def calendar() -> str:
    """Show what is due in a month."""
    project, today, who = _project(), _today(), request.args.get("who", "")
    wanted = request.args.get("month")
    month = Month.parse(wanted) if wanted else Month.of(today)
    weeks = weeks_of(month)
    found = tasks.due_between(
        read_session(),
        actor=current_actor(),
        first=weeks[0].days[0],
        last=weeks[-1].days[-1],
        project_id=project.id if project else None,
        who=who,
    )
    by_day: dict[date, list[tasks.TaskLine]] = {}
    for line in found:
        by_day.setdefault(line.due_on or today, []).append(line)
    return render_template(
        "projects/calendar.html",
        **_frame(project, "calendar"),
        who=who,
        month=month,
        weeks=weeks,
        by_day=by_day,
        today=today,
        is_cut=len(found) == tasks.DUE_SHOWN,
        before_url=_month_url(month.previous, project, who),
        after_url=_month_url(month.next, project, who),
    )


def _project() -> Project | None:
    """Return the project that the page is about, where it is about one."""
    project_id = request.args.get("project", type=int)
    if project_id is None:
        return None
    return queries.get_project(read_session(), actor=current_actor(), project_id=project_id)


def _filter() -> TaskFilter:
    given: dict[str, Any] = {
        name: request.args[name] for name in ("status", "who", "tag", "due", "sort") if name in request.args
    }
    return TaskFilter(**given, project_id=request.args.get("project", type=int))


def _frame(project: Project | None, tab: str) -> dict[str, Any]:
    """Return what the list and the calendar share: where they are, and whose tasks can be asked for."""
    people = [(str(person_id), name) for person_id, name in accounts.choices(read_session(), roles=DESK)]
    return {
        "project": project,
        "tab": tab,
        "me": str(current_actor().person_id),
        "people": [(NOBODY, _("Nobody")), *people],
    }


def _url(endpoint: str, wanted: TaskFilter, **more: str | None) -> str:
    values: dict[str, Any] = {name: value for name, value in vars(wanted).items() if value and name != "project_id"}
    return url_for(endpoint, **values, project=wanted.project_id, **dict[str, Any](more))


def _month_url(month: Month, project: Project | None, who: str) -> str:
    return url_for("projects.calendar", month=str(month), project=project.id if project else None, who=who or None)


def _today() -> date:
    return house_day(read_session(), clock.now())
