"""Fifty people at one ticket at once, each in a browser, on several web processes (docs/desk.md rules 49 to 51)."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person, Team
from helpdesk.clients.models import Contact
from helpdesk.infra import clock
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import TECHNICIAN
from helpdesk.outbox.models import Mailbox
from helpdesk.projects.models import ItemPresence, ItemTag, WorkItem
from helpdesk.tickets.domain import entry_uuid
from helpdesk.tickets.models import Draft, Message, TicketDetails
from helpdesk.timekeeping.models import TimeEntry
from tests.builders import Office
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket
from tests.waiting import eventually

PEOPLE, PROCESSES, THREADS = 55, 2, 6
RAW = "0123456789abcdef"
STATUSES = ("open", "in_progress", "waiting")
MAIL: dict[str, Any] = {"name": "Support", "smtp_security": "none", "created_at": NOW}
ROOT = Path(__file__).parents[2]


@contextmanager
def served(app: Flask, home: Path) -> Iterator[Path]:
    """Serve the application's database by several processes on a socket; yield its path."""
    home.mkdir()
    socket, log = home / "web.sock", home / "log"
    environ = os.environ | {
        "HELPDESK_HOME": str(home),
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "SECRET_KEY": app.config["SECRET_KEY"].hex(),
        "REDIS_URL": "unix:///nowhere/redis.sock",
        "BASE_URL": "http://localhost",
    }
    command = [sys.executable, "-m", "gunicorn", "--preload", "--bind", f"unix:{socket}", "--workers", str(PROCESSES)]
    command += ["--threads", str(THREADS), "--access-logfile", str(log), "--access-logformat", "%(p)s", "wsgi:app"]
    with (home / "said").open("w") as said:
        process = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=said, stderr=said)
        try:
            eventually(lambda: process.poll() is not None or (home / "said").read_text().count("Booting") == PROCESSES)
            assert process.poll() is None, (home / "said").read_text()
            yield socket
        finally:
            process.send_signal(signal.SIGQUIT)  # all of them have their answers
            process.wait(60)
    assert len(set(log.read_text().split())) == PROCESSES  # each has answered somebody


@pytest.fixture
def crowd(office: Office) -> list[Person]:
    with unit_of_work() as session:
        how = {"password_hash": "", "role": TECHNICIAN, "created_at": clock.now()}
        people = [Person(name=f"Person {n}", email=f"p{n}@x.example", **how) for n in range(PEOPLE)]
        session.add_all(people)
        session.flush()
        return people


