"""The timer for devices: its state, and events that they tell, late or not (docs/architecture.md "The timer")."""

from dataclasses import asdict

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping import service, timer_state
from helpdesk.timekeeping.parser import read_batch
from helpdesk.timekeeping.views.blueprint import bp


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
