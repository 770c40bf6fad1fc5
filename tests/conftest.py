"""Two databases for every test that uses one, an application on top, and people who act in it."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.orm import Session

from helpdesk.app import create_app
from helpdesk.infra import jobs
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.jobs import Bell
from helpdesk.infra.settings import Settings
from tests.builders import Office
from tests.postgres import cluster

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def settings_for(home: Path, database_url: str) -> Settings:
    return Settings(
        home=home,
        database_url=database_url,
        redis_url="unix:///nowhere/redis.sock",
        base_url="http://localhost",
        trusted_proxies=0,
        secret_key=bytes(range(32)),
    )


def _application(home: Path, database_url: str) -> Flask:
    app = create_app(settings_for(home, database_url))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return app


class SqliteHouse:
    """An application on SQLite whose file is laid anew from a migrated one before each test."""

    def __init__(self, home: Path) -> None:
        self.file, self.template = home / "test.sqlite3", home / "template.sqlite3"
        self.app = _application(home, f"sqlite:///{self.file}")
        with self.app.app_context():
            upgrade()
            with db.engine.connect() as connection:
                connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
        shutil.copy(self.file, self.template)

    def renew(self) -> Flask:
        with self.app.app_context():
            db.engine.dispose()
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copy(self.template, self.file)
        return self.app


class PostgresHouse:
    """An application on PostgreSQL whose database is made anew from a migrated template before each test."""

    def __init__(self, home: Path, url: str) -> None:
        self.maintenance = create_engine(url.format(name="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._sql("CREATE DATABASE tests")
        self.app = _application(home, url.format(name="tests"))
        with self.app.app_context():
            upgrade()
            db.engine.dispose()
        self._sql("ALTER DATABASE tests RENAME TO migrated")

    def renew(self) -> Flask:
        with self.app.app_context():
            db.engine.dispose()
        self._sql("DROP DATABASE IF EXISTS tests WITH (FORCE)")
        self._sql("CREATE DATABASE tests TEMPLATE migrated STRATEGY file_copy")
        return self.app

    def _sql(self, statement: str) -> None:
        with self.maintenance.connect() as connection:
            connection.execute(text(statement))


@pytest.fixture(scope="session")
def sqlite_house(tmp_path_factory: pytest.TempPathFactory) -> SqliteHouse:
    return SqliteHouse(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresHouse]:
    with cluster() as url:
        house = PostgresHouse(tmp_path_factory.mktemp("postgres"), url)
        yield house
        with house.app.app_context():
            db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on an empty, migrated database: every test that asks for it runs on both."""
    application: Flask = request.getfixturevalue(f"{request.param}_house").renew()
    application.config["BLOB_ROOT"] = str(tmp_path / "files")
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[Bell]:
    """The jobs that were enqueued, in order; no broker is asked."""
    bells: list[Bell] = []
    monkeypatch.setattr(jobs, "enqueue", lambda bell: bells.append(bell) or True)
    return bells


@pytest.fixture
def session(app: Flask, rung: list[Bell]) -> Iterator[Session]:
    """One unit of work around the whole test, committed at its end."""
    with unit_of_work() as current:
        yield current


@pytest.fixture
def office(app: Flask, rung: list[Bell]) -> Office:
    """Our own company, one person a role, two clients with projects and tickets: committed."""
    with unit_of_work() as current:
        return Office.furnish(current, now=NOW)
