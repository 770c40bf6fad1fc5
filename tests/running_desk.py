"""A desk that runs with all its processes, furnished with the office, for tests that talk to it as browsers do."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from flask import Flask
from sqlalchemy import func, select

from helpdesk.app import create_app
from helpdesk.infra import clock, live
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.infra.settings import load
from helpdesk.projects.models import Project
from helpdesk.tickets import service as tickets
from helpdesk.timekeeping.models import TimerEventRow
from tests.builders import PASSWORD, Office

HELPDESK = Path(sys.executable).with_name("helpdesk")


@dataclass
class House:
    """A desk that runs: its address, the application beside it, and the office that stands in its database."""

    home: Path
    origin: str
    app: Flask
    office: Office
    browsers: ExitStack

    def pid_of(self, name: str) -> int:
        children = json.loads((self.home / "up.json").read_text())["children"]
        return next(child["pid"] or 0 for child in children if child["name"] == name)

    def publish(self, audience: live.Audience, topic: str) -> None:
        with self.app.app_context(), unit_of_work() as session:
            live.publish(session, audience=audience, topic=topic, now=clock.now())

    def newest(self) -> int:
        with self.app.app_context(), unit_of_work() as session:
            return live.newest_id(session)

    def limit_acme(self, seconds: int | None) -> None:
        """Let Acme's project have so many billable seconds at most, and say so beyond them."""
        with self.app.app_context(), unit_of_work() as session:
            session.get_one(Project, self.office.acme_project.id).max_billable_seconds = seconds

    def ticket(self) -> int:
        """Open a ticket of Acme's that nobody has; return its number."""
        office = self.office
        with self.app.app_context(), unit_of_work() as session:
            return tickets.open_ticket(
                session,
                actor=SYSTEM,
                now=clock.now(),
                project_id=office.acme_project.id,
                requester_id=office.acme_contact.id,
                title="The door does not close",
                text="Since Monday.",
            ).number

    def pocket_events(self) -> dict[str, int]:
        """Return how many events of each kind came from pocket timers."""
        query = select(TimerEventRow.kind, func.count()).where(TimerEventRow.device == "pocket")
        with self.app.app_context(), unit_of_work() as session:
            return {row.kind: row[1] for row in session.execute(query.group_by(TimerEventRow.kind))}

    def browser(self, who: str) -> httpx.Client:
        """Sign somebody in as a browser would."""
        client = self.browsers.enter_context(
            httpx.Client(base_url=self.origin, trust_env=False, timeout=60, verify=False)  # noqa: S501 - our own
        )
        client.headers["Referer"] = self.origin
        page = client.get("/sign-in").text
        form = {"csrf_token": token_in(page), "email": f"{who}@halden-okoye.example", "password": PASSWORD, "next": "/"}
        assert client.post("/sign-in", data=form).status_code == 303
        return client


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]


@contextmanager
def running(home: Path, *arguments: str, migrated: Path) -> Iterator[House]:
    """Run ``helpdesk up`` on a copy of the SQLite database ``migrated`` with the office in it."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "PYTHONPATH"}}
    app = create_app(load({"HELPDESK_HOME": str(home), "REDIS_URL": "unix:///nowhere/redis.sock"}))
    with app.app_context():
        shutil.copy(migrated, str(db.engine.url.database))
        with unit_of_work() as session:
            office = Office.furnish(session, now=clock.now())
        db.engine.dispose()
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [HELPDESK, "up", "--port", "0", *arguments],
            env={**kept, "HELPDESK_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = next((line for line in process.stdout if line.startswith("Helpdesk is up")), "")
        assert line, (home / "log").read_text()
        with ExitStack() as browsers:
            yield House(home, line.split()[4], app, office, browsers)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        with app.app_context():
            db.engine.dispose()
    assert process.returncode == 0
    assert "killed" not in (home / "log").read_text()
