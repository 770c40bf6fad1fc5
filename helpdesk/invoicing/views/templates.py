"""Routes of invoice templates: the list, one template, and how it looks before it is saved."""

from base64 import b64encode

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.wrappers import Response

from helpdesk.company.service import get_company
from helpdesk.infra import blobs, clock, pdf
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.downloads import name_file
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.invoicing import render
from helpdesk.invoicing.domain.layout import FIELDS, Layout
from helpdesk.invoicing.printing import templates
from helpdesk.invoicing.printing.logo import clean_logo
from helpdesk.invoicing.printing.printed_statement import Document
from helpdesk.invoicing.printing.sample import sample_document
from helpdesk.invoicing.printing.template_forms import InvoiceTemplateForm
from helpdesk.invoicing.views.blueprint import bp
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.fields import field

PREVIEW_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
PDF_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@bp.get("/settings/invoice-templates")
@policy(SETTINGS)
def invoice_templates() -> str:
    """Show the templates, and who gets which."""
    session = read_session()
    names = dict(templates.offered_clients(session, current_actor()))
    rows = [
        {"row": row, "clients": [names[each] for each in templates.clients_with(session, row.id) if each in names]}
        for row in templates.all_templates(session)
    ]
    return render_template("settings/invoice_templates.html", rows=rows, nav=nav("invoicing.invoice_templates"))


@bp.get("/settings/invoice-templates/new")
@policy(SETTINGS)
def new_invoice_template() -> str:
    """Ask how a new template looks."""
    return _page(_offer(InvoiceTemplateForm(formdata=None)), None)


@bp.get("/settings/invoice-templates/<int:template_id>")
@policy(SETTINGS)
def invoice_template(template_id: int) -> str:
    """Show how a template looks."""
    row = templates.get_template(read_session(), template_id)
    values = row.layout | {"name": row.name, "group_by": row.group_by, "is_default": row.is_default}
    chosen = templates.clients_with(read_session(), template_id)
    return _page(
        _offer(InvoiceTemplateForm(formdata=None, data=values | {"client_ids": chosen, "template_id": template_id})),
        template_id,
    )


@bp.post("/settings/invoice-templates/new")
@policy(SETTINGS)
def add_invoice_template() -> ResponseReturnValue:
    """Add a template."""
    return _save(None)


@bp.post("/settings/invoice-templates/<int:template_id>")
@policy(SETTINGS)
def change_invoice_template(template_id: int) -> ResponseReturnValue:
    """Change a template; what is issued already never changes."""
    templates.get_template(read_session(), template_id)
    return _save(template_id)


@bp.post("/settings/invoice-templates/<int:template_id>/remove")
@policy(SETTINGS)
def remove_invoice_template(template_id: int) -> ResponseReturnValue:
    """Remove a template; its clients get the company's."""
    with unit_of_work() as session:
        templates.remove(session, actor=current_actor(), now=clock.now(), template_id=template_id)
    flash(_("Removed. What was issued with it keeps its look."), "ok")
    return redirect(url_for("invoicing.invoice_templates"), code=303)


@bp.post("/settings/invoice-templates/preview")
@policy(SETTINGS)
def preview_invoice_template() -> ResponseReturnValue:
    """Answer with a sample document as typed: as a page for the frame beside the form, or as the PDF."""
    form = _offer(InvoiceTemplateForm())
    if not form.validate_on_submit():
        return _refused(form), 422
    try:
        layout = form.layout(_stored_logo(form, form.template_id.data))
        logo = clean_logo(upload) if (upload := _upload()) else None
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _refused(form), 422
    document = sample_document(get_company(read_session()), layout, group_by=form.group_by.data)
    return _as_pdf(document, logo) if form.act.data == "pdf" else _as_page(document, logo)


