"""Settings: what is promised, on which working time, and to whom (docs/sla.md rules 1 to 10)."""

from datetime import datetime, time, timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.clients import queries as clients
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import zone_named
from helpdesk.projects import queries as projects
from helpdesk.sla import pages, queries
from helpdesk.sla.domain.promises import USUAL, USUAL_HOURS
from helpdesk.sla.forms import (
    CalendarForm,
    CoverForm,
    NameForm,
    PolicyForm,
    PolicySettings,
    policy_form,
    priority_names,
    typed_budgets,
)
from helpdesk.sla.service import policies
from helpdesk.sla.service.policies import CalendarValues, PolicyValues

FRIDAY = 4

bp = Blueprint("sla", __name__)


@bp.get("/settings/sla")
@policy(SETTINGS)
def levels() -> str:
    """Show what is promised, and the calendars of working time."""
    return _levels_page()


@bp.post("/settings/sla/begin")
@policy(SETTINGS)
def begin() -> ResponseReturnValue:
    """Begin with the usual hours and times, switched off."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        policy_id = policies.furnish(session, actor=current_actor(), now=clock.now()).id
    return redirect(url_for("sla.level", policy_id=policy_id), code=303)


@bp.post("/settings/sla/policies")
@policy(SETTINGS)
def add_policy() -> ResponseReturnValue:
    """Add a policy with the usual times, switched off."""
    form = NameForm()
    if not form.validate_on_submit():
        return _levels_page(new_policy=form), 422
    try:
        with unit_of_work() as session:
            actor, now = current_actor(), clock.now()
            values = PolicyValues(
                name=form.name.data or "",
                calendar_id=policies.furnish(session, actor=actor, now=now).calendar_id,
                is_on=False,
                at_risk_percent=policies.USUAL_SHARE,
                budgets=USUAL,
            )
            added = policies.save_policy(session, actor=actor, now=now, policy_id=None, values=values)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _levels_page(new_policy=form), 422
    return redirect(url_for("sla.level", policy_id=added.id), code=303)


@bp.post("/settings/sla/calendars")
@policy(SETTINGS)
def add_calendar() -> ResponseReturnValue:
    """Add a calendar."""
    return _save_calendar(None)


@bp.post("/settings/sla/calendars/<int:calendar_id>")
@policy(SETTINGS)
def change_calendar(calendar_id: int) -> ResponseReturnValue:
    """Change a calendar."""
    policies.get_calendar(read_session(), calendar_id)
    return _save_calendar(calendar_id)


@bp.get("/settings/sla/policies/<int:policy_id>")
@policy(SETTINGS)
def level(policy_id: int) -> str:
    """Show a policy, and when a ticket would be due under it."""
    form = policy_form(policies.get_policy(read_session(), policy_id))
    form.arrives.data = _next_friday()
    return _level_page(policy_id, form)


@bp.post("/settings/sla/policies/<int:policy_id>")
@policy(SETTINGS)
def change_policy(policy_id: int) -> ResponseReturnValue:
    """Change a policy, or show when a ticket would be due with what is typed."""
    policies.get_policy(read_session(), policy_id)
    form = PolicyForm()
    form.calendar_id.choices = pages.calendar_choices(read_session())
    if not form.validate_on_submit():
        return _level_page(policy_id, form), 422
    if form.act.data == "preview":
        return _level_page(policy_id, form)
    values = PolicyValues(
        name=form.name.data or "",
        calendar_id=form.calendar_id.data,
        is_on=bool(form.is_on.data),
        at_risk_percent=form.at_risk_percent.data or policies.USUAL_SHARE,
        budgets=typed_budgets(form),
    )
    try:
        with unit_of_work() as session:
            policies.save_policy(session, actor=current_actor(), now=clock.now(), policy_id=policy_id, values=values)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _level_page(policy_id, form), 422
    flash(_("The policy is saved. Open tickets are measured anew."), "ok")
    return redirect(url_for("sla.level", policy_id=policy_id), code=303)


@bp.post("/settings/sla/policies/<int:policy_id>/cover")
@policy(SETTINGS)
def cover(policy_id: int) -> ResponseReturnValue:
    """Let the policy cover a client or a project."""
    own, form = policies.get_policy(read_session(), policy_id), CoverForm()
    _choose(form)
    try:
        if not form.validate_on_submit():
            return _level_page(policy_id, _shown(policy_id), cover_form=form), 422
        with unit_of_work() as session:
            policies.cover(session, actor=current_actor(), now=clock.now(), policy_id=own.id, **form.values())
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _level_page(policy_id, _shown(policy_id), cover_form=form), 422
    flash(_("Covered. Open tickets are measured anew."), "ok")
    return redirect(url_for("sla.level", policy_id=policy_id), code=303)


@bp.post("/settings/sla/policies/<int:policy_id>/uncover/<int:scope_id>")
@policy(SETTINGS)
def uncover(policy_id: int, scope_id: int) -> ResponseReturnValue:
    """Let the policy cover a client or project no longer."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        policies.uncover(session, actor=current_actor(), now=clock.now(), policy_id=policy_id, scope_id=scope_id)
    flash(_("Not covered any more. Open tickets are measured anew."), "ok")
    return redirect(url_for("sla.level", policy_id=policy_id), code=303)


