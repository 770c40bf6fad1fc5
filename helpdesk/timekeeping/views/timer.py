"""The timer: acts of the header of every page; for devices its state, and events that they tell, late or not."""

from dataclasses import asdict

from flask import flash, jsonify, request
from flask.typing import ResponseReturnValue

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.web import back_or
from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping import service
from helpdesk.timekeeping.forms import TimerForm
from helpdesk.timekeeping.parser import read_batch
from helpdesk.timekeeping.queries import timer_state
from helpdesk.timekeeping.views.blueprint import bp
from helpdesk.timekeeping.views.refusals import told_by_flash


@bp.get("/timer")
@policy(DESK)
def timer() -> ResponseReturnValue:
    """Answer what runs and what is paused, with the revision by which a device sees that something changed."""
    return jsonify(timer_state.as_json(read_session(), person_id=current_actor().person_id, now=clock.now()))


@bp.post("/timer/events")
@policy(DESK)
def timer_events() -> ResponseReturnValue:
    """Take in events once each, and answer what became of each of them and where the timer stands now."""
    actor, now = current_actor(), clock.now()
    try:
        events, refused = read_batch(request.get_json(silent=True))
    except RuleViolation as refusal:
        return jsonify(error=str(refusal)), 422
    with unit_of_work() as session:
        outcomes = service.take_events(session, actor=actor, now=now, events=events)
        state = timer_state.as_json(session, person_id=actor.person_id, now=now)
    return jsonify(events=[asdict(outcome) for outcome in [*outcomes, *refused]], timer=state)


@bp.post("/timer/pause")
@policy(DESK)
def pause_timer() -> ResponseReturnValue:
    """Pause the timer."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        service.pause_timer(session, actor=current_actor(), now=clock.now())
    return back_or("timekeeping.week")


@bp.post("/timer/resume")
@policy(DESK)
def resume_paused() -> ResponseReturnValue:
    """Go on with what is paused."""
    StrictForm().validate_on_submit()
    with told_by_flash(), unit_of_work() as session:
        service.resume_paused(session, actor=current_actor(), now=clock.now())
    return back_or("timekeeping.week")


@bp.post("/timer/change")
@policy(DESK)
def change_timer() -> ResponseReturnValue:
    """Change note, work type and billing of what runs or is paused."""
    form = TimerForm()
    form.offer(read_session())
    if not form.validate_on_submit():
        flash(_("The timer was not changed: the note is too long, or there is no such work type."), "danger")
        return back_or("timekeeping.week")
    facts = {"note": form.note.data or "", "work_type_id": form.work_type_id.data, "billable": form.billable.data}
    with told_by_flash(), unit_of_work() as session:
        service.change_timer(session, actor=current_actor(), now=clock.now(), facts=facts)
    return back_or("timekeeping.week")
