"""Routes of templates: the list, one kept from a project, a project begun from one, and one removed."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.clients import queries as clients
from helpdesk.company.days import house_day
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import current_actor, policy
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import exports, queries
from helpdesk.projects import templates as kept
from helpdesk.projects.forms import BeginForm, TemplateForm
from helpdesk.projects.models import ProjectTemplate
from helpdesk.projects.views.blueprint import PLANNERS, bp


@bp.get("/projects/templates")
@policy(PLANNERS)
@exported(lambda session: exports.templates_sheet(session, actor=current_actor()))
def templates() -> str:
    """Show the templates."""
    return render_template("projects/templates.html", templates=kept.lines(read_session(), actor=current_actor()))


@bp.post("/projects/<int:project_id>/template")
@policy(PLANNERS)
def make_template(project_id: int) -> ResponseReturnValue:
    """Keep the plan of a project as a template; a refusal is told on its page."""
    queries.get_project(read_session(), actor=current_actor(), project_id=project_id)
    form = TemplateForm()
    name = (form.name.data or "") if form.validate_on_submit() else ""
    try:
        with unit_of_work() as session:
            kept.make(session, actor=current_actor(), now=clock.now(), project_id=project_id, name=name)
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
        return redirect(url_for("desk.project", project_id=project_id), code=303)
    flash(_("The template is kept. Projects begin from it here."), "ok")
    return redirect(url_for("projects.templates"), code=303)


@bp.get("/projects/templates/<int:template_id>")
@policy(PLANNERS)
def use_template(template_id: int) -> str:
    """Show the form of a project that begins from a template."""
    template = kept.get(read_session(), actor=current_actor(), template_id=template_id)
    today, client_id = house_day(read_session(), clock.now()), request.args.get("client", type=int)
    return _begin_page(template, BeginForm(formdata=None, name=template.name, starts_on=today, client_id=client_id))


@bp.post("/projects/templates/<int:template_id>")
@policy(PLANNERS)
def begin(template_id: int) -> ResponseReturnValue:
    """Begin a project from a template."""
    template = kept.get(read_session(), actor=current_actor(), template_id=template_id)
    form = _offered(BeginForm())
    if not form.validate_on_submit():
        return _begin_page(template, form), 422
    try:
        with unit_of_work() as session:
            begun = kept.begin_project(
                session, actor=current_actor(), now=clock.now(), template_id=template_id, **form.values()
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _begin_page(template, form), 422
    for reason in begun.left_out:
        flash(_("Not taken along: %(reason)s", reason=reason), "warn")
    return redirect(url_for("desk.project", project_id=begun.project.id), code=303)


@bp.post("/projects/templates/<int:template_id>/remove")
@policy(PLANNERS)
def remove_template(template_id: int) -> ResponseReturnValue:
    """Remove a template."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        kept.remove(session, actor=current_actor(), now=clock.now(), template_id=template_id)
    flash(_("The template is removed."), "ok")
    return redirect(url_for("projects.templates"), code=303)


def _offered(form: BeginForm) -> BeginForm:
    form.client_id.choices = options(clients.choices(read_session(), condition=clients.visible(current_actor())))
    return form


def _begin_page(template: ProjectTemplate, form: BeginForm) -> str:
    return render_template(
        "settings/form.html",
        section="projects",
        heading=_("New project from “%(name)s”", name=template.name),
        intro=_("The whole plan comes along: tasks, milestones, estimates, days and what follows what; and the team."),
        back={"url": url_for("projects.templates"), "label": _("Templates")},
        form=_offered(form),
        groups=[{"legend": _("Project"), "names": ["client_id", "name", "starts_on"], "hint": ""}],
        hints={"starts_on": _("The days of the tasks are counted from here; weekends are skipped.")},
        submit=_("Begin the project"),
    )
