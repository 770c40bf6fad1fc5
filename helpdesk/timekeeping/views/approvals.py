"""What waits for approval: shown, approved, given back."""

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import APPROVERS, current_actor, policy
from helpdesk.infra.web import back_or
from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping import queries, render, service
from helpdesk.timekeeping.forms import ApproveForm, RejectForm
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.views.blueprint import bp
from helpdesk.timekeeping.views.refusals import tell_limits, told_by_flash


@bp.get("/time/approvals")
@policy(APPROVERS)
def approvals() -> str:
    """Show what waits for approval, a person at a time."""
    session, now = read_session(), clock.now()
    person_id, client_id = (request.args.get(name, type=int) for name in ("person", "client"))
    everything = queries.approvals(session)
    entries = [entry for entry in everything if _is_of(entry, person_id, client_id)]
    priced = service.preview(session, entries)
    groups = render.waiting_groups(entries, priced, own_id=current_actor().person_id, now=now)
    return render_template(
        "timekeeping/approvals.html",
        total={"count": len(entries), "worked_seconds": sum(group.worked_seconds for group in groups)},
        groups=groups,
        people=_named({entry.person_id: entry.person.name for entry in everything}),
        clients=_named({client.id: client.name for client in map(queries.client_of, everything)}),
        person_id=person_id,
        client_id=client_id,
        shows_money=True,
    )


@bp.post("/time/approve")
@policy(APPROVERS)
def approve() -> ResponseReturnValue:
    """Approve what was ticked: all of it or nothing."""
    form = ApproveForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("That is no list of entries."))
    if not form.ids.data:
        flash(_("Nothing is ticked, so nothing was approved."), "warn")
        return back_or("timekeeping.approvals")
    with told_by_flash(), unit_of_work() as session:
        entries = service.approve(session, actor=current_actor(), now=clock.now(), entry_ids=form.ids.data)
        tell_limits(session, entries)
        flash(ngettext("%(num)s entry is approved.", "%(num)s entries are approved.", len(entries)), "ok")
    return back_or("timekeeping.approvals")


@bp.post("/time/entries/<int:entry_id>/reject")
@policy(APPROVERS)
def reject(entry_id: int) -> ResponseReturnValue:
    """Give an entry back with a reason."""
    form = RejectForm()
    with told_by_flash(), unit_of_work() as session:
        reason = (form.reason.data or "") if form.validate_on_submit() else ""
        entry = service.reject(session, actor=current_actor(), now=clock.now(), entry_id=entry_id, reason=reason)
        flash(_("The entry went back to %(name)s.", name=entry.person.name), "ok")
    return back_or("timekeeping.approvals")


def _is_of(entry: TimeEntry, person_id: int | None, client_id: int | None) -> bool:
    return person_id in {None, entry.person_id} and client_id in {None, queries.client_of(entry).id}


def _named(names: dict[int, str]) -> list[dict[str, object]]:
    return [{"id": row_id, "name": name} for row_id, name in sorted(names.items(), key=lambda item: item[1].casefold())]
