"""Reads of imports: the list, one of them, how far it is and what was refused."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts.models import Person
from helpdesk.imports.models import OUTCOMES, Import, ImportLine
from helpdesk.kernel.errors import NotFound

PAGE = 50


@dataclass(frozen=True)
class ImportRow:
    """One line of the list of imports; ``counts`` are how many of its lines had each outcome so far."""

    id: int
    kind: str
    source: str
    file_name: str
    state: str
    line_count: int
    created_at: datetime
    person_name: str
    counts: dict[str, int]


def get(session: Session, import_id: int) -> Import:
    """Return an import with whoever uploaded it.

    Raises:
        NotFound: there is none.
    """
    row = session.scalar(select(Import).where(Import.id == import_id).options(joinedload(Import.created_by)))
    if row is None:
        message = "There is no such import."
        raise NotFound(message)
    return row


def newest(session: Session, *, before: int | None = None) -> list[ImportRow]:
    """Return a page of imports and one more, newest first, those with an id below ``before``: two queries."""
    query = (
        select(Import, Person.name)
        .outerjoin(Person, Person.id == Import.created_by_id)
        .order_by(Import.id.desc())
        .limit(PAGE + 1)
    )
    rows = session.execute(query if before is None else query.where(Import.id < before)).all()
    counts = _counts(session, [row.Import.id for row in rows])
    return [
        ImportRow(
            id=row.Import.id,
            kind=row.Import.kind,
            source=row.Import.source,
            file_name=row.Import.file_name,
            state=row.Import.state,
            line_count=row.Import.line_count,
            created_at=row.Import.created_at,
            person_name=row.name or "",
            counts=counts[row.Import.id],
        )
        for row in rows
    ]


def counts(session: Session, import_id: int) -> dict[str, int]:
    """Return how many lines of an import had each outcome so far."""
    return _counts(session, [import_id])[import_id]


def done_lines(session: Session, import_id: int) -> set[int]:
    """Return the numbers of the lines whose outcome is written."""
    return set(session.scalars(select(ImportLine.line).where(ImportLine.import_id == import_id)))


def refused(session: Session, import_id: int, *, limit: int | None = None) -> list[ImportLine]:
    """Return the lines that were refused, in the order of the file."""
    query = select(ImportLine).where(ImportLine.import_id == import_id, ImportLine.outcome == "refused")
    return list(session.scalars(query.order_by(ImportLine.line).limit(limit)))


def _counts(session: Session, import_ids: Collection[int]) -> dict[int, dict[str, int]]:
    found = {import_id: dict.fromkeys(OUTCOMES, 0) for import_id in import_ids}
    query = (
        select(ImportLine.import_id, ImportLine.outcome, func.count())
        .where(ImportLine.import_id.in_(import_ids))
        .group_by(ImportLine.import_id, ImportLine.outcome)
    )
    for import_id, outcome, number in session.execute(query) if import_ids else ():
        found[import_id][outcome] = number
    return found
