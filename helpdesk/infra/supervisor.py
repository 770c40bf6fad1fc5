"""The parent of all processes of ``helpdesk up``: starts them in stages, restarts them, stops them in order.

It forks, so it stays single-threaded and holds no database or Redis connection; everything that its children
import has been imported before ``run`` is called, and is shared with them until they change it.
"""

import fcntl
import gc
import json
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from helpdesk.infra.child import OnExit, Process, Stage, fork
from helpdesk.kernel.errors import SettingsError

log = logging.getLogger(__name__)

LOCK_NAME = "up.lock"
STATE_NAME = "up.json"
STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
WATCHED_SIGNALS = STOP_SIGNALS | {signal.SIGCHLD}
FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 30.0
HEALTHY_SECONDS = 20.0
READY_SECONDS = 15.0
READY_POLL_SECONDS = 0.05


@contextmanager
def hold_home(home: Path) -> Iterator[None]:
    """Hold ``home`` for this process until the block ends; the home is made where it does not exist.

    Raises:
        SettingsError: another supervisor holds it, or it cannot be written to.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = f"HELPDESK_HOME {home} cannot be written to: {error.strerror}."
        raise SettingsError(message) from error
    try:
        # A record lock, for a forked child does not inherit it.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        message = f"Another helpdesk runs in {home}{_who(home)}. Stop it first, or set another HELPDESK_HOME."
        raise SettingsError(message) from error
    try:
        yield
    finally:
        os.close(descriptor)


def _who(home: Path) -> str:
    with suppress(OSError, ValueError, KeyError):
        return f" (process {json.loads((home / STATE_NAME).read_text())['pid']})"
    return ""


@dataclass(kw_only=True)
class _Child:
    """One copy of a process: running (``pid``), waiting for its restart, or done."""

    name: str
    process: Process
    pid: int | None = None
    restart_count: int = 0
    failures_in_a_row: int = 0
    started_at: float = 0.0
    due_at: float | None = 0.0


class Supervisor:
    """The children of one ``helpdesk up`` in one home."""

    def __init__(
        self,
        processes: Sequence[Process],
        *,
        home: Path,
        url: str,
        on_started: Callable[[], None] | None = None,
    ) -> None:
        """Take what to run. ``on_started`` is called once, when the last stage has started.

        ``home`` is where up.json is written: ``pid``, ``url`` and ``children`` (name, pid or null, restarts).
        """
        self._children = [_Child(name=name, process=process) for process in processes for name in process.names()]
        self._listeners = {process.listener for process in processes if process.listener is not None}
        self._state_path = home / STATE_NAME
        self._url = url
        self._on_started = on_started
        self._open_stage: Stage | None = None
        self._stage_deadline = 0.0
        self._mask: set[int] = set()
        self._verdict: int | None = None

    def run(self) -> int:
        """Run until told to stop by SIGTERM, SIGINT or SIGHUP, or by a process whose end stops all.

        Returns 0, or that process's exit code. All children have ended when it returns or raises.
        """
        self._mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED_SIGNALS))
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            self._watch()
        finally:
            self._stop()
            self._state_path.unlink(missing_ok=True)
            gc.enable()
            gc.unfreeze()
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        return self._verdict or 0

    def _watch(self) -> None:
        while self._verdict is None:
            self._open_next_stage()
            self._start_due()
            received = signal.sigtimedwait(WATCHED_SIGNALS, self._seconds_to_next_event())
            self._reap()
            if received is not None and received.si_signo in STOP_SIGNALS:
                log.info("%s received: stopping in order", signal.Signals(received.si_signo).name)
                return

    def _open_next_stage(self) -> None:
        """Open the next stage once all that is asked for its readiness has answered, or the time is over."""
        while self._open_stage is not Stage.GUESTS:
            waiting_for = self._not_ready()
            if waiting_for and time.monotonic() < self._stage_deadline:
                return
            if waiting_for:
                log.error("%s not ready after %.0f s; going on", ", ".join(waiting_for), READY_SECONDS)
            self._open_stage = Stage((self._open_stage or 0) + 1)
            self._stage_deadline = time.monotonic() + READY_SECONDS
            self._start_due()
            if self._open_stage is Stage.GUESTS and self._on_started is not None:
                self._on_started()

    def _not_ready(self) -> list[str]:
        stage = [child for child in self._children if child.process.stage is self._open_stage]
        return [child.name for child in stage if child.process.ready is not None and not child.process.ready()]

    def _start_due(self) -> None:
        now = time.monotonic()
        due = [
            child
            for child in self._children
            if child.pid is None
            and child.due_at is not None
            and child.due_at <= now
            and child.process.stage <= (self._open_stage or 0)
        ]
        for child in due:
            foreign = self._listeners - {child.process.listener}
            child.pid = fork(child.process, name=child.name, foreign_listeners=foreign, signal_mask=self._mask)
            child.started_at = now
            child.due_at = None
        if due:
            self._write_state()

    def _seconds_to_next_event(self) -> float:
        if self._open_stage is not Stage.GUESTS:
            return READY_POLL_SECONDS
        now = time.monotonic()
        return min(
            (max(0.0, child.due_at - now) for child in self._children if child.due_at is not None), default=3600.0
        )

    def _reap(self) -> list[_Child]:
        """Take note of each child that has ended; what it left in its process group ends with it."""
        ended = []
        for child in self._children:
            if child.pid is None:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid == 0:
                continue
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            child.pid = None
            ended.append(child)
            self._decide(child, os.waitstatus_to_exitcode(status), pid)
        if ended:
            self._write_state()
        return ended

    def _decide(self, child: _Child, exit_code: int, pid: int) -> None:
        if self._open_stage is None:
            return
        match child.process.on_exit:
            case OnExit.STOP_ALL:
                self._verdict = exit_code if exit_code >= 0 else 128 - exit_code
            case OnExit.LEAVE:
                log.info("%s (%d) %s", child.name, pid, _how(exit_code))
            case OnExit.RESTART:
                self._plan_restart(child, exit_code, pid)

    def _plan_restart(self, child: _Child, exit_code: int, pid: int) -> None:
        now = time.monotonic()
        if now - child.started_at >= HEALTHY_SECONDS:
            child.failures_in_a_row = 0
        delay = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2**child.failures_in_a_row)
        child.failures_in_a_row = min(child.failures_in_a_row + 1, 16)
        child.restart_count += 1
        child.due_at = now + delay
        log.error("%s (%d) %s; starting it again in %.1f s", child.name, pid, _how(exit_code), delay)

    def _stop(self) -> None:
        """Stop the stages from the last to the first, each with its grace time; a second signal cuts it short."""
        self._open_stage = None
        is_patient = True
        for stage in reversed(Stage):
            children = [child for child in self._children if child.process.stage is stage]
            for child in children:
                child.due_at = None
                if child.process.listener is not None:
                    child.process.listener.close()
            is_patient = self._stop_together(children, is_patient=is_patient)

    def _stop_together(self, children: list[_Child], *, is_patient: bool) -> bool:
        running = [child for child in children if child.pid is not None]
        for child in running:
            _signal(child, signal.SIGTERM)
        grace_seconds = max((child.process.grace_seconds for child in running), default=0.0)
        deadline = time.monotonic() + grace_seconds
        while is_patient and any(child.pid for child in running) and time.monotonic() < deadline:
            received = signal.sigtimedwait(WATCHED_SIGNALS, max(0.0, deadline - time.monotonic()))
            self._reap()
            is_patient = received is None or received.si_signo not in STOP_SIGNALS
        for child in running:
            if child.pid is not None:
                log.error("%s (%d) did not stop in %.0f s: killed", child.name, child.pid, grace_seconds)
                _kill(child)
        return is_patient

    def _write_state(self) -> None:
        children = [{"name": child.name, "pid": child.pid, "restarts": child.restart_count} for child in self._children]
        state = {"pid": os.getpid(), "url": self._url, "children": children}
        draft = self._state_path.with_suffix(".json.new")
        try:
            draft.write_text(json.dumps(state, indent=1) + "\n")
            draft.replace(self._state_path)
        except OSError as error:
            # A full disk must not take the processes down; the file only tells who they are.
            log.warning("up.json is not up to date: %s", error.strerror)


def _how(exit_code: int) -> str:
    if exit_code < 0:
        return f"was ended by {signal.Signals(-exit_code).name}"
    return f"ended with exit code {exit_code}"


def _signal(child: _Child, number: signal.Signals) -> None:
    if child.pid is not None:
        with suppress(ProcessLookupError):
            os.kill(child.pid, number)


def _kill(child: _Child) -> None:
    if child.pid is None:
        return
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    _signal(child, signal.SIGKILL)
    os.waitpid(child.pid, 0)
    child.pid = None
