"""What connections to both databases need; on SQLite also how a transaction begins."""

import sqlite3
import time
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from helpdesk.infra.rows import write_rows

LOOK_SECONDS = 0.001
REST_SECONDS = 1.0
LONGEST_STATEMENT = 64 * 1024
PRIMARY_CODE = 0xFF
"""Of an error of SQLite, what is left when the detail is masked out."""


def remember_long_statements() -> None:
    """Let psycopg keep how it reads a statement, however long that is; it does for those below four kilobytes.

    Those of our pages are long because they are few, and always the same: all else of them is a parameter.
    """
    from psycopg import _queries  # noqa: PLC0415 - who runs on SQLite has no use for it

    _queries.MAX_CACHED_STATEMENT_LENGTH = LONGEST_STATEMENT


def prepare_engine(engine: Engine) -> None:
    """Set what every connection of ``engine`` needs; on SQLite: WAL, synchronous FULL, foreign keys, own BEGIN."""
    if engine.dialect.name != "sqlite":
        remember_long_statements()
        event.listen(engine, "connect", _prepare_more)
        event.listen(engine, "checkin", _note_rest)
        event.listen(engine, "checkout", lambda *given: _call_after_rest(engine.dialect, *given[:2]))
        event.listen(engine, "do_executemany", write_rows)
        return
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)


def _prepare_more(connection: Any, _record: Any) -> None:  # noqa: ANN401 - a raw driver connection
    connection.prepared_max = 500  # the pages together have more statements than the driver's 100
    connection.autocommit = True
    connection.execute("SET random_page_cost = 1.1")  # what pages ask for is in memory, or on a disk without a head
    connection.execute("SET jit = off")  # to compile a question takes longer than any of ours to answer
    connection.autocommit = False


def _note_rest(_connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ANN401 - a raw driver connection
    record.info["at rest since"] = time.monotonic()


def _call_after_rest(dialect: Dialect, connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ANN401 - as above
    """Ask over a connection that lay idle for a second whether its server is still there; else take a new one.

    On a busy desk none of them is asked: it would cost each page one more way to the server and back.
    """
    rested_since = record.info.get("at rest since", time.monotonic())
    if time.monotonic() - rested_since < REST_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _set_pragmas(connection: Any, _record: Any) -> None:  # noqa: ANN401 - a raw driver connection
    connection.isolation_level = None  # the driver must not begin for us
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy passes its Connection
    """Begin; whoever wants to write looks every millisecond whether it is their turn, as long as the timeout says.

    SQLite itself looks ever more seldom, ten times a second at last: it would starve beside a worker that commits
    again and again.
    """
    if not connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("BEGIN")
        return
    raw = connection.connection.dbapi_connection
    (patience_ms,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute("PRAGMA busy_timeout=0")
    try:
        if not _begins_to_write(raw, until=time.monotonic() + patience_ms / 1000):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # in vain: it says why, as all statements do
    finally:
        raw.execute(f"PRAGMA busy_timeout={patience_ms}")


def _begins_to_write(raw: sqlite3.Connection, *, until: float) -> bool:
    while True:
        try:
            raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY_CODE != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                return False
            time.sleep(LOOK_SECONDS)
        else:
            return True
