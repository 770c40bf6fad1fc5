"""Routes that explain an invoice: one amount, all of them, and all as a text to be printed."""

from flask import Response, render_template
from sqlalchemy.orm import Session

from helpdesk.infra.db import read_session
from helpdesk.infra.downloads import name_file
from helpdesk.infra.policy import INVOICES, current_actor, policy
from helpdesk.infra.web import fragment, is_htmx
from helpdesk.invoicing import queries
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.views.blueprint import bp
from helpdesk.invoicing.why import page as why_page


@bp.get("/invoices/<int:invoice_id>/why")
@policy(INVOICES)
def why(invoice_id: int) -> str:
    """Show how every amount of the document came about."""
    session = read_session()
    invoice = _invoice(session, invoice_id)
    return render_template("invoicing/why.html", invoice=invoice, parts=why_page.parts_of(session, invoice), one=False)


@bp.get("/invoices/<int:invoice_id>/why/<key>")
@policy(INVOICES)
def why_one(invoice_id: int, key: str) -> str:
    """Show how one amount came about; to htmx, that part alone."""
    session = read_session()
    invoice = _invoice(session, invoice_id)
    part = why_page.part_of(session, invoice, key)
    if is_htmx():
        return fragment("invoicing/_why.html", part=part)
    return render_template("invoicing/why.html", invoice=invoice, parts=[part], one=True)


@bp.get("/invoices/<int:invoice_id>/why.txt")
@policy(INVOICES)
def why_text(invoice_id: int) -> Response:
    """Hand out all derivations as a plain text."""
    session = read_session()
    invoice = _invoice(session, invoice_id)
    text = why_page.as_text(invoice, why_page.parts_of(session, invoice))
    answer = Response(text, mimetype="text/plain")
    name = f"{invoice.number or f'draft-{invoice.id}'}-why.txt"
    name_file(answer.headers, name)
    return answer


def _invoice(session: Session, invoice_id: int) -> Invoice:
    actor = current_actor()
    return queries.get_with_lines(session, actor=actor, invoice_id=invoice_id, also=why_page.questions_of)
