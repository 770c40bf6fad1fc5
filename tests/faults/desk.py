"""A desk under attack by its test: the house's processes, orders to die, and everything that it holds afterwards."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from flask import Flask
from sqlalchemy import select

from helpdesk.infra import blobs, clock, failpoints
from helpdesk.infra.db import db, unit_of_work
from helpdesk.intake.models import IntakeSource
from tests.dovecot import Account
from tests.faults import toll
from tests.faults.load import Sent
from tests.faults.toll import Toll
from tests.smtp_sink import SmtpSink
from tests.waiting import eventually

HOUSE = Path(__file__).with_name("house.py")
OF_A_WORKER = ("reader", "horse")
READER = "helpdesk.intake.parser.child"


@dataclass
class Desk:
    """One running house; ``delivered`` is what was put into its mailbox, in order."""

    app: Flask
    home: Path
    orders: Path
    account: Account
    sink: SmtpSink
    delivered: list[Sent] = field(default_factory=list)

    def arm(self, point: str, what: str = "kill") -> None:
        """Lay down an order at a fail point; it is there whole or not at all."""
        draft = self.orders / f".{point}"
        draft.write_text(what)
        draft.rename(self.orders / point)

    def armed(self) -> set[str]:
        """Return the points whose orders nobody has obeyed yet."""
        return {path.name for path in self.orders.iterdir() if not path.name.startswith(".")}

    def struck(self, point: str, *, within_seconds: float = 60.0) -> None:
        """Wait until a process has died at the point, and no mail waits that was struck twice.

        A mail whose handling breaks off three times counts as what killed the worker, and is quarantined (docs/mail.md
        rule 9): kills that are not its fault must not strike it again and again.
        """
        eventually(lambda: point not in self.armed(), within_seconds=within_seconds)
        self.forgiven(within_seconds=within_seconds)

    def forgiven(self, *, within_seconds: float = 60.0) -> None:
        """Wait until no mail waits whose handling broke off more than once."""
        eventually(lambda: self._suspects() == 0, within_seconds=within_seconds)

    def _suspects(self) -> int:
        with unit_of_work() as session:
            return toll.suspects(session)

    def deliver(self, *mails: Sent) -> None:
        """Put mails into the mailbox, each as often as it says."""
        self.delivered += mails
        self.account.deliver(*(sent.raw for sent in mails for _ in range(sent.copies)))

    def kill(self, name: str) -> str | None:
        """Kill a process: ``worker``, ``watcher``, ``web``, ``scheduler``, or what a worker started.

        That is the ``reader``, which parses mail, or a ``horse``, the fork that does one heavy job. Return what was
        killed; None where there is none just now.
        """
        victim = self._child_of_a_worker(name) if name in OF_A_WORKER else self._named(name)
        if victim is None:
            return None
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            return name
        return None

    def unfinished(self) -> int:
        """Return how many mails wait for their outcome, and how many of ours wait to leave."""
        with unit_of_work() as session:
            return toll.unfinished(session, copies=toll.copies_of(self.delivered))

    def settle(self, *, within_seconds: float = 90.0) -> None:
        """Wait until every mail has its outcome, every answer is sent and every flag is set, without a hand."""
        eventually(lambda: self.unfinished() == 0, within_seconds=within_seconds)
        eventually(self._all_seen, within_seconds=within_seconds)

    def toll(self) -> Toll:
        """Count what it cost, after the sweep of files that nothing knows, as it would be an hour from now."""
        with unit_of_work() as session:
            store = blobs.store()
            later = clock.now() + 2 * blobs.ORPHAN_AGE
            store.sweep(lambda digests: blobs.known(session, digests), now=later)
            return toll.count(session, store=store, delivered=self.delivered, taken=self.sink.taken)

    def trouble(self) -> str:
        """Return what the mailbox's page says is wrong."""
        with unit_of_work() as session:
            return session.scalars(select(IntakeSource.last_error)).one()

    def _all_seen(self) -> bool:
        return all(rb"\Seen" in flags for flags in self.account.flags().values())

    def _named(self, name: str) -> int | None:
        with suppress(OSError, ValueError):
            children = json.loads((self.home / "up.json").read_text())["children"]
            return next((child["pid"] for child in children if child["name"] == name), None)
        return None

    def _child_of_a_worker(self, name: str) -> int | None:
        worker = self._named("worker")
        if worker is None:  # without a number psutil means ourselves
            return None
        with suppress(psutil.Error):
            for child in psutil.Process(worker).children():
                if name == ("reader" if READER in " ".join(child.cmdline()) else "horse"):
                    return child.pid
        return None


@contextmanager
def running_desk(
    app: Flask, home: Path, account: Account, sink: SmtpSink, *, log: Path | None = None
) -> Iterator[Desk]:
    """Start the house on the application's database and files; stop it at the end, in order."""
    orders = home / "orders"
    orders.mkdir()
    environ = os.environ | {
        "HELPDESK_HOME": str(home),
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "SECRET_KEY": app.config["SECRET_KEY"].hex(),
        failpoints.VARIABLE: str(orders),
    }
    with (log or home / "house.log").open("w") as said:
        process = subprocess.Popen([sys.executable, HOUSE], env=environ, stdout=subprocess.PIPE, stderr=said, text=True)
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "up\n", (log or home / "house.log").read_text()
            yield Desk(app, home, orders, account, sink)
        finally:
            process.terminate()
            process.wait(60)
            process.stdout.close()
            db.engine.dispose()
