"""Routes of payments: note one, use a client's credit, take one back, and what is overdue by age."""

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import INVOICES, current_actor, policy
from helpdesk.infra.web import money_filter
from helpdesk.invoicing import queries
from helpdesk.invoicing.forms import ActForm, PaymentForm, TakeBackForm
from helpdesk.invoicing.money import ageing, settling
from helpdesk.invoicing.typed import typed_amount
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.invoicing.views.invoices import page_of
from helpdesk.kernel.errors import RuleViolation


@bp.post("/invoices/<int:invoice_id>/payments")
@policy(INVOICES)
def pay(invoice_id: int) -> Answer:
    """Note a payment; what is more than open becomes the client's credit."""
    actor, form = current_actor(), PaymentForm()
    invoice = queries.get(read_session(), actor=actor, invoice_id=invoice_id)
    if not form.validate_on_submit() or form.received_on.data is None:
        return page_of(invoice_id, payment=form), 422
    try:
        with unit_of_work() as session:
            payment = settling.record_payment(
                session,
                actor=actor,
                now=clock.now(),
                invoice_id=invoice_id,
                amount=typed_amount(form.amount.data or "", invoice.currency),
                received_on=form.received_on.data,
                method=form.method.data,
                reference=form.reference.data or "",
                key=form.key.data or "",
            )
            rest = settling.rest_of(session, payment)
    except RuleViolation as refusal:
        form.refuse(refusal, None if refusal.field else "amount")
        return page_of(invoice_id, payment=form), 422
    flash(_noted(rest, invoice.currency), "ok")
    return _to(invoice_id)


@bp.post("/invoices/<int:invoice_id>/use-credit")
@policy(INVOICES)
def use_credit(invoice_id: int) -> Answer:
    """Settle the invoice with what the client paid too much before."""
    ActForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            used = settling.use_credit(session, actor=current_actor(), now=clock.now(), invoice_id=invoice_id)
            currency = queries.get(session, actor=current_actor(), invoice_id=invoice_id).currency
    except RuleViolation as refusal:
        return page_of(invoice_id, refusal=str(refusal)), 422
    flash(_("%(amount)s of the client's credit used.", amount=money_filter(used, currency)), "ok")
    return _to(invoice_id)


@bp.post("/invoices/<int:invoice_id>/payments/<int:payment_id>/take-back")
@policy(INVOICES)
def take_back(invoice_id: int, payment_id: int) -> Answer:
    """Say that a payment does not count; what it settled is open again."""
    actor, form = current_actor(), TakeBackForm()
    queries.get(read_session(), actor=actor, invoice_id=invoice_id)
    if not form.validate_on_submit():
        return page_of(invoice_id, refusal=" ".join(map(str, form.reason.errors))), 422
    try:
        with unit_of_work() as session:
            settling.take_back(
                session,
                actor=actor,
                now=clock.now(),
                invoice_id=invoice_id,
                payment_id=payment_id,
                reason=form.reason.data or "",
            )
    except RuleViolation as refusal:
        return page_of(invoice_id, refusal=str(refusal)), 422
    flash(_("Taken back; what it settled is open again."), "ok")
    return _to(invoice_id)


@bp.get("/invoices/ageing")
@policy(INVOICES)
def ages() -> str:
    """Show by client what is open and how long it has been overdue."""
    page = ageing.ageing_page(read_session(), actor=current_actor(), now=clock.now())
    return render_template("invoicing/ageing.html", **page)


def _noted(rest_minor: int, currency: str) -> str:
    """Say that a payment is noted, and what becomes of what is more than was open."""
    if not rest_minor:
        return _("Noted.")
    rest = money_filter(rest_minor, currency)
    return _(
        "Noted. %(rest)s more than was open are the client's credit, for other invoices or to be paid back.", rest=rest
    )


def _to(invoice_id: int) -> BaseResponse:
    return redirect(url_for("invoicing.show", invoice_id=invoice_id), code=303)
