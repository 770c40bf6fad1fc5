"""Watchers on a real IMAP server: mail is in within a moment, changes are followed, trouble passes by itself."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.infra import crypto, leases
from helpdesk.infra.clock import now
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import Lease
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import InboundMessage, IntakeSource
from helpdesk.intake.service import sources
from helpdesk.outbox import grants
from tests.authorisation import CLIENT_ID, CLIENT_SECRET, running_authorisation_server
from tests.dovecot import PASSWORD, running_dovecot
from tests.mails import mail
from tests.slices.conftest import connect
from tests.waiting import eventually
from workers import watcher

pytestmark = pytest.mark.usefixtures("office", "rung")


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch):
    monkeypatch.setattr(watcher, "LOOK_FOR_CHANGES_SECONDS", 0.05)
    monkeypatch.setattr(watcher, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(watcher, "LONGEST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr("helpdesk.intake.process.watch.RENEW_SECONDS", 0.6)


@contextmanager
def watching(app, holder="here"):
    stopping = threading.Event()
    thread = threading.Thread(target=watcher.run, args=(app, stopping), kwargs={"holder": holder})
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(20)
        assert not thread.is_alive()


def source(source_id):
    with unit_of_work() as session:
        return session.get_one(IntakeSource, source_id)


def subjects():
    with unit_of_work() as session:
        return list(session.scalars(select(InboundMessage.subject).order_by(InboundMessage.id)))


def connected(account, **changes):
    return connect(imap_port=account.port, user=account.user, password=PASSWORD, **changes)[1]


def test_mail_that_comes_while_we_wait_is_taken_in_at_once(app, account):
    source_id = connected(account)

    with watching(app):
        eventually(lambda: source(source_id).idle_since)
        account.deliver(mail(subject="One"))
        eventually(lambda: subjects() == ["One"])
        account.deliver(mail(subject="Two"))
        eventually(lambda: subjects() == ["One", "Two"])
        eventually(lambda: all(rb"\Seen" in flags for flags in account.flags().values()))

    after = source(source_id)
    assert after.last_poll_at is not None
    assert (after.idle_since, after.last_error) == (None, "")
    with unit_of_work() as session:
        assert list(session.scalars(select(Lease.name))) == []


def test_a_mailbox_that_is_connected_later_is_watched_and_one_that_is_paused_is_left(app, account, dovecot):
    with watching(app):
        first = connected(account)
        second = connected(dovecot.account(), address="hello@halden-okoye.example")
        eventually(lambda: source(first).idle_since and source(second).idle_since)
        with unit_of_work() as session:
            session.get_one(IntakeSource, first).active = False
        eventually(lambda: source(first).idle_since is None)

        assert source(second).idle_since is not None


def test_a_wrong_password_is_shown_and_a_right_one_is_used_at_once(app, account):
    source_id = connected(account)
    with unit_of_work() as session:
        session.get_one(IntakeSource, source_id).imap_secret = crypto.seal("wrong")

    with watching(app):
        eventually(lambda: "Authentication failed" in source(source_id).last_error)
        with unit_of_work() as session:
            session.get_one(IntakeSource, source_id).imap_secret = crypto.seal(PASSWORD)
        eventually(lambda: source(source_id).idle_since)

    assert source(source_id).last_error == ""


def test_a_settings_change_and_check_now_begin_anew_at_once(app, account):
    source_id = connected(account)

    with watching(app):
        eventually(lambda: source(source_id).reconciled_at)
        before = source(source_id).reconciled_at
        with unit_of_work() as session:
            sources.renew(session, session.get_one(IntakeSource, source_id), now=now())
        eventually(lambda: source(source_id).reconciled_at not in (None, before))

    assert source(source_id).missing_uids == []


def test_a_mailbox_that_signs_in_by_oauth_waits_for_its_consent_and_is_then_read(app):
    with running_authorisation_server() as provider, running_dovecot(oauth_url=provider.url) as server:
        account = server.account()
        provider.mailbox = account.user
        mailbox_id, source_id = connect(auth="oauth", password="", user=account.user, imap_port=server.port)
        with watching(app):
            eventually(lambda: "no OAuth registration yet" in source(source_id).last_error)
            with unit_of_work() as session:
                grants.register(
                    session,
                    actor=SYSTEM,
                    now=now(),
                    mailbox_id=mailbox_id,
                    provider="other",
                    flow="client_credentials",
                    client_id=CLIENT_ID,
                    client_secret=CLIENT_SECRET,
                    authorize_url="",
                    token_url=f"{provider.url}/token",
                    scope="mail",
                )
            eventually(lambda: source(source_id).idle_since)
            account.deliver(mail(subject="By token"))
            eventually(lambda: subjects() == ["By token"])


def test_a_password_that_our_key_cannot_read_is_shown(app, account):
    source_id = connected(account)
    with unit_of_work() as session:
        session.get_one(IntakeSource, source_id).imap_secret = "sealed with another key"

    with watching(app):
        eventually(lambda: "Enter the password again" in source(source_id).last_error)


def test_a_mailbox_in_the_hands_of_another_process_is_left_alone_until_it_lets_go(app, account):
    source_id = connected(account, start_from="all")
    account.deliver(mail(subject="One"))
    with unit_of_work() as session:
        leases.take(session, name=f"mailbox:{source_id}", holder="elsewhere", now=now(), seconds=3600)

    with watching(app):
        eventually(lambda: threading.active_count() > 2)
        assert source(source_id).uid_validity is None
        with unit_of_work() as session:
            session.get_one(Lease, f"mailbox:{source_id}").expires_at = now() - timedelta(seconds=1)
        eventually(lambda: subjects() == ["One"])


def test_pauses_grow_to_five_minutes_and_never_all_at_once(monkeypatch):
    monkeypatch.undo()

    pauses = [watcher.pause_seconds(failures, chance=1.0) for failures in (1, 2, 3, 9, 10, 1000)]

    assert pauses == [1.0, 2.0, 4.0, 256.0, 300.0, 300.0]
    assert watcher.pause_seconds(3, chance=0.0) == 2.0
