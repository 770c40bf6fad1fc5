"""Routes of proof of work: the client's page, its questions, and what we set and take back."""

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_wtf.csrf import CSRFError, validate_csrf
from wtforms import ValidationError

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.policy import INVOICES, SETTINGS, current_actor, policy, public
from helpdesk.infra.settings_pages import nav
from helpdesk.invoicing.forms import ActForm
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.proof import links, questions
from helpdesk.invoicing.proof.forms import ProofForm, QuestionForm
from helpdesk.invoicing.proof.page import proof_page, thanks, too_much
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.invoicing.views.invoices import page_of
from helpdesk.kernel.errors import NotFound, RuleViolation

OUTSIDE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}


@bp.after_request
def keep_private(response: Response) -> Response:
    """Let no page of a link, and no refusal of one, be kept, found or named to others."""
    if request.endpoint in {"invoicing.proof", "invoicing.ask"}:
        response.headers.update(OUTSIDE)
    return response


@bp.get("/proof/<token>")
@public
def proof(token: str) -> str:
    """Show a client the work behind its invoice; nothing is written."""
    invoice = links.open_link(read_session(), token=token, now=clock.now())
    return _client_page(invoice, token)


@bp.post("/proof/<token>/<int:number>")
@public
def ask(token: str, number: int) -> Answer:
    """Take a question about a line; the form checks its own token (see `helpdesk.app`)."""
    _refuse_forged()
    now = clock.now()
    invoice = links.open_link(read_session(), token=token, now=now)
    if number not in {line.position for line in invoice.lines}:
        raise NotFound(_("There is no such page."))
    form = QuestionForm()
    with force_locale(letter_language(invoice.client.language)):
        if not form.validate_on_submit():
            return _client_page(invoice, token, position=number, form=form), 422
        if questions.too_many(read_session(), invoice=invoice, now=now):
            form.refuse(too_much(), "question")
            return _client_page(invoice, token, position=number, form=form), 429
        if not form.website.data:
            with unit_of_work() as session:
                questions.ask(session, now=now, invoice_id=invoice.id, position=number, text=form.question.data or "")
        flash(thanks(), "ok")
    return redirect(url_for("invoicing.proof", token=token), code=303)


@bp.post("/invoices/<int:invoice_id>/link/revoke")
@policy(INVOICES)
def revoke_link(invoice_id: int) -> Answer:
    """Take back the links of an invoice."""
    ActForm().validate_on_submit()
    with unit_of_work() as session:
        links.revoke(session, actor=current_actor(), now=clock.now(), invoice_id=invoice_id)
    flash(_("Nobody opens the page of this invoice any more."), "ok")
    return redirect(url_for("invoicing.show", invoice_id=invoice_id), code=303)


@bp.post("/invoices/<int:invoice_id>/link/renew")
@policy(INVOICES)
def renew_link(invoice_id: int) -> Answer:
    """Make a new link; those before it open nothing any more."""
    ActForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            links.renew(session, actor=current_actor(), now=clock.now(), invoice_id=invoice_id)
    except RuleViolation as refusal:
        return page_of(invoice_id, refusal=str(refusal)), 422
    flash(_("There is a new link; the next mail carries it."), "ok")
    return redirect(url_for("invoicing.show", invoice_id=invoice_id), code=303)


@bp.post("/invoices/<int:invoice_id>/questions/<int:question_id>/answered")
@policy(INVOICES)
def question_answered(invoice_id: int, question_id: int) -> Answer:
    """Note that a client has its answer."""
    ActForm().validate_on_submit()
    with unit_of_work() as session:
        questions.answered(
            session, actor=current_actor(), now=clock.now(), invoice_id=invoice_id, question_id=question_id
        )
    flash(_("Noted: the question is answered."), "ok")
    return redirect(url_for("invoicing.show", invoice_id=invoice_id), code=303)


@bp.get("/settings/proof")
@policy(SETTINGS)
def proof_settings() -> str:
    """Show what is set about the pages of invoices."""
    return _settings_page(ProofForm(obj=links.settings_of(read_session())))


@bp.post("/settings/proof")
@policy(SETTINGS)
def set_proof() -> Answer:
    """Set how long links are good and what their pages show."""
    form = ProofForm()
    if not form.validate_on_submit():
        return _settings_page(form), 422
    with unit_of_work() as session:
        links.set_up(session, actor=current_actor(), now=clock.now(), **form.values())
    flash(_("Saved."), "ok")
    return redirect(url_for("invoicing.proof_settings"), code=303)


def _refuse_forged() -> None:
    """Look whether the form came from a page of ours: its own token says so, where other forms name a referrer too.

    Raises:
        CSRFError: it did not, or the page was open for too long.
    """
    if current_app.config["WTF_CSRF_ENABLED"]:
        try:
            validate_csrf(request.form.get("csrf_token"))
        except ValidationError as error:
            raise CSRFError(str(error)) from error


def _client_page(invoice: Invoice, token: str, *, position: int = 0, form: QuestionForm | None = None) -> str:
    with force_locale(letter_language(invoice.client.language)):
        page = proof_page(read_session(), invoice)
        blank = QuestionForm(formdata=None)
        return render_template("invoicing/proof.html", token=token, asking=position, form=form, blank=blank, **page)


def _settings_page(form: ProofForm) -> str:
    return render_template(
        "settings/form.html",
        section="settings",
        heading=_("Proof of work"),
        intro=_("Each invoice carries a link to a page with the work behind its lines, where its client can ask."),
        back=None,
        form=form,
        groups=[
            {"legend": _("Links"), "names": ["days"], "hint": ""},
            {"legend": _("What the page shows"), "names": ["shows_names", "shows_notes"], "hint": ""},
        ],
        hints={
            "days": _("From the issue on; counts for invoices to come. 0: they carry no link."),
            "shows_notes": _("What people wrote about their time, as it was when the invoice was issued."),
        },
        submit=_("Save"),
        nav=nav("invoicing.proof_settings"),
    )
