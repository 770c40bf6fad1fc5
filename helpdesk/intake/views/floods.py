"""Deciding about all held mail of one sender at once."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from helpdesk.infra import clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import APPROVERS, current_actor, policy
from helpdesk.intake.service import floods
from helpdesk.intake.views.blueprint import bp


@bp.post("/inbound/floods/open")
@policy(APPROVERS)
def open_flood() -> ResponseReturnValue:
    """Make tickets of all held mail of a sender."""
    with unit_of_work() as session:
        count = floods.open_all(
            session, actor=current_actor(), now=clock.now(), address=request.form.get("address", "")
        )
    flash(ngettext("%(num)s mail becomes a ticket.", "%(num)s mails become tickets, one each.", count), "ok")
    return redirect(url_for("intake.log", outcome="held"), code=303)


@bp.post("/inbound/floods/ignore")
@policy(APPROVERS)
def ignore_flood() -> ResponseReturnValue:
    """Let all held mail of a sender rest."""
    with unit_of_work() as session:
        count = floods.ignore_all(
            session, actor=current_actor(), now=clock.now(), address=request.form.get("address", "")
        )
    flash(ngettext("%(num)s mail is ignored.", "%(num)s mails are ignored.", count), "ok")
    return redirect(url_for("intake.log", outcome="held"), code=303)
