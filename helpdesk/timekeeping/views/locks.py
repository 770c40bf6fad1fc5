"""Lock dates: seen and set."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.clients import queries as clients
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import LOCKS, current_actor, policy
from helpdesk.infra.web import back_or, day_filter
from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping import exports, service
from helpdesk.timekeeping.forms import LockForm
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.views.blueprint import bp


@bp.get("/time/locks")
@policy(LOCKS)
@exported(exports.locks_sheet)
def locks() -> str:
    """Show until when time is locked, for everybody and for clients."""
    form = _form(formdata=None)
    form.client_id.data = request.args.get("client", type=int)
    return _page(form)


@bp.post("/time/locks")
@policy(LOCKS)
def set_lock() -> ResponseReturnValue:
    """Set one lock date, or show the page again with what is wrong."""
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422
    through = form.through.data
    try:
        with unit_of_work() as session:
            service.set_lock(
                session,
                actor=current_actor(),
                now=clock.now(),
                through=through,
                client_id=form.client_id.data,
                reason=form.reason.data or "",
            )
    except RuleViolation as refusal:
        form.refuse(refusal, "reason" if "Say why" in str(refusal) else "through")
        return _page(form), 422
    flash(_("Time up to %(day)s is locked.", day=day_filter(through)) if through else _("No day is locked."), "ok")
    return back_or("timekeeping.locks") if "next" in request.form else redirect(url_for("timekeeping.locks"), code=303)


def _form(**more: object) -> LockForm:
    form = LockForm(**more)
    form.offer(clients.choices(read_session(), condition=clients.visible(current_actor())))
    return form


def _page(form: LockForm) -> str:
    company, of_clients = queries.locks(read_session())
    return render_template("timekeeping/locks.html", company=company, clients=of_clients, form=form)
