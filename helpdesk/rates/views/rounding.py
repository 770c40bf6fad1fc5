"""Routes of rounding: what is in force for whom, what was and will be, and a new policy from a day on."""

from itertools import groupby
from operator import attrgetter

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.infra.db import read_session
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RATES, current_actor, policy
from helpdesk.infra.web import day_filter
from helpdesk.rates import queries, service
from helpdesk.rates.forms import MODE_NAMES, SCOPE_NAMES, RoundingForm
from helpdesk.rates.queries import RoundingLine
from helpdesk.rates.timeline import Placed, place
from helpdesk.rates.views.blueprint import bp, own_clients, save, tabs, today


@bp.get("/rates/rounding")
@policy(RATES)
def rounding() -> ResponseReturnValue:
    """Show how time is rounded."""
    return _page(RoundingForm(formdata=None, effective_on=today()))


@bp.post("/rates/rounding")
@policy(RATES)
def set_rounding() -> ResponseReturnValue:
    """Say how time is rounded from a day on."""
    form = RoundingForm()
    form.client_id.choices = own_clients()
    if save(form, service.set_rounding):
        return _page(form), 422
    flash(_("Set. What is approved already bills what it was approved with."), "ok")
    return redirect(url_for("rates.rounding"), code=303)


def _page(form: RoundingForm) -> str:
    form.client_id.choices = own_clients()
    found = queries.rounding_lines(read_session(), actor=current_actor())
    rows = [
        _row(placed)
        for _client, own in groupby(found, key=attrgetter("client_id"))
        for placed in place(list(own), today=today())
    ]
    return render_template(
        "rates/table.html",
        heading=_("Rounding"),
        intro=_("Worked time is never changed; this says what is billed for it. Approved time keeps what it has."),
        nothing=_("Each started minute of each entry is billed"),
        columns=[_("For"), _("Rounding"), _("At least"), _("Once for"), _("From"), _("Until")],
        rows=rows,
        form=form,
        submit=_("Set the rounding"),
        tabs=tabs("rates.rounding"),
    )


def _row(placed: Placed[RoundingLine]) -> dict[str, object]:
    line = placed.row
    step = _("%(minutes)s min", minutes=line.step_minutes)
    grace = _("%(seconds)s s of grace", seconds=line.grace_seconds) if line.grace_seconds else ""
    mode = MODE_NAMES[line.mode] if line.mode == "none" else f"{MODE_NAMES[line.mode]}, {step}"
    return {
        "state": placed.state.value,
        "cells": [
            line.client_name or _("All others"),
            f"{mode}, {grace}" if grace else mode,
            _("%(minutes)s min", minutes=line.minimum_minutes) if line.minimum_minutes else "\N{EN DASH}",
            SCOPE_NAMES[line.scope],
            day_filter(line.effective_on),
            day_filter(placed.until) if placed.until else "\N{EN DASH}",
        ],
    }
