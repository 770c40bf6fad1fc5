"""Routes of a client's account: what happened on it, as page and file, and what is paid back of its credit."""

import uuid

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.downloads import name_file
from helpdesk.infra.export.columns import Sheet
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import refuse_unknown
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import INVOICES, current_actor, policy
from helpdesk.invoicing import exports
from helpdesk.invoicing.domain.statement import Line
from helpdesk.invoicing.forms import RefundForm, SendAccountForm, TakeBackForm
from helpdesk.invoicing.listing import our_day
from helpdesk.invoicing.money import account_letter, account_process, accounts, late_fees, refunding, settling
from helpdesk.invoicing.pages import account as account_page
from helpdesk.invoicing.pages.account import Asked
from helpdesk.invoicing.typed import typed_amount
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money


def asked_for(session: Session, client_id: int) -> Asked:
    """Return what of an account the address asks for."""
    return account_page.asked(
        session,
        actor=current_actor(),
        now=clock.now(),
        client_id=client_id,
        currency=request.args.get("currency", ""),
        first=request.args.get("from", ""),
        last=request.args.get("to", ""),
    )


def _sheet(session: Session, client_id: int) -> Sheet[Line]:
    return exports.account_sheet(session, asked_for=asked_for(session, client_id))


@bp.get("/clients/<int:client_id>/account")
@policy(INVOICES)
@exported(_sheet)
def account(client_id: int) -> Answer:
    """Show what happened on a client's account, from one day to another."""
    return _page(client_id)


@bp.post("/clients/<int:client_id>/refunds")
@policy(INVOICES)
def pay_back(client_id: int) -> Answer:
    """Note what was paid back of a client's credit."""
    form, asked = RefundForm(), asked_for(read_session(), client_id)
    if not form.validate_on_submit() or form.paid_on.data is None:
        return _page(client_id, form=form), 422
    try:
        with unit_of_work() as session:
            refunding.pay_back(
                session,
                actor=current_actor(),
                now=clock.now(),
                client_id=client_id,
                amount=typed_amount(form.amount.data or "", asked.currency),
                paid_on=form.paid_on.data,
                method=form.method.data,
                reference=form.reference.data or "",
                reason=form.reason.data or "",
                key=form.key.data or "",
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(client_id, form=form), 422
    flash(_("Noted as paid back."), "ok")
    return to_account(client_id, asked.currency)


@bp.post("/clients/<int:client_id>/refunds/<int:refund_id>/undo")
@policy(INVOICES)
def undo_refund(client_id: int, refund_id: int) -> Answer:
    """Say that a refund does not count; what it took is the client's credit again."""
    form, asked = TakeBackForm(), asked_for(read_session(), client_id)
    if not form.validate_on_submit():
        return _page(client_id, refusal=" ".join(map(str, form.reason.errors))), 422
    with unit_of_work() as session:
        refunding.undo(
            session,
            actor=current_actor(),
            now=clock.now(),
            client_id=client_id,
            refund_id=refund_id,
            reason=form.reason.data or "",
        )
    flash(_("Undone; it is the client's credit again."), "ok")
    return to_account(client_id, asked.currency)


@bp.get("/clients/<int:client_id>/account.pdf")
@policy(INVOICES)
def account_pdf(client_id: int) -> Response:
    """Hand out the account of the days that are asked for as a PDF, in the client's language."""
    session = read_session()
    letter = account_letter.letter_of(session, asked_for(session, client_id))
    answer = Response(account_letter.to_pdf(letter), mimetype="application/pdf")
    name_file(answer.headers, letter.file_name)
    return answer


@bp.post("/clients/<int:client_id>/account/send")
@policy(INVOICES)
def send_account(client_id: int) -> Answer:
    """Mail the account of the days that are asked for to the client."""
    form, session = SendAccountForm(), read_session()
    asked = asked_for(session, client_id)
    if not form.validate_on_submit():
        return _page(client_id, refusal=_("This page was not sent as it was shown. Open it again.")), 422
    try:
        to = account_process.send_account(
            session, unit_of_work, actor=current_actor(), clock=clock.now, asked_for=asked, key=form.key.data or ""
        )
    except RuleViolation as refusal:
        return _page(client_id, refusal=str(refusal)), 422
    flash(_("The account is on its way to %(address)s.", address=to), "ok")
    return to_account(client_id, asked.currency)


@bp.post("/clients/<int:client_id>/late-fees")
@policy(INVOICES)
def charge_late(client_id: int) -> Answer:
    """Put the chosen late fees and interest on a draft of their own."""
    refuse_unknown(request.form, known=["chosen"])
    asked = asked_for(read_session(), client_id)
    try:
        with unit_of_work() as session:
            draft = late_fees.charge(
                session,
                actor=current_actor(),
                now=clock.now(),
                client_id=client_id,
                currency=asked.currency,
                keys=set(request.form.getlist("chosen")),
            )
    except RuleViolation as refusal:
        return _page(client_id, refusal=str(refusal)), 422
    flash(_("A draft with what you chose; nothing has gone out."), "ok")
    return redirect(url_for("invoicing.show", invoice_id=draft.id), code=303)


def to_account(client_id: int, currency: str) -> BaseResponse:
    """Return the redirect to the page of an account."""
    return redirect(url_for("invoicing.account", client_id=client_id, currency=currency), code=303)


def _page(client_id: int, *, form: RefundForm | None = None, refusal: str = "") -> str:
    session = read_session()
    asked = asked_for(session, client_id)
    ask_ahead(
        session,
        *accounts.questions(client_id, asked.currency),
        settling.free_asked(client_id, asked.currency),
        refunding.refunds_asked(client_id, asked.currency),
    )
    if form is None:
        credit = settling.credit_of(session, client_id=client_id, currency=asked.currency)
        form = RefundForm(
            formdata=None,
            key=uuid.uuid4().hex,
            amount=str(Money(credit, asked.currency)),
            paid_on=our_day(session, clock.now()),
        )
    page = account_page.account_page(session, asked_for=asked)
    return render_template("invoicing/account.html", refund=form, refusal=refusal, key=uuid.uuid4().hex, **page)
