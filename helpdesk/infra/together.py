"""Questions that are asked of the database as one: a page pays for each statement more than for what is in it."""

import json
from collections import namedtuple
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import JSON, Boolean, ColumnElement, Date, Integer, Select, String, Text, cast, func, inspect, select
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.types import TypeEngine

from helpdesk.infra.db import Base, EmptyIsNull, UtcDateTime, instant_of

M = TypeVar("M", bound=Base)
Read = Callable[[Any], Any]


class Together:
    """Selects that are one statement, written once in the life of a process.

    Each gives a list of rows in its order, with the names of its columns; one of a model gives its rows as the session
    knows them, as if they had been asked for alone (:func:`kept`). What differs from one request to the next is a
    parameter. Integers, texts, truths, days, instants and JSON come back as they would by themselves.

    Raises:
        TypeError: a column is of another type.
    """

    def __init__(self, **parts: Any) -> None:  # noqa: ANN401 - selects of any columns
        self._models = {name: model for name, part in parts.items() if (model := _model_of(part)) is not None}
        self._parts: dict[str, Select[Any]] = {
            name: part.with_only_columns(*columns_of(self._models[name]), maintain_column_froms=True)
            if name in self._models
            else part
            for name, part in parts.items()
        }
        self._readers = {name: _reader(part) for name, part in self._parts.items()}
        self._written: dict[str, Select[Any]] = {}

    def read(self, session: Session, **parameters: object) -> dict[str, list[Any]]:
        """Return the rows of each select by its name."""
        kind = session.get_bind().dialect.name
        statement = self._written.get(kind)
        if statement is None:
            statement = self._written[kind] = _quickly_found(self._write(on_postgresql=kind == "postgresql"))
        return self._ask(session, statement, parameters)

    def read_once(self, session: Session) -> dict[str, list[Any]]:
        """Return what :meth:`read` does, for selects that are written anew for each page."""
        on_postgresql = session.get_bind().dialect.name == "postgresql"
        return self._ask(session, self._write(on_postgresql=on_postgresql), {})

    def _ask(self, session: Session, statement: Select[Any], parameters: dict[str, object]) -> dict[str, list[Any]]:
        if session.autoflush:
            session.flush()
        found = session.execute(statement, parameters).one()
        rows = {name: self._readers[name](text) for name, text in zip(self._parts, found, strict=True)}
        for name, model in self._models.items():
            rows[name] = [kept(session, model, row) for row in rows[name]]
        return rows

    def _write(self, *, on_postgresql: bool) -> Select[Any]:
        row, rows = (
            (func.json_build_array, func.json_agg) if on_postgresql else (func.json_array, func.json_group_array)
        )
        asked = (part.subquery() for part in self._parts.values())
        return select(*(select(cast(rows(row(*one.c)), Text)).select_from(one).scalar_subquery() for one in asked))


def _quickly_found(statement: Select[Any]) -> Select[Any]:
    """Return a statement that lives as long as the process, and let SQLAlchemy know it by itself.

    By what it says, which is how SQLAlchemy finds what it made of it before, a page would pay a quarter of a
    millisecond each time.
    """
    said = statement._generate_cache_key()  # noqa: SLF001 - as its own recipes for caches do
    if said is not None:
        itself = said._replace(key=(object(),))
        statement._generate_cache_key = lambda: itself  # type: ignore[method-assign] # noqa: SLF001
    return statement


def _names(model: type[Base]) -> list[str]:
    return [attribute.key for attribute in model.__mapper__.column_attrs]


def columns_of(model: type[Base], prefix: str = "") -> list[ColumnElement[Any]]:
    """Return all columns of a model, to be asked for; `made` makes it of them."""
    return [getattr(model, name).label(prefix + name) for name in _names(model)]


def made(model: type[M], row: Any, prefix: str = "") -> M:  # noqa: ANN401 - a row that has the columns
    """Return a row of a model, made of its columns: one to be read, which belongs to no session."""
    return model(**{name: getattr(row, prefix + name) for name in _names(model)})


def kept(session: Session, model: type[M], row: Any, prefix: str = "") -> M:  # noqa: ANN401 - a row that has the columns
    """Return a row of a model as the session knows it: what it has of it already stays as it is."""
    mapper = inspect(model)
    identity = tuple(getattr(row, prefix + mapper.get_property_by_column(key).key) for key in mapper.primary_key)
    known: M | None = session.identity_map.get(session.identity_key(model, identity))
    if known is None:
        found = made(model, row, prefix)
        make_transient_to_detached(found)
        session.add(found)
        return found
    missing = inspect(known).unloaded
    for name in _names(model):
        if name in missing:
            set_committed_value(known, name, getattr(row, prefix + name))
    return known


def _model_of(part: Select[Any]) -> type[Base] | None:
    """Return the model whose rows are asked for; None where it is columns."""
    [first, *others] = part.column_descriptions
    model = first.get("entity")
    return model if not others and first["expr"] is model else None


@cache
def _row_of(names: tuple[str, ...]) -> Any:  # noqa: ANN401 - a class of rows
    return namedtuple("Row", names, rename=True)  # noqa: PYI024 - the select has the names


def _reader(part: Select[Any]) -> Callable[[str | None], list[Any]]:
    columns = part.subquery().c
    row_of = _row_of(tuple(columns.keys()))
    readers = [(at, read) for at, column in enumerate(columns) if (read := _read_of(column.type)) is not None]
    emptied = [at for at, column in enumerate(columns) if isinstance(column.type, EmptyIsNull)]

    def rows_of(text: str | None) -> list[Any]:
        rows = json.loads(text) if text else []
        for row in rows:
            for at, read in readers:
                if row[at] is not None:
                    row[at] = read(row[at])
            for at in emptied:
                row[at] = row[at] or ""
        return [row_of(*row) for row in rows]

    return rows_of


def _read_of(kind: TypeEngine[Any]) -> Read | None:
    """Return how a value of that type is made of what JSON holds; None where it is the same."""
    for known, read in _READS:
        if isinstance(kind, known):
            return read
    message = f"{kind!r} is not what is asked for together with others"
    raise TypeError(message)


def _of_json(value: Any) -> Any:  # noqa: ANN401 - whatever the column holds
    return json.loads(value) if isinstance(value, str) else value  # SQLite keeps it as a text


_READS: tuple[tuple[type[TypeEngine[Any]] | type[UtcDateTime] | type[EmptyIsNull], Read | None], ...] = (
    (Boolean, bool),
    (Integer, None),
    (String, None),
    (EmptyIsNull, None),
    (UtcDateTime, instant_of),
    (Date, date.fromisoformat),
    (JSON, _of_json),
)
