"""One message of the inbound log, and what a person may do with it."""

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.infra import clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import APPROVERS, current_actor, policy
from helpdesk.infra.web import back_or
from helpdesk.intake.service import acts
from helpdesk.intake.views.blueprint import bp


@bp.post("/inbound/<int:inbound_id>/retry")
@policy(APPROVERS)
def retry(inbound_id: int) -> ResponseReturnValue:
    """Have a message handled once more."""
    with unit_of_work() as session:
        acts.retry(session, actor=current_actor(), inbound_id=inbound_id, now=clock.now())
    flash(_("The message is read once more from the copy that we keep."), "ok")
    return back_or("intake.log")


@bp.post("/inbound/<int:inbound_id>/make-ticket")
@policy(APPROVERS)
def make_ticket(inbound_id: int) -> ResponseReturnValue:
    """Have a message become a ticket although it was ignored, held back or unreadable."""
    with unit_of_work() as session:
        acts.make_ticket(session, actor=current_actor(), inbound_id=inbound_id, now=clock.now())
    flash(_("The message becomes a ticket within seconds. Nothing is sent to whoever wrote it."), "ok")
    return back_or("intake.log")


@bp.post("/inbound/<int:inbound_id>/not-automatic")
@policy(APPROVERS)
def not_automatic(inbound_id: int) -> ResponseReturnValue:
    """Have a message handled as one that a person wrote."""
    with unit_of_work() as session:
        acts.not_automatic(session, actor=current_actor(), inbound_id=inbound_id, now=clock.now())
    flash(_("The message is handled again as one that a person wrote."), "ok")
    return back_or("intake.log")


@bp.post("/inbound/<int:inbound_id>/ignore")
@policy(APPROVERS)
def ignore(inbound_id: int) -> ResponseReturnValue:
    """Take a message out of quarantine without a ticket."""
    why = request.form.get("why", "")
    with unit_of_work() as session:
        acts.ignore(session, actor=current_actor(), inbound_id=inbound_id, why=why, now=clock.now())
    flash(_("The message is ignored. It stays on the log with your reason."), "ok")
    return back_or("intake.log")
