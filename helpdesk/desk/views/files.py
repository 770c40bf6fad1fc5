"""Files that go along with an answer or a note: put to its draft as they come (docs/answering.md rules 13, 14, 23)."""

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from os import SEEK_END

from flask import Response, flash, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from helpdesk.desk.forms import FilesForm, PictureForm
from helpdesk.desk.views.blueprint import bp, to_item
from helpdesk.infra import blobs, clock
from helpdesk.infra.db import read_anew, read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.rich_text import pictures_in
from helpdesk.infra.web import is_htmx
from helpdesk.intake.parser.file_name import clean_name, name_for, type_of
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import MOST_FILE_BYTES, Misfit, NewAttachment, check_files, words_of_misfits
from helpdesk.tickets.render import FILE_POLICY, draw_to_post


@dataclass(frozen=True)
class PutPicture:
    """A picture that was put to a draft, as the script of the box hears of it."""

    content_id: str
    content_type: str
    width: int
    height: int


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


@bp.post("/items/<int:number>/drafts/<any(reply, note):kind>/pictures")
@policy(DESK)
def add_picture(number: int, kind: str) -> ResponseReturnValue:
    """Put a picture to the draft that stands between its words; a script hears where it is (rule 23)."""
    form = PictureForm()
    form.validate_on_submit()
    with unit_of_work() as session:
        item_id = projects.get_item(session, actor=current_actor(), number=number).id
    standing = pictures_in(form.standing.data or "")
    put, refused = None, []
    for upload in (form.files.data or [])[:1]:
        try:
            put = _keep_picture(item_id, kind, upload, standing)
        except RuleViolation as refusal:
            name = clean_name(upload.filename or "") or _("The picture")
            refused += words_of_misfits([Misfit(name, upload.stream.seek(0, SEEK_END), refusal)])
        upload.close()
    read_anew()
    return _listed(number, item_id, kind, refused, put)


@bp.get("/items/<int:number>/drafts/<any(reply, note):kind>/pictures/<content_id>")
@policy(DESK)
def draft_picture(number: int, kind: str, content_id: str) -> Response:
    """Show a picture of one's own draft, for the box in which it stands."""
    item_id = projects.get_item(read_session(), actor=current_actor(), number=number).id
    picture = tickets.draft_picture(
        read_session(), actor=current_actor(), item_id=item_id, kind=kind, content_id=content_id
    )
    response = Response(blobs.store().get(picture.blob_sha256), mimetype=picture.content_type)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def _keep_picture(item_id: int, kind: str, upload: FileStorage, standing: Collection[str]) -> PutPicture:
    """Put a picture to the draft as we draw it ourselves, and return where it is.

    Raises:
        RuleViolation: it is no picture that is shown, or does not fit.
    """
    content = upload.stream.read(MOST_FILE_BYTES + 1)
    check_files([len(content)])
    drawn = draw_to_post(content)
    if drawn is None:
        message = _("This is no picture that can be shown. Attach it as a file.")
        raise RuleViolation(message, field="files")
    name = f"{clean_name(upload.filename or '').rpartition('.')[0] or _('picture')}.{drawn.ending}"
    file = NewAttachment(
        name,
        drawn.content_type,
        blobs.store().put(drawn.content),
        len(drawn.content),
        content_id=f"{uuid.uuid4().hex}@helpdesk",
    )
    with unit_of_work() as session:
        tickets.add_draft_file(
            session, actor=current_actor(), now=clock.now(), item_id=item_id, kind=kind, file=file, standing=standing
        )
    return PutPicture(file.content_id or "", drawn.content_type, drawn.width, drawn.height)


def keep_files(item_id: int, kind: str, uploads: Iterable[FileStorage]) -> list[str]:
    """Put each file to the draft that fits, and return why the others do not, by their names."""
    return keep_each(uploads, to_draft(item_id, kind))


def to_draft(item_id: int, kind: str) -> Callable[[Session, NewAttachment], None]:
    """Return what puts a stored file to the draft of whoever asks."""

    def put(session: Session, file: NewAttachment) -> None:
        tickets.add_draft_file(session, actor=current_actor(), now=clock.now(), item_id=item_id, kind=kind, file=file)

    return put


def keep_each(uploads: Iterable[FileStorage], put: Callable[[Session, NewAttachment], None]) -> list[str]:
    """Store each file and ``put`` it where it belongs; return why others do not fit, by their names."""
    files, misfits = store_each(uploads)
    with unit_of_work() as session:
        misfits += put_each(session, files, put)
    read_anew()
    return words_of_misfits(misfits)


def store_each(uploads: Iterable[FileStorage]) -> tuple[list[NewAttachment], list[Misfit]]:
    """Store each file, and return those that can go along anywhere, and the others."""
    files, misfits = [], []
    for upload in [one for one in uploads if one.filename]:
        name = clean_name(upload.filename or "") or name_for(upload.mimetype)
        size_bytes = upload.stream.seek(0, SEEK_END)
        try:
            check_files([size_bytes])
            upload.stream.seek(0)
            files.append(NewAttachment(name, type_of(name), blobs.store().put(upload.stream.read()), size_bytes))
        except RuleViolation as refusal:
            misfits.append(Misfit(name, size_bytes, refusal))
        upload.close()
    return files, misfits


def put_each(
    session: Session, files: Iterable[NewAttachment], put: Callable[[Session, NewAttachment], None]
) -> list[Misfit]:
    """``put`` each stored file where it belongs that fits, and return the others."""
    misfits = []
    for file in files:
        try:
            put(session, file)
        except RuleViolation as refusal:
            misfits.append(Misfit(file.name, file.size_bytes, refusal))
    return misfits


def _listed(
    number: int, item_id: int, kind: str, refused: list[str], put: PutPicture | None = None
) -> ResponseReturnValue:
    if not is_htmx():
        for words in refused:
            flash(words, "danger")
        return to_item(number)
    files = tickets.draft_files(read_anew(), actor=current_actor(), item_id=item_id, kind=kind)
    return render_template("desk/files.html", files=files, number=number, kind=kind, refused=refused, put=put)
