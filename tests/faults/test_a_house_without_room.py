"""The database is locked, the disk full, the broker gone: no mail is flagged before it is safe, and all catches up."""

import sqlite3

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import make_url

from helpdesk.infra import failpoints
from helpdesk.infra.db import db, unit_of_work
from helpdesk.intake.models import InboundMessage, IntakeSource
from tests.dovecot import PASSWORD
from tests.faults.load import load, opening
from tests.faults.test_a_mail_server_that_misbehaves import seen, watching
from tests.mails import mail
from tests.slices.conftest import connect
from tests.waiting import eventually

on_sqlite = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


@pytest.fixture
def orders(tmp_path, monkeypatch):
    """Where a test lays down that the disk is full."""
    folder = tmp_path / "orders"
    folder.mkdir()
    monkeypatch.setattr(failpoints, "_folder", str(folder))
    return folder


def states():
    with unit_of_work() as session:
        return session.scalars(select(InboundMessage.state)).all()


def trouble(source_id):
    with unit_of_work() as session:
        return session.get_one(IntakeSource, source_id).last_error


@on_sqlite
@pytest.mark.usefixtures("office", "rung")
def test_a_full_disk_is_told_and_no_mail_is_flagged_until_there_is_room(app, account, orders, monkeypatch):
    source_id = connect(imap_port=account.port, user=account.user, password=PASSWORD, start_from="all")[1]
    account.deliver(mail(), mail())
    (orders / "storing").write_text("full")

    with watching(app, monkeypatch):
        eventually(lambda: "No space left on device" in trouble(source_id))
        assert (states(), seen(account)) == ([], [False, False])
        (orders / "storing").unlink()
        eventually(lambda: seen(account) == [True, True])
        eventually(lambda: trouble(source_id) == "")

    assert states() == ["received", "received"]


@pytest.mark.usefixtures("rung")
def test_mail_whose_files_find_no_room_is_tried_until_there_is_some(inbox, orders, fixed_clock):
    line = inbox.receive(mail())
    inbox.folder.deliver(mail(files={"label.pdf": b"%PDF-1.4"}), at=fixed_clock())
    inbox.fetch()
    (orders / "storing").write_text("full")

    for _ in range(6):
        waiting = inbox.handle(line.id + 1)
        fixed_clock.advance(minutes=1)
    (orders / "storing").unlink()

    assert (waiting.state, waiting.attempts) == ("received", 0)
    assert "No space left on device" in waiting.error
    assert inbox.handle(line.id + 1).outcome == "ticket"


@on_sqlite
@pytest.mark.usefixtures("office", "rung")
def test_a_locked_database_costs_no_mail_and_no_flag(app, account, monkeypatch):
    connect(imap_port=account.port, user=account.user, password=PASSWORD, start_from="all")
    db.engine.dispose()
    event.listen(db.engine, "connect", _lose_patience)
    file = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).database
    account.deliver(mail(), mail())
    other = sqlite3.connect(str(file), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    gave_up = []
    monkeypatch.setattr("workers.watcher.LOOK_FOR_CHANGES_SECONDS", 0.05)
    monkeypatch.setattr("workers.watcher.log.warning", lambda *what, **_more: gave_up.append(what))

    with watching(app, monkeypatch):
        eventually(lambda: len(gave_up) > 1)
        assert seen(account) == [False, False]
        other.execute("COMMIT")
        eventually(lambda: seen(account) == [True, True])

    other.close()
    event.remove(db.engine, "connect", _lose_patience)
    db.engine.dispose()
    assert states() == ["received", "received"]


def _lose_patience(connection, _record):
    connection.execute("PRAGMA busy_timeout=50")


@on_sqlite
def test_a_broker_that_forgets_everything_and_dies_costs_nothing(desk):
    first = opening(4, seed=1)
    desk.deliver(*first)
    desk.settle()

    rest = list(load(12, seed=1, answering=first))
    desk.deliver(*rest[:6])
    assert desk.kill("broker") == "broker"
    desk.deliver(*rest[6:])
    desk.settle()

    assert desk.toll().faults() == {}


@on_sqlite
def test_answers_leave_once_a_mail_server_that_failed_takes_them_again(desk):
    desk.sink.says = ["451 busy", "421 too many connections", "452 no room", "451 busy"]

    desk.deliver(*opening(6, seed=2))
    desk.settle()

    assert desk.sink.says == []
    toll = desk.toll()
    assert (toll.faults(), toll.repeats) == ({}, ())
    assert len(desk.sink.taken) == 6
