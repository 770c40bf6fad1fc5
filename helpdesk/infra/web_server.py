"""Gunicorn inside a process that we forked: the port taken early, a process for each core, an unhurried stop."""

import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from helpdesk.infra.child import collect_seldom, die_with_parent
from helpdesk.infra.relay import Relay
from helpdesk.kernel.errors import SettingsError

BACKLOG = 512
AT_ONCE = 8
"""Requests that are answered at the same time, by all processes together."""
MOST_PROCESSES = 4
GRACEFUL_SECONDS = 15
HANG_SECONDS = 120

WsgiApp = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class WebServer:
    """How the web child listens, and how many processes answer; threads of one process share a core."""

    listener: socket.socket
    process_count: int = 1
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def url(self) -> str:
        """Return the address that a browser on this machine would use."""
        host, port = self.listener.getsockname()[:2]
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - read, not bound
        return f"{'https' if self.tls_cert else 'http'}://{shown}:{port}"

    def serve(self, app_factory: Callable[[], WsgiApp]) -> None:
        """Serve the application in children of this process until SIGTERM; requests under way are finished.

        ``app_factory`` is called once, before they are forked, and must leave no connection open. The socket belongs
        to the server from then on.
        """
        _Gunicorn(self, app_factory).run()


def one_for_each_core() -> int:
    """Return how many processes answer on this machine: as many as there are cores for us, at most four."""
    return min(MOST_PROCESSES, len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket on ``host`` and ``port`` (0: any free one), inherited by forked children.

    Connections that come before the server runs, or while it is restarted, wait instead of being refused.

    Raises:
        SettingsError: the port is taken, not allowed, or the address is not one of this machine.
    """
    try:
        family, _, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio sends small answers at once only where the protocol is named.
        listener = socket.socket(family, socket.SOCK_STREAM, protocol)
    except OSError as error:
        message = f"Cannot listen on {host}: {error.strerror}."
        raise SettingsError(message) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        message = f"Cannot listen on {host} port {port}: {error.strerror}. Choose another one with --port."
        raise SettingsError(message) from error
    return listener


class _Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's threads, which leave a connection open that a relay keeps (``helpdesk.infra.relay``).

    A process whose threads are all at work takes no further connection: the next one is for a process that has time.
    Else one of them would take all that come at once, and answer them one after the other on its own core.
    """

    @property
    def worker_connections(self) -> int:
        """How many connections there may be for another to be taken; gunicorn looks before each one."""
        under_way = self.nr_conns - len(self.keepalived_conns) - len(self.pending_conns)
        return self._most_connections if under_way < self.cfg.threads else 0

    @worker_connections.setter
    def worker_connections(self, most: int) -> None:
        self._most_connections = most

    def finish_request(self, conn: Any, fs: Any) -> None:  # noqa: ANN401 - gunicorn has no types
        """Let go of a connection that is the relay's, and do as gunicorn does with any other."""
        if Relay.keeps(conn.sock):
            self.nr_conns -= 1
        else:
            super().finish_request(conn, fs)


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, server: WebServer, app_factory: Callable[[], WsgiApp]) -> None:
        self._server = server
        self._app_factory = app_factory
        super().__init__()

    def load_config(self) -> None:
        settings = {
            # Gunicorn closes the descriptor itself.
            "bind": f"fd://{self._server.listener.detach()}",
            "worker_class": _Worker,
            "workers": self._server.process_count,
            "threads": -(-AT_ONCE // self._server.process_count),
            "preload_app": True,
            "graceful_timeout": GRACEFUL_SECONDS,
            "timeout": HANG_SECONDS,
            "keepalive": 5,
            # Its control server would be a thread in a process that forks.
            "control_socket_disable": True,
            "certfile": str(self._server.tls_cert) if self._server.tls_cert else None,
            "keyfile": str(self._server.tls_key) if self._server.tls_key else None,
            "loglevel": "warning",
            # Its default would let everybody write to the files that requests make.
            "umask": 0o077,
            # Which proxies are believed is the application's decision.
            "forwarded_allow_ips": "",
            "post_fork": _begin,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> WsgiApp:
        return self._app_factory()


def _begin(_arbiter: object, worker: Any) -> None:  # noqa: ANN401 - gunicorn has no types
    """Begin a process that answers. Gunicorn looks whether its parent lives once a second; the kernel tells at once."""
    die_with_parent(worker.ppid)
    collect_seldom()
