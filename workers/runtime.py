"""What a worker process is: one application, jobs with an edge that records failures, and loops until SIGTERM."""

import atexit
import gc
import os
import signal
import socket
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache, wraps
from importlib import import_module

import redis
import structlog
from flask import Flask, current_app, has_app_context
from rq import Queue, Worker, get_current_job
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus
from sqlalchemy.exc import DBAPIError

from helpdesk.app import create_app
from helpdesk.infra import blobs, clock, leases
from helpdesk.infra import jobs as bells
from helpdesk.infra.child import collect_seldom
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.jobs import Bell
from helpdesk.infra.models import JobFailure
from helpdesk.infra.settings import Settings, load
from helpdesk.intake.process.reader import Reader

log = structlog.get_logger()

RETRY_SECONDS = 2.0
STEADY_SECONDS = 60.0
TRACEBACK_CHARACTERS = 20_000
WAIT_SECONDS = 30
"""How long a worker waits for a bell before it asks anew."""
SILENCE_SECONDS = 5
"""How long beyond that a broker may be silent before it counts as gone."""


_made: list[Flask] = []
_readers: list[Reader] = []
_holders: dict[int, str] = {}
_stopping = threading.Event()


def application(settings: Settings | None = None) -> Flask:
    """Return the application of this process, made once; a forked child keeps that of its parent."""
    if not _made:
        app = create_app(settings or load())
        os.register_at_fork(after_in_child=lambda: _forget_connections(app))
        _made.append(app)
    return _made[0]


def job(function: Callable[..., None]) -> Callable[..., None]:
    """Make ``function`` a job: it runs in the application, and a failure becomes a row before it is raised again."""

    @wraps(function)
    def run(*args: int | str) -> None:
        with nullcontext() if has_app_context() else application().app_context():
            try:
                function(*args)
            except Exception as error:  # the job's edge
                note_failure(function.__name__, args, error)
                raise

    return run


def light_job(function: Callable[..., None]) -> Callable[..., None]:
    """Make ``function`` a job that runs in the worker itself: a fork would cost more than what it does.

    It must leave no memory behind, and look at :func:`is_stopping` where it may take longer than a moment.
    """
    run = job(function)
    run.runs_in_worker = True  # type: ignore[attr-defined] # read by _Worker
    return run


