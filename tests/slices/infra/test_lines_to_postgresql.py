"""A line to PostgreSQL that lay idle is tried before a page relies on it (helpdesk/infra/engine.py)."""

import pytest
from psycopg._queries import _query2pg as reading
from sqlalchemy import bindparam, select, text, union_all

from helpdesk.accounts.models import Person
from helpdesk.company.models import Company
from helpdesk.infra import engine
from helpdesk.infra.db import db, unit_of_work

pytestmark = pytest.mark.parametrize("app", ["postgres"], indirect=True)  # SQLite has no lines


def _ask():
    with unit_of_work() as session:
        assert session.scalar(select(Company.id)) is not None


def test_lines_that_were_cut_while_they_lay_idle_are_replaced(office, monkeypatch):
    monkeypatch.setattr(engine, "REST_SECONDS", 0.0)
    db.session.rollback()
    with db.engine.connect() as other:
        with db.engine.connect() as line:
            pid = line.scalar(text("SELECT pg_backend_pid()"))
        assert other.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        for _ in range(db.engine.pool.checkedin() + 1):  # type: ignore[attr-defined]  # lines take turns
            _ask()


def test_lines_in_use_are_not_tried_each_time(office, monkeypatch):
    tried: list[object] = []
    monkeypatch.setattr(engine, "REST_SECONDS", 3600.0)
    monkeypatch.setattr(db.engine.dialect, "do_ping", tried.append)

    for _ in range(3):
        _ask()

    assert tried == []


def test_how_a_long_statement_reads_is_worked_out_once(office):
    people = select(Person.name).where(Person.id == bindparam("id"), *(Person.email != f"{n}" for n in range(40)))
    statement = union_all(*[people] * 20)
    with db.engine.connect() as line:
        said = [line.execute(statement, {"id": office.technician.id}).all()]
        before = reading.cache_info()
        said.append(line.execute(statement, {"id": office.technician.id}).all())
        after = reading.cache_info()

    assert len(str(statement.compile(db.engine))) > 20_000
    assert said[0] == said[1] == [(office.technician.name,)] * 20
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)
