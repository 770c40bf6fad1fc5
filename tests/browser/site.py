"""The application as a browser meets it: a real server on a furnished SQLite database, everybody signed in."""

import importlib
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, select
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wsgi import ClosingIterator

from helpdesk.accounts import service as accounts
from helpdesk.app import create_app
from helpdesk.infra import clock, crypto, jobs
from helpdesk.infra.db import db, unit_of_work
from helpdesk.invoicing.proof.models import ProofLink
from tests.access.rows import ACTORS, Ids, ids_of
from tests.browser import story
from tests.builders import PASSWORD, Office
from tests.conftest import NOW, Browser, FixedClock, settings_for
from tests.sqlite import SqliteFile

TABLES = Path(__file__).parents[1] / "access" / "tables"


@dataclass
class Site:
    """The application, where it is served, what its database was like at first, and the cookies of all roles."""

    app: Flask
    database: SqliteFile
    empty: Path
    furnished: Path
    ids: Ids
    cookies: dict[str, str]
    clock: FixedClock
    origin: str = ""
    asked: int = 0
    turn: threading.Condition = field(default_factory=threading.Condition)

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, and let nobody lay the database anew meanwhile: open pages ask by themselves."""
        with self.turn:
            self.asked += 1
        try:
            with closing(ClosingIterator(self.app(environ, start_response))) as chunks:  # the server forgets to
                return [b"".join(chunks)]
        finally:
            with self.turn:
                self.asked -= 1
                self.turn.notify_all()

    def renew(self, *, empty: bool = False) -> None:
        """Lay the database anew: furnished as at first, or migrated and nothing more."""
        with self.turn:
            self.turn.wait_for(lambda: self.asked == 0)
            self._lay(empty=empty)

    def _lay(self, *, empty: bool) -> None:
        with self.app.app_context():
            self.database.lay(self.empty if empty else self.furnished, engine=db.engine)
        self.clock.now = NOW

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve on a free port of this machine, one thread a request, at the fixed time; yield the origin."""
        server = make_server("127.0.0.1", 0, self.answer, threaded=True, request_handler=_Silent)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        self.origin = f"http://127.0.0.1:{server.server_port}"
        self.app.config["BASE_URL"] = self.origin
        with pytest.MonkeyPatch.context() as patch:
            _stand_still(patch, self.clock)
            thread.start()
            try:
                yield self.origin
            finally:
                server.shutdown()
                thread.join()
                server.server_close()


class _Silent(WSGIRequestHandler):
    """What is asked for is known from the browser; nobody reads a log of it."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write no line."""


def build(home: Path) -> None:
    """Furnish a site with the office, what the access tables add to it, and the story of ``story.tell``.

    :func:`open_site` opens it, there or in another folder that it was copied to.
    """
    app, database = _application(home)
    fixed = FixedClock()
    with pytest.MonkeyPatch.context() as patch, app.app_context():
        _stand_still(patch, fixed)
        patch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        patch.setitem(app.config, "WTF_CSRF_ENABLED", False)
        upgrade()
        database.keep(home / "empty.sqlite3", engine=db.engine)
        ids = _furnish(fixed)
        fixed.now = NOW
        cookies = {actor: _sign_in(app, f"{actor}@halden-okoye.example") for actor in ACTORS[1:]}
        db.session.remove()
        database.keep(home / "furnished.sqlite3", engine=db.engine)
    (home / "site.json").write_text(json.dumps({"ids": ids, "cookies": cookies}))


def open_site(home: Path) -> Site:
    """Return the site that :func:`build` furnished in that folder."""
    app, database = _application(home)
    told = json.loads((home / "site.json").read_text())
    empty, furnished = home / "empty.sqlite3", home / "furnished.sqlite3"
    site = Site(app, database, empty, furnished, told["ids"], told["cookies"], FixedClock())
    site.renew()
    return site


def _application(home: Path) -> tuple[Flask, SqliteFile]:
    database = SqliteFile(home / "browser.sqlite3")
    app = create_app(replace(settings_for(home, f"sqlite:///{database.path}"), base_url="http://127.0.0.1"))
    app.test_client_class = Browser
    with app.app_context():
        event.listen(db.engine, "connect", _hurry)
    return app, database


def _hurry(connection: Any, _record: Any) -> None:
    """Spare the disk: nobody pulls the plug on these pages."""
    connection.execute("PRAGMA synchronous=OFF")


def _stand_still(patch: pytest.MonkeyPatch, fixed: FixedClock) -> None:
    patch.setattr(clock, "now", fixed)
    patch.setattr(jobs, "enqueue", lambda _bell: True)


def _furnish(fixed: FixedClock) -> Ids:
    with unit_of_work() as session:
        office = Office.furnish(session, now=NOW)
    ids = ids_of(office)
    for file in sorted(TABLES.glob("*.py")):
        table = importlib.import_module(f"tests.access.tables.{file.stem}")
        if hasattr(table, "furnish"):
            with unit_of_work() as session:
                ids.update(table.furnish(session, office, NOW))
    told = story.tell(office, fixed)
    return ids | told | {"proof_token": _proof_token(told["issued_invoice"])}


def _proof_token(invoice_id: int) -> str:
    """Return the token of the link that was made when the invoice was issued."""
    with unit_of_work() as session:
        salt = session.scalars(select(ProofLink.salt).where(ProofLink.invoice_id == invoice_id)).one()
    return crypto.proof_token(salt)


def _sign_in(app: Flask, email: str) -> str:
    browser = app.test_client()
    answer = browser.post("/sign-in", data={"email": email, "password": PASSWORD, "next": "/"})
    assert answer.status_code == 303, answer.text
    cookie = browser.get_cookie("helpdesk")
    assert cookie is not None
    return cookie.value
