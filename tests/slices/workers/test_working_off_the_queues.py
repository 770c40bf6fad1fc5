"""Real workers on a real broker: jobs run in forks, the broker may go, a stop is warm, a failure leaves a row."""

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

import pytest
import redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from sqlalchemy import select

from helpdesk.infra import jobs
from helpdesk.infra.broker import running_broker
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.jobs import Bell
from helpdesk.infra.models import JobFailure
from helpdesk.infra.policy import SYSTEM
from helpdesk.outbox import service
from helpdesk.outbox.domain import Address
from helpdesk.outbox.models import OutgoingMessage
from tests.conftest import NOW
from tests.waiting import eventually
from workers import jobs as swept
from workers import runtime

IMPATIENT = """
import sys
from workers import __main__, runtime
runtime.WAIT_SECONDS = runtime.SILENCE_SECONDS = 1
sys.exit(__main__.main(["work"]))
"""

TOLD_TOO_SOON = """
import os, signal, sys
from workers import __main__, runtime
make = runtime._worker
def make_slowly(settings):
    os.kill(os.getpid(), signal.SIGTERM)
    return make(settings)
runtime._worker = make_slowly
sys.exit(__main__.main(["work"]))
"""


@contextmanager
def working(app, home, broker_url, *, program=("-m", "workers", "work")):
    """Run ``python -m workers work`` beside the test, on its database, files and broker."""
    environ = os.environ | {
        "HELPDESK_HOME": str(home),
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "REDIS_URL": broker_url,
        "SECRET_KEY": app.config["SECRET_KEY"].hex(),
    }
    process = subprocess.Popen([sys.executable, *program], env=environ)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def broker_url(app, tmp_path_factory, monkeypatch):
    """A broker that the application rings on."""
    with running_broker(home=tmp_path_factory.mktemp("b")) as url:
        yield _use_broker(app, url, monkeypatch)


def _use_broker(app, url, monkeypatch):
    monkeypatch.setitem(app.config, "REDIS_URL", url)
    app.extensions.pop("helpdesk.redis", None)
    return url


@pytest.fixture
def write(app, smtp):
    """Queue a mail to the sink, with its bell; return its id."""
    with unit_of_work() as session:
        mailbox_id = service.add_mailbox(
            session,
            actor=SYSTEM,
            now=NOW,
            address="support@halden-okoye.example",
            name="Support",
            smtp_host="127.0.0.1",
            smtp_port=smtp.port,
            smtp_security="none",
        ).id

    def _write(subject):
        with unit_of_work() as session:
            return service.queue(
                session,
                now=NOW,
                mailbox_id=mailbox_id,
                idempotency_key=subject,
                purpose="notice",
                about=("test", 1),
                to=[Address("Ann", "ann@acme.example")],
                subject=subject,
                text="Hello.\n",
            ).id

    return _write


def state(message_id):
    with unit_of_work() as session:
        return session.get_one(OutgoingMessage, message_id).state


def test_a_worker_works_survives_its_broker_and_stops_when_told(app, tmp_path, tmp_path_factory, monkeypatch, write):
    home = tmp_path_factory.mktemp("b")
    with running_broker(home=home) as url:
        _use_broker(app, url, monkeypatch)
        with working(app, tmp_path, url) as process:
            first = write("before")
            eventually(lambda: state(first) == "sent")
            redis.Redis.from_url(url).shutdown(nosave=True)
            lost = write("while the broker is away")
            with running_broker(home=home):
                eventually(lambda: jobs.enqueue(Bell("deliver_outgoing", (lost,), "mail")))
                eventually(lambda: state(lost) == "sent")
                process.send_signal(signal.SIGTERM)

                assert process.wait(timeout=60) == 0
    app.extensions.pop("helpdesk.redis").close()


@pytest.mark.on_sqlite
def test_a_worker_that_is_told_to_stop_finishes_what_it_has_in_hand(app, tmp_path, broker_url, write, smtp):
    smtp.gate = threading.Event()
    with working(app, tmp_path, broker_url) as process:
        message = write("slow")
        eventually(lambda: smtp.waiting)
        process.send_signal(signal.SIGTERM)
        smtp.gate.set()

        assert process.wait(timeout=60) == 0
    assert state(message) == "sent"
    app.extensions.pop("helpdesk.redis").close()


@pytest.mark.on_sqlite
def test_a_worker_that_is_told_to_stop_while_it_is_being_made_stops(app, tmp_path, broker_url):
    with working(app, tmp_path, broker_url, program=("-c", TOLD_TOO_SOON)) as process:
        assert process.wait(timeout=60) == 0


