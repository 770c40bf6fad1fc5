"""Files that go along with an answer or a note: put to its draft as they come (docs/answering.md rules 13 and 14)."""

from collections.abc import Callable, Iterable

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from helpdesk.desk.forms import FilesForm
from helpdesk.desk.views.blueprint import bp, to_item
from helpdesk.infra import blobs, clock
from helpdesk.infra.db import read_anew, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.web import is_htmx
from helpdesk.intake.parser.file_name import clean_name, name_for, type_of
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import MOST_FILE_BYTES, NewAttachment, check_files


@bp.post("/items/<int:number>/drafts/<any(reply, note):kind>/files")
@policy(DESK)
def add_files(number: int, kind: str) -> ResponseReturnValue:
    """Put files to the draft; a script gets the list of them with what was refused, anybody else the item."""
    form = FilesForm()
    form.validate_on_submit()
    with unit_of_work() as session:
        item_id = projects.get_item(session, actor=current_actor(), number=number).id
    return _listed(number, item_id, kind, keep_files(item_id, kind, form.files.data or ()))


@bp.post("/items/<int:number>/drafts/<any(reply, note):kind>/files/<int:file_id>/remove")
@policy(DESK)
def remove_file(number: int, kind: str, file_id: int) -> ResponseReturnValue:
    """Take a file from the draft again."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        item_id = projects.get_item(session, actor=current_actor(), number=number).id
        tickets.remove_draft_file(session, actor=current_actor(), item_id=item_id, kind=kind, file_id=file_id)
    return _listed(number, item_id, kind, [])


def keep_files(item_id: int, kind: str, uploads: Iterable[FileStorage]) -> list[str]:
    """Put each file to the draft that fits, and return why the others do not, by their names."""

    def put(session: Session, file: NewAttachment) -> None:
        tickets.add_draft_file(session, actor=current_actor(), now=clock.now(), item_id=item_id, kind=kind, file=file)

    return keep_each(uploads, put)


def keep_each(uploads: Iterable[FileStorage], put: Callable[[Session, NewAttachment], None]) -> list[str]:
    """Store each file and ``put`` it where it belongs, by itself; return why others do not fit, by their names."""
    refusals = []
    for upload in [one for one in uploads if one.filename]:
        name = clean_name(upload.filename or "") or name_for(upload.mimetype)
        content = upload.stream.read(MOST_FILE_BYTES + 1)
        upload.close()
        try:
            check_files([len(content)])
            file = NewAttachment(name, type_of(name), blobs.store().put(content), len(content))
            with unit_of_work() as session:
                put(session, file)
        except RuleViolation as refusal:
            refusals.append(f"{name}: {refusal}")
    read_anew()
    return refusals


def _listed(number: int, item_id: int, kind: str, refused: list[str]) -> ResponseReturnValue:
    if not is_htmx():
        for words in refused:
            flash(words, "danger")
        return to_item(number)
    files = tickets.draft_files(read_anew(), actor=current_actor(), item_id=item_id, kind=kind)
    return render_template("desk/files.html", files=files, number=number, kind=kind, refused=refused)
