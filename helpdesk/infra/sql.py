"""What the two databases write differently, one function each."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Double,
    Select,
    any_,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

UNIXEPOCH = (3, 38)
"""The first SQLite that has this function."""

Column = ColumnElement[Any] | InstrumentedAttribute[Any]


def among(session: Session, column: Column, values: Iterable[object]) -> ColumnElement[bool]:
    """Return the condition that ``column`` has one of ``values``, for what is asked again and again.

    PostgreSQL takes them as one array: so the query is the same for any number of them, and is planned once.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(values)


def among_many(session: Session, column: Column, values: Iterable[object]) -> ColumnElement[bool]:
    """Return what `among` does for texts or numbers of which there may be ten thousands: one parameter for all of them.

    SQLite takes but so many parameters.
    """
    if session.get_bind().dialect.name == "postgresql":
        return among(session, column, values)
    return column.in_(select(func.json_each(json.dumps(list(values))).table_valued("value").c.value))


def among_those(column: Column, few: CompoundSelect[Any] | Select[Any], *, dialect: str) -> ColumnElement[bool]:
    """Return the condition that ``column`` has one of the values that a query finds, which are few in a large table.

    PostgreSQL puts them into an array first and looks each up. It would guess else how many there are, and rather read
    the whole table.
    """
    if dialect == "postgresql":
        return column == any_(func.array(few.scalar_subquery()))
    return column.in_(few)


def unguessed(parameter: BindParameter[Any]) -> ColumnElement[Any]:
    """Return a parameter whose value PostgreSQL does not look at while it plans.

    For what every page asks: where some have ten thousands of rows and some none, it would plan each page anew.
    """
    return select(parameter).scalar_subquery()


class seconds_between(FunctionElement[int]):  # noqa: N801 - reads as a function in a query
    """The whole seconds from one instant to a later one: ``seconds_between(started_at, ended_at)``; NULL of NULL."""

    type = BigInteger()
    inherit_cache = True


@compiles(seconds_between, "sqlite")
def _on_sqlite(element: seconds_between, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    start, end = (compiler.process(clause, **how) for clause in element.clauses)
    if sqlite3.sqlite_version_info >= UNIXEPOCH:  # less than half of the time, and sums are over many rows
        return f"(unixepoch({end}) - unixepoch({start}))"
    return f"(CAST(strftime('%s', {end}) AS INTEGER) - CAST(strftime('%s', {start}) AS INTEGER))"


@compiles(seconds_between, "postgresql")
def _on_postgresql(element: seconds_between, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 - as above
    start, end = (compiler.process(clause, **how) for clause in element.clauses)
    return f"CAST(FLOOR(DATE_PART('epoch', {end} - {start})) AS INTEGER)"  # no exact numeric, which is slow to sum


class days_between(FunctionElement[float]):  # noqa: N801 - reads as a function in a query
    """The days from one instant to a later one, about: for an index of what is long, which takes no version's words."""

    type = Double()
    inherit_cache = True


@compiles(days_between, "sqlite")
def _days_on_sqlite(element: days_between, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 - as above
    start, end = (compiler.process(clause, **how) for clause in element.clauses)
    return f"(julianday({end}) - julianday({start}))"


@compiles(days_between, "postgresql")
def _days_on_postgresql(element: days_between, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 - as above
    start, end = (compiler.process(clause, **how) for clause in element.clauses)
    return f"(DATE_PART('epoch', {end} - {start}) / 86400)"


class days_before(FunctionElement[datetime]):  # noqa: N801 - reads as a function in a query
    """The instant so many days before another: ``days_before(started_at, 2)``; on SQLite to the second.

    Beside what a row of the query says, where the instant could be asked with: PostgreSQL guesses better then, keeps
    the plan that it made, and need not make it anew for each page.
    """

    inherit_cache = True

    def __init__(self, instant: Column, days: int) -> None:
        """Take the instant, and whole days."""
        super().__init__(instant, literal_column(str(int(days))))


@compiles(days_before, "sqlite")
def _before_on_sqlite(element: days_before, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 - as above
    instant, days = (compiler.process(clause, **how) for clause in element.clauses)
    return f"datetime({instant}, '-{days} days')"


@compiles(days_before, "postgresql")
def _before_on_postgresql(element: days_before, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 - as above
    instant, days = (compiler.process(clause, **how) for clause in element.clauses)
    return f"({instant} - INTERVAL '{days} days')"


class unindexed(FunctionElement[Any]):  # noqa: N801 - as above
    """A number as it is, which SQLite looks up in no index; PostgreSQL weighs for itself what an index is worth."""

    inherit_cache = True


@compiles(unindexed, "sqlite")
def _unindexed_on_sqlite(element: unindexed, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 - as above
    return f"+{compiler.process(element.clauses, **how)}"


@compiles(unindexed, "postgresql")
def _unindexed_on_postgresql(element: unindexed, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 - as above
    return str(compiler.process(element.clauses, **how))
