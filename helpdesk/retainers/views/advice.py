"""Routes of the advice on an agreement: which tier would have fitted, and the mail that offers it."""

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, COSTS, RETAINERS, current_actor, policy
from helpdesk.kernel.errors import RuleViolation
from helpdesk.retainers import queries
from helpdesk.retainers.advice import advising
from helpdesk.retainers.advice import letters as advice_letters
from helpdesk.retainers.advice import page as advice_page
from helpdesk.retainers.forms import AdviceMailForm
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.views.blueprint import bp


@bp.get("/retainers/<int:agreement_id>/advice")
@policy(RETAINERS)
def advice(agreement_id: int) -> str:
    """Show what the closed months would have come to under each tier, and a draft of the mail that offers the best."""
    found = queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    return _page(found, None)


@bp.post("/retainers/<int:agreement_id>/advice")
@policy(RETAINERS)
def send_advice(agreement_id: int) -> ResponseReturnValue:
    """Send the mail as it was edited; a refusal shows it again."""
    found = queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    form = AdviceMailForm()
    if not form.validate_on_submit():
        return _page(found, form), 422
    try:
        with unit_of_work() as session:
            sent = advising.send_advice(
                session, actor=current_actor(), now=clock.now(), agreement_id=agreement_id, **form.values()
            )
            flash(_("On its way to %(address)s.", address=sent.to[0]["address"]), "ok")
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(found, form), 422
    return redirect(url_for("retainers.advice", agreement_id=agreement_id), code=303)


def _page(found: Agreement, form: AdviceMailForm | None) -> str:
    session, actor = read_session(), current_actor()
    advised = advising.advice_of(session, found, now=clock.now())
    letter = advice_letters.draft(session, found, advised)
    if form is None and letter is not None:
        form = AdviceMailForm(formdata=None, key=uuid.uuid4().hex, subject=letter.subject, text=letter.text)
    return render_template(
        "retainers/advice.html",
        agreement=found,
        advice=advice_page.page_of(advised, with_costs=actor.is_one_of(COSTS)),
        shows_margins=actor.is_one_of(COSTS),
        may_change_tiers=actor.is_one_of(APPROVERS),
        form=form,
        to=found.client.invoice_email,
    )
