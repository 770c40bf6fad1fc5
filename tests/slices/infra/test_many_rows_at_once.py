"""What a session for many writes leaves behind is what any other would have left."""

from contextlib import suppress
from datetime import timedelta, timezone

import pytest
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.exc import IntegrityError

from helpdesk.infra.db import Base, db, unit_of_work, write_in_one
from helpdesk.infra.models import AuditRow, Lease
from helpdesk.infra.rows import of_all_rows
from tests.conftest import NOW

ODD_TEXTS = (
    "",
    "100 % of %(name)s",
    "quoted \"so\" and 'so'",
    "back\\slash\\n",
    "two\nlines\r\n\t",
    "Grüße, Łucja, 佐藤, 🖨",
)
ODD_DATA = (
    {"text": 'Grüße \\ "so" %', "none": None, "yes": True, "nested": [{"a": 1.5}, []]},
    ["a list"],
    "a word",
    0,
    None,
)


def written(rows: list[dict[str, object]], *, in_one: bool) -> list[tuple[object, ...]]:
    """Write the rows, and return what is then there of them, in the order of their ids."""
    columns = (AuditRow.at, AuditRow.actor_id, AuditRow.actor_name, AuditRow.data)
    mine = AuditRow.object_kind == f"in one: {in_one}"
    with unit_of_work() as session:
        if in_one:
            write_in_one(session)
        session.execute(insert(AuditRow), [row | {"object_kind": f"in one: {in_one}"} for row in rows])
    with unit_of_work() as session:
        return [tuple(row) for row in session.execute(select(*columns).where(mine).order_by(AuditRow.id))]


def audited(**more: object) -> dict[str, object]:
    return {"at": NOW, "actor_kind": "system", "actor_id": None, "actor_name": "", "action": "wrote", "data": {}} | more


@pytest.mark.parametrize(
    "rows",
    [
        [audited(actor_name=text, actor_id=number) for number, text in enumerate(ODD_TEXTS)],
        [audited(data=data) for data in ODD_DATA[:-1]],
        [audited(data=data) for data in ODD_DATA],
        [audited(at=NOW.astimezone(timezone(timedelta(hours=hours))), actor_id=None) for hours in (-11, 0, 13)],
    ],
    ids=["texts", "documents", "a document that is null", "instants of other zones"],
)
def test_rows_in_one_statement_are_the_rows_that_one_by_one_leaves(app, rows):
    assert written(rows, in_one=True) == written(rows, in_one=False)


def test_rows_that_were_read_are_changed_each_in_its_own_way(app):
    with unit_of_work() as session:
        session.add_all(Lease(name=f"lease {number}", holder="a", expires_at=NOW) for number in range(5))

    with unit_of_work() as session:
        write_in_one(session)
        for number, lease in enumerate(session.scalars(select(Lease).order_by(Lease.name).limit(4))):
            lease.holder, lease.expires_at = f"holder {number}", NOW + timedelta(days=number)

    with unit_of_work() as session:
        found = session.execute(select(Lease.holder, Lease.expires_at).order_by(Lease.name)).all()
    assert [(holder, (at - NOW).days) for holder, at in found] == [
        *((f"holder {day}", day) for day in range(4)),
        ("a", 0),
    ]


def test_where_one_row_of_many_cannot_be_none_is(app):
    taken = {"name": "a", "holder": "x", "expires_at": NOW}

    with suppress(IntegrityError), unit_of_work() as session:
        write_in_one(session)
        session.execute(insert(Lease), [taken | {"name": "b"}, taken, taken])

    with unit_of_work() as session:
        assert session.scalars(select(Lease)).all() == []


def test_rows_of_every_table_can_be_written_so(postgres_house):
    app = postgres_house.renew()

    with app.app_context(), db.engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            whole = of_all_rows(insert(table).compile(dialect=psycopg.dialect(), for_executemany=True))
            assert whole is not None, table.name
            connection.exec_driver_sql(whole, ("[]",))
