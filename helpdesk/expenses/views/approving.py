"""What waits for approval, and what approvers do with it."""

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.company.service import get_company
from helpdesk.expenses import exports, queries, render, service
from helpdesk.expenses.forms import ReasonForm, TickedForm
from helpdesk.expenses.models import Expense
from helpdesk.expenses.views.blueprint import bp, told_by_flash
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import APPROVERS, current_actor, policy
from helpdesk.infra.web import back_or
from helpdesk.kernel.errors import RuleViolation


@bp.get("/expenses/approvals")
@policy(APPROVERS)
@exported(lambda session: exports.waiting_sheet(session, _chosen(queries.waiting(session))))
def approvals() -> str:
    """Show what waits for approval, a person at a time, with sums by person and project."""
    session, actor = read_session(), current_actor()
    everything = queries.waiting(session)
    chosen = _chosen(everything)
    groups = render.waiting_groups(
        chosen,
        own_id=actor.person_id,
        approves_own=get_company(session).self_approval,
        preview=lambda one: service.preview(session, one),
    )
    return render_template(
        "expenses/approvals.html",
        groups=groups,
        projects=render.project_sums(chosen),
        count=len(chosen),
        can_approve=sum(not row.is_own for group in groups for row in group.rows),
        people=sorted({(one.person_id, one.person.name) for one in everything}, key=lambda row: row[1].casefold()),
        clients=sorted(
            {(one.project.client_id, one.project.client.name) for one in everything}, key=lambda row: row[1]
        ),
        person_id=request.args.get("person", type=int),
        client_id=request.args.get("client", type=int),
    )


@bp.post("/expenses/approve")
@policy(APPROVERS)
def approve() -> ResponseReturnValue:
    """Approve what was ticked: all of it or nothing."""
    form = TickedForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("That is no list of expenses."))
    if not form.ids.data:
        flash(_("Nothing is ticked, so nothing was approved."), "warn")
        return back_or("expenses.approvals")
    with told_by_flash(), unit_of_work() as session:
        done = service.approve(session, actor=current_actor(), now=clock.now(), expense_ids=form.ids.data)
        flash(ngettext("%(num)s expense is approved.", "%(num)s expenses are approved.", len(done)), "ok")
    return back_or("expenses.approvals")


@bp.post("/expenses/<int:expense_id>/reject")
@policy(APPROVERS)
def reject(expense_id: int) -> ResponseReturnValue:
    """Give an expense back with a reason."""
    form = ReasonForm()
    with told_by_flash(), unit_of_work() as session:
        reason = (form.reason.data or "") if form.validate_on_submit() else ""
        expense = service.reject(session, actor=current_actor(), now=clock.now(), expense_id=expense_id, reason=reason)
        flash(_("The expense went back to %(name)s.", name=expense.person.name), "ok")
    return back_or("expenses.approvals")


@bp.post("/expenses/<int:expense_id>/reopen")
@policy(APPROVERS)
def reopen(expense_id: int) -> ResponseReturnValue:
    """Take an approval back with a reason."""
    form = ReasonForm()
    with told_by_flash(), unit_of_work() as session:
        reason = (form.reason.data or "") if form.validate_on_submit() else ""
        service.reopen(session, actor=current_actor(), now=clock.now(), expense_id=expense_id, reason=reason)
        flash(_("The expense is a draft again."), "ok")
    return back_or("expenses.show", expense_id=expense_id)


def _chosen(everything: list[Expense]) -> list[Expense]:
    """Return what of all that waits is asked for."""
    person_id, client_id = (request.args.get(name, type=int) for name in ("person", "client"))
    return [
        one for one in everything if person_id in {None, one.person_id} and client_id in {None, one.project.client_id}
    ]
