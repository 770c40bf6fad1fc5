"""The command line: what it prints, and how it ends when something is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HELPDESK = Path(sys.executable).with_name("helpdesk")
MAIL = b"From: Ada <ada@acme.example>\r\nSubject: Printer\r\nMessage-ID: <1@acme.example>\r\n\r\nIt prints blank.\r\n"
SCENARIO = {
    "rates": [{"amount": "100.00"}],
    "entries": [{"id": "e1", "start": "2026-03-02T10:00:00+01:00", "seconds": 3600}],
    "close": ["2026-03"],
}


def run(home: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HELPDESK_HOME": str(home)}
    return subprocess.run(
        [HELPDESK, *arguments], env=environment, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_doctor_finds_a_new_desk_sound(tmp_path):
    done = run(tmp_path, "doctor")

    assert (done.returncode, done.stdout) == (0, "All invariants hold.\n")


def test_migrate_says_where_the_database_stands_and_may_be_repeated(tmp_path):
    first, second = run(tmp_path, "migrate"), run(tmp_path, "migrate")

    assert first.returncode == second.returncode == 0
    assert first.stdout == second.stdout
    assert "revision" in first.stdout


def test_a_mail_is_read_without_a_desk(tmp_path):
    (tmp_path / "mail.eml").write_bytes(MAIL)

    done = run(tmp_path / "home", "mail", "inspect", "--jsonl", str(tmp_path / "mail.eml"))

    assert json.loads(done.stdout)["subject"] == "Printer"
    assert not (tmp_path / "home").exists()


def test_a_scenario_is_simulated_without_a_desk(tmp_path):
    done = run(tmp_path / "home", "retainers", "simulate", "-", stdin=json.dumps(SCENARIO))

    assert json.loads(done.stdout)["invoices"][0]["net"] == "100.00"
    assert not (tmp_path / "home").exists()


def test_a_wrong_scenario_is_one_line_that_names_the_fault(tmp_path):
    wrong = {**SCENARIO, "close": ["2026-03", "2026-03"]}

    done = run(tmp_path, "retainers", "simulate", "-", stdin=json.dumps(wrong))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("close[1]: ")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("close", "2026-13"), 2, "is no month"),
        (("close", "2026-03", "--client", "Nobody"), 3, "There is no client called 'Nobody'"),
    ],
)
def test_a_close_that_cannot_be_says_why(tmp_path, arguments, code, says):
    done = run(tmp_path, *arguments)

    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_import_needs_a_mailbox_that_is_there(tmp_path):
    (tmp_path / "mail.eml").write_bytes(MAIL)

    done = run(tmp_path / "home", "mail", "import", "support@x.example", str(tmp_path / "mail.eml"))

    assert done.returncode == 3
    assert done.stderr == "helpdesk: There is no mailbox support@x.example. The mailboxes are: none is connected yet.\n"
