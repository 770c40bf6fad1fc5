"""Watching one mailbox: under its lease, fetch, then wait for news; the poll every minute is the net (rules 12, 40)."""

import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace

from helpdesk.infra import blobs, clock, leases
from helpdesk.infra.db import unit_of_work
from helpdesk.intake import gateway
from helpdesk.intake.gateway import Access, Folder
from helpdesk.intake.process.fetch import fetch
from helpdesk.intake.process.reconcile import reconcile
from helpdesk.intake.service import health
from helpdesk.kernel.errors import ExternalFailure
from helpdesk.outbox import tokens

POLL_SECONDS = 60.0
"""Each poll also renews IDLE, far within the 29 minutes of RFC 2177."""
LEASE_SECONDS = 45
RENEW_SECONDS = 15.0


@dataclass
class Watch:
    """What a watcher and whoever stops it share."""

    stopping: threading.Event = field(default_factory=threading.Event)
    folder: Folder | None = None
    polled: bool = False
    idle: bool = False

    def stop(self) -> None:
        """Ask the watcher to end, and wake it where it waits for news."""
        self.stopping.set()
        if self.folder is not None:
            self.folder.interrupt()

    def took_reset(self) -> bool:
        """Return whether a poll succeeded since the last time somebody asked."""
        polled, self.polled = self.polled, False
        return polled


def watch(
    source_id: int, access: Access, watched: Watch, *, holder: str, connect: gateway.Connect = gateway.connect
) -> None:
    """Fetch and wait, again and again, until told to stop; wait where another process has the mailbox's lease.

    Raises:
        ExternalFailure: the server failed or is gone; nothing is lost, the cursor stands behind what was stored.
    """
    lease = f"mailbox:{source_id}"
    while not _take(lease, holder):
        if watched.stopping.wait(RENEW_SECONDS):
            return
    try:
        with connect(with_token(access)) as folder:
            watched.folder = folder
            while not watched.stopping.is_set() and _take(lease, holder):
                fetch(source_id, folder, unit_of_work, store=blobs.store(), clock=clock.now)
                reconcile(source_id, folder, unit_of_work, store=blobs.store(), clock=clock.now)
                watched.polled = True
                with suppress(ExternalFailure):  # noted; this connection goes on while the server lets it
                    with_token(access)
                _wait(source_id, folder, watched, lease=lease, holder=holder)
    except ExternalFailure:
        if not watched.stopping.is_set():
            raise
    finally:
        watched.folder, watched.idle = None, False
        with unit_of_work() as session:
            health.record_idle(session, source_id=source_id, since=None)
            leases.release(session, name=lease, holder=holder)


def with_token(access: Access) -> Access:
    """Return the access with a token that is good, where it signs in by OAuth.

    Raises:
        ExternalFailure: no token is given; the grant's row says why.
    """
    if access.grant_id is None:
        return access
    return replace(access, token=tokens.current(access.grant_id, unit_of_work, clock=clock.now))


def _wait(source_id: int, folder: Folder, watched: Watch, *, lease: str, holder: str) -> None:
    """Wait for news, a minute at most, keeping the lease; a server without IDLE is simply asked again later."""
    if folder.heard_of_news():
        return
    if not folder.can_idle:
        for _ in range(int(POLL_SECONDS / RENEW_SECONDS)):
            if watched.stopping.wait(RENEW_SECONDS) or not _take(lease, holder):
                return
        return
    with folder.idle() as news:
        if not watched.idle:
            _note_idle(source_id)
            watched.idle = True
        for _ in range(int(POLL_SECONDS / RENEW_SECONDS)):
            if watched.stopping.is_set() or news(RENEW_SECONDS) or not _take(lease, holder):
                return


def _note_idle(source_id: int) -> None:
    with unit_of_work() as session:
        health.record_idle(session, source_id=source_id, since=clock.now())


def _take(lease: str, holder: str) -> bool:
    with unit_of_work() as session:
        return leases.take(session, name=lease, holder=holder, now=clock.now(), seconds=LEASE_SECONDS)