def _save_calendar(calendar_id: int | None) -> ResponseReturnValue:
    form = CalendarForm()
    if not form.validate_on_submit():
        return _levels_page(calendar_id=calendar_id, calendar=form), 422
    try:
        with unit_of_work() as session:
            policies.save_calendar(
                session,
                actor=current_actor(),
                now=clock.now(),
                calendar_id=calendar_id,
                values=CalendarValues(**form.values()),
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _levels_page(calendar_id=calendar_id, calendar=form), 422
    flash(_("The calendar is saved. Open tickets are measured anew."), "ok")
    return redirect(url_for("sla.levels"), code=303)


def _levels_page(
    *, new_policy: NameForm | None = None, calendar_id: int | None = None, calendar: CalendarForm | None = None
) -> str:
    """Return the page; a calendar that was refused stands open as it was typed, a new one where it has no id."""
    session = read_session()
    shown = [
        (row.id, calendar if row.id == calendar_id and calendar else CalendarForm.of(row))
        for row in pages.calendars(session)
    ]
    new = calendar if calendar_id is None and calendar else CalendarForm(formdata=None, hours=USUAL_HOURS)
    return render_template(
        "sla/levels.html",
        levels=pages.levels(session),
        calendars=shown,
        new_calendar=new,
        new_policy=new_policy or NameForm(formdata=None),
        remeasuring=queries.remeasuring(session),
        zone=queries.company_zone(session),
        nav=nav("sla.levels"),
    )


def _level_page(policy_id: int, form: PolicySettings, *, cover_form: CoverForm | None = None) -> str:
    session, actor = read_session(), current_actor()
    ask_ahead(session, pages.calendars_asked(), clients.choice_of(clients.visible(actor)), projects.choice(actor))
    form.calendar_id.choices = pages.calendar_choices(session)
    if cover_form is None:
        cover_form = CoverForm(formdata=None)
        _choose(cover_form)
    return render_template(
        "sla/level.html",
        level=pages.level(session, policy_id),
        form=form,
        priorities=priority_names(),
        preview=None if form.errors else _preview(form),
        cover_form=cover_form,
        remeasuring=queries.remeasuring(session),
        nav=nav("sla.levels"),
    )


def _shown(policy_id: int) -> PolicySettings:
    form = policy_form(policies.get_policy(read_session(), policy_id))
    form.arrives.data = _next_friday()
    return form


def _preview(form: PolicySettings) -> pages.Preview:
    return pages.preview(
        read_session(),
        calendar_id=form.calendar_id.data,
        budgets=typed_budgets(form),
        arrives=form.arrives.data or _next_friday(),
    )


def _next_friday() -> datetime:
    """Return Friday 16:30 of this week, or of the next one where it has come already, without a zone."""
    today = clock.now().astimezone(zone_named(queries.company_zone(read_session()))).date()
    return datetime.combine(today + timedelta(days=(FRIDAY - today.weekday()) % 7), time(16, 30))


def _choose(form: CoverForm) -> None:
    session, actor = read_session(), current_actor()
    form.client_id.choices = [("", _("No client")), *clients.choices(session, condition=clients.visible(actor))]
    form.project_id.choices = [("", _("No project")), *projects.choices(session, actor=actor)]
