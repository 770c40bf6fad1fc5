"""What is fetched is stored before the server hears of it, once, whatever breaks in between."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.infra import blobs, clock
from helpdesk.infra.db import unit_of_work
from helpdesk.intake import gateway
from helpdesk.intake.models import InboundMessage, IntakeLimits, IntakeSource
from helpdesk.intake.parser.header_text import raw_by_name
from helpdesk.intake.process import fetch as fetch_process
from helpdesk.intake.process.fetch import fetch
from helpdesk.kernel.errors import ExternalFailure
from tests.conftest import NOW
from tests.mails import mail
from tests.slices.conftest import FakeFolder, Inbox, connect

pytestmark = pytest.mark.usefixtures("rung")


def rows():
    with unit_of_work() as session:
        return list(session.scalars(select(InboundMessage).order_by(InboundMessage.id)))


def source(source_id):
    with unit_of_work() as session:
        return session.get_one(IntakeSource, source_id)


def test_a_mail_is_stored_raw_and_rung_for_and_then_marked_as_read(inbox, rung):
    raw = mail(subject="Printer", message_id="<one@Acme.Example>")
    inbox.folder.deliver(raw)

    count = inbox.fetch()

    (row,) = rows()
    assert count == 1
    assert blobs.store().get(row.blob_sha256) == raw
    assert (row.message_id, row.subject, row.from_address) == ("<one@acme.example>", "Printer", "ann@acme.example")
    assert (row.state, row.seen_on_server) == ("received", True)
    assert inbox.folder.seen == {1}
    assert [(bell.job, bell.args, bell.queue) for bell in rung] == [("handle_inbound", (), "mail")]


def test_from_now_leaves_alone_what_was_there_before(office, fixed_clock):
    _, source_id = connect(start_from="now")
    box = Inbox(0, source_id, fixed_clock)
    box.folder.deliver(mail(subject="Old"))

    assert box.fetch() == 0

    box.folder.deliver(mail(subject="New"))
    assert box.fetch() == 1
    assert [row.subject for row in rows()] == ["New"]


def test_all_reads_what_was_there_before_oldest_first(office, fixed_clock):
    _, source_id = connect(start_from="all")
    box = Inbox(0, source_id, fixed_clock)
    for number in range(3):
        box.folder.deliver(mail(subject=f"Old {number}"), at=NOW - timedelta(days=30 - number))

    assert box.fetch() == 3

    assert [row.subject for row in rows()] == ["Old 0", "Old 1", "Old 2"]


@pytest.mark.parametrize("step", ["select", "list_after", "download"])
def test_a_connection_that_breaks_costs_nothing_but_time(inbox, step):
    inbox.folder.deliver(mail())
    inbox.folder.fails = [step]

    with pytest.raises(ExternalFailure):
        inbox.fetch()

    assert inbox.folder.seen == set()
    assert inbox.fetch() == 1
    assert len(rows()) == 1


def test_a_flag_that_the_server_refuses_stops_no_mail_and_is_set_later(inbox):
    inbox.folder.deliver(mail(subject="First"))
    inbox.folder.fails = ["mark_seen"]

    inbox.fetch()

    assert [row.seen_on_server for row in rows()] == [False]
    assert "cannot be marked as read" in source(inbox.source_id).last_error
    inbox.folder.deliver(mail(subject="Second"))
    inbox.fetch()
    assert [row.seen_on_server for row in rows()] == [True, True]
    assert source(inbox.source_id).last_error == ""


def test_a_kill_between_store_and_commit_fetches_the_mail_again(inbox, monkeypatch):
    inbox.folder.deliver(mail())
    with monkeypatch.context() as patch:
        patch.setattr("helpdesk.intake.process.fetch.cursor.keep", _killed)
        with pytest.raises(KeyboardInterrupt):
            inbox.fetch()
    assert rows() == []
    assert inbox.folder.seen == set()

    inbox.fetch()

    assert len(rows()) == 1


def _killed(*_args, **_kwargs):
    raise KeyboardInterrupt


def test_a_kill_between_commit_and_flag_only_repeats_the_flag(inbox, monkeypatch):
    inbox.folder.deliver(mail())
    with monkeypatch.context() as patch:
        patch.setattr(inbox.folder, "mark_seen", _killed)
        with pytest.raises(KeyboardInterrupt):
            inbox.fetch()
    assert [row.seen_on_server for row in rows()] == [False]

    inbox.fetch()

    assert inbox.folder.downloads == 1
    assert inbox.folder.seen == {1}
    assert [row.seen_on_server for row in rows()] == [True]


def test_two_who_fetch_the_same_mail_add_one_row(inbox):
    inbox.folder.deliver(mail())
    with unit_of_work() as session:
        before = session.get_one(IntakeSource, inbox.source_id).last_uid
    inbox.fetch()
    with unit_of_work() as session:
        session.get_one(IntakeSource, inbox.source_id).last_uid = before

    assert inbox.fetch() == 0

    assert len(rows()) == 1


def test_after_another_uidvalidity_the_same_mail_is_ignored_as_a_duplicate(inbox):
    first = inbox.receive(mail(subject="Printer"))
    inbox.folder.uid_validity = 2
    inbox.fetch()

    again = inbox.handle(rows()[-1].id)

    assert again.id != first.id
    assert (again.state, again.outcome, again.reasons) == ("ignored", "duplicate", [f"duplicate of #{first.id}"])


def test_after_another_uidvalidity_mail_from_before_the_connection_stays_unread(office, fixed_clock):
    _, source_id = connect(start_from="now")
    box = Inbox(0, source_id, fixed_clock)
    box.folder.deliver(mail(subject="Old"), at=NOW - timedelta(days=30))
    box.fetch()
    box.folder.deliver(mail(subject="New"), at=NOW)
    box.fetch()
    box.folder.uid_validity = 2

    box.fetch()

    assert [(row.subject, row.uid_validity) for row in rows()] == [("New", 1), ("New", 2)]
    box.folder.deliver(mail(subject="Moved here"), at=NOW - timedelta(days=30))
    assert box.fetch() == 1


def test_of_a_mail_beyond_the_limit_only_the_headers_are_fetched(inbox, rung):
    with unit_of_work() as session:
        session.add(IntakeLimits(largest_mail_mb=1))
    inbox.folder.deliver(mail("large " * 200_000, subject="Huge"))
    inbox.folder.deliver(mail(subject="Small"))

    inbox.fetch()

    huge, small = rows()
    assert [(row.state, row.headers_only) for row in (huge, small)] == [("received", True), ("received", False)]
    assert huge.subject == "Huge"
    assert huge.size_bytes > 1024 * 1024
    assert b"large" not in blobs.store().get(huge.blob_sha256)
    assert inbox.folder.downloads == 1
    assert [(bell.job, bell.args) for bell in rung] == [("handle_inbound", ())]


def test_a_mail_whose_headers_nothing_can_read_does_not_stop_the_next(inbox, monkeypatch):
    def fails_once(message, real=raw_by_name):
        if message["Subject"] == "Poison":
            raise RecursionError
        return real(message)

    monkeypatch.setattr(fetch_process, "raw_by_name", fails_once)
    inbox.folder.deliver(mail(subject="Poison"))
    inbox.folder.deliver(mail(subject="Good"))

    assert inbox.fetch() == 2

    assert [row.subject for row in rows()] == ["", "Good"]


def test_many_mails_are_fetched_in_pages_and_none_twice(inbox):
    for number in range(120):
        inbox.folder.deliver(mail(subject=f"Mail {number}"))

    assert inbox.fetch() == 120
    assert inbox.fetch() == 0

    with unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(InboundMessage)) == 120
    assert inbox.folder.downloads == 120


def test_a_real_server_keeps_its_mail_unread_until_it_is_stored(office, account, app):
    _, source_id = connect(imap_port=account.port)
    with gateway.connect(account.access) as folder:
        fetch(source_id, folder, unit_of_work, store=blobs.store(), clock=clock.now)
        account.deliver(mail(subject="One"), mail(subject="Two"))

        listed = folder.list_after(0, limit=10)
        raw = folder.download([one.uid for one in listed])
        before = account.flags()
        fetch(source_id, folder, unit_of_work, store=blobs.store(), clock=clock.now)

    assert [len(raw[one.uid]) for one in listed] == [one.size_bytes for one in listed]
    assert all(rb"\Seen" not in flags for flags in before.values())
    assert all(rb"\Seen" in flags for flags in account.flags().values())
    assert [row.subject for row in rows()] == ["One", "Two"]


def test_a_real_server_that_numbers_its_mail_anew_is_read_again(office, account, app):
    _, source_id = connect(imap_port=account.port, start_from="all")
    account.deliver(mail(subject="One"), mail(subject="Two"))
    with gateway.connect(account.access) as folder:
        fetch(source_id, folder, unit_of_work, store=blobs.store(), clock=clock.now)
    account.renumber()

    with gateway.connect(account.access) as folder:
        count = fetch(source_id, folder, unit_of_work, store=blobs.store(), clock=clock.now)

    assert count == 2
    first, second = {row.uid_validity for row in rows()}
    assert first != second
    assert {row.content_hash for row in rows()[:2]} == {row.content_hash for row in rows()[2:]}


def test_a_real_server_tells_of_new_mail_while_we_wait(account):
    with gateway.connect(account.access) as folder:
        folder.select()
        with folder.idle() as news:
            account.deliver(mail())
            told = news(10)

    assert told is True


def test_a_server_that_told_of_mail_on_the_side_is_heard(account):
    with gateway.connect(account.access) as folder:
        folder.select()
        folder.list_after(0, limit=10)
        before = folder.heard_of_news()
        account.deliver(mail(subject="One"))
        folder.mark_seen([1])

        assert (before, folder.heard_of_news()) == (False, True)
        folder.list_after(0, limit=10)
        assert not folder.heard_of_news()


def test_a_server_that_dies_while_we_wait_is_noticed_at_once(account):
    def wait_for_news():
        with folder.idle() as news:
            folder.interrupt()
            news(10)

    with gateway.connect(account.access) as folder:
        folder.select()

        with pytest.raises(ExternalFailure, match="closed the connection"):
            wait_for_news()


def test_a_wrong_password_is_said_in_words(account):
    wrong = gateway.Access("127.0.0.1", account.port, "none", account.user, "wrong")

    with pytest.raises(ExternalFailure, match="Authentication failed"), gateway.connect(wrong):
        pass


def test_nobody_listening_is_said_in_words():
    nobody = gateway.Access("127.0.0.1", 1, "none", "user", "password")

    with pytest.raises(ExternalFailure, match=r"127\.0\.0\.1:1: "), gateway.connect(nobody):
        pass


def test_the_fake_folder_has_every_method_that_fetching_calls():
    wanted = {"select", "list_after", "download", "download_head", "mark_seen", "move", "first_uid_since"}
    wanted |= {"count_after", "list_known", "uids_between"}

    assert wanted <= set(dir(FakeFolder)) & set(dir(gateway.Folder))
