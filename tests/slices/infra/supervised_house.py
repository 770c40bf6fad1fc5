"""A house for the supervisor's tests: real processes, told by arguments how to behave.

Run as ``python supervised_house.py HOME``; every process writes what happens to it into HOME.
"""

import os
import signal
import sys
import time
from functools import partial
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from helpdesk.infra.broker import plan_broker
from helpdesk.infra.child import OnExit, Process, Stage
from helpdesk.infra.supervisor import Supervisor, hold_home
from helpdesk.infra.web_server import WebServer, listen
from helpdesk.kernel.errors import SettingsError


def note(home: Path, line: str) -> None:
    with (home / "events.txt").open("a") as events:
        events.write(line + "\n")


def work_until_told(home: Path, name: str) -> None:
    """Start, wait, and note the orderly end."""
    note(home, f"{name} started")
    try:
        signal.pause()
    finally:
        note(home, f"{name} ended")


class Deaf:
    """Something whose end is told to stop, and hears it where Python lets no exception out."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __del__(self) -> None:
        note(self.home, "deaf started")
        signal.pause()


def be_deaf_at_first(home: Path) -> None:
    """Start to wait within a ``__del__``, and note the orderly end that follows outside of it."""
    try:
        Deaf(home)
        signal.pause()
    finally:
        note(home, "deaf ended")


def refuse_to_end(home: Path) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note(home, "stubborn started")
    while True:
        signal.pause()


def fail(home: Path) -> None:
    note(home, "broken started")
    sys.stdout.write("the broken one speaks\n")
    message = "this process cannot work"
    raise RuntimeError(message)


def speak(home: Path) -> None:
    note(home, "guest started")
    while "broken started" not in (home / "events.txt").read_text():
        time.sleep(0.01)
    sys.stdout.write("the guest speaks\n")


def end_with(code: int) -> None:
    raise SystemExit(code)


def web_app(home: Path) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if environ["PATH_INFO"] == "/slow":
            note(home, "request began")
            time.sleep(1)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"answered"]

    return answer


def main(home: Path, wanted: list[str]) -> int:
    with hold_home(home):
        broker = plan_broker(home=home)
        listener = listen("127.0.0.1", int(os.environ.get("PORT", "0")))
        server = WebServer(listener=listener)
        known = {
            "broker": Process(name="broker", run=broker.argv or (), stage=Stage.SUPPORT, ready=broker.answers),
            "worker": Process(
                name="worker", run=partial(work_until_told, home, "worker"), stage=Stage.WORKERS, count=2
            ),
            "scheduler": Process(
                name="scheduler", run=partial(work_until_told, home, "scheduler"), stage=Stage.FEEDERS
            ),
            "web": Process(
                name="web",
                run=partial(server.serve, partial(web_app, home)),
                stage=Stage.WEB,
                listener=listener,
            ),
            "stubborn": Process(
                name="stubborn", run=partial(refuse_to_end, home), stage=Stage.WORKERS, grace_seconds=0.3
            ),
            "deaf": Process(name="deaf", run=partial(be_deaf_at_first, home), stage=Stage.WORKERS),
            "broken": Process(name="broken", run=partial(fail, home), stage=Stage.WORKERS),
            "guest-says": Process(name="guest", run=partial(speak, home), stage=Stage.GUESTS, on_exit=OnExit.STOP_ALL),
            "guest-7": Process(name="guest", run=partial(end_with, 7), stage=Stage.GUESTS, on_exit=OnExit.STOP_ALL),
            "guest-0": Process(name="guest", run=partial(end_with, 0), stage=Stage.GUESTS, on_exit=OnExit.LEAVE),
        }
        supervisor = Supervisor(
            [known[name] for name in wanted],
            home=home,
            url=server.url(),
            on_started=lambda: note(home, "all started"),
        )
        return supervisor.run()


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
