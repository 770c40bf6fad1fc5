"""Routes of credit notes: choose what to take back, see what it comes to, issue."""

import uuid

from flask import flash, redirect, render_template, request, url_for

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import INVOICES, current_actor, policy
from helpdesk.invoicing import crediting, queries, service
from helpdesk.invoicing.forms import CreditForm
from helpdesk.invoicing.pages import credit as credit_page
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.kernel.errors import HelpdeskError


@bp.get("/invoices/<int:invoice_id>/credit")
@policy(INVOICES)
def credit(invoice_id: int) -> str:
    """Show the lines of an issued invoice, to choose from."""
    return _page_of(invoice_id, CreditForm.empty(key=uuid.uuid4().hex))


@bp.post("/invoices/<int:invoice_id>/credit")
@policy(INVOICES)
def credit_chosen(invoice_id: int) -> Answer:
    """Show what the choice comes to, or issue the credit note over it."""
    session, actor = read_session(), current_actor()
    invoice = queries.get(session, actor=actor, invoice_id=invoice_id)
    form = CreditForm.sent(request.form, line_ids=[line.id for line in invoice.lines])
    try:
        wishes = form.wishes(invoice.currency)
        if not form.is_final:
            return _page_of(invoice_id, form, preview=credit_page.preview(session, invoice=invoice, wishes=wishes))
        with unit_of_work() as writing:
            note = service.credit(
                writing,
                actor=actor,
                now=clock.now(),
                invoice_id=invoice_id,
                wishes=wishes,
                reason=form.reason,
                key=form.key,
            )
    except HelpdeskError as refusal:
        return _page_of(invoice_id, form, refusal=str(refusal)), 422
    flash(_("Issued as %(number)s. PDF and mail follow by themselves.", number=note.number), "ok")
    return redirect(url_for("invoicing.show", invoice_id=note.id), code=303)


def _page_of(invoice_id: int, form: CreditForm, *, refusal: str = "", preview: credit_page.Page | None = None) -> str:
    session = read_session()
    invoice = queries.get_with_lines(
        session,
        actor=current_actor(),
        invoice_id=invoice_id,
        also=lambda found: list(crediting.standing_asked(found.id)),
    )
    page = credit_page.credit_page(session, invoice=invoice, form=form, now=clock.now())
    return render_template("invoicing/credit.html", refusal=refusal, preview=preview, **page)
