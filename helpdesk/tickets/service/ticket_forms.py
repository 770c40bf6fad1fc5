"""Forms for a new ticket: each opens one, however often it is sent, and keeps its files (docs/desk.md rule 86)."""

import re
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from helpdesk.infra import blobs
from helpdesk.infra.db import insert_of
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound
from helpdesk.tickets.domain import NewAttachment, check_files
from helpdesk.tickets.models import TicketForm, TicketFormFile

KEPT_FOR = timedelta(days=3)
_KEY = re.compile(r"[0-9a-f]{32}")


def begin_form(session: Session, *, actor: Actor, now: datetime, key: str) -> TicketForm:
    """Return the form with that key, locked: who sends it once more at the same time waits, and sees what it opened.

    Forms that nobody sent for some days go, with their files.

    Raises:
        NotFound: it is no key, or somebody else's.
    """
    if actor.person_id is None or not _KEY.fullmatch(key):
        raise _none_such()
    _forget_old(session, now)
    values = {"key": key, "person_id": actor.person_id, "begun_at": now}
    session.execute(insert_of(session, TicketForm).values(**values).on_conflict_do_nothing())
    query = select(TicketForm).where(TicketForm.key == key, TicketForm.person_id == actor.person_id)
    form = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if form is None:
        raise _none_such()
    return form


def renew_form(session: Session, *, actor: Actor, now: datetime, key: str, new: str) -> None:
    """Let the files that came to a form after it was sent go along with another one.

    Raises:
        NotFound: one of the two is no key, or somebody else's.
    """
    used, form = (begin_form(session, actor=actor, now=now, key=each) for each in (key, new))
    of_used = update(TicketFormFile).where(TicketFormFile.form_key == used.key)
    session.execute(of_used.values(form_key=form.key))


def form_files(session: Session, *, actor: Actor, key: str) -> list[TicketFormFile]:
    """Return the files that are with somebody's own form, in the order in which they came."""
    query = select(TicketFormFile).join(TicketForm, TicketForm.key == TicketFormFile.form_key)
    query = query.where(TicketFormFile.form_key == key, TicketForm.person_id == actor.person_id)
    return list(session.scalars(query.order_by(TicketFormFile.id)))


def add_form_file(session: Session, *, actor: Actor, now: datetime, key: str, file: NewAttachment) -> None:
    """Put a stored file to a form.

    Raises:
        NotFound: it is no key, or somebody else's.
        RuleViolation: it is empty, or one too many, or too large together with the others.
    """
    form = begin_form(session, actor=actor, now=now, key=key)
    kept = form_files(session, actor=actor, key=form.key)
    check_files([*(one.size_bytes for one in kept), file.size_bytes])
    blobs.record(session, digest=file.blob_sha256, size_bytes=file.size_bytes, now=now)
    session.add(
        TicketFormFile(
            form_key=form.key,
            blob_sha256=file.blob_sha256,
            name=file.name,
            content_type=file.content_type,
            size_bytes=file.size_bytes,
        )
    )
    session.flush()


def remove_form_file(session: Session, *, actor: Actor, key: str, file_id: int) -> None:
    """Take a file from somebody's own form; nothing happens where it is gone already.

    Raises:
        NotFound: there is no such form, or it is somebody else's.
    """
    form = session.get(TicketForm, key)
    if form is None or form.person_id != actor.person_id:
        raise _none_such()
    for file in form_files(session, actor=actor, key=key):
        if file.id == file_id:
            session.delete(file)
    session.flush()


def take_form_files(session: Session, *, form: TicketForm) -> list[NewAttachment]:
    """Return the files of a form as what is written with it; the form has them no more."""
    query = select(TicketFormFile).where(TicketFormFile.form_key == form.key).order_by(TicketFormFile.id)
    files = list(session.scalars(query))
    taken = [NewAttachment(one.name, one.content_type, one.blob_sha256, one.size_bytes) for one in files]
    for one in files:
        session.delete(one)
    session.flush()
    return taken


def _forget_old(session: Session, now: datetime) -> None:
    old = select(TicketForm.key).where(TicketForm.begun_at < now - KEPT_FOR)
    session.execute(delete(TicketFormFile).where(TicketFormFile.form_key.in_(old)))
    session.execute(delete(TicketForm).where(TicketForm.begun_at < now - KEPT_FOR))


def _none_such() -> NotFound:
    message = "There is no such form."
    return NotFound(message)
