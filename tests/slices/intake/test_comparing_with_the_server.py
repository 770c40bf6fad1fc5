"""No gap stays unseen: the hourly comparison, mail that is moved away, the last N days, and numbers given anew."""

from datetime import timedelta

import pytest
from imapclient import IMAPClient
from sqlalchemy import func, select

from helpdesk.infra import blobs, clock
from helpdesk.infra.db import unit_of_work
from helpdesk.intake import gateway
from helpdesk.intake.models import InboundMessage, IntakeSource
from helpdesk.intake.process.fetch import fetch
from helpdesk.intake.process.reconcile import reconcile
from tests.conftest import NOW
from tests.dovecot import PASSWORD
from tests.mails import mail
from tests.slices.conftest import Inbox, connect, work_off

pytestmark = pytest.mark.usefixtures("rung")

MANY = 300


def source(source_id):
    with unit_of_work() as session:
        return session.get_one(IntakeSource, source_id)


def subjects():
    with unit_of_work() as session:
        return list(session.scalars(select(InboundMessage.subject).order_by(InboundMessage.id)))


def compare(box):
    return reconcile(box.source_id, box.folder, unit_of_work, store=blobs.store(), clock=box.clock)


def pass_over(box, *uids):
    """Have the cursor stand behind messages that have no row, as a fault of ours or of the server would leave it."""
    with unit_of_work() as session:
        session.get_one(IntakeSource, box.source_id).last_uid = max(uids)


def test_a_mail_that_was_passed_over_is_fetched_as_any_other(inbox, rung):
    inbox.folder.deliver(mail(subject="Lost"))
    pass_over(inbox, 1)

    count = compare(inbox)

    assert (count, subjects()) == (1, ["Lost"])
    assert [bell.job for bell in rung] == ["handle_inbound"]
    after = source(inbox.source_id)
    assert (after.missing_uids, after.reconciled_at, after.last_uid) == ([], inbox.clock(), 1)


def test_a_mail_that_cannot_be_had_is_an_alarm_with_its_number_until_it_can(office, inbox, sign_in_as):
    inbox.folder.deliver(mail(subject="Lost"))
    inbox.folder.deliver(mail(subject="Lost too"))
    pass_over(inbox, 1, 2)
    inbox.folder.fails = ["download", "download"]
    admin = sign_in_as(office.admin)

    compare(inbox)

    assert source(inbox.source_id).missing_uids == [1]
    assert subjects() == ["Lost too"]
    page = admin.get(f"/settings/mailboxes/{inbox.mailbox_id}").text
    assert "1 mail on the server could not be fetched" in page
    assert "UID 1" in page
    inbox.clock.advance(hours=1)
    compare(inbox)
    assert source(inbox.source_id).missing_uids == []
    assert subjects() == ["Lost too", "Lost"]


def test_the_comparison_runs_once_an_hour(inbox):
    compare(inbox)
    inbox.folder.deliver(mail(subject="Lost"))
    pass_over(inbox, 1)
    inbox.clock.advance(minutes=59)

    early = compare(inbox)
    inbox.clock.advance(minutes=1)

    assert (early, compare(inbox)) == (0, 1)


def test_mail_from_before_the_connection_is_no_gap(office, fixed_clock):
    _, source_id = connect(start_from="now")
    box = Inbox(0, source_id, fixed_clock)
    box.folder.deliver(mail(subject="Old"), at=NOW)
    box.fetch()

    assert compare(box) == 0
    assert source(source_id).missing_uids == []


def test_the_last_days_are_read_and_nothing_older_then_or_at_a_comparison(office, fixed_clock):
    _, source_id = connect(start_from="days", start_days=7)
    box = Inbox(0, source_id, fixed_clock)
    for days in (30, 8, 7, 1):
        box.folder.deliver(mail(subject=f"{days} days"), at=NOW - timedelta(days=days))

    box.fetch()

    assert subjects() == ["7 days", "1 days"]
    assert compare(box) == 0
    box.folder.deliver(mail(subject="Moved here"), at=NOW - timedelta(days=30))
    box.fetch()
    assert subjects()[2:] == ["Moved here"]


def test_the_last_days_of_an_empty_folder_begin_with_the_next_mail(office, fixed_clock):
    _, source_id = connect(start_from="days", start_days=7)
    box = Inbox(0, source_id, fixed_clock)
    box.fetch()

    box.folder.deliver(mail(subject="First"))

    assert box.fetch() == 1


