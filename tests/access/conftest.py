"""A house in which everything is furnished once; each request that writes gets a fresh copy of it."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk.infra import clock, jobs
from helpdesk.infra.db import db, unit_of_work
from tests.access.rows import ACTORS, Ids, Row, ids_of
from tests.builders import PASSWORD, Office
from tests.conftest import NOW, SqliteHouse

TABLES = Path(__file__).with_name("tables")


def tables() -> list[ModuleType]:
    """Return the table modules, in the order of their names."""
    return [importlib.import_module(f"tests.access.tables.{file.stem}") for file in sorted(TABLES.glob("*.py"))]


def all_rows() -> list[Row]:
    """Return every row of every table."""
    return [row for table in tables() for row in table.ROWS]


@dataclass
class FurnishedHouse:
    """The application on a furnished SQLite database, with the cookie of everybody who is signed in.

    Who may do what is decided above the database, so that one database is enough here; the conditions that it rests
    on run on both in tests/slices.
    """

    house: SqliteHouse
    furnished: Path
    folder: Path
    ids: Ids
    cookies: dict[str, str]
    missing: dict[str, TestResponse] = field(default_factory=dict)

    @property
    def app(self) -> Flask:
        return self.house.app

    def renew(self) -> None:
        """Lay the database anew, as it was furnished."""
        self.house.lay(self.furnished)

    def browser(self, actor: str) -> FlaskClient:
        browser = self.app.test_client()
        if actor != "anonymous":
            browser.set_cookie("helpdesk", self.cookies[actor])
        return browser

    def missing_page(self, actor: str) -> TestResponse:
        """Return what the actor gets where there is nothing; asked once."""
        if actor not in self.missing:
            self.missing[actor] = self.browser(actor).get("/nothing/was/ever/here")
        return self.missing[actor]


@pytest.fixture(scope="session")
def furnished_house(sqlite_house: SqliteHouse, tmp_path_factory: pytest.TempPathFactory) -> FurnishedHouse:
    folder = tmp_path_factory.mktemp("access")
    app = sqlite_house.renew()
    with pytest.MonkeyPatch.context() as patch:
        _still(patch, app, folder)
        with app.app_context():
            ids = _furnish()
            cookies = {actor: _sign_in(app, f"{actor}@halden-okoye.example") for actor in ACTORS[1:]}
            db.session.remove()
    return FurnishedHouse(sqlite_house, sqlite_house.keep("access"), folder, ids, cookies)


@pytest.fixture
def access(furnished_house: FurnishedHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[FurnishedHouse]:
    """The furnished house, fresh; for as long as the test has it, an application context is there to ask."""
    _still(monkeypatch, furnished_house.app, furnished_house.folder)
    furnished_house.renew()
    with furnished_house.app.app_context():
        yield furnished_house
        db.session.remove()


def _still(patch: pytest.MonkeyPatch, app: Flask, folder: Path) -> None:
    """Stop the clock, take the bell off the door, and keep files in ``folder``."""
    patch.setattr(clock, "now", lambda: NOW)
    patch.setattr(jobs, "enqueue", lambda _bell: True)
    patch.setitem(app.config, "BLOB_ROOT", str(folder / "files"))


def _furnish() -> Ids:
    with unit_of_work() as session:
        office = Office.furnish(session, now=NOW)
    ids = ids_of(office)
    for table in tables():
        if hasattr(table, "furnish"):
            with unit_of_work() as session:
                ids.update(table.furnish(session, office, NOW))
    return ids


def _sign_in(app: Flask, email: str) -> str:
    browser = app.test_client()
    answer = browser.post("/sign-in", data={"email": email, "password": PASSWORD, "next": "/"})
    assert answer.status_code == 303, answer.text
    cookie = browser.get_cookie("helpdesk")
    assert cookie is not None
    return cookie.value
