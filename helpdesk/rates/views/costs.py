"""Routes of costs: what an hour of somebody costs us, for those who may see it (docs/billing.md rule 7)."""

from operator import attrgetter

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts import queries as accounts
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import COSTS, STAFF, current_actor, policy
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.kernel.errors import RuleViolation
from helpdesk.rates import exports, queries, service
from helpdesk.rates.forms import CostForm
from helpdesk.rates.queries import CostLine
from helpdesk.rates.timeline import Placed, State, place_all
from helpdesk.rates.views.blueprint import bp, own_currency, save, tabs, today


@bp.get("/rates/costs")
@policy(COSTS)
@exported(lambda session: exports.costs_sheet(session, today=today()))
def costs() -> ResponseReturnValue:
    """Show what people cost us."""
    return _page(CostForm(formdata=None, currency=own_currency(), effective_on=today()))


@bp.post("/rates/costs")
@policy(COSTS)
def set_cost() -> ResponseReturnValue:
    """Say what an hour of somebody costs us from a day on."""
    form = CostForm()
    form.person_id.choices = options(accounts.choices(read_session(), roles=STAFF))
    if save(form, service.set_cost):
        return _page(form), 422
    flash(_("Set. Approved time keeps the cost that it was approved with."), "ok")
    return redirect(url_for("rates.costs"), code=303)


@bp.post("/rates/costs/<int:cost_id>/remove")
@policy(COSTS)
def remove_cost(cost_id: int) -> ResponseReturnValue:
    """Remove a cost that has not begun."""
    StrictForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            service.remove_cost(session, actor=current_actor(), now=clock.now(), cost_id=cost_id, today=today())
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
    return redirect(url_for("rates.costs"), code=303)


def _page(form: CostForm) -> str:
    form.person_id.choices = options(accounts.choices(read_session(), roles=STAFF))
    found = queries.cost_lines(read_session())
    rows = [_row(placed) for placed in place_all(found, scope=attrgetter("person_id"), today=today())]
    return render_template(
        "rates/table.html",
        heading=_("Costs"),
        intro=_("What an hour of somebody costs us. Only managers and administrators see it, and margins with it."),
        nothing=_("No cost yet"),
        columns=[_("Person"), _("An hour"), _("From"), _("Until")],
        rows=rows,
        form=form,
        submit=_("Set the cost"),
        tabs=tabs("rates.costs"),
    )


def _row(placed: Placed[CostLine]) -> dict[str, object]:
    line = placed.row
    planned = placed.state is State.PLANNED
    return {
        "state": placed.state.value,
        "cells": [
            line.person_name,
            money_filter(line.amount_minor, line.currency),
            day_filter(line.effective_on),
            day_filter(placed.until) if placed.until else "\N{EN DASH}",
        ],
        "remove_url": url_for("rates.remove_cost", cost_id=line.id) if planned else "",
    }
