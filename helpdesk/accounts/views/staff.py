"""Settings: people, what they may do, and their teams."""

from dataclasses import asdict

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts import exports, queries, service
from helpdesk.accounts.forms import ROLE_NAMES, MembersForm, OfferForm, PersonForm, RoleForm, TeamForm
from helpdesk.accounts.views.blueprint import bp
from helpdesk.company import service as company
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import SETTINGS, STAFF, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.kernel.errors import RuleViolation


@bp.get("/settings/people")
@policy(SETTINGS)
@exported(exports.people_sheet)
def people() -> ResponseReturnValue:
    """Show everybody who works here."""
    return _people_page(PersonForm())


@bp.post("/settings/people")
@policy(SETTINGS)
def add_person() -> ResponseReturnValue:
    """Add a member of staff and show the first password, this once."""
    form = PersonForm()
    if not form.validate_on_submit():
        return _people_page(form), 422
    first_password = service.random_password()
    try:
        with unit_of_work() as work:
            person = service.add_person(
                work,
                actor=current_actor(),
                now=clock.now(),
                password=first_password,
                language=company.get_company(work).language,
                **form.values(),
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _people_page(form), 422
    return _people_page(PersonForm(formdata=None), new_password={"name": person.name, "password": first_password})


@bp.get("/settings/people/<int:person_id>")
@policy(SETTINGS)
def person(person_id: int) -> ResponseReturnValue:
    """Show what somebody may do."""
    found = service.get_person(read_session(), person_id)
    return _person_page(RoleForm(obj=found), found.name, person_id)


@bp.post("/settings/people/<int:person_id>")
@policy(SETTINGS)
def change_person(person_id: int) -> ResponseReturnValue:
    """Change what somebody may do; their sessions end with the old powers."""
    form = RoleForm()
    name = service.get_person(read_session(), person_id).name
    if not form.validate_on_submit():
        return _person_page(form, name, person_id), 422
    try:
        with unit_of_work() as work:
            service.set_role(work, actor=current_actor(), now=clock.now(), person_id=person_id, **form.values())
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _person_page(form, name, person_id), 422
    flash(_("%(name)s was changed; with another role they have to sign in again.", name=name), "ok")
    return redirect(url_for("accounts.people"), code=303)


@bp.post("/settings/people/<int:person_id>/password")
@policy(SETTINGS)
def renew_password(person_id: int) -> ResponseReturnValue:
    """Give somebody a new first password and show it, this once."""
    fresh = service.random_password()
    with unit_of_work() as work:
        service.change_password(work, actor=current_actor(), person_id=person_id, password=fresh, now=clock.now())
        name = service.get_person(work, person_id).name
    return _people_page(PersonForm(formdata=None), new_password={"name": name, "password": fresh})


@bp.get("/settings/teams")
@policy(SETTINGS)
@exported(exports.teams_sheet)
def teams() -> ResponseReturnValue:
    """Show the teams, to which tickets belong and clients can be restricted."""
    return _teams_page(TeamForm())


@bp.post("/settings/teams")
@policy(SETTINGS)
def add_team() -> ResponseReturnValue:
    """Add a team."""
    form = TeamForm()
    form.person_ids.choices = options(queries.choices(read_session(), roles=STAFF))
    if not form.validate_on_submit():
        return _teams_page(form), 422
    try:
        with unit_of_work() as work:
            service.add_team(work, actor=current_actor(), now=clock.now(), **form.values())
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _teams_page(form), 422
    return redirect(url_for("accounts.teams"), code=303)


@bp.get("/settings/teams/<int:team_id>")
@policy(SETTINGS)
def team(team_id: int) -> ResponseReturnValue:
    """Show what a team is called and who is in it."""
    found = service.get_team(read_session(), team_id)
    members = queries.members(read_session(), team_id=team_id)
    return _members_page(MembersForm(name=found.name, person_ids=members), found.name)


@bp.post("/settings/teams/<int:team_id>")
@policy(SETTINGS)
def change_team(team_id: int) -> ResponseReturnValue:
    """Say what a team is called and who is in it."""
    name = service.get_team(read_session(), team_id).name
    form = MembersForm()
    form.person_ids.choices = options(queries.choices(read_session(), roles=STAFF))
    if not form.validate_on_submit():
        return _members_page(form, name), 422
    actor, now, people = current_actor(), clock.now(), form.person_ids.data or []
    try:
        with unit_of_work() as work:
            service.rename_team(work, actor=actor, now=now, team_id=team_id, name=form.name.data or "")
            service.set_members(work, actor=actor, now=now, team_id=team_id, person_ids=people)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _members_page(form, name), 422
    return redirect(url_for("accounts.teams"), code=303)


@bp.post("/settings/teams/<int:team_id>/offer")
@policy(SETTINGS)
def offer_team(team_id: int) -> ResponseReturnValue:
    """Give a team nothing new any more, or again."""
    form = OfferForm()
    retired = not (form.validate_on_submit() and form.offered.data == "yes")
    with unit_of_work() as work:
        team = service.retire_team(work, actor=current_actor(), now=clock.now(), team_id=team_id, retired=retired)
    said = (
        _("“%(name)s” gets nothing new any more; what it has stays.") if retired else _("“%(name)s” is offered again.")
    )
    flash(said % {"name": team.name}, "ok")
    return redirect(url_for("accounts.teams"), code=303)


def _people_page(form: PersonForm, new_password: dict[str, str] | None = None) -> str:
    reading = read_session()
    reading.rollback()  # a person who was added just now is to be seen
    return render_template(
        "settings/people.html",
        nav=nav("accounts.people"),
        people=[{**asdict(line), "role_name": ROLE_NAMES[line.role]} for line in queries.people_lines(reading)],
        form=form,
        new_password=new_password,
    )


def _person_page(form: RoleForm, name: str, person_id: int) -> str:
    return render_template(
        "settings/form.html",
        section="settings",
        heading=name,
        intro=_("Another role ends the sessions of this person."),
        back={"url": url_for("accounts.people"), "label": _("People")},
        form=form,
        groups=[
            {"legend": _("Access"), "names": ["role", "active"], "hint": ""},
            {"legend": _("Notifications"), "names": ["mail_notifications"], "hint": ""},
        ],
        hints={},
        submit=_("Save"),
        links=[{"url": url_for("accounts.hours", person=person_id), "label": _("Weekly hours")}],
        nav=nav("accounts.people"),
    )


def _teams_page(form: TeamForm) -> str:
    form.person_ids.choices = options(queries.choices(read_session(), roles=STAFF))
    return render_template(
        "settings/teams.html", nav=nav("accounts.teams"), teams=queries.team_lines(read_session()), form=form
    )


def _members_page(form: MembersForm, name: str) -> str:
    form.person_ids.choices = options(queries.choices(read_session(), roles=STAFF))
    return render_template(
        "settings/form.html",
        section="settings",
        heading=name,
        intro=_(
            "Tickets can be given to it. A client that is restricted to this team is seen by its members, managers and "
            "bookkeepers only."
        ),
        back={"url": url_for("accounts.teams"), "label": _("Teams")},
        form=form,
        groups=[{"legend": _("Team"), "names": ["name", "person_ids"], "hint": ""}],
        hints={},
        submit=_("Save"),
        nav=nav("accounts.teams"),
    )
