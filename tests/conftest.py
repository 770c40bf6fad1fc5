"""Two databases for every test that uses one, an application on top, and people who act in it."""

import gc
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import Connection, NullPool, Table, create_engine, event, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.app import create_app
from helpdesk.infra import clock, jobs
from helpdesk.infra.db import Base, db, unit_of_work
from helpdesk.infra.jobs import Bell
from helpdesk.infra.settings import Settings
from tests import scratch
from tests.builders import Office
from tests.once import made_once
from tests.postgres import cluster
from tests.sqlite import SqliteFile

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
SCHEMA = """
    SELECT (SELECT string_agg(version_num, ',') FROM alembic_version),
           (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_attribute WHERE NOT attisdropped),
           (SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal),
           (SELECT max(oid::bigint) FROM pg_class WHERE relnamespace = 'public'::regnamespace)
"""
END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = 'tests' AND state <> 'idle' AND pid <> pg_backend_pid()
"""
RESTART = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""
SEQUENCES = """
    SELECT format('SELECT setval(%L, %s)', format('%I.%I', schemaname, sequencename), last_value)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""
gc.set_threshold(
    100_000, 50, 1000
)  # a suite keeps nearly all that it makes: to look through it takes a tenth of its time
os.environ["PYTEST_DEBUG_TEMPROOT"] = str(scratch.root())
hypothesis.settings.register_profile(  # a machine that is busy fails no example
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


PAGE_BYTES = 8192

FIRST = ("flows", "faults", "browser")
"""What waits for processes of its own begins first, and the rest is done beside it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run slow folders first; else the order is that of the names."""
    ranks = {name: rank for rank, name in enumerate(FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.relative_to(Path(__file__).parent).parts[0], len(ranks)))


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays to the end: modules, and tests that are not run yet."""
    gc.collect()
    gc.freeze()


def settings_for(home: Path, database_url: str) -> Settings:
    return Settings(
        home=home,
        database_url=database_url,
        redis_url="unix:///nowhere/redis.sock",
        base_url="http://localhost",
        trusted_proxies=0,
        secret_key=bytes(range(32)),
    )


class Browser(FlaskClient):
    """A client whose requests never see the test's own application context, as those of a real browser would not."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return Context().run(super().open, *args, **kwargs)


def _application(home: Path, database_url: str) -> Flask:
    app = create_app(settings_for(home, database_url))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.test_client_class = Browser
    return app


def _furnish(app: Flask) -> None:
    """Furnish the office and keep it, as bytes of which each test is given objects of its own."""
    with app.app_context():
        with unit_of_work() as current:
            office = Office.furnish(current, now=NOW)
        db.session.remove()
    app.extensions["office"] = pickle.dumps(office)


def furnished_office(app: Flask) -> Office:
    """Return the office that stands in the application's database, in objects that nobody else holds."""
    found: Office = pickle.loads(app.extensions["office"])  # noqa: S301 - bytes of our own
    return found


class SqliteHouse:
    """An application on SQLite whose file is laid anew from ``template``, a migrated one, before each test."""

    def __init__(self, home: Path, *, template: Path) -> None:
        self.home, self.database, self.template = home, SqliteFile(home / "test.sqlite3"), template
        self.app = _application(home, f"sqlite:///{self.database.path}")
        self.furnished = home / "office.sqlite3"

    def renew(self, *, furnished: bool = False) -> Flask:
        """Return the application on an empty database, or on one with the office in it."""
        if furnished and not self.furnished.exists():
            self.lay(self.template)
            _furnish(self.app)
            self.furnished = self.keep("office")
        self.lay(self.furnished if furnished else self.template)
        return self.app

    def keep(self, name: str) -> Path:
        """Keep the database as it is now under a name, and return what :meth:`lay` takes."""
        with self.app.app_context():
            return self.database.keep(self.home / f"{name}.sqlite3", engine=db.engine)

    def lay(self, kept: Path) -> None:
        """Make the database what it was when it was kept."""
        with self.app.app_context():
            self.database.lay(kept, engine=db.engine)


class PostgresHouse:
    """An application on PostgreSQL whose tables are emptied before each test; its cluster has a database ``migrated``.

    A test that leaves another schema behind costs a new copy of the migrated template. Rows are deleted rather than
    tables truncated, and connections are kept: both spare PostgreSQL from reading its catalogue anew.
    """

    def __init__(self, home: Path, url: str) -> None:
        self.maintenance = create_engine(url.format(name="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self.app = _application(home, url.format(name="tests"))
        self.tests = create_engine(url.format(name="tests"), isolation_level="AUTOCOMMIT", pool_size=1)
        event.listen(self.tests, "connect", _switch_triggers_off)
        self._copy()
        with self.tests.connect() as connection:
            self.schema = self._schema(connection)
            self.migrated = ";".join(connection.scalars(text(_rows_as_statements())))
        self.office = ""

    def renew(self, *, furnished: bool = False) -> Flask:
        """Return the application on a database as migrated, or on one with the office in it."""
        if furnished and not self.office:
            self._empty(then=self.migrated)
            _furnish(self.app)
            with self.tests.connect() as connection:
                self.office = ";".join(connection.scalars(text(_rows_as_statements())))
        self._empty(then=self.office if furnished else self.migrated)
        return self.app

    def close(self) -> None:
        """Close every connection."""
        with self.app.app_context():
            db.engine.dispose()
        self.tests.dispose()

    def _copy(self) -> None:
        self.tests.dispose()
        with self.app.app_context():
            db.engine.dispose()
        self._sql("DROP DATABASE IF EXISTS tests WITH (FORCE)")
        self._sql("CREATE DATABASE tests TEMPLATE migrated STRATEGY file_copy")

    @staticmethod
    def _schema(connection: Connection) -> tuple[Any, ...]:
        """Return what tells one schema from another: its revision, tables, columns, indexes, constraints, triggers."""
        migrated = connection.scalar(text("SELECT to_regclass('public.alembic_version') IS NOT NULL"))
        return tuple(connection.execute(text(SCHEMA)).one()) if migrated else ()

    def _empty(self, *, then: str) -> None:
        """Delete what a test wrote, begin the numbers anew, and run the statements ``then``."""
        with self.tests.connect() as connection:
            connection.execute(text(END_OTHERS))
            if self._schema(connection) == self.schema:
                self._delete(connection, then=then)
                if any(spilt for _name, spilt in connection.execute(text(_written()))):
                    self._delete(connection, then=then)
                return
        self._copy()
        self._empty(then=then)

    @staticmethod
    def _delete(connection: Connection, *, then: str) -> None:
        """Delete every row; what took more than a page is packed, so that rows lie in the order of their coming."""
        written = connection.execute(text(_written())).all()
        deletions = "".join(f"DELETE FROM {name};" for name, _spilt in written)  # noqa: S608 - our own tables
        _run(connection, deletions + RESTART)
        packed = ", ".join(name for name, spilt in written if spilt)
        if packed:
            _run(connection, f"VACUUM {packed}")
        _run(connection, then)

    def _sql(self, statement: str) -> None:
        with self.maintenance.connect() as connection:
            connection.execute(text(statement))


def _switch_triggers_off(connection: Any, _record: Any) -> None:
    """Let rows be deleted that may not be, and in any order."""
    connection.execute("SET session_replication_role = replica")


def _run(connection: Connection, statements: str) -> None:
    connection.exec_driver_sql(statements.replace("%", "%%"))


@cache
def _written() -> str:
    """Return the question which tables have rows, and whether they take more than one page."""
    tables = [*(name for name in Base.metadata.tables if name != "alembic_version"), "found_messages", "found_pending"]
    return " UNION ALL ".join(
        f"SELECT '{name}', pg_relation_size('{name}') > {PAGE_BYTES} WHERE EXISTS (SELECT FROM {name})"  # noqa: S608 - our own tables
        for name in tables
    )


def _rows_as_statements() -> str:
    """Return the question for statements that put all rows back that are there now, and every sequence."""
    return " UNION ALL ".join([*map(_insertion, Base.metadata.tables.values()), SEQUENCES])


def _insertion(table: Table) -> str:
    columns = [f'"{column.name}"' for column in table.columns if column.computed is None]
    values = ", ".join(f"quote_nullable({name}::text)" for name in columns)
    start = f"INSERT INTO {table.name} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE VALUES "  # noqa: S608 - our own tables
    rows = f"string_agg(format('(%s)', concat_ws(', ', {values})), ', ')"
    return f"SELECT '{start}' || {rows} FROM {table.name} HAVING count(*) > 0"  # noqa: S608 - our own tables


def _migrate(home: Path, url: str) -> Flask:
    app = _application(home, url)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return app


def migrate_file(folder: Path) -> None:
    """Make ``template.sqlite3`` in the folder: a database with the whole schema and nothing in it."""
    file = SqliteFile(folder / "test.sqlite3")
    with _migrate(folder, f"sqlite:///{file.path}").app_context():
        file.keep(folder / "template.sqlite3", engine=db.engine)


def migrate_cluster(folder: Path) -> None:
    """Make in the folder what a cluster can begin with, whose database ``migrated`` has the whole schema."""
    with cluster(keep=folder) as url:
        maintenance = create_engine(url.format(name="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with maintenance.connect() as connection:
            connection.execute(text("CREATE DATABASE migrated"))
        _migrate(folder, url.format(name="migrated"))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the whole schema and nothing in it."""
    return made_once(tmp_path_factory, "migrated-sqlite", migrate_file) / "template.sqlite3"


@pytest.fixture(scope="session")
def sqlite_house(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> SqliteHouse:
    return SqliteHouse(tmp_path_factory.mktemp("sqlite"), template=migrated_file)


@pytest.fixture(scope="session")
def postgres_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresHouse]:
    kept = made_once(tmp_path_factory, "migrated-postgres", migrate_cluster)
    with cluster(kept=kept) as url:
        house = PostgresHouse(tmp_path_factory.mktemp("postgres"), url)
        yield house
        house.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--both-databases", action="store_true", help="run what is marked on_sqlite on PostgreSQL, too")


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    is_marked = metafunc.definition.get_closest_marker("on_sqlite") is not None
    if is_marked and "app" in metafunc.fixturenames and not metafunc.config.getoption("--both-databases"):
        metafunc.definition.add_marker(pytest.mark.parametrize("app", ["sqlite"], indirect=True))


@pytest.fixture(params=["sqlite", "postgres"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on an empty, migrated database: a test that asks for it runs on both, unless it is on_sqlite."""
    house: SqliteHouse | PostgresHouse = request.getfixturevalue(f"{request.param}_house")
    application = house.renew(furnished="office" in request.fixturenames)
    application.config["BLOB_ROOT"] = str(tmp_path / "files")
    with application.app_context():
        yield application
        db.session.remove()
        if db.engine.pool.checkedout():  # type: ignore[attr-defined]
            db.engine.dispose()


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[Bell]:
    """The jobs that were enqueued, in order; no broker is asked."""
    bells: list[Bell] = []

    def note(bell: Bell) -> bool:
        bells.append(bell)
        return True

    monkeypatch.setattr(jobs, "enqueue", note)
    return bells


@pytest.fixture
def session(app: Flask, rung: list[Bell]) -> Iterator[Session]:
    """One unit of work around the whole test, committed at its end."""
    with unit_of_work() as current:
        yield current


@pytest.fixture
def office(app: Flask, rung: list[Bell]) -> Office:
    """Our own company, one person a role, two clients with projects and tickets: there before all else."""
    return furnished_office(app)


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Hash passwords at the least cost: a slow hash protects people, not tests."""
    patch = pytest.MonkeyPatch()
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    patch.setattr(accounts, "_hasher", cheap)
    patch.setattr(accounts, "_hash_of_nobody", accounts.matching_nothing(cheap))
    yield
    patch.undo()


class FixedClock:
    """The clock of the web under test: it stands at ``NOW`` until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        """Move on by so many minutes, hours …, as ``timedelta`` names them, and return the new instant."""
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> FixedClock:
    """The clock that views, jobs and commands read, standing still at ``NOW``."""
    fixed = FixedClock()
    monkeypatch.setattr(clock, "now", fixed)
    return fixed


@pytest.fixture
def stranger(app: Flask, rung: list[Bell], fixed_clock: FixedClock) -> FlaskClient:
    """A browser that nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def sign_in_as(app: Flask, rung: list[Bell], fixed_clock: FixedClock) -> Callable[[Person], FlaskClient]:
    """Give one of the office's people a browser of their own: ``sign_in_as(office.technician).get("/desk")``.

    Every request is a unit of its own: use ``unit_of_work()`` beside it, not the ``session`` fixture.
    """

    def sign_in(person: Person) -> FlaskClient:
        with unit_of_work() as work:
            who = work.get_one(Person, person.id)
            token = accounts.begin_session(work, person=who, address="127.0.0.1", user_agent="tests", now=fixed_clock())
        browser = app.test_client()
        with browser.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
        return browser

    return sign_in


@pytest.fixture
def count_queries(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """Collect the statements that run inside a ``with count_queries() as statements`` block."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return counting
