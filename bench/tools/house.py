"""A desk to measure: a temporary home, fifty clients, and the processes that `helpdesk up` would run."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine, text
from tools.load import SUPPORT, domains

from helpdesk.app import create_app
from helpdesk.clients import service as clients
from helpdesk.clients.service import ClientProfile
from helpdesk.infra import clock
from helpdesk.infra.broker import running_broker
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.infra.settings import load as load_settings
from helpdesk.intake.service import sources
from helpdesk.intake.service.sources import MailboxSettings
from helpdesk.projects import first_run
from helpdesk.projects import service as projects
from tests.dovecot import PASSWORD, Account
from tests.postgres import cluster
from tests.smtp_sink import running_smtp_sink

OUTCOMES = """SELECT outcome, state, count(*) FROM inbound_messages GROUP BY outcome, state ORDER BY count(*) DESC"""
IDLE_SECONDS = 0.03  # of processor time, in half a second
FINISHED = "SELECT count(*) FROM inbound_messages WHERE state NOT IN ('received', 'processing')"


@dataclass
class House:
    """A desk whose processes can be started, watched and stopped."""

    home: Path
    app: Flask
    environ: dict[str, str]
    engine: Engine
    smtp_port: int
    processes: dict[str, psutil.Process] = field(default_factory=dict)
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, *names: str) -> None:
        """Start ``python -m workers NAME`` for each name; what they say goes into ``log`` in the home."""
        with (self.home / "log").open("ab") as log:
            for name in names:
                process = subprocess.Popen([sys.executable, "-m", "workers", name], env=self.environ, stderr=log)
                self.running.append(process)
                self.processes[name] = psutil.Process(process.pid)

    def settle(self) -> None:
        """Wait until the processes have loaded what they are made of, and do nothing."""
        before, now = -1.0, sum(self.cpu_seconds().values())
        while now - before > IDLE_SECONDS:
            time.sleep(0.5)
            before, now = now, sum(self.cpu_seconds().values())

    def stop(self) -> None:
        """Stop them all as a supervisor does."""
        for process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            process.wait(60)

    def connect(self, account: Account, *, start_from: str = "all", address: str = SUPPORT) -> None:
        """Connect the mailbox; the watcher sees it within ten seconds."""
        settings = MailboxSettings(
            name="Support",
            address=address,
            user=account.user,
            password=PASSWORD,
            imap_host="127.0.0.1",
            imap_port=account.port,
            imap_security="none",
            smtp_host="127.0.0.1",
            smtp_port=self.smtp_port,
            smtp_security="none",
            start_from=start_from,
        )
        with self.app.app_context(), unit_of_work() as session:
            sources.connect_mailbox(session, actor=SYSTEM, now=clock.now(), settings=settings)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Return the rows of a query beside the application."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def number(self, query: str) -> int:
        """Return the one number that a query gives."""
        return int(str(self.ask(query)[0][0]))

    def resident_mb(self, name: str) -> float:
        """Return the resident memory of a process and what it started, in MB."""
        process = self.processes[name]
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / 1e6

    def cpu_seconds(self) -> dict[str, float]:
        """Return the processor time that each process and its children, living and dead, have taken."""
        return {name: _cpu(process) for name, process in self.processes.items()}


@contextmanager
def desk(*, postgresql: bool, of_clients: Iterable[str] | None = None) -> Iterator[House]:
    """Yield a desk with a client for each of these mail domains, those of our own load if not given; nothing runs."""
    with ExitStack() as ends:
        home = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="hdbench-")))
        environ = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HELPDESK_HOME": str(home),
            "REDIS_URL": ends.enter_context(running_broker(home=home)),
        }
        if postgresql:
            url = ends.enter_context(cluster(durable=True))
            maintenance = create_engine(url.format(name="postgres"), isolation_level="AUTOCOMMIT")
            with maintenance.connect() as connection:
                connection.execute(text("CREATE DATABASE bench"))
            maintenance.dispose()
            environ["DATABASE_URL"] = url.format(name="bench")
        settings = load_settings(environ)
        app = create_app(settings)
        with app.app_context():
            upgrade()
            _furnish(domains() if of_clients is None else of_clients)
        sink = ends.enter_context(running_smtp_sink())
        house = House(home, app, environ, create_engine(settings.database_url), sink.port)
        ends.callback(house.engine.dispose)
        ends.callback(house.stop)
        yield house


def _furnish(of_clients: Iterable[str]) -> None:
    now = clock.now()
    with unit_of_work() as session:
        first_run.set_up(
            session,
            now=now,
            token=first_run.make_first_run_token(session, now=now),
            company_name="Desk & Sons",
            currency="EUR",
            time_zone="UTC",
            name="Ada Admin",
            email="ada@desk.example",
            password="a long enough password 7",  # noqa: S106 - of a desk that lives for a minute
        )
        for domain in of_clients:
            client = clients.add_client(session, actor=SYSTEM, now=now, profile=ClientProfile(name=domain))
            clients.add_domain(session, actor=SYSTEM, now=now, client_id=client.id, domain=domain)
            projects.add_project(session, actor=SYSTEM, now=now, client_id=client.id, name="Support")


def _cpu(process: psutil.Process) -> float:
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        times = one.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def table(rows: Iterable[tuple[str, str]]) -> None:
    """Print pairs as two columns."""
    for name, value in rows:
        print(f"  {name:<34} {value}")