def test_whoever_sweeps_rings_again_only_where_few_bells_wait(app, broker_url, write):
    message = write("waits")
    queue = Queue("mail", connection=jobs.connection(), serializer=JSONSerializer)
    while queue.count < jobs.CROWD:
        jobs.enqueue(Bell("deliver_outgoing", (message,), "mail"))

    swept.sweep_outbox()
    crowded = queue.count
    queue.empty()
    swept.sweep_outbox()

    assert (crowded, queue.count) == (jobs.CROWD, 1)
    app.extensions.pop("helpdesk.redis").close()


class Line:
    """A line to the broker's socket that can go dead: what runs over it then is carried nowhere, and nobody is told."""

    def __init__(self, upstream):
        self.upstream, self.ends, self.dead = upstream, [], set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}"
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def go_dead(self):
        """Swallow what runs over the connections that are open now; new ones are as good as ever."""
        self.dead.update(self.ends)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(20)
        for end in self.ends:
            end.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                near, far = self.listener.accept()[0], socket.socket(socket.AF_UNIX)
                self.ends += near, far
                try:
                    far.connect(self.upstream)
                except OSError:  # one that was not taken is called again, and must not be the last
                    near.close()
                    continue
                for ends in ((near, far), (far, near)):
                    self.threads.append(threading.Thread(target=self._carry, args=ends, daemon=True))
                    self.threads[-1].start()

    def _carry(self, come, go):
        with suppress(OSError):
            while data := come.recv(65536):
                if come not in self.dead:
                    go.sendall(data)
        for end in (come, go):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def rung_again(message_id: int) -> bool:
    """Return whether the message is sent; ring for it where no bell waits, as the sweeper does within a minute."""
    if not Queue("mail", connection=jobs.connection(), serializer=JSONSerializer).count:
        jobs.enqueue(Bell("deliver_outgoing", (message_id,), "mail"))
    return bool(state(message_id) == "sent")


@pytest.mark.on_sqlite
def test_a_worker_whose_line_to_the_broker_went_dead_calls_again(app, tmp_path, broker_url, write):
    line = Line(broker_url.removeprefix("unix://"))
    with working(app, tmp_path, line.url, program=("-c", IMPATIENT)) as process:
        first = write("before")
        eventually(lambda: state(first) == "sent")

        line.go_dead()
        second = write("after")

        eventually(lambda: rung_again(second))  # the bell may have gone into the dead line
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    line.close()
    app.extensions.pop("helpdesk.redis").close()


def test_a_silent_broker_is_noticed_within_the_minute_that_work_may_rest():
    assert runtime.WAIT_SECONDS + runtime.SILENCE_SECONDS < 60


@runtime.job
def explode(number: int) -> None:
    message = f"job {number} broke"
    raise RuntimeError(message)


@pytest.mark.usefixtures("app")
def test_a_job_that_fails_leaves_a_row_that_tells_what_happened():
    with pytest.raises(RuntimeError):
        explode(7)

    with unit_of_work() as session:
        row = session.scalars(select(JobFailure)).one()
    assert (row.job, row.args, row.queue, row.error) == ("explode", [7], "default", "RuntimeError: job 7 broke")
    assert "in explode" in row.traceback
    assert row.resolved_at is None


def test_an_unknown_process_is_refused_with_the_words_that_are_known():
    run = subprocess.run([sys.executable, "-m", "workers", "dance"], capture_output=True, text=True, check=False)

    assert run.returncode == 2
    assert "work|schedule|watch" in run.stderr


def test_what_a_job_needs_is_loaded_before_the_fork_and_once(app, monkeypatch):
    seen: list[str] = []
    run = runtime.prepared(lambda: seen.append("ready"))(lambda: None)
    monkeypatch.setattr(runtime, "_function_of", lambda _job: run)
    monkeypatch.setattr(runtime, "application", lambda: app)
    monkeypatch.setattr(Worker, "execute_job", lambda *_args: seen.append("forked"))
    worker = runtime._Worker.__new__(runtime._Worker)  # noqa: SLF001 - without a broker

    for _ in range(2):
        worker.execute_job(None, None)  # type: ignore[arg-type] # which job it is says the patch

    assert seen == ["ready", "forked", "forked"]
    assert hasattr(swept.render_invoice, "get_ready")


@pytest.mark.parametrize(("job", "collects"), [(swept.render_invoice, False), (swept.run_import, True)])
def test_no_garbage_is_collected_in_a_fork_that_is_over_in_seconds(monkeypatch, job, collects):
    seen: list[bool] = []
    monkeypatch.setattr(runtime, "_function_of", lambda _job: job)
    monkeypatch.setattr(Worker, "main_work_horse", lambda *_args: seen.append(gc.isenabled()))
    worker = runtime._Worker.__new__(runtime._Worker)  # noqa: SLF001 - without a broker

    try:
        worker.main_work_horse(None, None)  # type: ignore[arg-type] # which job it is says the patch
    finally:
        gc.enable()

    assert seen == [collects]
