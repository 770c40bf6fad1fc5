"""The pages of imports: the list, a file before it is imported, and what became of it."""

from dataclasses import dataclass

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.clients import queries as clients
from helpdesk.imports import known, process, queries, service
from helpdesk.imports.domain.columns import missing
from helpdesk.imports.domain.plans import Preview
from helpdesk.imports.domain.sheet import Problem, Sheet, read_sheet
from helpdesk.imports.forms import (
    KIND_NAMES,
    OF_TIME,
    SOURCE_NAMES,
    ChoicesForm,
    UploadForm,
    choices_form,
    column_names,
)
from helpdesk.imports.models import Import
from helpdesk.imports.render import refused_lines
from helpdesk.imports.service.uploading import kind_named
from helpdesk.imports.views.blueprint import IMPORTERS, bp
from helpdesk.infra import blobs, clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session
from helpdesk.infra.downloads import name_file
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import Group, nav
from helpdesk.kernel.errors import RuleViolation

ROWS_SHOWN = 20
PROBLEMS_SHOWN = 200
NAMES_SHOWN = 30


@dataclass(frozen=True)
class Page:
    """Where the pages beside this one are."""

    newer_url: str | None
    older_url: str | None


@bp.get("/imports")
@policy(IMPORTERS)
def index() -> ResponseReturnValue:
    """Show what was imported, newest first, and the upload of a file."""
    return list_page(UploadForm(formdata=None))


@bp.get("/imports/<int:import_id>")
@policy(IMPORTERS)
def show(import_id: int) -> ResponseReturnValue:
    """Show an import: its columns and preview, how far it is, or what came of it."""
    session, actor = read_session(), current_actor()
    row = queries.get(session, import_id)
    if row.state == "draft":
        sheet = sheet_of(row)
        ask_ahead(session, clients.choice_of(clients.visible(actor)), *known.questions(actor).values())
        return draft_page(row, sheet, form_of(row, sheet))
    counts = queries.counts(session, import_id)
    return render_template(
        "imports/result.html",
        nav=_nav(),
        row=row,
        kind_name=KIND_NAMES[row.kind],
        source_name=SOURCE_NAMES.get(row.source, ""),
        counts=counts,
        done=sum(counts.values()),
        refused=queries.refused(session, import_id, limit=PROBLEMS_SHOWN),
    )


@bp.get("/imports/<int:import_id>/refused.csv")
@policy(IMPORTERS)
def refused(import_id: int) -> Response:
    """Answer with the lines that were refused, or would be, as a file to be mended and uploaded again."""
    session = read_session()
    row = queries.get(session, import_id)
    sheet = sheet_of(row)
    if row.state == "draft":
        ask_ahead(session, *known.questions(current_actor()).values())
        seen = process.look(session, row, sheet, actor=current_actor(), clock=clock.now)
        wrong = [(line.line, line.key, "; ".join(map(str, line.problems))) for line in seen.lines if line.problems]
    else:
        wrong = [
            (line.line, line.key, str(Problem(line.line, line.column, line.message)))
            for line in queries.refused(session, import_id)
        ]
    response = Response(refused_lines(sheet, wrong), mimetype="text/csv")
    name_file(response.headers, f"refused-{import_id}.csv")
    return response


def list_page(form: UploadForm) -> str:
    """Return the list of imports with the form of the next one."""
    before = request.args.get("before", type=int)
    found = queries.newest(read_session(), before=before)
    shown, more = found[: queries.PAGE], len(found) > queries.PAGE
    return render_template(
        "imports/list.html",
        nav=_nav(),
        form=form,
        imports=shown,
        kind_names=KIND_NAMES,
        source_names=SOURCE_NAMES,
        page=Page(
            newer_url=url_for("imports.index") if before else None,
            older_url=url_for("imports.index", before=shown[-1].id) if more else None,
        ),
    )


def draft_page(row: Import, sheet: Sheet, form: ChoicesForm) -> str:
    """Return the page of a file of which nothing is written yet."""
    kind, settings = kind_named(row.kind), service.settings_of(row)
    lacks = missing(kind, settings.columns)
    found: Preview | None = None
    if not lacks:
        try:
            found = process.look(read_session(), row, sheet, actor=current_actor(), clock=clock.now)
        except RuleViolation as refusal:
            form.refuse(refusal, "order")
    return render_template(
        "imports/draft.html",
        nav=_nav(),
        row=row,
        sheet=sheet,
        kind_name=KIND_NAMES[row.kind],
        source_name=SOURCE_NAMES.get(row.source, ""),
        form=form,
        columns=column_names(kind),
        of_time=OF_TIME,
        lacks=lacks,
        seen=found,
        shown=[line for line in found.lines if not line.problems][:ROWS_SHOWN] if found else [],
        problems=found.problems[:PROBLEMS_SHOWN] if found else [],
        names_shown=NAMES_SHOWN,
        samples=_samples(sheet),
    )


def sheet_of(row: Import) -> Sheet:
    """Return the file of an import, read."""
    return read_sheet(blobs.store().get(row.blob_sha256))


def form_of(row: Import, sheet: Sheet) -> ChoicesForm:
    """Return the form of an import's columns and choices, as they are set or as they were sent."""
    offered = clients.choices(read_session(), condition=clients.visible(current_actor()))
    return choices_form(kind_named(row.kind), sheet.header, settings=service.settings_of(row), clients=offered)


def _samples(sheet: Sheet) -> list[str]:
    """Return the first cell of each column that is not empty, cut, to be shown beside its name."""
    return [
        next((record.cells[at][:40] for record in sheet.records[:50] if record.cells[at].strip()), "")
        for at in range(len(sheet.header))
    ]


def _nav() -> list[Group]:
    return nav("imports.index") if current_actor().is_one_of(SETTINGS) else []
