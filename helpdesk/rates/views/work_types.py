"""Routes of work types: the list, a new one, one changed, put into the archive and brought back."""

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, current_actor, policy
from helpdesk.kernel.errors import RuleViolation
from helpdesk.rates import exports, queries, service
from helpdesk.rates.forms import WorkTypeForm
from helpdesk.rates.models import WorkType
from helpdesk.rates.views.blueprint import bp, save, tabs


@bp.get("/rates/work-types")
@policy(APPROVERS)
@exported(exports.work_types_sheet)
def work_types() -> ResponseReturnValue:
    """Show the kinds of work."""
    return _list(WorkTypeForm(formdata=None, billable=True))


@bp.post("/rates/work-types")
@policy(APPROVERS)
def add_work_type() -> ResponseReturnValue:
    """Add a kind of work."""
    form = WorkTypeForm()
    refused = save(form, service.add_work_type)
    return (_list(form), 422) if refused else redirect(url_for("rates.work_types"), code=303)


@bp.get("/rates/work-types/<int:work_type_id>")
@policy(APPROVERS)
def edit_work_type(work_type_id: int) -> ResponseReturnValue:
    """Show one kind of work in a form."""
    found = queries.work_type(read_session(), work_type_id)
    return _page(found, WorkTypeForm(formdata=None, obj=found))


@bp.post("/rates/work-types/<int:work_type_id>")
@policy(APPROVERS)
def change_work_type(work_type_id: int) -> ResponseReturnValue:
    """Change one kind of work."""
    found, form = queries.work_type(read_session(), work_type_id), WorkTypeForm()
    if save(form, service.change_work_type, work_type_id=work_type_id):
        return _page(found, form), 422
    flash(_("Saved. Written time keeps its kind, and stays as billable as it was written."), "ok")
    return redirect(url_for("rates.work_types"), code=303)


@bp.post("/rates/work-types/<int:work_type_id>/archive")
@policy(APPROVERS)
def archive_work_type(work_type_id: int) -> ResponseReturnValue:
    """Put one kind of work away."""
    return _put(service.archive_work_type, work_type_id)


@bp.post("/rates/work-types/<int:work_type_id>/restore")
@policy(APPROVERS)
def restore_work_type(work_type_id: int) -> ResponseReturnValue:
    """Bring one kind of work back."""
    return _put(service.restore_work_type, work_type_id)


def _put(act: Callable[..., WorkType], work_type_id: int) -> ResponseReturnValue:
    StrictForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            act(session, actor=current_actor(), now=clock.now(), work_type_id=work_type_id)
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
    return redirect(url_for("rates.work_types"), code=303)


def _list(form: WorkTypeForm) -> str:
    session = read_session()
    rows = [_row(each) for each in (*queries.work_types(session), *queries.work_types(session, archived=True))]
    return render_template(
        "rates/table.html",
        heading=_("Work types"),
        intro=_("What kind of work it was can decide its price, and whether its time is billable at first."),
        nothing=_("No work type yet"),
        columns=[_("Name"), _("Billing"), _("New time")],
        rows=rows,
        form=form,
        submit=_("Add work type"),
        tabs=tabs("rates.work_types"),
    )


def _row(each: WorkType) -> dict[str, object]:
    return {
        "state": "archived" if each.archived_at else "in_force",
        "url": url_for("rates.edit_work_type", work_type_id=each.id),
        "cells": [
            each.name,
            _("Billable") if each.billable else _("Not billable"),
            _("Begins with it") if each.is_default else "\N{EN DASH}",
        ],
    }


def _page(found: WorkType, form: WorkTypeForm) -> str:
    return render_template("rates/work_type.html", work_type=found, form=form)
