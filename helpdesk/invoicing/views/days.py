"""Routes of a draft of chosen days: choose, see what would be on it and what not, make it."""

import uuid

from flask import flash, redirect, render_template, request, url_for

from helpdesk.clients import queries as clients
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import INVOICES, current_actor, policy
from helpdesk.invoicing import listing
from helpdesk.invoicing.drafts import days as days_draft
from helpdesk.invoicing.drafts.deducting import draft_deposit
from helpdesk.invoicing.drafts.forms import DaysForm, DepositForm, number_of
from helpdesk.invoicing.pages import days as days_page
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month


@bp.get("/invoices/new")
@policy(INVOICES)
def new() -> str:
    """Show the form for a draft; it begins with the month that is over."""
    return _page_of(_days_form())


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


@bp.post("/invoices/deposit")
@policy(INVOICES)
def deposit() -> Answer:
    """Draft an invoice over a deposit."""
    actor, form, session = current_actor(), DepositForm(), read_session()
    form.client_id.choices = days_page.client_choices(session, actor)
    if not form.validate_on_submit():
        return _page_of(_days_form(), deposit=form), 422
    try:
        currency = clients.get_billable(session, actor=actor, client_id=form.client_id.data).currency
        amount = Money.parse(f"{number_of(form.amount):f}", currency)
        with unit_of_work() as writing:
            made = draft_deposit(
                writing,
                actor=actor,
                now=clock.now(),
                client_id=form.client_id.data,
                text=form.text.data or "",
                amount_minor=amount.minor,
                key=form.key.data or "",
            )
    except (Conflict, RuleViolation) as refusal:
        form.refuse(refusal if isinstance(refusal, RuleViolation) else str(refusal))
        return _page_of(_days_form(), deposit=form), 409 if isinstance(refusal, Conflict) else 422
    flash(_("Drafted. Once it is paid, later drafts of the client can take it off."), "ok")
    return redirect(url_for("invoicing.show", invoice_id=made.id), code=303)


def _days_form() -> DaysForm:
    """Return the form as it begins: the month that is over, and all that can be taken."""
    month = Month.of(listing.our_day(read_session(), clock.now())).previous
    return DaysForm(
        formdata=None,
        key=uuid.uuid4().hex,
        client_id=request.args.get("client", type=int),
        first_day=month.first_day,
        last_day=month.last_day,
        takes=list(days_draft.TAKES),
    )


def _page_of(form: DaysForm, preview: days_page.Page | None = None, deposit: DepositForm | None = None) -> str:
    form.client_id.choices = days_page.client_choices(read_session(), current_actor())
    deposit = deposit or DepositForm(formdata=None, key=uuid.uuid4().hex, client_id=form.client_id.data)
    deposit.client_id.choices = form.client_id.choices
    return render_template("invoicing/new.html", form=form, preview=preview, deposit=deposit)
