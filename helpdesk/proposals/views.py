"""Nothing slips: what was done without time, accepted, changed or dismissed with one key each."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from helpdesk.company.days import house_zone
from helpdesk.company.service import get_company
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, DESK, current_actor, policy
from helpdesk.infra.web import back_or
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import day_start, local_day
from helpdesk.projects import queries as projects
from helpdesk.proposals import queries, render, service
from helpdesk.proposals.forms import AcceptForm, DismissForm, ReadingForm, SwitchForm
from helpdesk.rates import queries as rates
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.forms import default_work_type
from helpdesk.timekeeping.queries import entries as time

bp = Blueprint("proposals", __name__)

WEEKS_SHOWN = timedelta(weeks=7)
"""Before this one: what was recovered is shown for eight weeks."""


@bp.get("/time/slipped")
@policy(DESK)
def index() -> str:
    """Show the reader's own acts without time as proposed entries."""
    return _page(clock.now())


@bp.post("/time/slipped/accept")
@policy(DESK)
def accept() -> ResponseReturnValue:
    """Write one proposal as a draft, or show the page again with what is wrong."""
    now, form = clock.now(), AcceptForm()
    form.offer(read_session())
    if not form.validate_on_submit():
        return _page(now, typed=_sent(form), problem=_first_error(form)), 422
    try:
        with unit_of_work() as session:
            entry = service.accept(session, actor=current_actor(), now=now, **form.values())
            worked = format_hm(time.worked_seconds(entry, now=now))
            flash(_("%(time)s on #%(number)s is on your timesheet.", time=worked, number=entry.work_item.number), "ok")
    except RuleViolation as refusal:
        return _page(now, typed=_sent(form), problem=str(refusal)), 422
    except Conflict as refusal:
        flash(str(refusal), "warn")
    return back_or("proposals.index")


@bp.post("/time/slipped/dismiss")
@policy(DESK)
def dismiss() -> ResponseReturnValue:
    """Propose this never again; the page shows how to take that back."""
    form = DismissForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("That is no proposal."))
    try:
        with unit_of_work() as session:
            service.dismiss(session, actor=current_actor(), now=clock.now(), key=form.key.data or "")
    except Conflict as refusal:
        flash(str(refusal), "warn")
    return back_or("proposals.index")


@bp.post("/items/<int:number>/reading")
@policy(DESK)
def note_reading(number: int) -> ResponseReturnValue:
    """Take a page's word for how long its reader has read; 204, or 429 where there are too many."""
    with unit_of_work() as session:
        projects.get_item(session, actor=current_actor(), number=number)
        form = ReadingForm()
        if not form.validate_on_submit():
            raise RuleViolation(_first_error(form))
        values = form.values()
        is_kept = service.note_reading(session, actor=current_actor(), now=clock.now(), number=number, **values)
    return "", 204 if is_kept else 429


@bp.post("/time/slipped/reading")
@policy(DESK)
def switch_reading() -> ResponseReturnValue:
    """Note the reader's own reading from now on, or no more."""
    form = SwitchForm()
    form.validate_on_submit()
    with unit_of_work() as session:
        service.switch_reading(session, actor=current_actor(), now=clock.now(), on=bool(form.on.data))
    flash(
        _("Your reading is noted from now on.")
        if form.on.data
        else _("Your reading is noted no more, and what was noted is erased."),
        "ok",
    )
    return back_or("proposals.index")


@bp.post("/time/slipped/<int:decision_id>/back")
@policy(DESK)
def take_back(decision_id: int) -> ResponseReturnValue:
    """Propose again what was dismissed."""
    with unit_of_work() as session:
        service.take_back(session, actor=current_actor(), now=clock.now(), decision_id=decision_id)
    return back_or("proposals.index")


def _page(now: datetime, *, typed: Mapping[str, str] | None = None, problem: str = "") -> str:
    session, actor = read_session(), current_actor()
    asked = queries.questions(person_id=actor.person_id or 0, since=now - service.LOOKS_BACK)
    ask_ahead(session, *asked, rates.work_types_asked())
    found = service.proposed(session, actor=actor, now=now)
    zone, sees_all = house_zone(session), actor.is_one_of(APPROVERS)
    today = local_day(now, zone)
    since = day_start(Week.of(today - WEEKS_SHOWN).monday, zone)
    recovered = queries.recovered(session, since=since, person_id=None if sees_all else actor.person_id)
    form = AcceptForm(formdata=None, work_type_id=default_work_type(session))
    form.offer(session)
    return render_template(
        "proposals/index.html",
        days=render.days(found, typed=typed or {}, problem=problem),
        total={"count": len(found), "seconds": sum(one.proposal.seconds for one in found)},
        weeks=render.recovered_weeks(recovered, person_id=actor.person_id, zone=zone, today=today),
        sees_all=sees_all,
        reading={"by_company": get_company(session).notes_reading, "by_me": current_user.notes_reading},
        dismissed=queries.dismissed(session, person_id=actor.person_id or 0, since=now - timedelta(days=1)),
        looks_back_days=service.LOOKS_BACK.days,
        form=form,
        here=url_for("proposals.index"),
    )


def _sent(form: AcceptForm) -> dict[str, str]:
    return {name: str(form[name].data or "") for name in ("key", "worked", "note", "billable")}


def _first_error(form: StrictForm) -> str:
    return next((str(error) for errors in form.errors.values() for error in errors), "")
