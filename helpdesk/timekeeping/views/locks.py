"""Lock dates: seen and set."""

from collections.abc import Sequence
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.clients import queries as clients
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import LOCKS, current_actor, policy
from helpdesk.infra.web import back_or, day_filter
from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping import exports, service
from helpdesk.timekeeping.forms import LockForm
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries.left_open import LeftOpen, left_open
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
    through, client_id = form.through.data, form.client_id.data
    left = left_open(read_session(), [(client_id, through)]) if through and _closes(client_id, through) else []
    if left and not form.despite.data:
        return _page(form, asks=left), 422
    try:
        with unit_of_work() as session:
            service.set_lock(
                session,
                actor=current_actor(),
                now=clock.now(),
                through=through,
                client_id=client_id,
                reason=form.reason.data or "",
            )
    except RuleViolation as refusal:
        form.refuse(refusal, "reason" if "Say why" in str(refusal) else "through")
        return _page(form), 422
    flash(_("Time up to %(day)s is locked.", day=day_filter(through)) if through else _("No day is locked."), "ok")
    if "next" not in request.form:
        return redirect(url_for("timekeeping.locks"), code=303)  # there the page says what is left open
    for one in left:
        flash(_("Left open on locked days: %(what)s.", what=_told(one)), "warn")
    return back_or("timekeeping.locks")


def _form(**more: object) -> LockForm:
    form = LockForm(**more)
    form.offer(clients.choices(read_session(), condition=clients.visible(current_actor())))
    return form


def _closes(client_id: int | None, through: date) -> bool:
    """Return whether the day is later than what is locked for the client, or for everybody."""
    company, of_clients = queries.locks(read_session())
    now = next((each.through for each in (company, *of_clients) if each and each.client_id == client_id), None)
    return now is None or through > now


def _page(form: LockForm, *, asks: Sequence[LeftOpen] = ()) -> str:
    company, of_clients = queries.locks(read_session())
    locks = [(each.client_id, each.through) for each in (company, *of_clients) if each]
    return render_template(
        "timekeeping/locks.html",
        company=company,
        clients=of_clients,
        form=form,
        left=[_told(one) for one in left_open(read_session(), locks)],
        asks=[_told(one) for one in asks],
    )


def _told(one: LeftOpen) -> str:
    """Return how much of a person is open: ``Ada: 3 entries not submitted, 1 entry waits for approval``."""
    drafts = ngettext("%(num)s entry not submitted", "%(num)s entries not submitted", one.unsubmitted)
    waiting = ngettext("%(num)s entry waits for approval", "%(num)s entries wait for approval", one.submitted)
    counted = [words for count, words in ((one.unsubmitted, drafts), (one.submitted, waiting)) if count]
    return f"{one.person_name}: {', '.join(counted)}"
