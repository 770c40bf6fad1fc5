"""Many rows by one statement, on PostgreSQL: they go as one document, and the statement is the same for any number.

The driver would have the server begin the statement anew for each row of a list. Here the server makes rows of the
document and takes them in one go. Sessions for many writes ask for it, nobody else.
"""

import json
import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, cast

from psycopg.types.json import Json
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import CompileError
from sqlalchemy.sql.compiler import SQLCompiler

IN_ONE = "rows in one statement"
"""The execution option of a connection that wants it."""

_PLACE = re.compile(
    r"%\((\w+)\)s(?:::(?:TIME(?:STAMP)? WITH(?:OUT)? TIME ZONE|DOUBLE PRECISION|[A-Z]+(?:\([\d, ]+\))?))?"
)
_INSERT = re.compile(r"(INSERT INTO [^)]+\)) VALUES \((.+)\)( ON CONFLICT DO NOTHING)?", re.DOTALL)
_UPDATE = re.compile(r"(UPDATE .+ SET .+)( WHERE .+)", re.DOTALL)


def write_rows(
    cursor: DBAPICursor,
    statement: str,  # noqa: ARG001 - SQLAlchemy's signature
    rows: Sequence[dict[str, Any]],
    context: DefaultExecutionContext,
) -> bool:
    """Write all rows by one statement where that can be; return whether it was done, for SQLAlchemy to do it otherwise.

    Rows are inserted in their order. An UPDATE changes them in any order, each once: whoever asks for it has locked
    them before, and names none twice.
    """
    if not context.execution_options.get(IN_ONE):
        return False
    whole = of_all_rows(cast("SQLCompiler", context.compiled))
    if whole is None:
        return False
    try:
        document = json.dumps(rows, default=_plain, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        return False
    cursor.execute(whole, (document,))
    return True


@lru_cache
def of_all_rows(compiled: SQLCompiler) -> str | None:
    """Return the INSERT or UPDATE of one row as a statement that takes all rows as one parameter, a JSON array.

    ``INSERT INTO t (a) VALUES (%(a)s::INTEGER)`` is then ``INSERT INTO t (a) SELECT given."a" FROM
    json_to_recordset(%s::json) AS given("a" INTEGER)``. None where that cannot be: it answers with rows, say.
    """
    names = dict.fromkeys(_PLACE.findall(compiled.string))
    try:
        columns = ", ".join(f'"{name}" {compiled.binds[name].type.compile(compiled.dialect)}' for name in names)
    except (CompileError, KeyError):
        return None
    source = f" FROM json_to_recordset(%s::json) AS given({columns})"
    statement = _PLACE.sub(r'given."\1"', compiled.string)
    if inserted := _INSERT.fullmatch(statement):
        head, values, unless = inserted.groups("")
        return f"{head} SELECT {values}{source}{unless}"
    if changed := _UPDATE.fullmatch(statement):
        return f"{changed[1]}{source}{changed[2]}"
    return None


def _plain(value: object) -> object:
    """Return what stands for a value in the document.

    Raises:
        TypeError: nothing does.
    """
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Json) and value.obj is not None:  # a null of JSON would become one of SQL
        return value.obj
    raise TypeError(type(value))
