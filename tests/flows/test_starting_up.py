"""`helpdesk up`: one clear line and exit code 2 where it cannot start; an orderly stop where it can."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
import pytest

from tests.waiting import eventually

HELPDESK = Path(sys.executable).with_name("helpdesk")


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return {**kept, "HELPDESK_HOME": str(home), **more}


def refused(home: Path, *arguments: str, **more: str) -> list[str]:
    done = subprocess.run(
        [HELPDESK, "up", *arguments],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    return done.stderr.splitlines()


@contextmanager
def running(home: Path) -> Iterator[subprocess.Popen[str]]:
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [HELPDESK, "up", "--port", "0"], env=environment(home), stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def announced(process: subprocess.Popen[str]) -> list[str]:
    """Return what is printed until the desk is up."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if line.startswith("Helpdesk is up"):
            return lines
    pytest.fail(f"never came up: {lines}")


def test_every_wrong_setting_is_named_at_once_before_anything_starts(tmp_path):
    lines = refused(tmp_path, BASE_URL="desk", TRUSTED_PROXIES="x", DATABASE_URL="nonsense")

    assert [line.split(":")[1].strip() for line in lines] == ["DATABASE_URL", "BASE_URL", "TRUSTED_PROXIES"]
    assert not (tmp_path / "helpdesk.sqlite3").exists()


def test_a_busy_port_is_one_clear_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        lines = refused(tmp_path, "--port", str(port))

    assert len(lines) == 1
    assert str(port) in lines[0]
    assert not (tmp_path / "helpdesk.sqlite3").exists()


def test_an_unwritable_home_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch()

    lines = refused(tmp_path / "file" / "home")

    assert len(lines) == 1
    assert "HELPDESK_HOME" in lines[0]


def test_a_database_of_a_newer_version_is_refused(tmp_path):
    with running(tmp_path) as process:
        announced(process)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    with sqlite3.connect(tmp_path / "helpdesk.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffff'")

    lines = refused(tmp_path, "--port", "0")

    assert len(lines) == 1
    assert "newer Helpdesk" in lines[0]


def test_a_database_that_cannot_be_reached_is_one_clear_line(tmp_path):
    lines = refused(tmp_path, "--port", "0", DATABASE_URL="postgresql://nobody@127.0.0.1:1/desk")

    assert len(lines) == 1
    assert "DATABASE_URL" in lines[0]


def test_the_first_run_page_opens_with_the_printed_token_and_only_once(tmp_path):
    with running(tmp_path) as process:
        link = next(line for line in announced(process) if line.startswith("First run")).split()[-1]
        base = "{0.scheme}://{0.netloc}".format(urlsplit(link))
        token = parse_qs(urlsplit(link).query)["token"][0]
        form = {
            "token": token,
            "company_name": "Acme Support",
            "currency": "EUR",
            "time_zone": "Europe/Berlin",
            "name": "Ada Admin",
            "email": "ada@acme.example",
            "password": "a long enough password",
        }
        with httpx.Client(base_url=base, trust_env=False, follow_redirects=True) as browser:
            page = browser.get(f"/setup?token={token}").text
            csrf = page.split('name="csrf_token" value="')[1].split('"')[0]
            done = browser.post("/setup", data={**form, "csrf_token": csrf})
            again = browser.get(f"/setup?token={token}")

    assert done.status_code == 200, done.text
    assert "Acme Support" in done.text
    assert again.status_code == 404


def test_sigterm_stops_everything_in_order_and_leaves_no_process(tmp_path):
    with running(tmp_path) as process:
        announced(process)
        children = {child["name"]: child["pid"] for child in json.loads((tmp_path / "up.json").read_text())["children"]}
        web = psutil.Process(children["web"])
        eventually(lambda: len(web.children()) == min(4, len(os.sched_getaffinity(0))))  # one answers on each core
        process.send_signal(signal.SIGTERM)
        process.wait(60)

    assert process.returncode == 0
    assert {"web", "worker", "scheduler", "watcher", "broker"} <= set(children)
    assert not [name for name, pid in children.items() if Path(f"/proc/{pid}").exists()]
    assert "killed" not in (tmp_path / "log").read_text()
    assert not (tmp_path / "up.json").exists()


def test_a_second_start_in_the_same_home_is_refused(tmp_path):
    with running(tmp_path) as process:
        announced(process)

        lines = refused(tmp_path, "--port", "0")

    assert len(lines) == 1
    assert "Another helpdesk" in lines[0]