class Crowd:
    """Fifty browsers of fifty people, signed in, at one ticket as all of them saw it."""

    def __init__(self, app: Flask, office: Office, people: list[Person], number: int) -> None:
        self.app, self.people, self.number, self.now = app, people, number, clock.now()
        signing = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signing is not None
        self.signing = signing
        self.token = URLSafeTimedSerializer(app.secret_key or b"", salt="wtf-csrf-token").dumps(RAW)
        with unit_of_work() as session:
            self.teams = [Team(name=f"Team {n}") for n in range(PEOPLE)]
            session.add(Mailbox(address="support@halden-okoye.example", smtp_host="localhost", smtp_port=25, **MAIL))
            who = {"client_id": office.acme.id, "created_at": self.now}
            self.contacts = [Contact(name=f"Asker {n}", email=f"a{n}@acme.example", **who) for n in range(PEOPLE)]
            session.add_all([*self.teams, *self.contacts])
            session.flush()
            self.asked = str(office.acme_contact.id)
            self.team_ids, self.contact_ids = ([one.id for one in rows] for rows in (self.teams, self.contacts))
            self.cookies = [self._cookie(session, one) for one in people]

    def _cookie(self, session: Any, person: Person) -> str:
        known = session.get_one(Person, person.id)
        token = accounts.begin_session(session, person=known, address="", user_agent="crowd", now=self.now)
        return self.signing.dumps({"_user_id": token, "_fresh": True, "csrf_token": RAW})

    def until(self, index: int) -> datetime:
        return self.now + timedelta(days=1 + index)

    def form(self, index: int) -> tuple[str, dict[str, str]]:
        """Return what one of them sends: where, and what stands in the form."""
        item = f"/items/{self.number}"
        forms: dict[str, tuple[str, dict[str, str]]] = {
            "status": (f"{item}/status", {"status": STATUSES[index % len(STATUSES)], "was": "new"}),
            "assign": (f"{item}/assign", {"assignee_id": str(self.people[index].id), "was": ""}),
            "team": (f"{item}/team", {"team_id": str(self.team_ids[index]), "was": ""}),
            "tag": (f"{item}/tags", {"tag": f"tag {index}"}),
            "requester": (
                f"{item}/requester",
                {"act": f"pick:{self.contact_ids[index]}", "former_in_copy": "y", "was": self.asked},
            ),
            "snooze": (f"{item}/snooze", {"until": self.until(index).isoformat(), "was": ""}),
            "priority": ("/desk/bulk", {"pick": f"{self.number}-1", "act": "priority:high"}),
            "note": (f"{item}/note", {"body": f"Note {index}", "worked": "10m", "billable": "billable"}),
            "reply": (
                f"{item}/reply",
                {"body": f"Reply {index}", "worked": "10m", "billable": "billable", "last_seen_id": "0"},
            ),
            "draft": (f"{item}/drafts/reply", {"body": f"Draft {index}", "last_seen_id": ""}),
            "look": (f"{item}/presence", {"tab": f"tab-{index:04}", "doing": "reply"}),
        }
        return forms[ACTS[index % len(ACTS)]]

    def send(self, socket: Path) -> dict[int, str]:
        """Let all of them send at once; return what each was told, "" where it was done."""
        ready, told = threading.Barrier(PEOPLE), dict[int, str]()

        def work(index: int) -> None:
            transport = httpx.HTTPTransport(uds=str(socket))
            cookies = {self.app.config["SESSION_COOKIE_NAME"]: self.cookies[index]}
            with httpx.Client(
                transport=transport, base_url="http://localhost", timeout=120, cookies=cookies
            ) as browser:
                where, form = self.form(index)
                ready.wait()
                told[index] = self._told(browser.post(where, data={"csrf_token": self.token, **form}))

        threads = [threading.Thread(target=work, args=(index,)) for index in range(PEOPLE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return told

    def _told(self, answer: httpx.Response) -> str:
        """Return in words that something was refused, of the page or of what the next one would say."""
        assert answer.status_code in (200, 204, 303, 409, 422), (answer.status_code, answer.text[:500])
        if answer.status_code in (409, 422):
            return f"{answer.status_code}: refused"
        cookie = answer.cookies.get(self.app.config["SESSION_COOKIE_NAME"])
        flashes = self.signing.loads(cookie).get("_flashes", []) if cookie else []
        return " ".join(words for kind, words in flashes if kind in ("danger", "warn"))


ACTS = ("status", "assign", "team", "tag", "requester", "snooze", "priority", "note", "reply", "draft", "look")


def test_what_fifty_send_to_one_ticket_at_once_is_there_or_its_author_was_told(
    app: Flask, office: Office, crowd: list[Person], tmp_path: Path
) -> None:
    number = open_ticket(office)
    people = Crowd(app, office, crowd, number)
    with served(app, tmp_path / "web") as socket:
        db.session.remove()
        told = people.send(socket)

    def done(act: str) -> list[int]:
        return [index for index in range(PEOPLE) if ACTS[index % len(ACTS)] == act and not told[index]]

    assert len(told) == PEOPLE
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        details = session.get_one(TicketDetails, item.id)
        messages = list(session.scalars(select(Message).where(Message.work_item_id == item.id)))
        events = {(one.person_id, one.text) for one in messages if one.kind == "event"}
        entries = {one.uuid: one for one in session.scalars(select(TimeEntry))}
        drafts = {one.person_id: one.body for one in session.scalars(select(Draft))}
        there = set(session.scalars(select(ItemPresence.person_id)))
        tags = set(session.scalars(select(ItemTag.tag).where(ItemTag.work_item_id == item.id)))
        names: dict[int | None, str] = {one.id: one.name for one in crowd}
        ids = [*names]

        assert tags == {f"tag {index}" for index in done("tag")}
        assert {(ids[index], f"added the tag tag {index}") for index in done("tag")} <= events
        assert [len(done(act)) for act in ("tag", "note", "draft", "look")] == [PEOPLE // len(ACTS)] * 4
        assert there == {ids[index] for index in done("look")}
        kept = {ids[index]: f"Reply {index}" for index in told if told[index] and ACTS[index % len(ACTS)] == "reply"}
        assert drafts == kept | {ids[index]: f"Draft {index}" for index in done("draft")}
        written = {one.text: one for one in messages if one.kind in ("note", "reply")}
        assert set(written) == {f"{act.capitalize()} {index}" for act in ("note", "reply") for index in done(act)}
        for one in written.values():
            logged = entries[entry_uuid(one.id)]
            assert (logged.person_id, logged.ended_at) == (one.person_id, logged.started_at + timedelta(minutes=10))
        assert len(entries) == len(written)
        [team], [asker], [sleeper] = done("team"), done("requester"), done("snooze")
        assert item.team_id == people.team_ids[team]
        assert (ids[team], f"assigned this to the team Team {team}") in events
        assert details.requester_id == people.contact_ids[asker]
        made = [(who, text) for who, text in events if text.startswith("made Asker")]
        assert [(who, text.partition(" instead")[0]) for who, text in made] == [
            (ids[asker], f"made Asker {asker} the requester")
        ]
        assert item.snoozed_until == people.until(sleeper)
        assert [who for who, text in events if text.startswith("snoozed this until")] == [ids[sleeper]]
        statuses = {STATUSES[index % len(STATUSES)] for index in done("status")} or {"open"}
        assert {item.status} == statuses  # who wants what somebody else set already has it too
        takers = {ids[index] for act in ("assign", "reply", "draft") for index in done(act)}
        assert item.assignee_id in takers
        assert (
            len(done("assign")) == len([1 for who, text in events if text == f"assigned this to {names.get(who)}"]) <= 1
        )
        assert (item.priority == "high") == bool(done("priority"))
