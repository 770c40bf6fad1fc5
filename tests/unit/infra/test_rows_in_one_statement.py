"""A statement for one row becomes one for all rows, where that says the same."""

from typing import cast

import pytest
from sqlalchemy import Table, bindparam, delete, insert, update
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.postgresql import psycopg

from helpdesk.infra.models import AuditRow, Blob, Counter, Lease
from helpdesk.infra.rows import of_all_rows

BLOBS, COUNTERS = cast("Table", Blob.__table__), cast("Table", Counter.__table__)


def whole(statement, *columns: str) -> str | None:
    compiled = statement.compile(dialect=psycopg.dialect(), column_keys=list(columns) or None, for_executemany=True)
    text = of_all_rows(compiled)
    return None if text is None else " ".join(text.split())


def test_rows_are_inserted_from_a_document_with_their_own_types():
    assert whole(insert(Lease), "name", "expires_at") == (
        'INSERT INTO leases (name, expires_at) SELECT given."name", given."expires_at" FROM json_to_recordset(%s::json)'
        ' AS given("name" VARCHAR, "expires_at" TIMESTAMP WITH TIME ZONE)'
    )
    assert (whole(insert(AuditRow), "data") or "").endswith('AS given("data" JSON)')


def test_what_is_there_already_is_left_alone_as_before():
    statement = insert_on_postgresql(BLOBS).on_conflict_do_nothing()

    assert (whole(statement, "sha256") or "").endswith('AS given("sha256" VARCHAR) ON CONFLICT DO NOTHING')


def test_each_row_is_changed_by_what_is_given_for_it():
    statement = (
        update(COUNTERS)
        .where(COUNTERS.c.name == bindparam("counter"))
        .values(last_value=COUNTERS.c.last_value + bindparam("more"))
    )

    assert whole(statement) == (
        'UPDATE counters SET last_value=(counters.last_value + given."more") FROM json_to_recordset(%s::json)'
        ' AS given("more" INTEGER, "counter" VARCHAR) WHERE counters.name = given."counter"'
    )


@pytest.mark.parametrize(
    "statement",
    [
        insert(COUNTERS).returning(COUNTERS.c.name),
        delete(COUNTERS).where(COUNTERS.c.name == bindparam("counter")),
        update(COUNTERS).values(last_value=bindparam("all of them")),
    ],
    ids=["answers with rows", "takes rows away", "asks for no row"],
)
def test_all_else_is_left_to_the_driver(statement):
    assert whole(statement) is None