def prepared(get_ready: Callable[[], None]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Have the worker get ready, once, before it forks for such a job: what it has loaded each fork has, too.

    The job is done in seconds and its fork ends with it, so that no garbage is collected there: a tenth of printing.
    """

    def decorate(run: Callable[..., None]) -> Callable[..., None]:
        run.get_ready = cache(get_ready)  # type: ignore[attr-defined] # read by _Worker
        return run

    return decorate


def is_stopping() -> bool:
    """Return whether this worker was asked to stop: jobs in hand come to an end soon."""
    return _stopping.is_set()


def ring_later(bell: Bell, *, seconds: float) -> None:
    """Ring for a job in some seconds; where this process ends before, the sweeper does."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask has no other way

    def ring() -> None:
        with app.app_context():
            bells.enqueue(bell)

    timer = threading.Timer(max(seconds, 0), ring)
    timer.daemon = True
    timer.start()


def mail_reader() -> Reader:
    """Return what reads mail for this process, made on first use; a fork makes its own."""
    if not _readers:
        reader = Reader(blobs.store().root)
        os.register_at_fork(after_in_child=lambda: _forget_reader(reader))
        atexit.register(reader.close)
        _readers.append(reader)
    return _readers[0]


def note_failure(name: str, args: tuple[int | str, ...], error: Exception) -> None:
    """Add the row by which an administrator sees the failure and can ring the job again."""
    current = get_current_job()
    with unit_of_work() as session:
        session.add(
            JobFailure(
                job=name,
                args=list(args),
                queue=current.origin if current is not None else "default",
                failed_at=clock.now(),
                error=f"{type(error).__name__}: {error}"[:1000],
                traceback="".join(traceback.format_exception(error))[-TRACEBACK_CHARACTERS:],
            )
        )


def run_worker(settings: Settings) -> None:
    """Work off the queues until SIGTERM: light jobs right here, the others in forks; a job in hand is finished first.

    Where the broker goes away the worker waits for it, and registers anew when it is back.
    """
    app = application(settings)
    import_module("workers.jobs")  # here, so that no fork has to do it again
    stopping = stop_on_signals(_stopping)
    collect_seldom()
    with app.app_context():
        _drop_leases_of_the_dead()
        bells.enqueue(Bell("handle_inbound", (), "mail"))  # what a worker had in hand that was killed
    while not stopping.is_set():
        began = time.monotonic()
        worker = _worker(settings)
        try:
            worker.work(logging_level="WARNING")
        except redis.exceptions.RedisError as error:
            log.warning("worker.broker_away", error=str(error))
        if worker.stopped_by_signal:
            return
        stop_on_signals(stopping)  # RQ left its own handlers behind
        if time.monotonic() - began < STEADY_SECONDS:
            stopping.wait(RETRY_SECONDS)


def run_scheduler(settings: Settings) -> None:
    """Ring the periodic jobs until SIGTERM."""
    schedule = import_module("workers.schedule")
    with application(settings).app_context():
        _drop_leases_of_the_dead()
        schedule.run(stop_on_signals(), holder=process_name())


def run_watcher(settings: Settings) -> None:
    """Watch every mailbox until SIGTERM."""
    watcher = import_module("workers.watcher")
    collect_seldom()
    with application(settings).app_context():
        _drop_leases_of_the_dead()
    watcher.run(application(settings), stop_on_signals(), holder=process_name())


def run_live(settings: Settings) -> None:
    """Serve the streams of live events until SIGTERM."""
    events = import_module("workers.live")
    collect_seldom()
    events.run(application(settings), redis_url=settings.redis_url, home=settings.home)


def _drop_leases_of_the_dead() -> None:
    """Let go of what processes of this machine held when they were killed; without a database that can wait."""
    try:
        with unit_of_work() as session:
            dropped = leases.drop_of_the_dead(session, host=socket.gethostname())
    except DBAPIError as error:
        log.warning("leases.database_away", error=str(error.orig))
        return
    if dropped:
        log.info("leases.of_the_dead", names=dropped)


def holder_name() -> str:
    """Return the name under which this process holds leases over mail, the same for all its life."""
    return _holders.setdefault(os.getpid(), process_name())


def process_name() -> str:
    """Return a name that no other process of any machine has, for leases."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def stop_on_signals(stopping: threading.Event | None = None) -> threading.Event:
    """Return an event that SIGTERM and SIGINT set; where no handler can be set (a thread), nothing sets it."""
    event = stopping or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: event.set())
    return event


class _Worker(Worker):
    """RQ's forking worker that tells a wish to stop from a broker that went away, and comes back soon."""

    max_connection_wait_time = 5.0
    stopped_by_signal = False

    @property
    def dequeue_timeout(self) -> int:
        """Return how many seconds one wait for a job takes; RQ's own seven minutes would outlast a silent broker."""
        return WAIT_SECONDS

    @property
    def connection_timeout(self) -> int:
        """Return how many seconds the broker may take to answer, a wait for a job included."""
        return WAIT_SECONDS + SILENCE_SECONDS

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a light job here, and any other in a fork that takes no database connection with it."""
        if getattr(_function_of(job), "runs_in_worker", False):
            execution = self.prepare_execution(job)
            self.perform_job(job, queue, execution)
            self.set_state(WorkerStatus.IDLE)
            return
        with application().app_context():
            db.engine.dispose()
        getattr(_function_of(job), "get_ready", _nothing)()
        super().execute_job(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Do a job in the fork that was made for it."""
        if hasattr(_function_of(job), "get_ready"):
            gc.disable()
        super().main_work_horse(job, queue)

    def _install_signal_handlers(self) -> None:
        """Hear signals from here on, and heed one that came while the worker was being made."""
        super()._install_signal_handlers()  # type: ignore[no-untyped-call]
        if _stopping.is_set():
            self.stopped_by_signal = self._stop_requested = True

    def request_stop(self, signum: int, frame: object) -> None:
        """Note that somebody asked, then stop as RQ does: warm the first time, at once the second."""
        self.stopped_by_signal = True
        _stopping.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def _worker(settings: Settings) -> _Worker:
    connection = bells.connect(settings.redis_url)
    queues = [Queue(name, connection=connection, serializer=JSONSerializer) for name in bells.QUEUES]
    return _Worker(queues, connection=connection, serializer=JSONSerializer, log_job_description=False)


def _nothing() -> None:
    """Get ready for a job that needs nothing."""


def _function_of(job: Job) -> object:
    """Return the function that the job names; None for one that nobody has any more."""
    return getattr(import_module("workers.jobs"), str(job.func_name).rpartition(".")[2], None)


def _forget_reader(reader: Reader) -> None:
    """Leave the parent's reader alone: two processes cannot share its answers."""
    reader.forget()
    _readers.clear()


def _forget_connections(app: Flask) -> None:
    """Leave the parent's database connections alone: two processes on one connection corrupt both."""
    with app.app_context():
        db.engine.dispose(close=False)
