import json
import os
import signal
import smtplib
from email.message import EmailMessage

import psutil
import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from helpdesk.demo.world import World, running_world
from helpdesk.intake.gateway import Folder

PLAIN = b"From: a@kuehn.example\r\nSubject: one\r\n\r\nfirst\r\n"
EIGHT_BIT = b"From: a@kuehn.example\r\nSubject: two\r\n\r\n" + bytes(range(0x80, 0x100)) + b"\r\n.\r\n..\r\nend\r\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with running_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def inbox(world):
    with IMAPClient(world.imap.host, world.imap.port, ssl=False, timeout=60) as client:
        client.login(world.imap.user, world.imap.password)
        client.select_folder("INBOX")
        yield client


@pytest.fixture
def sender(world):
    with smtplib.SMTP(world.smtp.host, world.smtp.port, timeout=60) as smtp:
        smtp.login(world.smtp.user, world.smtp.password)
        yield smtp


def kill(world: World, name: str) -> None:
    """Kill one of the two servers without warning."""
    children = json.loads((world.folder / "up.json").read_text())["children"]
    pid = next(child["pid"] for child in children if child["name"] == name)
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=60)


def test_a_watcher_in_idle_hears_of_a_delivered_mail(world, inbox):
    with Folder(inbox, "INBOX").idle() as news:
        world.deliver(PLAIN)

        assert news(60) is True


@pytest.mark.parametrize("raw", [PLAIN, EIGHT_BIT, PLAIN + b"x" * 70 + b"\r\n" * 500_000])
def test_a_mail_is_read_back_byte_for_byte_and_stays_unseen(world, inbox, raw):
    uid = world.deliver(raw)
    inbox.noop()

    fetched = inbox.fetch([uid], ["BODY.PEEK[]", "RFC822.SIZE", "FLAGS"])[uid]

    assert fetched[b"BODY[]"] == raw
    assert fetched[b"RFC822.SIZE"] == len(raw)
    assert fetched[b"FLAGS"] == ()


def test_uids_grow_by_one_and_the_next_one_is_announced(world, inbox):
    announced = inbox.folder_status("INBOX", ["UIDNEXT"])[b"UIDNEXT"]

    uids = [world.deliver(PLAIN) for _ in range(3)]

    assert uids == [announced, announced + 1, announced + 2]


def test_a_mail_can_be_marked_seen_and_moved_to_a_folder_with_an_accent(world, inbox):
    uid = world.deliver(PLAIN)
    inbox.noop()
    inbox.create_folder("Erledigt für heute")

    inbox.add_flags([uid], [rb"\Seen"])
    flags = inbox.get_flags([uid])[uid]
    inbox.move([uid], "Erledigt für heute")

    assert flags == (rb"\Seen",)
    assert uid not in inbox.search()
    assert inbox.folder_status("Erledigt für heute", ["MESSAGES"])[b"MESSAGES"] == 1


def test_a_killed_server_comes_back_with_its_mail_uids_and_uidvalidity(world):
    uid = world.deliver(EIGHT_BIT)
    with IMAPClient(world.imap.host, world.imap.port, ssl=False, timeout=60) as client:
        client.login(world.imap.user, world.imap.password)
        before = client.select_folder("INBOX")[b"UIDVALIDITY"]

    kill(world, "outside-imap")
    next_uid = world.deliver(PLAIN)

    with IMAPClient(world.imap.host, world.imap.port, ssl=False, timeout=60) as client:
        client.login(world.imap.user, world.imap.password)
        assert client.select_folder("INBOX")[b"UIDVALIDITY"] == before
        assert client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"] == EIGHT_BIT
    assert next_uid == uid + 1


def test_a_wrong_password_is_refused(world):
    with (
        IMAPClient(world.imap.host, world.imap.port, ssl=False, timeout=60) as client,
        pytest.raises(LoginError),
    ):
        client.login(world.imap.user, "guess")


def test_the_sink_keeps_a_mail_with_its_envelope_and_its_exact_bytes(world, sender):
    raw = b"From: support@desk.example\r\nSubject: =?utf-8?q?R=C3=BCckfrage?=\r\n\r\n.\r\n..dots\r\n\xc3\xbc\r\n"

    sender.sendmail("bounces@desk.example", ["a@kuehn.example", "b@kuehn.example"], raw, ["BODY=8BITMIME"])
    mail = world.received()[-1]

    assert mail.envelope_sender == "bounces@desk.example"
    assert mail.recipients == ("a@kuehn.example", "b@kuehn.example")
    assert mail.raw == raw
    assert mail.message()["Subject"] == "Rückfrage"


def test_automatic_mail_has_an_empty_envelope_sender(world, sender):
    message = EmailMessage()
    message["Subject"] = "We have received your mail"
    message.set_content("Thank you.")

    sender.send_message(message, from_addr="", to_addrs=["a@kuehn.example"])

    assert world.received()[-1].envelope_sender == ""


def test_nobody_sends_without_signing_in(world):
    with (
        smtplib.SMTP(world.smtp.host, world.smtp.port, timeout=60) as smtp,
        pytest.raises(smtplib.SMTPSenderRefused, match="Authentication required"),
    ):
        smtp.sendmail("a@desk.example", ["b@kuehn.example"], PLAIN)


def test_a_wrong_sender_password_is_refused(world):
    with (
        smtplib.SMTP(world.smtp.host, world.smtp.port, timeout=60) as smtp,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        smtp.login(world.smtp.user, "guess")


def test_the_servers_end_with_the_block_and_leave_no_accounts_behind(tmp_path):
    with running_world(tmp_path) as world:
        pids = [child["pid"] for child in json.loads((tmp_path / "up.json").read_text())["children"]]
        assert world.imap_answers()
        assert world.smtp_answers()

    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not (tmp_path / "world.json").exists()
    assert not world.imap_answers()
