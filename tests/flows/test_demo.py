"""`helpdesk demo --once`: one mail becomes one invoice, on the real processes, even while they are killed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import eventually

HELPDESK = Path(sys.executable).with_name("helpdesk")
SECONDS = 170

# Counted by hand from the sample mails and the hours in helpdesk/demo/expectation.py.
EXPECTED = {
    "tickets": 23,
    "replies": 8,
    "ignored": 4,
    "entries": 16,
    "approved_seconds": 113_400,
    "overage_seconds": 9_000,
    "total": "1785.00",
    "mails_sent": 25,
}
SINCE = {
    "hours_gone_percent": 82,  # 74:15 of 90:00
    "money_gone_percent": 88,  # 7,053.75 of 8,000.00
    "margin_minor": 195_100,  # 4,180.00 less 2,229.00
    "waiting": 5,
    "standing_out": 4,
    "proposed_seconds": 22 * 60,
    "recovered_seconds": 15 * 60,
    "asking": 1,
}


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "HELPDESK_HOME": str(home)}
    return subprocess.Popen(
        [HELPDESK, "demo", "--once", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def figures(stdout: str) -> dict[str, object]:
    summary = json.loads(stdout)
    assert Path(summary["pdf"]).read_bytes().startswith(b"%PDF-")
    assert summary["invoice"]["number"].startswith("HO-")
    return {name: summary["invoice"]["total"] if name == "total" else summary[name] for name in EXPECTED}


def pid_of(home: Path, name: str) -> int | None:
    try:
        state = json.loads((home / "up.json").read_text())
    except (OSError, ValueError):
        return None
    return next((child["pid"] for child in state["children"] if child["name"] == name), None)


def kill(story: subprocess.Popen[str], home: Path, name: str) -> None:
    """Kill the named process and wait until the supervisor has another in its place."""
    victim = eventually(lambda: pid_of(home, name))
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: pid_of(home, name) not in {None, victim} or story.poll() is not None)


def test_the_story_comes_to_what_was_counted_by_hand_though_each_of_its_processes_is_killed(tmp_path):
    story = start(tmp_path)
    for name in ("watcher", "worker", "outside-smtp", "scheduler", "web", "broker", "outside-imap"):
        kill(story, tmp_path, name)

    stdout, stderr = story.communicate(timeout=SECONDS)

    assert story.returncode == 0, stderr
    assert figures(stdout) == EXPECTED
    since = json.loads(stdout)["since"]
    assert {name: since[name] for name in SINCE} == SINCE


@pytest.mark.parametrize("server", ["imap", "smtp"])
def test_without_a_server_outside_the_story_fails_and_names_the_step(tmp_path, server):
    story = start(tmp_path, "--without", server, "--patience", "3")

    stdout, stderr = story.communicate(timeout=SECONDS)

    assert story.returncode == 1
    assert stdout == ""
    assert "The step 'mail' failed" in stderr


def test_the_demo_never_touches_data_that_are_not_its_own(tmp_path):
    (tmp_path / "helpdesk.sqlite3").write_bytes(b"somebody's work")

    story = start(tmp_path)
    _, stderr = story.communicate(timeout=SECONDS)

    assert story.returncode == 2
    assert "holds data that are not the demo's" in stderr
    assert (tmp_path / "helpdesk.sqlite3").read_bytes() == b"somebody's work"
