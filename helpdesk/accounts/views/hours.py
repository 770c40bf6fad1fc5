"""How long people mean to work in a week: what was said, by whom it counts, and from which Monday on."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts import exports, queries, weekly_hours
from helpdesk.accounts.forms import HoursForm
from helpdesk.accounts.views.blueprint import bp
from helpdesk.company.days import house_day
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, DESK, current_actor, policy
from helpdesk.infra.web import day_filter
from helpdesk.kernel.errors import RuleViolation


@bp.get("/people/hours")
@policy(APPROVERS)
@exported(lambda session: exports.hours_sheet(session, person_id=request.args.get("person", type=int)))
def hours() -> str:
    """Show the weekly hours of everybody, or of one person, with what was before and what is planned."""
    form = _offered(HoursForm(formdata=None, effective_on=_today()))
    form.person_id.data = request.args.get("person", type=int)
    return _hours_page(form)


@bp.post("/people/hours")
@policy(APPROVERS)
def set_hours() -> ResponseReturnValue:
    """Say how long somebody, or everybody, means to work in a week from a day on."""
    form = _offered(HoursForm())
    if not form.validate_on_submit():
        return _hours_page(form), 422
    try:
        with unit_of_work() as work:
            target = weekly_hours.set_target(
                work,
                actor=current_actor(),
                now=clock.now(),
                person_id=form.person_id.data,
                effective_on=form.effective_on.data or _today(),
                seconds=weekly_hours.read_hours(form.hours.data or ""),
            )
            since = target.effective_on
    except RuleViolation as refusal:
        form.refuse(refusal, "hours")
        return _hours_page(form), 422
    flash(_("It counts from Monday %(day)s on.", day=day_filter(since)), "ok")
    return redirect(url_for("accounts.hours", person=form.person_id.data), code=303)


def _today() -> date:
    return house_day(read_session(), clock.now())


def _offered(form: HoursForm) -> HoursForm:
    everybody = ("", _("Everybody without hours of their own"))
    form.person_id.choices = options([everybody, *queries.choices(read_session(), roles=DESK)])
    return form


def _hours_page(form: HoursForm) -> str:
    session, wanted = read_session(), form.person_id.data
    session.rollback()  # what was said just now is to be seen
    found = weekly_hours.lines_of(session, person_id=wanted)
    return render_template(
        "accounts/hours.html",
        lines=found,
        states=weekly_hours.states(found, today=_today()),
        form=form,
        person_id=wanted,
    )
