"""The other end of `helpdesk.intake.parser.child`: starts it, passes requests and answers, and knows how it ended.

Answers are pickles, because they hold many small values and the time counts. They come from a process of our own; but
it reads what strangers wrote, so no more is believed of it than needed: only plain values and the classes of a parsed
mail are made, and nothing else that a pickle could name.
"""

import fcntl
import io
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path

from helpdesk.infra import failpoints
from helpdesk.intake.parser.child import EXIT_OUT_OF_MEMORY, LENGTH, Read, Unread
from helpdesk.kernel.errors import ExternalFailure

PROGRAM = "import sys; from helpdesk.intake.parser.child import main; main(*sys.argv[1:])"
ROOT = Path(__file__).parents[3]
START_SECONDS = 60.0
CHUNK_BYTES = 256 * 1024
PIPE_BYTES = 1024 * 1024
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", failpoints.VARIABLE)
"""What the process may know of our environment: no keys, no database."""
OURS = (
    *("helpdesk.infra.files", "helpdesk.intake.domain.", "helpdesk.intake.parser."),
    *("helpdesk.outbox.domain", "helpdesk.tickets.domain"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one mail may take (docs/mail.md rules 9 and 13), and when the process makes room for a fresh one."""

    seconds: float = 20.0
    headers_seconds: float = 5.0
    memory_mb: int = 512
    mails: int = 2000
    idle_seconds: float = 300.0


class ParserProcess:
    """One running process. ``free_since`` is when it last had nothing to do but the next request."""

    def __init__(self, root: Path, limits: Limits) -> None:
        """Start it, and return when it is ready.

        Raises:
            ExternalFailure: it does not start.
        """
        self._memory_mb = limits.memory_mb
        self._process = subprocess.Popen(  # noqa: S603 - our own module in our own interpreter
            [sys.executable, "-c", PROGRAM, str(root), *_arguments(limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": str(ROOT)} | {name: os.environ[name] for name in KEPT if name in os.environ},
        )
        _widen(self._process.stdout.fileno())  # type: ignore[union-attr] # it is a pipe
        self._said = bytearray()
        self._has_ended = False
        if not self._has_frame(START_SECONDS):
            message = f"The process that reads mail does not start: {self.end()}"
            raise ExternalFailure(message)
        del self._said[: LENGTH.size]
        self.free_since = time.monotonic()

    def send(self, digest: str, note: str | None) -> None:
        """Hand it the next request; where it has ended, whoever waits for the answer finds out why."""
        request = pickle.dumps((digest, note))
        try:
            os.write(self._in, LENGTH.pack(len(request)) + request)
        except BrokenPipeError:
            return

    def has_answer(self, within: float = 0.0) -> bool:
        """Return whether an answer is there, or comes within so many seconds."""
        return self._has_frame(within)

    def answer(self, deadline: float) -> Read | Unread | None:
        """Return the next answer; None when the process ended, or has none by ``deadline`` (of the steady clock)."""
        if not self._has_frame(max(0.0, deadline - time.monotonic())):
            return None
        end = LENGTH.size + LENGTH.unpack_from(self._said)[0]
        payload = bytes(memoryview(self._said)[LENGTH.size : end])
        del self._said[:end]
        self.free_since = time.monotonic()
        return _value_of(payload)

    def end(self) -> str | None:
        """End it if it runs still, and return why it is gone; None when it left by itself to make room."""
        if not self._has_ended:
            self._process.kill()
        code = self._process.wait()
        self._close()
        if not self._has_ended:
            return "it took too long"
        if code == EXIT_OUT_OF_MEMORY:
            return f"it takes more than {self._memory_mb} MB"
        if code < 0:
            return f"the parser was ended by {signal.Signals(-code).name}"
        return f"the parser broke off with exit code {code}" if code else None

    def forget(self) -> None:
        """Let go of it without ending it: in a fork of whoever started it."""
        self._close()
        self._process.returncode = 0  # it is no child of ours: nobody here waits for it

    @property
    def _in(self) -> int:
        return self._process.stdin.fileno()  # type: ignore[union-attr] # it is a pipe

    def _has_frame(self, seconds: float) -> bool:
        """Read until a whole frame is there; return False when that takes longer, or the process has ended."""
        deadline = time.monotonic() + seconds
        out = self._process.stdout.fileno()  # type: ignore[union-attr] # it is a pipe
        while not _is_whole(self._said):
            if not select.select([out], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return False
            more = os.read(out, CHUNK_BYTES)
            if not more:
                self._has_ended = True
                return False
            self._said += more
        return True

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            pipe.close()  # type: ignore[union-attr] # they are pipes


def _widen(pipe: int) -> None:
    """Let the answers to a page of requests wait in the pipe, so that reading goes on while they are put to use."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # with its usual size it only takes longer
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _arguments(limits: Limits) -> tuple[str, ...]:
    memory_bytes = limits.memory_mb * 1024 * 1024
    return str(os.getpid()), str(memory_bytes), str(limits.mails), str(limits.idle_seconds)


def _is_whole(said: bytearray) -> bool:
    return len(said) >= LENGTH.size and len(said) - LENGTH.size >= LENGTH.unpack_from(said)[0]


class _Values(pickle.Unpickler):
    """Makes dataclasses and enumerations of the parsed mail, instants, and nothing else."""

    def find_class(self, module: str, name: str) -> type:
        """Return the class that the pickle names.

        Raises:
            UnpicklingError: it is none that belongs to a parsed mail.
        """
        return _class_of(module, name)


@cache
def _class_of(module: str, name: str) -> type:
    if module == "datetime" and name in {"datetime", "date", "timezone", "timedelta"}:
        return getattr(import_module(module), name)  # type: ignore[no-any-return]
    found = getattr(import_module(module), name, None) if module.startswith(OURS) else None
    if isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum)):
        return found
    message = f"{module}.{name} is no part of a parsed mail"
    raise pickle.UnpicklingError(message)


def _value_of(payload: bytes) -> Read | Unread:
    """Return the answer; what is none is a mail that was not read."""
    try:
        value = _Values(io.BytesIO(payload)).load()
    except (pickle.UnpicklingError, AttributeError, EOFError, ImportError, IndexError, TypeError, ValueError) as error:
        return Unread(f"the answer of the parser makes no sense: {error}")
    if isinstance(value, Read):
        return value
    return Unread(str(getattr(value, "error", "no answer")), bool(getattr(value, "is_blameless", False)))
