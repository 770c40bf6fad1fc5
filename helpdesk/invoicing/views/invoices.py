"""Routes of invoices: the list, one document, issue, void, send."""

import uuid

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.infra import blobs, clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.downloads import name_file
from helpdesk.infra.export.columns import Sheet
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import INVOICES, current_actor, policy
from helpdesk.invoicing import exports, listing, queries, render, service
from helpdesk.invoicing.forms import ActForm, IssueForm, PaymentForm, VoidForm
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.pages import invoice as invoice_page
from helpdesk.invoicing.reminding.forms import HoldForm
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.money import Money


def _sheet(session: Session) -> Sheet[Invoice]:
    today = listing.our_day(session, clock.now())
    return exports.invoices_sheet(session, actor=current_actor(), state=_state(), today=today)


def _state() -> str:
    """Return which documents are asked for; what is no state is all."""
    state = request.args.get("state", "all")
    return state if state in listing.LISTED else "all"


@bp.get("/invoices")
@policy(INVOICES)
@exported(_sheet)
def index() -> str:
    """Show the documents in one state, newest first."""
    page = listing.list_page(
        read_session(),
        actor=current_actor(),
        state=_state(),
        before=request.args.get("before", type=int),
        now=clock.now(),
    )
    return render_template("invoicing/list.html", **page)


@bp.get("/invoices/<int:invoice_id>")
@policy(INVOICES)
def show(invoice_id: int) -> str:
    """Show one document, and the time behind each of its lines."""
    return page_of(invoice_id)


@bp.get("/invoices/<int:invoice_id>/pdf")
@policy(INVOICES)
def pdf(invoice_id: int) -> Response:
    """Hand out the stored PDF."""
    invoice = queries.get(read_session(), actor=current_actor(), invoice_id=invoice_id)
    if invoice.pdf_sha256 is None:
        message = _("The PDF is not there yet; it comes within a minute after issue.")
        raise NotFound(message)
    answer = Response(blobs.store().get(invoice.pdf_sha256), mimetype="application/pdf")
    name_file(answer.headers, render.file_name(str(invoice.number)))
    return answer


@bp.post("/invoices/<int:invoice_id>/issue")
@policy(INVOICES)
def issue(invoice_id: int) -> Answer:
    """Give the draft its number; PDF and mail follow by themselves."""
    form = IssueForm()
    try:
        form.validate_on_submit()
        with unit_of_work() as session:
            invoice = service.issue(
                session,
                actor=current_actor(),
                now=clock.now(),
                invoice_id=invoice_id,
                version=int(form.version.data) if form.version.data and not form.version.errors else None,
            )
    except RuleViolation as refusal:
        return page_of(invoice_id, refusal=str(refusal)), 422
    flash(_("Issued as %(number)s. PDF and mail follow by themselves.", number=invoice.number), "ok")
    return to_invoice(invoice_id)


@bp.post("/invoices/<int:invoice_id>/void")
@policy(INVOICES)
def void(invoice_id: int) -> Answer:
    """Void an issued invoice that never left, or drop a draft."""
    form, actor = VoidForm(), current_actor()
    queries.get(read_session(), actor=actor, invoice_id=invoice_id)
    if not form.validate_on_submit():
        return page_of(invoice_id, refusal=" ".join(map(str, form.reason.errors))), 422
    try:
        with unit_of_work() as session:
            ended = service.give_up(
                session, actor=actor, now=clock.now(), invoice_id=invoice_id, reason=form.reason.data or ""
            )
    except RuleViolation as refusal:
        return page_of(invoice_id, refusal=str(refusal)), 422
    said = {"dropped": _("The draft is dropped; its time is free again."), "void": _("Void; its time is free again.")}
    flash(said[ended.status], "ok")
    return to_invoice(invoice_id)


@bp.post("/invoices/<int:invoice_id>/send")
@policy(INVOICES)
def send(invoice_id: int) -> Answer:
    """Mail the stored PDF once more, to the client's present address."""
    try:
        ActForm().validate_on_submit()
        with unit_of_work() as session:
            mail = service.send_again(session, actor=current_actor(), now=clock.now(), invoice_id=invoice_id)
            to = str(mail.to[0]["address"])
    except RuleViolation as refusal:
        return page_of(invoice_id, refusal=str(refusal)), 422
    flash(_("On its way to %(address)s.", address=to), "ok")
    return to_invoice(invoice_id)


def page_of(
    invoice_id: int, *, refusal: str = "", payment: PaymentForm | None = None, hold: HoldForm | None = None
) -> str:
    """Return the page of an invoice, with what was refused of an act on it."""
    session = read_session()
    actor, now = current_actor(), clock.now()
    invoice = queries.get_with_lines(
        session,
        actor=actor,
        invoice_id=invoice_id,
        also=lambda found: invoice_page.questions_of(session, found, now=now),
    )
    page = invoice_page.invoice_page(session, actor=actor, invoice=invoice, now=now)
    if page["settlement"] and page["settlement"]["can_pay"] and payment is None:
        due = Money(page["settlement"]["open_minor"], invoice.currency)
        payment = PaymentForm(
            formdata=None, key=uuid.uuid4().hex, amount=str(due), received_on=listing.our_day(session, clock.now())
        )
    hold = hold or HoldForm(formdata=None)
    return render_template("invoicing/invoice.html", refusal=refusal, payment=payment, hold=hold, **page)


def to_invoice(invoice_id: int) -> BaseResponse:
    """Return the redirect to the page of an invoice."""
    return redirect(url_for("invoicing.show", invoice_id=invoice_id), code=303)
