"""Routes of a draft of chosen days: choose, see what would be on it and what not, make it."""

import uuid

from flask import flash, redirect, render_template, request, url_for

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import INVOICES, current_actor, policy
from helpdesk.invoicing import days_draft, days_page, listing
from helpdesk.invoicing.draft_forms import DaysForm
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import Month


@bp.get("/invoices/new")
@policy(INVOICES)
def new() -> str:
    """Show the form for a draft; it begins with the month that is over."""
    month = Month.of(listing.our_day(read_session(), clock.now())).previous
    form = DaysForm(
        formdata=None,
        key=uuid.uuid4().hex,
        client_id=request.args.get("client", type=int),
        first_day=month.first_day,
        last_day=month.last_day,
        takes=list(days_draft.TAKES),
    )
    return _page_of(form)


@bp.post("/invoices/new")
@policy(INVOICES)
def make() -> Answer:
    """Show what the draft would be, or make it."""
    actor, form, now = current_actor(), DaysForm(), clock.now()
    form.client_id.choices = days_page.client_choices(read_session(), actor)
    if not form.validate_on_submit():
        return _page_of(form), 422
    try:
        wish = form.wish()
        if form.act.data != "draft":
            return _page_of(form, days_page.preview(unit_of_work, actor=actor, now=now, wish=wish))
        with unit_of_work() as session:
            made = days_draft.draft_days(session, actor=actor, now=now, wish=wish, key=form.key.data or "")
    except (Conflict, RuleViolation) as refusal:
        form.refuse(refusal if isinstance(refusal, RuleViolation) else str(refusal))
        return _page_of(form), 409 if isinstance(refusal, Conflict) else 422
    flash(_("Drafted. Look at it, change what is to be changed, and issue it."), "ok")
    return redirect(url_for("invoicing.show", invoice_id=made.id), code=303)


def _page_of(form: DaysForm, preview: days_page.Page | None = None) -> str:
    form.client_id.choices = days_page.client_choices(read_session(), current_actor())
    return render_template("invoicing/new.html", form=form, preview=preview)
