"""What waits for approval: shown, approved, given back."""

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.columns import Sheet
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.web import back_or
from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping import exports, service
from helpdesk.timekeeping.forms import ApproveForm, PlainForm, RejectForm, RejectManyForm
from helpdesk.timekeeping.pages.queue import WaitingLine, filters_of, queue_page
from helpdesk.timekeeping.queries.rights import require_approver
from helpdesk.timekeeping.views.blueprint import bp
from helpdesk.timekeeping.views.refusals import tell_limits, told_by_flash


def _sheet(session: Session) -> Sheet[WaitingLine]:
    group, filters = request.args.get("group", "person"), filters_of(request.args)
    return exports.approvals_sheet(session, actor=current_actor(), group=group, filters=filters)


@bp.get("/time/approvals")
@policy(DESK)
@exported(_sheet)
def approvals() -> str:
    """Show what waits for approval: by person, client, project or its manager, a page at a time."""
    page = queue_page(
        read_session(),
        actor=current_actor(),
        group=request.args.get("group", "person"),
        filters=filters_of(request.args),
        after=request.args.get("after", type=int),
    )
    return render_template("timekeeping/approvals.html", **page)


@bp.post("/time/approve")
@policy(DESK)
def approve() -> ResponseReturnValue:
    """Approve what was ticked: all of it or nothing."""
    require_approver(read_session(), current_actor())
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


@bp.post("/time/approve/plain")
@policy(DESK)
def approve_plain() -> ResponseReturnValue:
    """Approve everything that the filters show and that stands out in no way."""
    require_approver(read_session(), current_actor())
    form = PlainForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("That is nothing to filter by."))
    with told_by_flash(), unit_of_work() as session:
        entries = service.approve_plain(
            session, actor=current_actor(), now=clock.now(), filters=filters_of(form.values())
        )
        tell_limits(session, entries)
        flash(
            ngettext("%(num)s entry is approved.", "%(num)s entries are approved.", len(entries))
            if entries
            else _("Everything that waits here stands out, or is your own; look at it one by one."),
            "ok" if entries else "warn",
        )
    return back_or("timekeeping.approvals")


@bp.post("/time/reject")
@policy(DESK)
def reject_many() -> ResponseReturnValue:
    """Give everything that was ticked back with one reason."""
    require_approver(read_session(), current_actor())
    form = RejectManyForm()
    if not form.validate_on_submit() or not form.ids.data:
        flash(_("Tick entries and say why; nothing was rejected."), "warn")
        return back_or("timekeeping.approvals")
    with told_by_flash(), unit_of_work() as session:
        entries = service.reject(
            session, actor=current_actor(), now=clock.now(), entry_ids=form.ids.data, reason=form.reason.data or ""
        )
        flash(ngettext("%(num)s entry went back.", "%(num)s entries went back.", len(entries)), "ok")
    return back_or("timekeeping.approvals")


@bp.post("/time/entries/<int:entry_id>/reject")
@policy(DESK)
def reject(entry_id: int) -> ResponseReturnValue:
    """Give an entry back with a reason."""
    require_approver(read_session(), current_actor())
    form = RejectForm()
    with told_by_flash(), unit_of_work() as session:
        reason = (form.reason.data or "") if form.validate_on_submit() else ""
        [entry] = service.reject(session, actor=current_actor(), now=clock.now(), entry_ids=[entry_id], reason=reason)
        flash(_("The entry went back to %(name)s.", name=entry.person.name), "ok")
    return back_or("timekeeping.approvals")
