"""The outside world of the demo, on the loopback: a support mailbox by IMAP and everybody else's by SMTP.

Both servers are processes of the supervisor, on free ports with one random password; a killed one comes back on the
same port with the same mail. ``python -m helpdesk.demo.world FOLDER`` runs them alone, for tests and for trying.
"""

import json
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Self

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from helpdesk.demo.imap_server import Mailbox, serve_imap
from helpdesk.demo.smtp_sink import ReceivedMail, Sink, received_in, serve_smtp
from helpdesk.infra.child import Process, Stage
from helpdesk.infra.supervisor import Supervisor, hold_home
from helpdesk.infra.web_server import listen
from helpdesk.kernel.errors import ExternalFailure

LOOPBACK = "127.0.0.1"
ACCOUNTS_NAME = "world.json"
TIMEOUT_SECONDS = 5.0
PATIENCE_SECONDS = 20.0
RETRY_SECONDS = 0.1
APPENDED = re.compile(rb"APPENDUID \d+ (\d+)")


@dataclass(frozen=True, kw_only=True)
class Account:
    """How a client signs in to one of the two servers; neither speaks TLS."""

    host: str
    port: int
    user: str
    password: str


@dataclass(frozen=True, kw_only=True)
class World:
    """The two accounts and the folder in which the servers keep their mail."""

    imap: Account
    smtp: Account
    folder: Path

    def deliver(self, raw: bytes) -> int:
        """Put one mail into the support mailbox over the wire and return its UID.

        A server that is away is waited for, and asked whether the mail arrived before it is sent again.

        Raises:
            ExternalFailure: the mailbox could not be reached for twenty seconds.
        """
        first_uid: int | None = None
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with self._signed_in() as client:
                    if first_uid is None:
                        first_uid = client.folder_status("INBOX", ["UIDNEXT"])[b"UIDNEXT"]
                    return _find(client, raw, first_uid) or _append(client, raw)
            except (OSError, IMAPClientError) as error:
                if time.monotonic() > deadline:
                    message = f"The demo's IMAP server cannot be reached: {error}."
                    raise ExternalFailure(message) from error
                time.sleep(RETRY_SECONDS)

    def received(self) -> list[ReceivedMail]:
        """Return what the outside world has received from us so far, oldest first."""
        return received_in(self.folder / "sent")

    def imap_answers(self) -> bool:
        """Return whether the IMAP server greets."""
        return _greets(self.imap, b"* OK")

    def smtp_answers(self) -> bool:
        """Return whether the SMTP server greets."""
        return _greets(self.smtp, b"220 ")

    @contextmanager
    def _signed_in(self) -> Iterator[IMAPClient]:
        with IMAPClient(self.imap.host, self.imap.port, ssl=False, timeout=TIMEOUT_SECONDS) as client:
            # A command in two writes would wait 40 ms for the acknowledgement of the first.
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.login(self.imap.user, self.imap.password)
            client.select_folder("INBOX")
            yield client


@dataclass(frozen=True, kw_only=True)
class WorldServers:
    """A world whose ports are taken and whose servers are about to be started."""

    world: World
    imap_listener: socket.socket
    smtp_listener: socket.socket

    @classmethod
    def prepare(cls, folder: Path, *, address: str) -> Self:
        """Take two free ports and make up a password; ``address`` signs in to both servers with it.

        ``folder`` holds the mail: ``inbox`` what was delivered to us, ``sent`` what we sent.
        """
        imap_listener = listen(LOOPBACK, 0)
        smtp_listener = listen(LOOPBACK, 0)
        password = secrets.token_urlsafe(15)
        imap, smtp = (_account(each, address, password) for each in (imap_listener, smtp_listener))
        world = World(imap=imap, smtp=smtp, folder=folder)
        return cls(world=world, imap_listener=imap_listener, smtp_listener=smtp_listener)

    def processes(self) -> tuple[Process, Process]:
        """Return the two servers for the supervisor; they start before the workers and stop after them."""
        imap, smtp, folder = self.world.imap, self.world.smtp, self.world.folder
        mailbox = Mailbox(user=imap.user, password=imap.password, folder=folder / "inbox")
        sink = Sink(user=smtp.user, password=smtp.password, folder=folder / "sent")
        return (
            Process(
                name="outside-imap",
                run=partial(serve_imap, self.imap_listener, mailbox),
                stage=Stage.SUPPORT,
                ready=self.world.imap_answers,
                listener=self.imap_listener,
                grace_seconds=3.0,
            ),
            Process(
                name="outside-smtp",
                run=partial(serve_smtp, self.smtp_listener, sink),
                stage=Stage.SUPPORT,
                ready=self.world.smtp_answers,
                listener=self.smtp_listener,
                grace_seconds=3.0,
            ),
        )


@contextmanager
def running_world(folder: Path, *, address: str = "support@desk.example") -> Iterator[World]:
    """Yield a world whose servers run, under a supervisor of their own, for as long as the block does.

    Raises:
        ExternalFailure: they do not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "helpdesk.demo.world", str(folder), address]
    servers = subprocess.Popen(command)  # noqa: S603 - this module itself
    try:
        yield _wait_for_accounts(folder, servers)
    finally:
        servers.terminate()
        servers.wait()


def _wait_for_accounts(folder: Path, servers: subprocess.Popen[bytes]) -> World:
    path = folder / ACCOUNTS_NAME
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not path.exists():
        if servers.poll() is not None or time.monotonic() > deadline:
            message = "The demo's mail servers do not start."
            raise ExternalFailure(message)
        time.sleep(RETRY_SECONDS / 5)
    accounts = json.loads(path.read_text())
    return World(imap=Account(**accounts["imap"]), smtp=Account(**accounts["smtp"]), folder=folder)


def _account(listener: socket.socket, user: str, password: str) -> Account:
    host, port = listener.getsockname()
    return Account(host=host, port=port, user=user, password=password)


def _find(client: IMAPClient, raw: bytes, first_uid: int) -> int | None:
    """Return the UID under which ``raw`` has arrived since, if it has."""
    uids = [uid for uid in client.search(["UID", f"{first_uid}:*"]) if uid >= first_uid]
    bodies = client.fetch(uids, ["BODY.PEEK[]"]) if uids else {}
    return next((uid for uid, parts in bodies.items() if parts[b"BODY[]"] == raw), None)


def _append(client: IMAPClient, raw: bytes) -> int:
    answer: bytes = client.append("INBOX", raw)
    given = APPENDED.search(answer)
    if given is None:
        message = f"The demo's IMAP server gave no UID: {answer!r}."
        raise ExternalFailure(message)
    return int(given[1])


def _greets(account: Account, greeting: bytes) -> bool:
    try:
        with socket.create_connection((account.host, account.port), timeout=0.2) as connection:
            return connection.recv(len(greeting)) == greeting
    except OSError:
        return False


def main(folder: Path, address: str) -> int:
    """Run the servers until SIGTERM; once both greet, ``world.json`` in ``folder`` says how to sign in."""
    servers = WorldServers.prepare(folder, address=address)
    world = servers.world
    path = folder / ACCOUNTS_NAME

    def publish() -> None:
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps({"imap": asdict(world.imap), "smtp": asdict(world.smtp)}))
        draft.replace(path)

    with hold_home(folder):
        try:
            url = f"imap://{world.imap.host}:{world.imap.port}"
            return Supervisor(servers.processes(), home=folder, url=url, on_started=publish).run()
        finally:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
