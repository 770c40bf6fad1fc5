"""Routes of projects: the list by client, and one project with its tasks and tickets."""

from dataclasses import asdict
from itertools import groupby
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts import queries as accounts
from helpdesk.clients import queries as clients
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, RETAINERS, current_actor, policy
from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox import queries as outbox
from helpdesk.projects import queries, service
from helpdesk.projects.forms import BILLING_NAMES, STATUS_NAMES, AddressForm, ProjectForm, TaskForm
from helpdesk.projects.models import OPEN_STATUSES, Project, WorkItem

bp = Blueprint("projects", __name__)

PLANNERS = RETAINERS  # who agrees with a client on what is done


@bp.get("/projects")
@policy(DESK)
def index() -> ResponseReturnValue:
    """Show the projects that this person may see, by client."""
    form = ProjectForm(formdata=None, client_id=request.args.get("client", type=int))
    return _list(form if current_actor().is_one_of(PLANNERS) else None)


@bp.post("/projects")
@policy(PLANNERS)
def add() -> ResponseReturnValue:
    """Add a project."""
    form = ProjectForm()
    form.client_id.choices = _clients()
    if not form.validate_on_submit():
        return _list(form), 422
    try:
        with unit_of_work() as session:
            project = service.add_project(session, actor=current_actor(), now=clock.now(), **form.values())
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _list(form), 422
    return redirect(url_for("projects.show", project_id=project.id), code=303)


@bp.get("/projects/<int:project_id>")
@policy(DESK)
def show(project_id: int) -> ResponseReturnValue:
    """Show one project with its tasks and its open tickets."""
    project = queries.get_project(read_session(), actor=current_actor(), project_id=project_id)
    return _project_page(project, TaskForm())


@bp.post("/projects/<int:project_id>/tasks")
@policy(DESK)
def add_task(project_id: int) -> ResponseReturnValue:
    """Add a task to a project."""
    project = queries.get_project(read_session(), actor=current_actor(), project_id=project_id)
    form = TaskForm()
    form.assignee_id.choices = _assignees()
    if not form.validate_on_submit():
        return _project_page(project, form), 422
    try:
        with unit_of_work() as session:
            service.add_task(
                session,
                actor=current_actor(),
                now=clock.now(),
                project_id=project_id,
                title=form.title.data or "",
                assignee_id=form.assignee_id.data,
                estimate_seconds=form.estimate_seconds,
                due_on=form.due_on.data,
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _project_page(project, form), 422
    return redirect(url_for("projects.show", project_id=project_id), code=303)


@bp.post("/projects/<int:project_id>/address")
@policy(PLANNERS)
def set_address(project_id: int) -> ResponseReturnValue:
    """Give a project a mail address of its own, or take it away."""
    project = queries.get_project(read_session(), actor=current_actor(), project_id=project_id)
    form = AddressForm()
    if not form.validate_on_submit():
        return _project_page(project, TaskForm(formdata=None), form), 422
    try:
        with unit_of_work() as session:
            service.set_mail_slug(
                session, actor=current_actor(), now=clock.now(), project_id=project_id, slug=form.slug.data or ""
            )
    except RuleViolation as refusal:
        form.refuse(refusal, "slug")
        return _project_page(project, TaskForm(formdata=None), form), 422
    flash(_("The project's mail address is saved."), "ok")
    return redirect(url_for("projects.show", project_id=project_id), code=303)


def _list(form: ProjectForm | None) -> str:
    if form is not None:
        form.client_id.choices = _clients()
    found = queries.lines(read_session(), actor=current_actor())
    groups = [
        {
            "client_name": name,
            "projects": [
                {
                    **asdict(line),
                    "status_label": STATUS_NAMES[line.status],
                    "billing_label": BILLING_NAMES[line.billing],
                }
                for line in lines
            ],
        }
        for name, lines in groupby(found, key=lambda line: line.client_name)
    ]
    return render_template("projects/list.html", groups=groups, form=form)


def _project_page(project: Project, form: TaskForm, address_form: AddressForm | None = None) -> str:
    form.assignee_id.choices = _assignees()
    if address_form is None and current_actor().is_one_of(PLANNERS):
        address_form = AddressForm(formdata=None, slug=project.mail_slug or "")
    items = queries.items_of(read_session(), project_id=project.id)
    return render_template(
        "projects/project.html",
        project={
            "id": project.id,
            "name": project.name,
            "client_id": project.client_id,
            "client_name": project.client.name,
            "status_label": STATUS_NAMES[project.status],
            "billing_label": BILLING_NAMES[project.billing],
            "starts_on": project.starts_on,
            "due_on": project.due_on,
            "manager_name": project.manager.name if project.manager else None,
        },
        tasks=[_item_row(item) for item in items if item.kind == "task"],
        tickets=[_item_row(item) for item in items if item.kind == "ticket" and item.status in OPEN_STATUSES],
        form=form,
        address_form=address_form,
        addresses=_addresses(project),
        mailboxes=outbox.plus_mailboxes(read_session()),
    )


def _addresses(project: Project) -> list[str]:
    """Return the addresses that lead to the project: one at each mailbox where plus addresses arrive."""
    if project.mail_slug is None:
        return []
    parts = (address.rpartition("@") for address in outbox.plus_mailboxes(read_session()))
    return [f"{local}+{project.mail_slug}@{domain}" for local, _at, domain in parts]


def _item_row(item: WorkItem) -> dict[str, object]:
    details = item.task_details
    return {
        "number": item.number,
        "title": item.title,
        "status": item.status,
        "priority": item.priority,
        "assignee_name": item.assignee.name if item.assignee else None,
        "changed_at": item.updated_at,
        "due_on": details.due_on if details else None,
        "estimate_seconds": details.estimate_seconds if details else None,
    }


def _clients() -> Any:  # noqa: ANN401 - choices of a select field
    return options(clients.choices(read_session(), condition=clients.visible(current_actor())))


def _assignees() -> Any:  # noqa: ANN401 - as above
    return options([("", _("Nobody")), *accounts.choices(read_session(), roles=DESK)])