@pytest.mark.parametrize("start_from", ["now", "days"])
@pytest.mark.parametrize("before", [0, 2])
def test_old_mail_that_somebody_moves_here_after_we_began_is_read(office, fixed_clock, start_from, before):
    _, source_id = connect(start_from=start_from, start_days=7)
    box = Inbox(0, source_id, fixed_clock)
    for _ in range(before):
        box.folder.deliver(mail(subject="Old"), at=NOW - timedelta(days=90))
    box.fetch()
    box.folder.deliver(mail(subject="Moved here"), at=NOW - timedelta(days=90))

    box.fetch()

    assert subjects() == ["Moved here"]


def with_processed_folder(box, name="Done"):
    with unit_of_work() as session:
        session.get_one(IntakeSource, box.source_id).processed_folder = name


def test_mail_that_is_safe_is_moved_and_is_no_gap(inbox):
    inbox.receive(mail(subject="Before"))
    with_processed_folder(inbox)
    inbox.folder.deliver(mail(subject="After"))

    inbox.fetch()

    assert len(inbox.folder.moved["Done"]) == 1
    assert list(inbox.folder.mails) == [1]
    assert compare(inbox) == 0
    assert source(inbox.source_id).missing_uids == []


def test_a_refused_move_is_shown_stops_nothing_and_is_tried_again(inbox):
    with_processed_folder(inbox)
    inbox.folder.deliver(mail(subject="One"))
    inbox.folder.fails = ["move"]

    inbox.fetch()

    assert "cannot be moved to “Done”" in source(inbox.source_id).last_error
    assert source(inbox.source_id).failing_since is None
    inbox.fetch()
    assert source(inbox.source_id).last_error == ""
    assert len(inbox.folder.moved["Done"]) == 1


def test_a_real_server_makes_the_folder_and_keeps_the_mail_in_it(office, account):
    _, source_id = connect(start_from="all", processed_folder="Helpdesk/Done")
    account.deliver(mail(subject="One"), mail(subject="Two"))
    with gateway.connect(account.access) as folder:
        for _ in range(2):
            fetch(source_id, folder, unit_of_work, store=blobs.store(), clock=clock.now)

    assert source(source_id).last_error == "", source(source_id).last_error
    assert account.flags() == {}
    with account.client() as client:
        assert client.select_folder("Helpdesk.Done")[b"EXISTS"] == 2
        assert all(rb"\Seen" in found[b"FLAGS"] for found in client.fetch([1, 2], ["FLAGS"]).values())


class WithoutMove(IMAPClient):  # type: ignore[misc]  # the library has no types
    """A client of a server that has no MOVE."""

    def has_capability(self, capability):
        return capability != "MOVE" and super().has_capability(capability)


def test_a_real_server_without_move_gets_a_copy_and_keeps_the_mail(account):
    account.deliver(mail(subject="One"))
    with WithoutMove("127.0.0.1", account.port, ssl=False) as client:
        client.login(account.user, PASSWORD)
        folder = gateway.Folder(client, "INBOX")
        folder.select()

        folder.move([1], "Done")
        folder.move([99], "Done")

    assert list(account.flags()) == [1]
    with account.client() as beside:
        assert beside.select_folder("Done")[b"EXISTS"] == 1


def test_a_real_server_is_compared(office, account):
    _, source_id = connect(start_from="all")
    account.deliver(mail(subject="One"), mail(subject="Two"))
    with gateway.connect(account.access) as folder:
        fetch(source_id, folder, unit_of_work, store=blobs.store(), clock=clock.now)
        account.deliver(mail(subject="Three"))
        folder.select()
        with unit_of_work() as session:
            session.get_one(IntakeSource, source_id).last_uid = 3

        count = reconcile(source_id, folder, unit_of_work, store=blobs.store(), clock=clock.now)

    assert (count, subjects()) == (1, ["One", "Two", "Three"])


def test_numbers_given_anew_to_many_mails_double_nothing(inbox):
    raw = [
        mail(f"Mail {number}", sender=f"p{number % 30}@acme.example", message_id=f"<{number}@acme.example>")
        for number in range(MANY)
    ]
    for one in raw:
        inbox.folder.deliver(one)
    inbox.fetch()
    inbox.folder.uid_validity = 2

    count = inbox.fetch()

    work_off(inbox.clock)
    with unit_of_work() as session:
        tickets = session.scalar(
            select(func.count()).select_from(InboundMessage).where(InboundMessage.outcome == "ticket")
        )
        duplicates = session.scalar(
            select(func.count()).select_from(InboundMessage).where(InboundMessage.outcome == "duplicate")
        )
    assert count == MANY
    assert (tickets, duplicates) == (MANY, MANY)
