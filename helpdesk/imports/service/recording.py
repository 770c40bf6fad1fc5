"""What became of lines: written in the transaction that did it, so that a kill loses neither or both."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.imports.domain.plans import Planned
from helpdesk.imports.models import Import, ImportedKey, ImportLine
from helpdesk.infra import audit, jobs
from helpdesk.infra.db import insert_of
from helpdesk.infra.policy import Actor


def record_line(session: Session, *, row: Import, planned: Planned, object_id: int | None) -> None:
    """Write what became of a line that was done, and remember its key, so that it is done once in all files."""
    session.add(
        ImportLine(import_id=row.id, line=planned.line, outcome=planned.outcome, key=planned.key, object_id=object_id)
    )
    if object_id is not None:
        values = {"object_id": object_id, "content": planned.content, "import_id": row.id}
        session.execute(
            insert_of(session, ImportedKey)
            .values(kind=row.kind, key=planned.key, **values)
            .on_conflict_do_update(index_elements=["kind", "key"], set_=values)
        )
    session.flush()


def record_refusals(session: Session, *, row: Import, refused: Iterable[Planned]) -> None:
    """Write why lines were refused: what the first of their problems says, with the others behind it."""
    session.add_all(
        ImportLine(
            import_id=row.id,
            line=planned.line,
            outcome="refused",
            column=planned.problems[0].column,
            message="; ".join([planned.problems[0].message, *map(str, planned.problems[1:])]),
            key=planned.key,
        )
        for planned in refused
    )
    session.flush()


def finish(session: Session, *, actor: Actor, now: datetime, import_id: int) -> None:
    """Close an import whose lines are all written; again changes nothing."""
    done = session.execute(
        update(Import)
        .where(Import.id == import_id, Import.state == "running")
        .values(state="done", finished_at=now)
        .returning(Import.id)
    )
    if done.scalar_one_or_none() is not None:
        audit.record(session, actor=actor, action="finished", kind="import", object_id=import_id, now=now)


def ring_unfinished(session: Session) -> None:
    """Ring for imports that run; one that somebody is at already is left to them."""
    for import_id in session.scalars(select(Import.id).where(Import.state == "running")):
        jobs.ring(session, "run_import", import_id)
