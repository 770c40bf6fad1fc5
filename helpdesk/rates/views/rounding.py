"""Routes of rounding: what is in force for whom, what was and will be, and a new policy from a day on."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.infra.db import read_session
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RATES, current_actor, policy
from helpdesk.rates import exports, queries, render, service
from helpdesk.rates.forms import RoundingForm
from helpdesk.rates.views.blueprint import bp, own_clients, save, tabs, today


@bp.get("/rates/rounding")
@policy(RATES)
@exported(lambda session: exports.rounding_sheet(session, actor=current_actor(), today=today()))
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
    rows = render.rounding_rows(found, today=today())
    return render_template(
        "rates/table.html",
        heading=_("Rounding"),
        intro=_(
            "Worked time is never changed; this says what is billed for it. Approved time keeps what it has. "
            "A retainer can have a rounding of its own, on its page."
        ),
        nothing=_("Each started minute of each entry is billed"),
        columns=[_("For"), *render.rounding_columns()],
        rows=rows,
        form=form,
        submit=_("Set the rounding"),
        tabs=tabs("rates.rounding"),
    )
