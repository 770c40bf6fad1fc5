"""Routes of projects: the list by client, a new one, what one is set to, and its mail address."""

from dataclasses import asdict
from itertools import groupby
from typing import TypeVar

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.outbox import queries as outbox
from helpdesk.projects import exports, queries, service, settings
from helpdesk.projects import templates as kept
from helpdesk.projects.domain.hours import write_hours
from helpdesk.projects.forms import BILLING_NAMES, STATUS_NAMES, AddressForm, NewProjectForm, ProjectForm
from helpdesk.projects.models import Project
from helpdesk.projects.views.blueprint import PLANNERS, bp

TEMPLATES_SHOWN = 6


@bp.get("/projects")
@policy(DESK)
@exported(lambda session: exports.projects_sheet(session, actor=current_actor()))
def index() -> ResponseReturnValue:
    """Show the projects that this person may see, by client."""
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
    return render_template("projects/list.html", groups=groups, may_add=current_actor().is_one_of(PLANNERS))


@bp.get("/projects/new")
@policy(PLANNERS)
def new() -> ResponseReturnValue:
    """Show the form of a new project."""
    return _new_page(NewProjectForm(formdata=None, client_id=request.args.get("client", type=int)))


@bp.post("/projects/new")
@policy(PLANNERS)
def add() -> ResponseReturnValue:
    """Add a project with all that it is set to."""
    form = _offered(NewProjectForm())
    client = _client_of(form)
    form.currency = client.currency if client else form.currency
    if not form.validate_on_submit():
        return _new_page(form), 422
    try:
        with unit_of_work() as session:
            project = _add(session, form)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _new_page(form), 422
    return _to_project(project.id)


@bp.get("/projects/<int:project_id>/edit")
@policy(PLANNERS)
def edit(project_id: int) -> ResponseReturnValue:
    """Show what a project is set to."""
    project = queries.get_project(read_session(), actor=current_actor(), project_id=project_id)
    ask_ahead(read_session(), settings.members_asked(project_id), accounts.choice_of(DESK), accounts.team_choice())
    return _edit_page(project, _filled(project))


