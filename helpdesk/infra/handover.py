"""A browser's connection handed from the web to the event process on the same machine.

A stream lasts for hours, and a web thread has other things to do. So the web only finds out who is asking, and passes
the connected socket on through a private unix socket; the browser notices nothing and knows one address. A datagram is
one connection: whose session it is, where to resume, and the descriptor.
"""

import contextlib
import json
import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from helpdesk.infra.broker import private_directory
from helpdesk.infra.relay import Relay
from helpdesk.kernel.errors import ExternalFailure

SOCKET_NAME = "live.sock"
SEND_SECONDS = 1.0
LONGEST = 4096


@dataclass(frozen=True)
class Caller:
    """Who waits at the other end: the token of the session, and the id of the newest event that is known there."""

    token: str
    after: int


def hand_over(connection: socket.socket, caller: Caller, *, home: Path) -> None:
    """Give the browser's ``connection`` to the event process of ``home``; the web's own hold of it is void afterwards.

    A TLS connection cannot leave the process that holds its keys: it stays with a relay that moves its bytes.

    Raises:
        ExternalFailure: the event process does not run, or does not take it within a second.
    """
    if isinstance(connection, ssl.SSLSocket):
        with Relay.of_this_process().adopt(connection) as passed:
            _send(passed, caller, home)
        return
    _send(connection, caller, home)
    _make_void(connection)


def _send(passed: socket.socket, caller: Caller, home: Path) -> None:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(SEND_SECONDS)
            sender.connect(str(private_directory(home) / SOCKET_NAME))
            socket.send_fds(sender, [json.dumps(asdict(caller)).encode()], [passed.fileno()])
    except OSError as error:
        message = f"The event process cannot be reached: {error.strerror or error}."
        raise ExternalFailure(message) from error


def _make_void(connection: socket.socket) -> None:
    """Put a closed line in the connection's place: the web says goodbye to whatever it holds, and this is nobody."""
    ours, theirs = socket.socketpair()
    theirs.close()
    os.dup2(ours.fileno(), connection.fileno(), inheritable=False)
    ours.close()


@contextlib.contextmanager
def taking_over(home: Path) -> Iterator[socket.socket]:
    """Yield the socket at which connections arrive, readable where one waits; whoever listened before hears no more."""
    path = private_directory(home) / SOCKET_NAME
    beside = path.with_name(f"{os.getpid()}.sock")
    beside.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(beside))
        beside.chmod(0o600)
        beside.replace(path)  # at once: there is no moment at which nobody listens
        receiver.setblocking(False)
        yield receiver


def take(receiver: socket.socket) -> tuple[socket.socket, Caller] | None:
    """Return the next connection that waits and who is at its other end; None where none does, or one is unreadable."""
    try:
        data, descriptors, _flags, _address = socket.recv_fds(receiver, LONGEST, 1)
    except BlockingIOError:
        return None
    if not descriptors:
        return None
    connection = socket.socket(fileno=descriptors[0])
    try:
        found = json.loads(data)
        caller = Caller(str(found["token"]), int(found["after"]))
    except (ValueError, KeyError, TypeError):
        connection.close()
        return None
    connection.setblocking(False)
    return connection, caller
