import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

HOUSE = Path(__file__).parent / "supervised_house.py"
PATIENCE_SECONDS = 60.0
Answer = TypeVar("Answer")


def eventually(condition: Callable[[], Answer]) -> Answer:
    """Return the first true answer of ``condition``."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
    return answer


def lives(process: psutil.Process) -> bool:
    """Return whether the process runs; one that nobody has buried yet does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class House:
    """One supervisor under test and what can be seen of it from outside."""

    def __init__(self, home: Path, *names: str, **environment: str) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, str(HOUSE), str(home), *names],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def state(self) -> dict[str, Any]:
        try:
            state: dict[str, Any] = json.loads((self.home / "up.json").read_text())
        except FileNotFoundError:
            return {"children": []}
        return state

    def children(self) -> dict[str, dict[str, Any]]:
        return {child["name"]: child for child in self.state()["children"]}

    def pid(self, name: str) -> int | None:
        return self.children().get(name, {}).get("pid")

    def events(self) -> list[str]:
        path = self.home / "events.txt"
        return path.read_text().splitlines() if path.exists() else []

    def wait_until_started(self) -> None:
        eventually(lambda: "all started" in self.events() or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.communicate()[1]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.state()["url"] + path, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - our own server
            body: bytes = answer.read()
            return body

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def start(tmp_path):
    houses = []

    def start_house(*names: str, home: Path = tmp_path / "home", **environment: str) -> House:
        houses.append(House(home, *names, **environment))
        return houses[-1]

    yield start_house
    for house in houses:
        house.close()


def test_all_processes_start_are_named_and_the_web_answers(start):
    house = start("web", "worker", "scheduler", "broker")
    house.wait_until_started()

    answer = house.get("/")

    assert answer == b"answered"
    assert set(house.children()) == {"broker", "worker-1", "worker-2", "scheduler", "web"}
    assert house.state()["pid"] == house.process.pid


def test_a_stop_ends_web_then_scheduler_then_workers_and_leaves_nothing_behind(start):
    house = start("web", "worker", "scheduler", "broker")
    house.wait_until_started()
    eventually(lambda: house.events().count("worker started") == 2 and "scheduler started" in house.events())
    family = psutil.Process(house.process.pid).children(recursive=True)

    code = house.stop()

    assert code == 0
    assert [line for line in house.events() if line.endswith("ended")] == [
        "scheduler ended",
        "worker ended",
        "worker ended",
    ]
    assert not any(lives(member) for member in family)
    assert not (house.home / "up.json").exists()


def test_a_request_under_way_is_answered_before_the_web_stops(start):
    house = start("web")
    house.wait_until_started()
    with ThreadPoolExecutor(max_workers=1) as pool:
        slow = pool.submit(house.get, "/slow")
        eventually(lambda: "request began" in house.events())

        code = house.stop()

        assert slow.result() == b"answered"
    assert code == 0


@pytest.mark.parametrize("name", ["broker", "worker-1", "scheduler", "web"])
def test_a_killed_process_is_started_again(start, name):
    house = start("web", "worker", "scheduler", "broker")
    house.wait_until_started()
    first_pid = eventually(lambda: house.pid(name))
    assert first_pid is not None

    os.kill(first_pid, signal.SIGKILL)
    eventually(lambda: house.pid(name) not in {None, first_pid})

    assert house.children()[name]["restarts"] == 1
    assert house.get("/") == b"answered"


def test_a_killed_gunicorn_worker_is_replaced(start):
    house = start("web")
    house.wait_until_started()
    house.get("/")
    worker = psutil.Process(house.pid("web")).children()[0]

    worker.kill()
    eventually(lambda: not lives(worker))

    assert house.get("/") == b"answered"
    assert house.children()["web"]["restarts"] == 0


def test_a_process_that_cannot_work_is_tried_again_later_and_later_and_the_log_says_why(start):
    house = start("broken")
    house.wait_until_started()
    eventually(lambda: house.events().count("broken started") == 4)

    house.stop()
    _, log = house.process.communicate()

    assert "RuntimeError: this process cannot work" in log
    delays = [line.rsplit(" in ", 1)[1] for line in log.splitlines() if "starting it again" in line]
    assert delays[:3] == ["0.2 s", "0.4 s", "0.8 s"]


def test_a_process_that_does_not_stop_is_killed_after_its_grace(start):
    house = start("stubborn")
    house.wait_until_started()
    eventually(lambda: "stubborn started" in house.events())

    code = house.stop()

    assert code == 0
    assert "stubborn" in house.process.communicate()[1]


def test_a_stop_that_python_swallowed_is_told_again(start):
    house = start("deaf")
    eventually(lambda: "deaf started" in house.events())

    code = house.stop()

    assert code == 0
    assert house.events()[-1] == "deaf ended"


def test_children_end_when_the_supervisor_is_killed(start):
    house = start("web", "worker", "broker")
    house.wait_until_started()
    house.get("/")
    family = psutil.Process(house.process.pid).children(recursive=True)
    assert len(family) == 5

    house.process.kill()

    eventually(lambda: not any(lives(member) for member in family))


def test_after_a_kill_the_same_home_starts_again(start):
    first = start("worker", "broker")
    first.wait_until_started()
    first.process.kill()
    first.process.wait()
    (first.home / "events.txt").unlink()

    second = start("worker", "broker")
    second.wait_until_started()

    assert second.stop() == 0


def test_the_end_of_a_guest_may_end_all_and_gives_the_exit_code(start):
    house = start("worker", "guest-7")

    code = house.process.wait(timeout=PATIENCE_SECONDS)

    assert code == 7


def test_the_end_of_a_guest_may_leave_the_others_running(start):
    house = start("web", "guest-0")
    house.wait_until_started()
    eventually(lambda: "guest" in house.children() and house.pid("guest") is None)

    assert house.get("/") == b"answered"
    assert house.children()["guest"]["restarts"] == 0


def test_a_second_supervisor_in_the_same_home_is_refused(start):
    first = start("worker")
    first.wait_until_started()

    second = start("worker")
    _, complaint = second.process.communicate(timeout=PATIENCE_SECONDS)

    assert second.process.returncode == 2
    assert f"(process {first.process.pid})" in complaint
    assert complaint.count("\n") == 1
    assert first.process.poll() is None


def test_a_busy_port_is_one_clear_line_before_anything_starts(start, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        house = start("web", "worker", PORT=str(port))
        _, complaint = house.process.communicate(timeout=PATIENCE_SECONDS)

    assert house.process.returncode == 2
    assert complaint == (
        f"Cannot listen on 127.0.0.1 port {port}: Address already in use. Choose another one with --port.\n"
    )
    assert house.events() == []


def test_a_home_that_cannot_be_made_is_one_clear_line(start, tmp_path):
    (tmp_path / "file").touch()

    house = start("worker", home=tmp_path / "file" / "home")
    _, complaint = house.process.communicate(timeout=PATIENCE_SECONDS)

    assert house.process.returncode == 2
    assert "cannot be written to" in complaint
    assert complaint.count("\n") == 1


def test_only_a_guest_writes_to_standard_output(start):
    house = start("broken", "guest-says")

    out, errors = house.process.communicate(timeout=PATIENCE_SECONDS)

    assert out == "the guest speaks\n"
    assert "the broken one speaks" in errors


def test_connections_are_refused_once_the_web_has_stopped(start):
    house = start("web", "stubborn")
    house.wait_until_started()
    url = house.state()["url"]

    house.stop()

    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=1)  # noqa: S310 - our own server
