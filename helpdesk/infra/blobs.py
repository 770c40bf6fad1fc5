"""The files of the running application and the rows that tell of them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.infra.db import Base, insert_of
from helpdesk.infra.files import ORPHAN_AGE, BlobStore
from helpdesk.infra.models import Blob

__all__ = ["ORPHAN_AGE", "BlobStore", "known", "record", "store"]

AT_ONCE = 500


def record(session: Session, *, digest: str, size_bytes: int, now: datetime) -> None:
    """Add the row of a stored file unless it is there already."""
    record_all(session, [(digest, size_bytes)], now=now)


def record_all(session: Session, files: Iterable[tuple[str, int]], *, now: datetime) -> None:
    """Add the rows of stored files, given by hash and size in bytes, unless they are there already.

    In the order of their hashes: two that add the same ones so never wait for each other.
    """
    rows = [{"sha256": digest, "size_bytes": size_bytes, "created_at": now} for digest, size_bytes in sorted(files)]
    if rows:
        session.connection().execute(insert_of(session, Blob.__table__).on_conflict_do_nothing(), rows)


def known(session: Session, digests: Collection[str]) -> set[str]:
    """Return those of the hashes whose files are to be there: a row tells of them, and nobody erased them.

    The file of an erased row that came once more, and that something uses again, is to be there as well.
    """
    rows = session.execute(select(Blob.sha256, Blob.erased_at).where(Blob.sha256.in_(digests))).all()
    erased = {row.sha256 for row in rows if row.erased_at is not None}
    return {row.sha256 for row in rows if row.erased_at is None} | (used(session, erased) if erased else set())


def used(session: Session, digests: Collection[str]) -> set[str]:
    """Return those of the hashes that a row of any table points at; rows that were erased themselves do not count."""
    found: set[str] = set()
    for table in Base.metadata.tables.values():
        for key in table.foreign_keys:
            if key.column.table is Blob.__table__:
                query = select(key.parent).where(key.parent.in_(digests))
                if "erased_at" in table.c:
                    query = query.where(table.c.erased_at.is_(None))
                found.update(session.scalars(query))
    return found


def erase(session: Session, digests: Collection[str], *, by: str, why: str, now: datetime) -> list[str]:
    """Mark the files that nothing uses any more as erased, and return them; the caller discards them after the commit.

    The row goes first, so that no row ever promises a file that is gone.
    """
    query = select(Blob).where(Blob.sha256.in_(digests), Blob.erased_at.is_(None)).order_by(Blob.sha256)
    rows = list(session.scalars(query.with_for_update()))
    kept = used(session, [row.sha256 for row in rows])
    spent = [row for row in rows if row.sha256 not in kept]
    for row in spent:
        row.erased_at, row.erased_by, row.erased_why = now, by, why
    session.flush()
    return [row.sha256 for row in spent]


def revive(session: Session) -> None:
    """Take back the mark of erased files whose bytes came once more and are used again."""
    erased = list(session.scalars(select(Blob.sha256).where(Blob.erased_at.is_not(None))))
    for start in range(0, len(erased), AT_ONCE):
        again = used(session, erased[start : start + AT_ONCE])
        if again:
            values = {"erased_at": None, "erased_by": None, "erased_why": None}
            session.execute(update(Blob).where(Blob.sha256.in_(again)).values(values))


def store() -> BlobStore:
    """Return the store of the running application."""
    return BlobStore(Path(current_app.config["BLOB_ROOT"]))
