"""Finding rows by the beginnings of words in their names, with an index on both databases.

The indexes are the databases' own and follow each row by themselves (``migrations/…_finding.py``): a full-text table
on SQLite, a generated column on PostgreSQL, both of words without case and accents (`helpdesk.kernel.words`). A row is
found by the words of its owner too, such as a ticket by its client's name: whoever asks names the owners that fit, so
that nothing has to be written where one is renamed. In the full-text table the owner is a mark beside the words.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    column,
    literal_column,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, array
from sqlalchemy.orm import InstrumentedAttribute, Session

from helpdesk.kernel.words import MARK


@dataclass(frozen=True)
class Term:
    """One thing that a row must have: a word that begins so, or one of these owners."""

    word: str
    owner_ids: tuple[int, ...] = ()


def newest_found(
    session: Session,
    row_id: InstrumentedAttribute[int],
    terms: Sequence[Term],
    *,
    owner: InstrumentedAttribute[int] | InstrumentedAttribute[int | None] | None = None,
    any_term: bool = False,
    limit: int,
) -> Select[int]:
    """Return the query of the ids of the newest rows, at most ``limit``, that have all ``terms`` (or one, on wish).

    ``row_id`` is the id of the table, ``owner`` its column with the owner. Words of terms are folded already, and
    there is one at least.
    """
    if session.get_bind().dialect.name == "postgresql":
        return _on_postgresql(row_id, terms, owner, any_term=any_term).limit(limit)
    wanted = (" OR " if any_term else " AND ").join(f"({_match(term)})" for term in terms)
    index = table(f"found_{row_id.class_.__tablename__}", column("rowid"), column("words"))
    query = select(index.c.rowid).where(index.c.words.op("MATCH")(bindparam(None, wanted)))
    return query.order_by(index.c.rowid.desc()).limit(limit)


def numbers_found(session: Session, row_id: InstrumentedAttribute[int], digits: str) -> Select[int]:
    """Return the query of the ids of the rows in one of whose phone numbers these six ``digits`` follow each other.

    ``row_id`` is the id of the table.
    """
    name = row_id.class_.__tablename__
    if session.get_bind().dialect.name == "postgresql":
        wanted = cast(array([digits]), ARRAY(Text))
        return select(row_id).where(literal_column(f"{name}.found_numbers").op("@>", return_type=Boolean())(wanted))
    index = table(f"found_{name}_numbers", column("rowid"), column("digits"))
    return select(index.c.rowid).where(index.c.digits.op("MATCH")(bindparam(None, f'"{digits}"')))


def is_of_an_index(name: str | None, kind: str) -> bool:
    """Return whether a table, column or index of the database belongs to the finding and to no model."""
    starts = {"table": "found_", "index": "ix_found_"}
    if kind == "column":
        return name in ("found", "found_numbers")
    return name is not None and name.startswith(starts.get(kind, "\0"))


def _match(term: Term) -> str:
    return " OR ".join([f'"{term.word}"*', *(f'"{MARK}{owner_id}"' for owner_id in term.owner_ids)])


def _on_postgresql(
    row_id: InstrumentedAttribute[int],
    terms: Sequence[Term],
    owner: InstrumentedAttribute[int] | InstrumentedAttribute[int | None] | None,
    *,
    any_term: bool,
) -> Select[int]:
    """Return the query there. Rows are put in order after they are found.

    In the order of the index it would walk over all rows, in the hope of finding enough soon, and take longest where
    there is nothing to find.
    """
    name = row_id.class_.__tablename__

    def fits(term: Term) -> ColumnElement[bool]:
        begun = literal_column(f"{name}.found").op("@@", return_type=Boolean())(cast(f"'{term.word}':*", TSQUERY))
        return or_(begun, owner.in_(term.owner_ids)) if owner is not None and term.owner_ids else begun

    conditions: Collection[ColumnElement[bool]] = [fits(term) for term in terms]
    joined = or_(*conditions) if any_term else and_(true(), *conditions)
    return select(row_id).where(joined).order_by((row_id + 0).desc())
