"""Routes of one project with its time: its page, and a task more."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts import queries as accounts
from helpdesk.desk.project_page import project_values
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries, service
from helpdesk.projects.forms import BILLING_NAMES, STATUS_NAMES, TaskForm


@bp.get("/projects/<int:project_id>")
@policy(DESK)
def project(project_id: int) -> ResponseReturnValue:
    """Show one project with its budgets, tasks and open tickets."""
    return _project_page(project_id, TaskForm(formdata=None))


@bp.post("/projects/<int:project_id>/tasks")
@policy(DESK)
def add_task(project_id: int) -> ResponseReturnValue:
    """Add a task to a project."""
    queries.get_project(read_session(), actor=current_actor(), project_id=project_id)
    form = _offered(TaskForm())
    if not form.validate_on_submit():
        return _project_page(project_id, form), 422
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
        return _project_page(project_id, form), 422
    return redirect(url_for("desk.project", project_id=project_id, _anchor="add"), code=303)  # for the next one


def _project_page(project_id: int, form: TaskForm) -> str:
    values = project_values(read_session(), actor=current_actor(), project_id=project_id, now=clock.now())
    return render_template(
        "desk/project.html",
        **vars(values),
        status_label=STATUS_NAMES[values.project.status],
        billing_label=BILLING_NAMES[values.project.billing],
        form=_offered(form),
    )


def _offered(form: TaskForm) -> TaskForm:
    form.assignee_id.choices = options([("", _("Nobody")), *accounts.choices(read_session(), roles=DESK)])
    return form
