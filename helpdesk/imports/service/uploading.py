"""An import from its upload to its start: nothing of the file is written yet."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.imports import queries
from helpdesk.imports.domain.columns import KINDS, Kind, guess, missing, recognise
from helpdesk.imports.domain.settings import EACH_PERSON, MAKE, REFUSE, Settings
from helpdesk.imports.domain.sheet import Sheet
from helpdesk.imports.models import Import, ImportLine
from helpdesk.infra import audit, blobs, jobs
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import zone_named

NAME_CHARACTERS = 200


def add_import(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    file_name: str,
    digest: str,
    size_bytes: int,
    sheet: Sheet,
    kind: str = "",
) -> Import:
    """Add an import of a stored file that was read, with what its header was recognised as; "" finds the kind.

    Raises:
        RuleViolation: no such kind, or the file has no line below its header.
    """
    if not sheet.records and not sheet.problems:
        message = "The file has a header, and no line below it."
        raise RuleViolation(message)
    found = recognise(sheet.header)
    wanted = found.kind if not kind else kind_named(kind)
    is_found = wanted == found.kind
    columns = found.columns if is_found else guess(sheet.header, wanted)
    blobs.record(session, digest=digest, size_bytes=size_bytes, now=now)
    row = Import(
        kind=wanted,
        source=found.source if is_found else "",
        file_name=" ".join(file_name.split())[:NAME_CHARACTERS] or "table.csv",
        blob_sha256=digest,
        line_count=len(sheet.records) + len(sheet.problems),
        settings=Settings(columns=columns, zone=company.get_company(session).time_zone).as_json(),
        state="draft",
        created_at=now,
        created_by_id=actor.person_id,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor=actor, action="uploaded", kind="import", object_id=row.id, now=now, name=row.file_name)
    return row


def settings_of(row: Import) -> Settings:
    """Return what was chosen for an import."""
    return Settings.of_json(row.settings)


def choose(session: Session, *, import_id: int, kind: str, settings: Settings) -> Import:
    """Set what an import holds and how it is read; only as long as nothing of it is written.

    Raises:
        NotFound: no such import.
        Conflict: it was started already.
        RuleViolation: no such kind, zone or choice.
    """
    row = _unstarted(session, import_id)
    if settings.unknown not in {MAKE, REFUSE}:
        message = "What is not known is made or refused."
        raise RuleViolation(message)
    if settings.zone != EACH_PERSON:
        zone_named(settings.zone)
    row.kind, row.settings = kind_named(kind), settings.as_json()
    session.flush()
    return row


def start(session: Session, *, actor: Actor, now: datetime, import_id: int) -> Import:
    """Let the lines be written, from the first or, after a stop, from where it was; again changes nothing.

    Raises:
        NotFound: no such import.
        Conflict: it is done.
        RuleViolation: columns that every line needs are not chosen yet.
    """
    row = queries.get(session, import_id)
    lacks = missing(kind_named(row.kind), settings_of(row).columns)
    if lacks:
        message = f"Choose the column of: {', '.join(lacks)}."
        raise RuleViolation(message)
    begun = session.execute(
        update(Import)
        .where(Import.id == import_id, Import.state.in_(("draft", "stopped")))
        .values(state="running", started_at=now, started_by_id=actor.person_id)
    )
    if begun.rowcount == 0:  # type: ignore[attr-defined] # an UPDATE has a count
        if row.state == "done":
            message = "This import is done."
            raise Conflict(message)
        return row
    jobs.ring(session, "run_import", import_id)
    audit.record(session, actor=actor, action="started", kind="import", object_id=import_id, now=now)
    return row


def stop(session: Session, *, actor: Actor, now: datetime, import_id: int) -> None:
    """Let an import rest after the lines in hand; what it wrote stays, and it can go on. One that rests stays as it is.

    Raises:
        NotFound: no such import.
    """
    queries.get(session, import_id)
    running = update(Import).where(Import.id == import_id, Import.state == "running")
    if session.scalar(running.values(state="stopped").returning(Import.id)) is not None:
        audit.record(session, actor=actor, action="stopped", kind="import", object_id=import_id, now=now)


def drop(session: Session, *, actor: Actor, now: datetime, import_id: int) -> None:
    """Forget an upload of which nothing was written; its file is swept.

    Raises:
        NotFound: no such import.
        Conflict: it was started.
    """
    row = _unstarted(session, import_id)
    session.execute(delete(Import).where(Import.id == row.id))
    audit.record(
        session, actor=actor, action="dropped", kind="import", object_id=import_id, now=now, name=row.file_name
    )


def kind_named(word: str) -> Kind:
    """Return the kind of that name.

    Raises:
        RuleViolation: there is none.
    """
    found = next((kind for kind in KINDS if kind == word), None)
    if found is None:
        message = f"{word!r} is none of {', '.join(KINDS)}."
        raise RuleViolation(message, field="kind")
    return found


def _unstarted(session: Session, import_id: int) -> Import:
    session.execute(select(Import.id).where(Import.id == import_id).with_for_update())  # nobody starts it meanwhile
    row = queries.get(session, import_id)
    has_lines = session.scalar(select(ImportLine.line).where(ImportLine.import_id == import_id).limit(1)) is not None
    if row.state != "draft" or has_lines:
        message = "This import was started already; upload the file again to import it in another way."
        raise Conflict(message)
    return row
