"""Mailboxes as administrators set them up: connecting, changing, pausing, removing, and hearing how they fare."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.infra import crypto
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import InboundMessage, IntakeSource
from helpdesk.intake.service import sources
from helpdesk.outbox import queries as mailboxes
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from tests.access.tables.intake import CHANGED_MAILBOX, MAILBOX
from tests.conftest import NOW
from tests.mails import mail
from tests.slices.conftest import connect

pytestmark = pytest.mark.usefixtures("rung")


@pytest.fixture
def admin(office, sign_in_as):
    return sign_in_as(office.admin)


@pytest.fixture
def box(office):
    """A connected mailbox: its id."""
    return connect()[0]


def source_of(mailbox_id):
    with unit_of_work() as session:
        source = session.scalars(select(IntakeSource).where(IntakeSource.mailbox_id == mailbox_id)).one()
        assert source.mailbox.address
        return source


def secrets_of(source):
    return [crypto.unseal(secret) for secret in (source.imap_secret, source.mailbox.smtp_secret)]


def edit(mailbox_id, **changes):
    with unit_of_work() as session:
        source = session.scalars(select(IntakeSource).where(IntakeSource.mailbox_id == mailbox_id)).one()
        for name, value in changes.items():
            setattr(source, name, value)


def test_a_mailbox_is_connected_with_one_form_and_its_password_kept_secret(office, admin):
    answer = admin.post("/settings/mailboxes/new", data=MAILBOX | {"project_id": str(office.acme_project.id)})
    page = admin.get(answer.location).text

    assert answer.status_code == 303
    with unit_of_work() as session:
        box_id = session.scalars(select(Mailbox.id)).one()
    source = source_of(box_id)
    assert (source.imap_host, source.start_from, source.folder) == ("imap.example", "now", "INBOX")
    assert source.default_project_id == office.acme_project.id
    assert (source.imap_user, source.mailbox.smtp_user) == ("hello", "hello")
    assert secrets_of(source) == ["secret", "secret"]
    assert "imap.example:993, TLS" in page
    assert "secret" not in page


def test_sending_may_have_a_user_and_a_password_of_its_own(admin):
    admin.post("/settings/mailboxes/new", data=MAILBOX | {"smtp_username": "relay", "smtp_password": "other"})

    with unit_of_work() as session:
        box_id = session.scalars(select(Mailbox.id)).one()
    source = source_of(box_id)
    assert (source.imap_user, source.mailbox.smtp_user) == ("hello", "relay")
    assert secrets_of(source) == ["secret", "other"]
    assert 'value="relay"' in admin.get(f"/settings/mailboxes/{box_id}/settings").text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"address": "nonsense"}, "no mail address"),
        ({"imap_port": "70000"}, "Number must be between"),
        ({"imap_host": ""}, "This field is required"),
        ({"imap_host": "https://imap.example"}, "Only the server&#39;s name"),
        ({"password": ""}, "This field is required"),
        ({"first_fetch": "sometime"}, "Not a valid choice"),
        ({"first_fetch": "days", "first_days": ""}, "Say how many days back"),
        ({"project_id": "99999"}, "Not a valid choice"),
        ({"processed_folder": "inbox"}, "the folder that is read"),
        ({"imap_fingerprint": "ab:cd"}, "64 hexadecimal digits"),
    ],
)
def test_a_form_that_is_refused_says_why_and_keeps_what_was_typed(admin, change, says):
    answer = admin.post("/settings/mailboxes/new", data=MAILBOX | change)

    assert answer.status_code == 422
    assert says in answer.text
    assert 'value="smtp.example"' in answer.text
    with unit_of_work() as session:
        assert session.scalars(select(IntakeSource)).all() == []


def test_the_last_days_are_a_number_of_days(admin):
    admin.post("/settings/mailboxes/new", data=MAILBOX | {"first_fetch": "days", "first_days": "14"})

    with unit_of_work() as session:
        source = session.scalars(select(IntakeSource)).one()
    assert (source.start_from, source.start_days) == ("days", 14)


def test_empty_passwords_leave_what_is_stored_and_a_new_one_counts_for_both(admin, box):
    admin.post(f"/settings/mailboxes/{box}/settings", data=CHANGED_MAILBOX | {"password": "", "name": "Support desk"})
    unchanged = source_of(box)

    admin.post(f"/settings/mailboxes/{box}/settings", data=CHANGED_MAILBOX | {"password": "newer"})

    assert unchanged.mailbox.name == "Support desk"
    assert secrets_of(unchanged) == ["mailbox secret", "mailbox secret"]
    assert secrets_of(source_of(box)) == ["newer", "newer"]


def test_a_password_for_sending_alone_stays_when_the_one_for_reading_changes(admin, box):
    edits = CHANGED_MAILBOX | {"smtp_username": "relay", "password": "", "smtp_password": "other"}
    admin.post(f"/settings/mailboxes/{box}/settings", data=edits)

    admin.post(f"/settings/mailboxes/{box}/settings", data=edits | {"password": "newer", "smtp_password": ""})

    assert secrets_of(source_of(box)) == ["newer", "other"]


def test_a_change_that_is_refused_changes_nothing_and_no_page_shows_a_password(admin, box):
    answer = admin.post(
        f"/settings/mailboxes/{box}/settings", data=CHANGED_MAILBOX | {"smtp_port": "0", "password": "newer"}
    )

    assert answer.status_code == 422
    assert "newer" not in answer.text
    assert "mailbox secret" not in admin.get(f"/settings/mailboxes/{box}/settings").text
    assert source_of(box).mailbox.smtp_host == "127.0.0.1"


def test_the_preview_fills_in_who_wrote(admin, box):
    words = "Dear {{name}}, {{subject}} is {{number}} here, {{else}} is nothing."
    admin.post(f"/settings/mailboxes/{box}/settings", data=CHANGED_MAILBOX | {"acknowledgement": words})

    page = admin.get(f"/settings/mailboxes/{box}/settings").text

    assert "Dear Ann Example, The printer does not print is #1234 here, {{else}} is nothing." in page


def test_another_server_has_numbers_of_its_own(office, inbox, fixed_clock):
    inbox.receive(mail(subject="Old server"))
    with unit_of_work() as session:
        source = session.get_one(IntakeSource, inbox.source_id)
        settings = sources.MailboxSettings(
            name="Support",
            address=source.mailbox.address,
            user="support",
            password="",
            imap_host="imap.elsewhere.example",
            imap_port=993,
            smtp_host="smtp.elsewhere.example",
            smtp_port=587,
        )
        sources.change_mailbox(session, actor=SYSTEM, now=NOW, mailbox_id=inbox.mailbox_id, settings=settings)
    inbox.folder.mails = {1: (mail(subject="New server"), NOW)}

    inbox.fetch()

    with unit_of_work() as session:
        assert list(session.scalars(select(InboundMessage.subject))) == ["Old server", "New server"]


def test_a_mailbox_is_paused_and_resumed(admin, box):
    admin.post(f"/settings/mailboxes/{box}/pause")
    paused = source_of(box).active
    listed = admin.get("/settings/mailboxes").text
    admin.post(f"/settings/mailboxes/{box}/resume")

    assert (paused, source_of(box).active) == (False, True)
    assert "Paused" in listed
    with unit_of_work() as session:
        actions = list(session.scalars(select(AuditRow.action).where(AuditRow.object_kind == "mailbox")))
    assert actions[-2:] == ["paused", "resumed"]


def test_a_removed_mailbox_is_gone_without_its_secrets_and_all_that_came_stays(office, admin, inbox):
    inbox.receive(mail())
    with unit_of_work() as session:
        waiting = outbox.queue(
            session,
            now=NOW,
            mailbox_id=inbox.mailbox_id,
            idempotency_key="x",
            purpose="notice",
            about=("work_item", 1),
            to=[Address("Ann", "ann@acme.example")],
            subject="x",
            text="x",
        )

    answer = admin.post(f"/settings/mailboxes/{inbox.mailbox_id}/remove")

    assert answer.status_code == 303
    assert "support@halden-okoye.example was removed" in admin.get("/settings/mailboxes").text
    assert admin.get(f"/settings/mailboxes/{inbox.mailbox_id}").status_code == 404
    gone = source_of(inbox.mailbox_id)
    assert (gone.active, gone.imap_secret, gone.mailbox.smtp_secret) == (False, "", "")
    assert "support@halden-okoye.example" in admin.get("/inbound").text
    with unit_of_work() as session:
        assert mailboxes.own_addresses(session) == frozenset()
        failed = session.get_one(OutgoingMessage, waiting.id)
    assert (failed.state, failed.last_error) == ("failed", "The mailbox was removed before this could be sent.")


def test_what_belongs_to_a_removed_mailbox_is_answered_from_another(office):
    gone, other = connect()[0], connect(address="hello@halden-okoye.example")[0]
    with unit_of_work() as session:
        sources.remove(session, actor=SYSTEM, now=NOW, mailbox_id=gone)

        assert mailboxes.sending_mailbox(session, gone).id == other


def test_an_address_that_was_removed_comes_back_with_its_tickets_and_is_read_from_now_on(office, admin, inbox):
    inbox.receive(mail(subject="Before"))
    admin.post(f"/settings/mailboxes/{inbox.mailbox_id}/remove")
    inbox.folder.deliver(mail(subject="Meanwhile"))

    answer = admin.post("/settings/mailboxes/new", data=MAILBOX | {"address": "Support@Halden-Okoye.example"})
    inbox.fetch()
    inbox.folder.deliver(mail(subject="After"))
    inbox.fetch()

    assert answer.location == f"/settings/mailboxes/{inbox.mailbox_id}"
    with unit_of_work() as session:
        assert list(session.scalars(select(InboundMessage.subject).order_by(InboundMessage.id))) == ["Before", "After"]


def test_trouble_of_a_mailbox_is_shown_in_words(admin, box):
    edit(box, last_error="127.0.0.1:1: Connection refused", failing_since=NOW - timedelta(minutes=3), last_poll_at=NOW)

    for path in ("/settings/mailboxes", f"/settings/mailboxes/{box}"):
        page = admin.get(path).text
        assert "127.0.0.1:1: Connection refused" in page
        assert "No mail was read" not in page


def test_a_quarter_of_an_hour_without_a_good_poll_is_an_alarm(admin, box, fixed_clock):
    edit(box, failing_since=NOW, last_poll_at=NOW, last_error="Connection refused")
    fixed_clock.advance(minutes=16)

    page = admin.get("/settings/mailboxes").text

    assert "No mail was read for 0:16. Connection refused" in page


def test_a_watcher_that_does_not_run_at_all_is_an_alarm_too(admin, box, fixed_clock):
    fixed_clock.advance(minutes=16)

    assert "Its mail was never read so far." in admin.get(f"/settings/mailboxes/{box}").text


def test_a_list_of_ten_mailboxes_costs_as_many_queries_as_one_of_one(admin, box, count_queries):
    with count_queries() as short:
        admin.get("/settings/mailboxes")
    for number in range(9):
        connect(address=f"box{number}@halden-okoye.example")

    with count_queries() as long:
        page = admin.get("/settings/mailboxes").text

    assert len(long) == len(short)
    assert page.count("<tr data-row>") == 10
