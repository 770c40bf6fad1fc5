"""Watchers of mailboxes: one thread and one connection a source, which come back by themselves (rule 40)."""

import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError

from helpdesk.infra import clock
from helpdesk.infra.db import unit_of_work
from helpdesk.intake import queries
from helpdesk.intake.gateway import Access
from helpdesk.intake.process import watch
from helpdesk.intake.process.watch import Watch
from helpdesk.intake.service import health, sources
from helpdesk.kernel.errors import ExternalFailure

log = structlog.get_logger()

LOOK_FOR_CHANGES_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
JOIN_SECONDS = 10.0


@dataclass
class Watcher:
    """One thread on one mailbox."""

    app: Flask
    source_id: int
    access: Access
    holder: str
    watched: Watch = field(default_factory=Watch)
    thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch."""
        self.thread = threading.Thread(target=self._run, name=f"mailbox-{self.source_id}", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Ask the thread to end, waking it where it waits."""
        self.watched.stop()

    def join(self) -> None:
        """Wait for the thread's end."""
        if self.thread is not None:
            self.thread.join(JOIN_SECONDS)

    @property
    def is_alive(self) -> bool:
        """Return whether the thread runs."""
        return self.thread is not None and self.thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while not self.watched.stopping.is_set():
            try:
                with self.app.app_context():
                    watch.watch(self.source_id, self.access, self.watched, holder=self.holder)
                failures = 0
            except (ExternalFailure, DBAPIError) as error:
                failures = 1 if self.watched.took_reset() else failures + 1
                log.warning("watcher.trouble", source=self.source_id, failures=failures, error=str(error))
                self._tell(str(error))
                self.watched.stopping.wait(pause_seconds(failures, chance=random.random()))  # noqa: S311 - jitter

    def _tell(self, error: str) -> None:
        """Show the trouble on the mailbox's page, where the database is there to keep it."""
        try:
            with self.app.app_context(), unit_of_work() as session:
                health.record_trouble(session, source_id=self.source_id, error=error, now=clock.now())
        except DBAPIError:
            log.warning("watcher.database_away", source=self.source_id)


def pause_seconds(failures: int, *, chance: float) -> float:
    """Return how long to wait after so many failures in a row: 1, 2, 4 … s, at most 5 minutes, half of it by chance."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** max(0, min(failures, 16) - 1))
    return longest * (0.5 + chance / 2)


def run(app: Flask, stopping: threading.Event, *, holder: str) -> None:
    """Keep one watcher on each active source until told to stop; changes of the table are seen within 15 s."""
    watchers: dict[int, Watcher] = {}
    while not stopping.is_set():
        try:
            with app.app_context():
                _follow(app, watchers, wanted(), holder)
        except DBAPIError as error:
            log.warning("watcher.database_away", error=str(error.orig))
        stopping.wait(LOOK_FOR_CHANGES_SECONDS)
    _stop(watchers.values())


def wanted() -> dict[int, Access]:
    """Return how each active source is reached; one whose password cannot be read shows why and is left out."""
    found: dict[int, Access] = {}
    with unit_of_work() as session:
        for source in queries.active_sources(session):
            try:
                found[source.id] = sources.access_of(source)
            except ExternalFailure as error:
                health.record_trouble(session, source_id=source.id, error=str(error), now=clock.now())
    return found


def _follow(app: Flask, watchers: dict[int, Watcher], accesses: dict[int, Access], holder: str) -> None:
    """Start, stop and replace watchers until they are what the table says."""
    stale = [
        watcher
        for source_id, watcher in watchers.items()
        if accesses.get(source_id) != watcher.access or not watcher.is_alive
    ]
    _stop(stale)
    for watcher in stale:
        del watchers[watcher.source_id]
    for source_id, access in accesses.items():
        if source_id not in watchers:
            watchers[source_id] = Watcher(app, source_id, access, f"{holder}:{source_id}")
            watchers[source_id].start()


def _stop(watchers: Iterable[Watcher]) -> None:
    stopped = list(watchers)
    for watcher in stopped:
        watcher.stop()
    for watcher in stopped:
        watcher.join()
