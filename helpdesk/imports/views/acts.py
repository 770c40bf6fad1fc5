"""Routes that upload a file, choose how it is read, start, stop and drop it."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from helpdesk.imports import process, queries, service
from helpdesk.imports.domain.columns import guess
from helpdesk.imports.domain.settings import Settings
from helpdesk.imports.domain.sheet import MOST_BYTES
from helpdesk.imports.forms import UploadForm
from helpdesk.imports.service.uploading import kind_named
from helpdesk.imports.views import pages
from helpdesk.imports.views.blueprint import IMPORTERS, bp, to_import
from helpdesk.infra import blobs, clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import current_actor, policy
from helpdesk.kernel.errors import RuleViolation


@bp.post("/imports")
@policy(IMPORTERS)
def upload() -> ResponseReturnValue:
    """Keep a file and show what it would become."""
    form = UploadForm()
    if not form.validate_on_submit():
        return pages.list_page(form), 422
    if not form.file.data or not form.file.data.filename:
        form.refuse(_("Choose a file."), "file")
        return pages.list_page(form), 422
    try:
        import_id = process.upload(
            unit_of_work,
            content=form.file.data.stream.read(MOST_BYTES + 1),
            file_name=str(form.file.data.filename),
            kind=form.kind.data or "",
            actor=current_actor(),
            store=blobs.store(),
            clock=clock.now,
        )
    except RuleViolation as refusal:
        form.refuse(str(refusal), "file")
        return pages.list_page(form), 422
    return to_import(import_id)


@bp.post("/imports/<int:import_id>/columns")
@policy(IMPORTERS)
def choose(import_id: int) -> ResponseReturnValue:
    """Set which column is which and what becomes of what is not known; show the preview again."""
    row = queries.get(read_session(), import_id)
    sheet = pages.sheet_of(row)
    form = pages.form_of(row, sheet)
    if not form.validate_on_submit():
        return pages.draft_page(row, sheet, form), 422
    settings = form.settings()
    if form.kind.data != row.kind:
        columns = guess(sheet.header, kind_named(form.kind.data))
        settings = Settings(**{**vars(settings), "columns": columns})
    with unit_of_work() as session:
        service.choose(session, import_id=import_id, kind=form.kind.data, settings=settings)
    return to_import(import_id)


@bp.post("/imports/<int:import_id>/start")
@policy(IMPORTERS)
def start(import_id: int) -> ResponseReturnValue:
    """Let the lines be written, or go on after a stop."""
    StrictForm().validate_on_submit()
    row = queries.get(read_session(), import_id)
    try:
        process.lines_of(row, pages.sheet_of(row), service.settings_of(row))
        with unit_of_work() as session:
            service.start(session, actor=current_actor(), now=clock.now(), import_id=import_id)
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
    return to_import(import_id)


@bp.post("/imports/<int:import_id>/stop")
@policy(IMPORTERS)
def stop(import_id: int) -> ResponseReturnValue:
    """Let an import rest; what it wrote stays."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        service.stop(session, actor=current_actor(), now=clock.now(), import_id=import_id)
    return to_import(import_id)


@bp.post("/imports/<int:import_id>/drop")
@policy(IMPORTERS)
def drop(import_id: int) -> ResponseReturnValue:
    """Forget an upload of which nothing was written."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        service.drop(session, actor=current_actor(), now=clock.now(), import_id=import_id)
    flash(_("The upload is gone; nothing of it was imported."), "ok")
    return redirect(url_for("imports.index"), code=303)