@bp.get("/settings/invoice-templates/sample")
@policy(SETTINGS)
def sample_of_template() -> Response:
    """Answer with a sample document as a template is saved, or as ever without ``?template=``."""
    asked = request.args.get("template", "")
    row = templates.get_template(read_session(), int(asked)) if asked.isdecimal() else None
    layout, group_by = (Layout.of(row.layout), row.group_by) if row else (Layout(), "")
    return _as_page(sample_document(get_company(read_session()), layout, group_by=group_by), None)


def _save(template_id: int | None) -> ResponseReturnValue:
    form = _offer(InvoiceTemplateForm())
    if not form.validate_on_submit():
        return _page(form, template_id), 422
    try:
        layout = form.layout(_new_logo() or _stored_logo(form, template_id))
        with unit_of_work() as session:
            saved = templates.save(
                session,
                actor=current_actor(),
                now=clock.now(),
                template_id=template_id,
                name=form.name.data or "",
                layout=layout,
                is_default=form.is_default.data,
                group_by=form.group_by.data,
                client_ids=form.client_ids.data or (),
            ).id
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(form, template_id), 422
    flash(_("Saved. What is issued from now on looks like this."), "ok")
    return redirect(url_for("invoicing.invoice_template", template_id=saved), code=303)


def _upload() -> bytes:
    sent = request.files.get("logo")
    return sent.read() if sent is not None and sent.filename else b""


def _new_logo() -> str:
    """Return the hash of a logo that came along, stored; "" where none did."""
    upload = _upload()
    if not upload:
        return ""
    content = clean_logo(upload)
    digest = blobs.store().put(content)
    with unit_of_work() as session:
        blobs.record(session, digest=digest, size_bytes=len(content), now=clock.now())
    return digest


def _stored_logo(form: InvoiceTemplateForm, template_id: int | None) -> str:
    if template_id is None or form.without_logo.data:
        return ""
    return str(templates.get_template(read_session(), template_id).layout.get("logo_sha256", ""))


def _offer(form: InvoiceTemplateForm) -> InvoiceTemplateForm:
    form.client_ids.choices = options(templates.offered_clients(read_session(), current_actor()))
    return form


def _as_pdf(document: Document, logo: bytes | None) -> Response:
    page = render.page_of(document, logo=logo)
    answer = Response(pdf.to_pdf(page), mimetype="application/pdf")
    name_file(answer.headers, "invoice-preview.pdf")
    answer.headers["Content-Security-Policy"] = PDF_POLICY
    return answer


def _as_page(document: Document, logo: bytes | None) -> Response:
    """Return the document as a page of its own, with style sheet and logo in it and nothing from anywhere else."""
    page = render.page_of(document, logo=logo)
    shown = page.html.replace("</head>", f"<style>{page.css}</style></head>", 1)
    if (asset := page.assets.get("logo")) is not None:
        data = f"data:{asset.content_type};base64,{b64encode(asset.content).decode()}"
        shown = shown.replace("asset:logo", data)
    answer = Response(shown, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = PREVIEW_POLICY
    return answer


def _refused(form: InvoiceTemplateForm) -> Response:
    """Return what is wrong, for the frame beside the form."""
    said = [str(each) for errors in form.errors.values() for each in errors]
    listed = Markup("").join(Markup("<p>{}</p>").format(each) for each in said)
    head = Markup('<!doctype html><html lang="en"><title>{0}</title><h1>{0}</h1>').format(_("Not shown yet"))
    answer = Response(str(head + listed), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = PREVIEW_POLICY
    return answer


def _page(form: InvoiceTemplateForm, template_id: int | None) -> str:
    return render_template(
        "settings/invoice_template.html",
        form=form,
        template_id=template_id,
        heading=_("New template") if template_id is None else templates.get_template(read_session(), template_id).name,
        fields=", ".join(map(field, FIELDS)),
        has_logo=template_id is not None and bool(_stored_logo(InvoiceTemplateForm(formdata=None), template_id)),
        nav=nav("invoicing.invoice_templates"),
    )
