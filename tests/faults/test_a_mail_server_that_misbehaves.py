"""What an IMAP server can do to us: whatever it is, each mail comes in whole and once, and no flag lies."""

import hashlib
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from helpdesk.infra import blobs, clock
from helpdesk.infra.db import unit_of_work
from helpdesk.intake import gateway
from helpdesk.intake.models import InboundEffect, InboundMessage, IntakeSource
from helpdesk.intake.process.fetch import fetch
from helpdesk.kernel.errors import ExternalFailure
from tests.dovecot import PASSWORD
from tests.faults.imap_proxy import running_proxy
from tests.mails import mail
from tests.slices.conftest import connect, work_off
from tests.waiting import eventually
from workers import watcher

pytestmark = [
    pytest.mark.usefixtures("office", "rung"),
    pytest.mark.on_sqlite,
]

BODY = "A line of a long letter.\r\n" * 800


@pytest.fixture
def proxy(account):
    with running_proxy(account.port) as between:
        yield between


@pytest.fixture
def source_id(account, proxy):
    return connect(imap_port=proxy.port, user=account.user, password=PASSWORD, start_from="all")[1]


def fetch_once(source_id, account, proxy):
    with gateway.connect(replace(account.access, port=proxy.port)) as folder:
        return fetch(source_id, folder, unit_of_work, store=blobs.store(), clock=clock.now)


def rows():
    with unit_of_work() as session:
        return session.scalars(select(InboundMessage).order_by(InboundMessage.id)).all()


def contents():
    return [blobs.store().get(row.blob_sha256) for row in rows()]


def outcomes():
    return sorted(row.outcome for row in rows())


def seen(account):
    return [rb"\Seen" in flags for flags in account.flags().values()]


@contextmanager
def watching(app, monkeypatch):
    monkeypatch.setattr(watcher, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(watcher, "LONGEST_PAUSE_SECONDS", 0.2)
    stopping = threading.Event()
    thread = threading.Thread(target=watcher.run, args=(app, stopping), kwargs={"holder": "here"})
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.parametrize("cut_at", [0, 1, 5000, 20_000])
def test_a_connection_cut_inside_a_literal_leaves_no_half_mail(source_id, account, proxy, cut_at):
    sent = [mail(f"{number} {BODY}") for number in range(3)]
    account.deliver(*sent)
    proxy.cut_literal_at = cut_at

    with pytest.raises(ExternalFailure):
        fetch_once(source_id, account, proxy)

    assert proxy.dropped == 1
    assert rows() == []
    assert seen(account) == [False] * 3
    assert fetch_once(source_id, account, proxy) == 3
    assert contents() == sent
    assert seen(account) == [True] * 3


def test_a_flag_that_is_refused_is_shown_and_set_once_it_may_be(source_id, account, proxy):
    account.deliver(mail(), mail())
    proxy.refuses = {"STORE"}

    fetch_once(source_id, account, proxy)

    assert (len(rows()), seen(account)) == (2, [False, False])
    with unit_of_work() as session:
        assert "cannot be marked as read" in session.get_one(IntakeSource, source_id).last_error
    proxy.refuses = set()
    assert fetch_once(source_id, account, proxy) == 0
    assert seen(account) == [True, True]


def test_a_server_that_answers_slowly_is_waited_for(source_id, account, proxy):
    sent = [mail(BODY)]
    account.deliver(*sent)
    proxy.pause_seconds = 0.002

    assert fetch_once(source_id, account, proxy) == 1

    assert contents() == sent


def test_answers_that_come_twice_are_one_mail_each(source_id, account, proxy):
    sent = [mail(subject="One"), mail(subject="Two")]
    account.deliver(*sent)
    proxy.doubles = True

    assert fetch_once(source_id, account, proxy) == 2

    assert contents() == sent


def test_a_wait_for_news_that_is_dropped_begins_again(app, source_id, account, proxy, monkeypatch):
    proxy.drops_at = "IDLE"

    with watching(app, monkeypatch):
        eventually(lambda: proxy.dropped)
        account.deliver(mail(subject="After"))
        eventually(lambda: [row.subject for row in rows()] == ["After"])


def test_the_same_mail_three_times_is_one_ticket(source_id, account, proxy):
    account.deliver(*[mail()] * 3)
    fetch_once(source_id, account, proxy)

    work_off(clock.now)

    assert outcomes() == ["duplicate", "duplicate", "ticket"]


def test_mail_that_gets_new_numbers_opens_no_second_ticket(source_id, account, proxy):
    account.deliver(*(mail(subject=f"Mail {number}", sender=f"p{number}@acme.example") for number in range(40)))
    fetch_once(source_id, account, proxy)
    work_off(clock.now)
    account.renumber()

    assert fetch_once(source_id, account, proxy) == 40
    work_off(clock.now)

    assert outcomes() == ["duplicate"] * 40 + ["ticket"] * 40


def test_four_who_fetch_and_handle_at_once_make_one_ticket_of_each_mail(app, source_id, account, proxy):
    account.deliver(*(mail(subject=f"Mail {number}", sender=f"p{number}@acme.example") for number in range(30)))
    failures: list[BaseException] = []

    def work():
        try:
            with app.app_context():
                fetch_once(source_id, account, proxy)
                work_off(clock.now)
        except BaseException as error:  # noqa: BLE001 - the test tells of it
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    work_off(clock.now)

    assert failures == []
    assert outcomes() == ["ticket"] * 30
    with unit_of_work() as session:
        assert session.scalar(select(func.count(func.distinct(InboundEffect.work_item_id)))) == 30


def test_what_is_stored_is_what_was_sent(source_id, account, proxy):
    sent = mail(BODY, files={"a.bin": bytes(range(256)) * 50})
    account.deliver(sent)

    fetch_once(source_id, account, proxy)

    assert [row.blob_sha256 for row in rows()] == [hashlib.sha256(sent).hexdigest()]
