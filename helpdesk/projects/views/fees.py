"""Routes of a project's fixed fee: the whole, and its instalments."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import current_actor, policy
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.projects import fees as fixed_fees
from helpdesk.projects import queries
from helpdesk.projects.forms import FeeForm, RemoveFeeForm, WholeFeeForm, decimal_of, money_of
from helpdesk.projects.models import Project
from helpdesk.projects.views.blueprint import PLANNERS, bp


@bp.get("/projects/<int:project_id>/fees")
@policy(PLANNERS)
def fees(project_id: int) -> ResponseReturnValue:
    """Show what a project costs, and in which parts it is billed."""
    return _page(_project(project_id))


@bp.post("/projects/<int:project_id>/fees/whole")
@policy(PLANNERS)
def set_whole_fee(project_id: int) -> ResponseReturnValue:
    """Say what the project costs in all."""
    project, form = _project(project_id), WholeFeeForm()
    if not form.validate_on_submit():
        return _page(project, whole=form), 422
    try:
        amount = money_of(form.whole, project.client.currency) or 0
        with unit_of_work() as session:
            fixed_fees.set_whole(
                session, actor=current_actor(), now=clock.now(), project_id=project_id, amount_minor=amount
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(project, whole=form), 422
    return _to_fees(project_id)


@bp.post("/projects/<int:project_id>/fees")
@policy(PLANNERS)
def add_fee(project_id: int) -> ResponseReturnValue:
    """Add an instalment."""
    project, form = _project(project_id), FeeForm()
    if not form.validate_on_submit() or form.due_on.data is None:
        return _page(project, form=form), 422
    try:
        percent, amount = decimal_of(form.percent), money_of(form.amount, project.client.currency)
        with unit_of_work() as session:
            fixed_fees.add_fee(
                session,
                actor=current_actor(),
                now=clock.now(),
                project_id=project_id,
                text=form.text.data or "",
                due_on=form.due_on.data,
                percent=percent,
                amount_minor=amount,
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(project, form=form), 422
    return _to_fees(project_id)


@bp.post("/projects/<int:project_id>/fees/<int:fee_id>/remove")
@policy(PLANNERS)
def remove_fee(project_id: int, fee_id: int) -> ResponseReturnValue:
    """Remove an instalment that nothing bills."""
    project, form = _project(project_id), RemoveFeeForm()
    form.validate_on_submit()
    try:
        with unit_of_work() as session:
            fixed_fees.remove_fee(session, actor=current_actor(), now=clock.now(), project_id=project_id, fee_id=fee_id)
    except (Conflict, RuleViolation) as refusal:
        return _page(project, refusal=str(refusal)), 409 if isinstance(refusal, Conflict) else 422
    flash(_("The instalment is removed."), "ok")
    return _to_fees(project_id)


def _project(project_id: int) -> Project:
    return queries.get_project(read_session(), actor=current_actor(), project_id=project_id)


def _page(
    project: Project, *, whole: WholeFeeForm | None = None, form: FeeForm | None = None, refusal: str = ""
) -> str:
    session, currency = read_session(), project.client.currency
    rows = fixed_fees.fees_of(session, project.id)
    holders = fixed_fees.holders_of(session, [row.id for row in rows])
    fee = project.fixed_fee_minor
    known = "" if fee is None else str(Money(fee, currency))
    return render_template(
        "projects/fees.html",
        project=project,
        currency=currency,
        refusal=refusal,
        whole=whole or WholeFeeForm(formdata=None, whole=known),
        form=form or FeeForm(formdata=None),
        left_minor=(fee or 0) - sum(row.amount_minor for row in rows),
        rows=[
            {
                "id": row.id,
                "text": row.text,
                "percent": row.percent,
                "amount_minor": row.amount_minor,
                "due_on": row.due_on,
                "holder": holders.get(row.id, ""),
            }
            for row in rows
        ],
    )


def _to_fees(project_id: int) -> ResponseReturnValue:
    return redirect(url_for("projects.fees", project_id=project_id), code=303)