@bp.post("/projects/<int:project_id>/edit")
@policy(PLANNERS)
def update(project_id: int) -> ResponseReturnValue:
    """Change what a project is set to."""
    project = queries.get_project(read_session(), actor=current_actor(), project_id=project_id)
    form = _offered(ProjectForm(), project)
    form.currency = project.client.currency
    if not form.validate_on_submit():
        return _edit_page(project, form), 422
    try:
        with unit_of_work() as session:
            settings.change_project(
                session, actor=current_actor(), now=clock.now(), project_id=project_id, settings=form.settings()
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _edit_page(project, form), 422
    flash(_("The project is saved."), "ok")
    return _to_project(project_id)


@bp.get("/projects/<int:project_id>/address")
@policy(PLANNERS)
def address(project_id: int) -> ResponseReturnValue:
    """Show the project's own mail address."""
    project = queries.get_project(read_session(), actor=current_actor(), project_id=project_id)
    return _address_page(project, AddressForm(formdata=None, slug=project.mail_slug or ""))


@bp.post("/projects/<int:project_id>/address")
@policy(PLANNERS)
def set_address(project_id: int) -> ResponseReturnValue:
    """Give a project a mail address of its own, or take it away."""
    project = queries.get_project(read_session(), actor=current_actor(), project_id=project_id)
    form = AddressForm()
    if not form.validate_on_submit():
        return _address_page(project, form), 422
    try:
        with unit_of_work() as session:
            service.set_mail_slug(
                session, actor=current_actor(), now=clock.now(), project_id=project_id, slug=form.slug.data or ""
            )
    except RuleViolation as refusal:
        form.refuse(refusal, "slug")
        return _address_page(project, form), 422
    flash(_("The project's mail address is saved."), "ok")
    return _to_project(project_id)


def _add(session: Session, form: NewProjectForm) -> Project:
    actor, now, wanted = current_actor(), clock.now(), form.settings()
    project = service.add_project(
        session, actor=actor, now=now, client_id=form.client_id.data or 0, name=wanted.name, billing=wanted.billing
    )
    return settings.change_project(session, actor=actor, now=now, project_id=project.id, settings=wanted)


def _to_project(project_id: int) -> ResponseReturnValue:
    return redirect(url_for("desk.project", project_id=project_id), code=303)


def _client_of(form: NewProjectForm) -> Client | None:
    """Return the client that was chosen; None where it is none of those on offer."""
    reachable = dict(clients.choices(read_session(), condition=clients.visible(current_actor())))
    wanted = form.client_id.data
    return clients.get(read_session(), actor=current_actor(), client_id=wanted) if wanted in reachable else None


def _filled(project: Project) -> ProjectForm:
    now = settings.settings_of(read_session(), project)
    amount = "" if now.budget_minor is None else str(Money(now.budget_minor, project.client.currency))
    return ProjectForm(
        formdata=None,
        data={
            **vars(now),
            "member_ids": sorted(now.member_ids),
            "budget_hours": write_hours(now.budget_seconds),
            "budget_amount": amount,
            "max_billable_hours": write_hours(now.max_billable_seconds),
        },
    )


Form = TypeVar("Form", bound=ProjectForm)


def _offered(form: Form, project: Project | None = None) -> Form:
    """Fill the people, those who are in the team already among them whatever became of them, and the clients."""
    session = read_session()
    people = accounts.choices(session, roles=DESK)
    if project is not None:
        known = {person_id for person_id, _name in people}
        people += accounts.names(session, [one for one in _involved(session, project) if one not in known])
    form.manager_id.choices = options([("", _("Nobody")), *people])
    form.member_ids.choices = options(people)
    form.team_id.choices = options([("", _("no team")), *_teams(session, project)])
    if isinstance(form, NewProjectForm):
        form.client_id.choices = options(clients.choices(session, condition=clients.visible(current_actor())))
    return form


def _teams(session: Session, project: Project | None) -> list[tuple[int, str]]:
    """Return the teams that can get new tickets, and the one that does, whatever became of it."""
    found = accounts.team_choices(session)
    own = project.team_id if project is not None else None
    return found if own is None or own in dict(found) else found + accounts.names_of_teams(session, [own])


def _involved(session: Session, project: Project) -> list[int]:
    manager = [] if project.manager_id is None else [project.manager_id]
    return [*manager, *settings.member_ids(session, project.id)]


def _new_page(form: NewProjectForm) -> str:
    back = {"url": url_for("projects.index"), "label": _("Projects")}
    return _form_page(_offered(form), _("New project"), back, _("Add project"), instead=_templates(form.client_id.data))


def _templates(client_id: int | None) -> dict[str, object] | None:
    """Return links to the first templates by name, and to all where there are more; None without any."""
    found = kept.lines(read_session(), actor=current_actor())
    links = [
        {"url": url_for("projects.use_template", template_id=one.id, client=client_id), "label": one.name}
        for one in found[:TEMPLATES_SHOWN]
    ]
    if len(found) > TEMPLATES_SHOWN:
        links.append({"url": url_for("projects.templates"), "label": _("All templates")})
    return {"words": _("Or from a template:"), "links": links} if links else None


def _edit_page(project: Project, form: ProjectForm) -> str:
    back = {"url": url_for("desk.project", project_id=project.id), "label": project.name}
    return _form_page(_offered(form, project), _("Set up the project"), back, _("Save"))


def _form_page(
    form: ProjectForm, heading: str, back: dict[str, str], submit: str, instead: dict[str, object] | None = None
) -> str:
    whose = ["client_id"] if isinstance(form, NewProjectForm) else []
    return render_template(
        "settings/form.html",
        section="projects",
        heading=heading,
        intro="",
        back=back,
        form=form,
        groups=[
            {
                "legend": _("What it is"),
                "names": [*whose, "name", "status", "billing", "starts_on", "due_on"],
                "hint": "",
            },
            {"legend": _("Who does it"), "names": ["manager_id", "member_ids", "team_id"], "hint": ""},
            {
                "legend": _("Budget"),
                "names": ["budget_hours", "budget_amount", "max_billable_hours", "over_limit"],
                "hint": _("The manager is told at 50, 80 and 100 %, and when the forecast is above it."),
            },
        ],
        hints={
            "budget_hours": _("120, 7.5 or 7:30; empty for none. All time counts, billable or not."),
            "budget_amount": _(
                "In the client's currency, such as 12000.00; empty for none. Approved billable time counts."
            ),
            "max_billable_hours": _("Empty for no limit."),
            "team_id": _("One of our teams, unless the mailbox they come to names another."),
        },
        submit=submit,
        instead=instead,
    )


def _address_page(project: Project, form: AddressForm) -> str:
    mailboxes = outbox.plus_mailboxes(read_session())
    local, _at, domain = (mailboxes[0] if mailboxes else "support@example.com").rpartition("@")
    shown = _("%(name)s gives %(address)s; empty for none.", name="website", address=f"{local}+website@{domain}")
    return render_template(
        "settings/form.html",
        section="projects",
        heading=_("Mail address"),
        intro=_("New mail to it becomes a ticket of this project, unless its sender is a contact of another client."),
        back={"url": url_for("desk.project", project_id=project.id), "label": project.name},
        form=form,
        groups=[{"legend": project.name, "names": ["slug"], "hint": ""}],
        hints={"slug": shown},
        submit=_("Save the address"),
    )
