"""One process under the supervisor: how it is described, forked and told whose death to share."""

import ctypes
import gc
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NoReturn

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
EXIT_CRASHED = 70
AGAIN_SECONDS = 0.01


class Stage(IntEnum):
    """When a process starts and stops: stages start in this order and stop in the reverse one."""

    SUPPORT = 1
    """What the others lean on: the broker."""
    WORKERS = 2
    FEEDERS = 3
    """Scheduler and watchers: they hand work to the workers."""
    WEB = 4
    GUESTS = 5
    """Whatever only uses the site; it alone may write to standard output."""


class OnExit(Enum):
    """What the supervisor does when the process ends without having been told to."""

    RESTART = "restart"
    STOP_ALL = "stop all"
    """Its exit code becomes the supervisor's."""
    LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class Process:
    """One kind of process of ``helpdesk up``.

    ``run`` is a callable for a forked child, or the arguments of a program. In a forked child SIGTERM raises
    SystemExit until ``run`` sets a handler of its own. ``ready`` is asked before the next stage starts.
    ``listener`` is the socket that this process alone of all children keeps open.
    """

    name: str
    run: Callable[[], None] | tuple[str, ...]
    stage: Stage
    count: int = 1
    grace_seconds: float = 20.0
    ready: Callable[[], bool] | None = None
    listener: socket.socket | None = None
    on_exit: OnExit = OnExit.RESTART

    def names(self) -> tuple[str, ...]:
        """Return one name for each copy: ``web``, or ``worker-1``, ``worker-2``."""
        if self.count == 1:
            return (self.name,)
        return tuple(f"{self.name}-{number}" for number in range(1, self.count + 1))


def die_with_parent(parent_pid: int, signal_number: int = signal.SIGKILL) -> None:
    """Have the kernel send ``signal_number`` to this process when its parent dies; end now if it is dead already.

    Called in the child right after the fork, with the pid of the process that forked it. On systems other than
    Linux it does nothing.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(EXIT_CRASHED)


def fork(
    process: Process,
    *,
    name: str,
    foreign_listeners: Iterable[socket.socket],
    signal_mask: Collection[int],
) -> int:
    """Return the pid of a new child that runs ``process``; in the child, never return.

    The child leads a process group of its own, so that Ctrl-C reaches the supervisor alone and the order of
    the stop is kept. Its standard output is the supervisor's standard error, unless it is a guest.
    """
    parent_pid = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _become(process, name, parent_pid, foreign_listeners, signal_mask)
    return pid


def _become(
    process: Process,
    name: str,
    parent_pid: int,
    foreign_listeners: Iterable[socket.socket],
    signal_mask: Collection[int],
) -> NoReturn:
    exit_code = EXIT_CRASHED
    try:
        _settle(name, parent_pid)
        if process.stage is not Stage.GUESTS:
            os.dup2(2, 1)
        for listener in foreign_listeners:
            listener.close()
        _set_signals(signal_mask, is_program=not callable(process.run))
        if callable(process.run):
            gc.enable()
            process.run()
        else:
            os.execv(process.run[0], process.run)  # noqa: S606 - a program with arguments, no shell
        exit_code = 0
    except SystemExit as ending:
        exit_code = _exit_code_of(ending)
    except BaseException:  # noqa: BLE001 - the last frame of this process: what is not printed here is lost
        traceback.print_exc()
    finally:
        # The supervisor's own clean-up handlers belong to the supervisor.
        _flush()
        os._exit(exit_code)


def _settle(name: str, parent_pid: int) -> None:
    die_with_parent(parent_pid)
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, f"hd-{name}"[:15].encode(), 0, 0, 0)
    empty_input = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty_input, 0)
    os.close(empty_input)


def _set_signals(signal_mask: Collection[int], *, is_program: bool) -> None:
    if is_program:
        # Python ignores SIGPIPE, and an ignored signal stays ignored in the program.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    else:
        sys.unraisablehook = _tell_again
        signal.signal(signal.SIGTERM, _leave)
    signal.pthread_sigmask(signal.SIG_SETMASK, signal_mask)


def _leave(signal_number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + signal_number)


def _tell_again(ignored: "sys.UnraisableHookArgs") -> None:
    """Send SIGTERM once more where Python swallowed it: no exception gets out of a ``__del__``, not even this one."""
    if ignored.exc_type is SystemExit:
        threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGTERM)).start()
    else:
        sys.__unraisablehook__(ignored)


def _exit_code_of(ending: SystemExit) -> int:
    if ending.code is None:
        return 0
    if isinstance(ending.code, int):
        return ending.code & 0xFF
    sys.stderr.write(f"{ending.code}\n")
    return 1


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue


def collect_seldom() -> None:
    """Let Python look for cycles of garbage less often, and never at what is loaded by now.

    A page of mail, or of the web, is many thousand objects and hardly a cycle; looking at all of them again and again
    took a fifth of the time of a worker.
    """
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
