"""Finding messages by what stands in them, with an index on both databases: FTS5 on SQLite, GIN on PostgreSQL.

Words are folded here, when they are written and when they are asked for, so that both databases compare the same
words (`helpdesk.kernel.words`). Beside the words of its parts each text has marks: letters that nobody types, and an
id. They say whose it is, so that nothing is written where somebody is renamed.

Triggers note each row whose text may have changed (``migrations/…_find_messages.py``); whoever ends a unit of work
describes them anew in the same transaction (`helpdesk.tickets.service.finding`).
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    column,
    func,
    select,
    table,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import InstrumentedAttribute, Session

from helpdesk.kernel.words import LONGEST_WORD, MARK, words_of

LONGEST_TEXT = 65_536
"""So many letters of each part are looked at; nobody writes more than that by hand."""
MOST_BYTES, WORD_BYTES = 250_000, 8
"""So much of each part is kept, and so much of it a word takes beside its letters: PostgreSQL refuses a text of more
than 1,048,575 bytes, and folding makes some letters sixfold."""
EVERY = f"{MARK}x"
"""The mark that every text has."""
PARTS = ("subject", "words", "files")
PROBED, COMMON = 1_000, 40
"""What one in so many of the newest texts has is common."""
GAP = 2
"""A phrase does not go on in the next part."""
LAST_PLACE = 16_383
_WEIGHTS = {"subject": "A", "files": "B", "words": ""}


@dataclass(frozen=True, slots=True)
class Described:
    """What a text is found by: the words of its parts, and its marks."""

    id: int
    subject: str = ""
    words: str = ""
    files: str = ""
    marks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that a text must have, or must not: words in this order, in one ``part`` or any; or one of the marks.

    Of ``words``, which are folded, the last one may be the beginning of one.
    """

    words: tuple[str, ...] = ()
    begins: bool = False
    part: str = ""
    marks: tuple[str, ...] = field(default=())
    is_left_out: bool = False


def mark(letter: str, row_id: int) -> str:
    """Return the mark of a row: its letter says of which table."""
    return f"{MARK}{letter}{row_id}"


def indexed_words(written: str) -> list[str]:
    """Return the words of a text as the index has them, in their order."""
    found, room = [], MOST_BYTES
    for word in words_of(written[:LONGEST_TEXT]):
        kept = word[:LONGEST_WORD]
        room -= len(kept.encode()) + WORD_BYTES
        if room < 0:
            break
        found.append(kept)
    return found


def changed_ids(session: Session, *, most: int) -> list[int]:
    """Return the ids of texts that may have changed since they were described, newest first, and forget that."""
    noted = "SELECT DISTINCT message_id FROM found_pending ORDER BY message_id DESC LIMIT :most"
    found = session.execute(text(noted), {"most": most})
    ids = list(found.scalars())
    forget_changes(session, ids)
    return ids


def forget_changes(session: Session, ids: Collection[int]) -> None:
    """Forget that these texts have changed: they are described now."""
    if ids:
        session.execute(text(f"DELETE FROM found_pending WHERE {_one_of(session, 'message_id', ids)}"))  # noqa: S608 - ids


def described_ids(session: Session, *, without: Select[int]) -> list[int]:
    """Return the ids of all texts that are found, without those that a query gives."""
    index = table("found_messages", column("rowid", Integer))
    return list(session.scalars(select(index.c.rowid).where(index.c.rowid.not_in(without))))


def describe(session: Session, ids: Collection[int], texts: Iterable[Described]) -> None:
    """Have these texts found by what is described here; those of ``ids`` without a description are found no more."""
    if session.get_bind().dialect.name == "postgresql":
        _describe_on_postgresql(session, ids, list(texts))
        return
    session.execute(text(f"DELETE FROM found_messages WHERE {_one_of(session, 'rowid', ids)}"))  # noqa: S608 - ids
    rows = [
        {
            "id": one.id,
            **{part: " ".join(indexed_words(getattr(one, part))) for part in PARTS},
            "marks": " ".join((EVERY, *one.marks)),
        }
        for one in texts
    ]
    if rows:
        statement = (
            "INSERT INTO found_messages (rowid, subject, words, files, marks)"
            " VALUES (:id, :subject, :words, :files, :marks)"
        )
        session.connection().execute(text(statement), rows)


def _describe_on_postgresql(session: Session, ids: Collection[int], texts: Sequence[Described]) -> None:
    """Write all by one statement, which is the same for any number of them."""
    gone = sorted(set(ids) - {one.id for one in texts})
    if gone:
        session.execute(text("DELETE FROM found_messages WHERE rowid = ANY(:ids)"), {"ids": gone})
    if texts:
        rows = json.dumps([{"id": one.id, "words": _vector(one)} for one in texts], ensure_ascii=False)
        statement = (
            "INSERT INTO found_messages (rowid, words) SELECT given.id, given.words"
            " FROM json_to_recordset(CAST(:rows AS json)) AS given(id integer, words tsvector)"
            " ON CONFLICT (rowid) DO UPDATE SET words = EXCLUDED.words"
        )
        session.execute(text(statement), {"rows": rows})


def _vector(one: Described) -> str:
    """Return the text as PostgreSQL has it: each word with its places. Words have no sign that would need quotes."""
    places: dict[str, list[str]] = {}
    at = 1
    for part in PARTS:
        weight = _WEIGHTS[part]
        for word in indexed_words(getattr(one, part)):
            if at < LAST_PLACE:
                places.setdefault(word, []).append(f"{at}{weight}")
            else:
                places.setdefault(word, [])
            at += 1
        at += GAP
    return " ".join(
        [*(f"{word}:{','.join(where)}" if where else word for word, where in places.items()), EVERY, *one.marks]
    )


