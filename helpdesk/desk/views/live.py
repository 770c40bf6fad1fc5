"""Routes of live events: the stream, what was missed for whoever has no stream, and the timer as it stands now."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from helpdesk.desk import live, shell
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import handover
from helpdesk.infra.db import read_session
from helpdesk.infra.policy import DESK, STAFF, current_actor, policy
from helpdesk.infra.web import own_path
from helpdesk.kernel.errors import ExternalFailure

LAST_EVENT = "Last-Event-ID"


class HandedOver(Response):
    """The answer to a request whose connection belongs to another process by now: the web writes nothing into it."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: ARG002 - WSGI
        """End the request as gunicorn wants it for a socket that somebody took over: without an answer."""
        raise StopIteration


@bp.get("/live/stream")
@policy(STAFF)
def live_stream() -> ResponseReturnValue:
    """Hand the connection to the event process; 204 where the server cannot, 503 where nobody takes it."""
    connection = request.environ.get("gunicorn.socket")
    if connection is None:
        return Response(status=204)
    after = request.headers.get(LAST_EVENT, request.args.get("after", ""))
    caller = handover.Caller(current_user.token, int(after) if after.isdecimal() else 0)
    try:
        handover.hand_over(connection, caller, home=current_app.config["SETTINGS"].home)
    except ExternalFailure:
        return Response(status=503, headers={"Retry-After": "5"})
    return HandedOver()


@bp.get("/live/events")
@policy(STAFF)
def live_events() -> ResponseReturnValue:
    """Return what happened after an event, as JSON: ``id`` to go on from, ``lost``, ``events`` (id, topic, data)."""
    found = live.missed(read_session(), actor=current_actor(), after=request.args.get("after", 0, type=int))
    events: list[dict[str, Any]] = [{"id": each.id, "topic": each.topic, "data": each.told} for each in found.events]
    return jsonify(id=found.newest_id, lost=found.is_lost, events=events)


@bp.get("/live/timer")
@policy(DESK)
def live_timer() -> str:
    """Return the timer's box for the page that asks: ``next`` is its path, ``number`` the item that it shows."""
    shell.look_at(item_number=request.args.get("number", type=int))
    return render_template("_timer.html", asking_page=own_path(request.args.get("next")) or "/")
