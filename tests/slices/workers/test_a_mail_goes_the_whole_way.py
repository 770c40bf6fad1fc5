"""All processes of mail together: a mail on the IMAP server becomes a ticket, its acknowledgement leaves by SMTP."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import pytest
from sqlalchemy import select

from helpdesk.infra.broker import running_broker
from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundMessage, IntakeSource
from tests.dovecot import PASSWORD
from tests.mails import mail
from tests.slices.conftest import connect
from tests.waiting import eventually


@pytest.fixture
def start(app, tmp_path, tmp_path_factory):
    """Start processes of ``python -m workers`` and end them with the test."""
    with ExitStack() as ends:
        environ = os.environ | {
            "HELPDESK_HOME": str(tmp_path),
            "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
            "REDIS_URL": ends.enter_context(running_broker(home=tmp_path_factory.mktemp("b"))),
            "SECRET_KEY": app.config["SECRET_KEY"].hex(),
        }

        def _start(*names):
            started = [subprocess.Popen([sys.executable, "-m", "workers", name], env=environ) for name in names]
            for process in started:
                ends.callback(process.wait)
                ends.callback(process.kill)
            return started

        yield _start


def line():
    with unit_of_work() as session:
        return session.scalar(select(InboundMessage))


@pytest.mark.usefixtures("office")
def test_a_mail_becomes_a_ticket_and_is_acknowledged(account, smtp, start):
    _, source_id = connect(imap_port=account.port, smtp_port=smtp.port, user=account.user, password=PASSWORD)
    processes = start("work", "schedule", "watch")

    def idle():
        with unit_of_work() as session:
            return session.get_one(IntakeSource, source_id).idle_since

    eventually(idle)
    account.deliver(mail(subject="Printer"))
    eventually(lambda: smtp.taken)

    assert line().outcome == "ticket"
    (taken,) = smtp.taken
    assert taken.recipients == ["ann@acme.example"]
    assert taken.message["Auto-Submitted"] == "auto-replied"

    for process in processes:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]


@pytest.mark.usefixtures("office")
@pytest.mark.on_sqlite
def test_a_watcher_that_is_killed_is_followed_by_the_next_and_nothing_is_lost(account, smtp, start):
    connect(imap_port=account.port, smtp_port=smtp.port, user=account.user, password=PASSWORD, start_from="all")
    account.deliver(*(mail(subject=f"Mail {number}") for number in range(30)))
    (watcher,) = start("watch")
    eventually(line)
    watcher.kill()
    with unit_of_work() as session:
        session.execute(InboundMessage.metadata.tables["leases"].delete())

    start("watch", "schedule", "work")

    def outcomes():
        with unit_of_work() as session:
            return list(session.scalars(select(InboundMessage.outcome).order_by(InboundMessage.uid)))

    eventually(lambda: outcomes() == ["ticket"] * 30)
    eventually(lambda: all(rb"\Seen" in flags for flags in account.flags().values()))
    assert smtp.taken == []