def _one_of(session: Session, name: str, ids: Collection[int]) -> str:
    listed = ", ".join(str(int(one)) for one in ids)
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return f"{name} = ANY(ARRAY[{listed}]::integer[])" if on_postgresql else f"{name} IN ({listed})"


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest texts that were found, ``ids`` (with one column, ``id``), and how far that is from all of them.

    All with an id from ``until`` on were looked at; ``has_more``: there are others below it.
    """

    ids: CTE
    until: ColumnElement[int]
    has_more: ColumnElement[bool]


def newest_texts(dialect: str, wanted: Sequence[Wanted], *, below: Sequence[Any] = (), most: int) -> Newest:
    """Return what asks for the newest texts that have all that is wanted, at most so many, of lower ids than ``below``.

    On PostgreSQL the index gives all that it finds, in no order. So the newest texts are read one by one first; where
    enough of them fit, what is wanted is common, and the index is not asked. What is rare is found by the index.
    """
    index = table("found_messages", column("rowid", Integer), column("words"), column("found_messages"))
    lower = [index.c.rowid < one for one in below]
    if dialect != "postgresql":
        ids = (
            select(index.c.rowid.label("id"))
            .where(index.c.found_messages.op("MATCH")(bindparam(None, _match_of(wanted))), *lower)
            .order_by(index.c.rowid.desc())
            .limit(most)
            .cte("found")
            .prefix_with("MATERIALIZED")
        )
        return Newest(ids, _scalar(func.min(ids.c.id), ids), _scalar(func.count(), ids) >= most)
    asked = _tsquery(wanted)
    fits = index.c.words.op("@@", return_type=Boolean())(asked)

    def newest(many: int, name: str, *where: ColumnElement[bool]) -> CTE:
        query = select(index.c.rowid.label("id"), fits.label("fits")).where(*lower, *where)
        return query.order_by(index.c.rowid.desc()).limit(many).cte(name).prefix_with("MATERIALIZED")

    probed = min(most, PROBED)
    probe = newest(probed, "probe")
    is_common = _scalar(func.count(), probe, probe.c.fits) >= max(1, probed // COMMON)
    recent = newest(most, "recent", is_common) if most > probed else probe
    rare = (
        select(index.c.rowid.label("id"))
        .where(fits, *lower, ~is_common)
        .order_by((index.c.rowid + 0).desc())
        .limit(most)
        .cte("rare")
        .prefix_with("MATERIALIZED")
    )
    ids = union_all(select(recent.c.id).where(recent.c.fits, is_common), select(rare.c.id)).cte("found")
    return Newest(
        ids,
        case((is_common, _scalar(func.min(recent.c.id), recent)), else_=_scalar(func.min(rare.c.id), rare)),
        case((is_common, _scalar(func.count(), recent) >= most), else_=_scalar(func.count(), rare) >= most),
    )


def _scalar(of: ColumnElement[Any], rows: CTE, *where: ColumnElement[bool]) -> ColumnElement[Any]:
    return select(of).select_from(rows).where(*where).scalar_subquery()


def fitting(dialect: str, wanted: Sequence[Wanted], message_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return the condition that the one text with this id has all that is wanted."""
    if dialect == "postgresql":
        index = table("found_messages", column("rowid", Integer), column("words"))
        asked = _tsquery(wanted)
        fits = index.c.words.op("@@", return_type=Boolean())(asked)
        return select(index.c.rowid).where(index.c.rowid == message_id, fits).exists()
    index = table("found_messages", column("rowid", Integer), column("found_messages"))
    fits = index.c.found_messages.op("MATCH")(bindparam(None, _match_of(wanted)))
    return select(index.c.rowid).where(index.c.rowid == message_id, fits).exists()


def _tsquery(wanted: Sequence[Wanted]) -> ColumnElement[Any]:
    """Return what is asked as PostgreSQL has it, written out: it has to know while it plans how much that finds.

    With a value for it, it would plan once for whatever is asked, and read far too much for what is rare.
    """
    return cast(bindparam(None, _query_of(wanted), String(), literal_execute=True), TSQUERY)


def _match_of(wanted: Sequence[Wanted]) -> str:
    """Return what FTS5 is asked. It is made of folded words and marks alone, so nothing of it is syntax."""

    def one(each: Wanted) -> str:
        part = f"{each.part} : " if each.part else ""
        phrase = [f'{part}"{" ".join(each.words)}"{" *" if each.begins else ""}'] if each.words else []
        return "(" + " OR ".join([*phrase, *(f'"{known}"' for known in each.marks)]) + ")"

    return _joined(wanted, one, every=f'"{EVERY}"', also=" AND ", otherwise=" NOT ")


def _query_of(wanted: Sequence[Wanted]) -> str:
    """Return what PostgreSQL is asked, made as :func:`_match_of` is."""

    def one(each: Wanted) -> str:
        weight = _WEIGHTS.get(each.part, "")
        words = [f"'{word}'" + (f":{weight}" if weight else "") for word in each.words]
        if words and each.begins:
            words[-1] = f"'{each.words[-1]}':*{weight}"
        phrase = [" <-> ".join(words)] if words else []
        return "(" + " | ".join([*phrase, *(f"'{known}'" for known in each.marks)]) + ")"

    return _joined(wanted, one, every=f"'{EVERY}'", also=" & ", otherwise=" & !")


def _joined(wanted: Sequence[Wanted], one: Callable[[Wanted], str], *, every: str, also: str, otherwise: str) -> str:
    there = [one(each) for each in wanted if not each.is_left_out]
    gone = [one(each) for each in wanted if each.is_left_out]
    asked = f"({also.join(there)})" if there else every
    return otherwise.join([asked, *gone])
