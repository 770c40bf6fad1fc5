"""Fail points do what a test lays down, once, and nothing where nobody asked for them."""

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk.infra import failpoints

ROOT = Path(__file__).parents[3]
PASSING = "from helpdesk.infra import failpoints\nfailpoints.passing('stored')\nprint('lived')"


def pass_in_a_process(**environ):
    return subprocess.run(
        [sys.executable, "-c", PASSING], env=os.environ | environ, capture_output=True, text=True, check=False
    )


def test_without_the_variable_nothing_happens(monkeypatch):
    monkeypatch.delenv(failpoints.VARIABLE, raising=False)

    assert pass_in_a_process().stdout == "lived\n"


def test_a_kill_takes_the_first_process_and_spares_the_next(tmp_path):
    order = tmp_path / "stored"
    order.write_text("kill")

    killed = pass_in_a_process(**{failpoints.VARIABLE: str(tmp_path)})
    spared = pass_in_a_process(**{failpoints.VARIABLE: str(tmp_path)})

    assert (killed.returncode, killed.stdout, order.exists()) == (-signal.SIGKILL, "", False)
    assert spared.stdout == "lived\n"


def test_a_full_disk_lasts_until_the_order_is_taken_away(tmp_path, monkeypatch):
    monkeypatch.setattr(failpoints, "_folder", str(tmp_path))
    order = tmp_path / "stored"
    order.write_text("full")

    for _ in range(2):
        with pytest.raises(OSError, match="No space left") as found:
            failpoints.passing("stored")
        assert found.value.errno == errno.ENOSPC
    order.unlink()
    failpoints.passing("stored")


def test_every_point_stands_in_the_code_and_no_other_does():
    sources = "\n".join(path.read_text() for path in (ROOT / "helpdesk").rglob("*.py"))

    passed = re.findall(r'failpoints\.passing\("(\w+)"\)', sources)

    assert set(passed) == {*failpoints.POINTS, *failpoints.CLOSE_POINTS, *failpoints.RULE_POINTS}
