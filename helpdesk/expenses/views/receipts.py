"""Receipts: taken from the form, kept over a refused one, handed out again under a policy of their own."""

from dataclasses import astuple

from flask import Response, current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer

from helpdesk.expenses import process, queries, service
from helpdesk.expenses.domain.receipts import MOST_BYTES, NewReceipt
from helpdesk.expenses.forms import ActForm, ExpenseForm
from helpdesk.expenses.views.blueprint import READERS, bp, told_by_flash
from helpdesk.infra import blobs, clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.downloads import name_file
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import RuleViolation
from helpdesk.tickets.render import FILE_POLICY

KEPT_SECONDS = 30 * 60
"""A file without a row is swept after an hour."""


@bp.get("/expenses/receipts/<int:receipt_id>/<name>")
@policy(READERS)
def receipt(receipt_id: int, name: str) -> Response:  # noqa: ARG001 - the name is for people's browsers alone
    """Answer with a receipt: a picture that we drew is shown, a PDF is to be saved."""
    file = queries.get_receipt(read_session(), actor=current_actor(), receipt_id=receipt_id)
    response = Response(blobs.store().get(file.blob_sha256), mimetype=file.content_type)
    shown = "inline" if file.content_type.startswith("image/") else "attachment"
    name_file(response.headers, file.name, how=shown)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


@bp.post("/expenses/receipts/<int:receipt_id>/remove")
@policy(DESK)
def remove_receipt(receipt_id: int) -> ResponseReturnValue:
    """Take a receipt from its expense."""
    ActForm().validate_on_submit()
    expense_id = queries.get_receipt(read_session(), actor=current_actor(), receipt_id=receipt_id).expense_id
    with told_by_flash(), unit_of_work() as session:
        service.remove_receipt(session, actor=current_actor(), now=clock.now(), receipt_id=receipt_id)
        flash(_("The receipt is removed."), "ok")
    return redirect(url_for("expenses.show", expense_id=expense_id), code=303)


def received(form: ExpenseForm) -> list[NewReceipt]:
    """Return the receipts that came with the form and with its refused predecessors; what is none is refused there.

    What is fit is stored and stays with the form, however often another field is refused.
    """
    found = _kept(form.kept.data or "")
    for field in (form.photo, form.receipt):
        if field.data and field.data.filename:
            try:
                content = field.data.stream.read(MOST_BYTES + 1)
                name = str(field.data.filename)
                found.append(process.receive_receipt(content, name=name, store=blobs.store()))
            except RuleViolation as refusal:
                form.refuse(str(refusal), field.name)
    form.kept.data = str(_serializer().dumps([list(astuple(file)) for file in found])) if found else ""
    form.kept_names = [file.name for file in found]
    return found


def _kept(token: str) -> list[NewReceipt]:
    try:
        rows = _serializer().loads(token, max_age=KEPT_SECONDS) if token else []
    except BadData:
        return []
    files = [NewReceipt(*row) for row in rows]
    return [file for file in files if blobs.store().path_of(file.digest).exists()]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"receipts of {current_actor().person_id}")
