"""An outgoing mail is written with its cause, leaves once, and comes back to it when the server says later."""

from datetime import timedelta
from typing import Any

import pytest

from helpdesk.infra import blobs, crypto
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import ExternalFailure, RuleViolation
from helpdesk.outbox import gateway, process, service
from helpdesk.outbox.domain import Address, OutgoingFile, read_bounce_address, read_message_id, read_reply_address
from helpdesk.outbox.gateway import Access, Delivery, Outcome
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("app", "rung")

ANN = Address("Ann Berg", "ann@acme.example")


def add_mailbox(**changes):
    settings = {"address": "Support@Halden-Okoye.example", "name": "Support", "smtp_host": "127.0.0.1", "smtp_port": 1}
    with unit_of_work() as session:
        box = service.add_mailbox(session, actor=SYSTEM, now=NOW, **{"smtp_security": "none", **settings, **changes})
        return box.id


def write(mailbox_id, key="test:1", **changes):
    mail = {"purpose": "notice", "about": ("test", 1), "to": [ANN], "subject": "Hello", "text": "A text.\n"}
    with unit_of_work() as session:
        written = service.queue(session, now=NOW, mailbox_id=mailbox_id, idempotency_key=key, **{**mail, **changes})
        return written.id


def row(message_id):
    with unit_of_work() as session:
        return session.get_one(OutgoingMessage, message_id)


def deliver(message_id, fixed_clock, send=gateway.send):
    process.deliver(message_id, unit_of_work, send=send, store=blobs.store(), clock=fixed_clock)
    return row(message_id)


class Server:
    """A server that gives prepared answers and remembers what it was handed."""

    def __init__(self, *answers):
        self.answers, self.got = list(answers), []

    def __call__(self, _access, envelope_from, recipients, content):
        self.got.append((envelope_from, recipients, content))
        return self.answers.pop(0) if self.answers else Delivery(Outcome.SENT)


LATER = Delivery(Outcome.LATER, "451 try again later")


class TestWriting:
    def test_a_key_that_is_there_already_returns_the_first_message(self, rung):
        box = add_mailbox()

        first, second = write(box, "invoice:7", subject="One"), write(box, "invoice:7", subject="Two")

        assert first == second
        assert row(first).subject == "One"
        assert [(bell.job, bell.args, bell.queue) for bell in rung] == [("deliver_outgoing", (first,), "mail")]

    def test_mail_about_a_work_item_is_signed_for_it(self):
        written = row(write(add_mailbox(), item_id=42))

        keys = crypto.mail_keys()
        reply, own = read_reply_address(written.reply_to, keys=keys), read_message_id(written.message_id, keys=keys)
        assert (getattr(reply, "work_item_id", None), getattr(own, "work_item_id", None)) == (42, 42)
        assert read_bounce_address(written.envelope_from, keys=keys) == written.id

    def test_without_plus_addresses_answers_and_bounces_come_to_the_plain_one(self):
        box = add_mailbox()
        with unit_of_work() as session:
            session.get_one(Mailbox, box).plus_addresses = False

        written = row(write(box, item_id=42))

        assert (written.reply_to, written.envelope_from) == ("support@halden-okoye.example",) * 2

    def test_automatic_mail_has_no_envelope_sender(self):
        assert row(write(add_mailbox(), automatic=True)).envelope_from == ""

    @pytest.mark.parametrize(
        "fault", [{"subject": "a\r\nBcc: x@y.example"}, {"to": [Address("a\nb", "x@y.example")]}, {"to": []}]
    )
    def test_what_could_forge_a_header_or_reaches_nobody_is_refused(self, fault):
        box = add_mailbox()

        with pytest.raises(RuleViolation):
            write(box, **fault)

    def test_an_address_is_connected_once(self):
        add_mailbox()

        with pytest.raises(RuleViolation, match="already"):
            add_mailbox(address="support@halden-okoye.example")

    def test_passwords_are_stored_encrypted_and_only_our_key_reads_them(self, app):
        box = add_mailbox(smtp_user="u", smtp_password="p4ssw0rd")
        with unit_of_work() as session:
            secret = session.get_one(Mailbox, box).smtp_secret

        assert "p4ssw0rd" not in secret
        assert crypto.unseal(secret) == "p4ssw0rd"
        app.config["SECRET_KEY"], ours = b"x" * 32, app.config["SECRET_KEY"]
        with pytest.raises(ExternalFailure, match="Enter the password again"):
            crypto.unseal(secret)
        app.config["SECRET_KEY"] = ours


class TestDelivering:
    def test_a_message_is_sent_once_however_often_it_is_rung_for(self, fixed_clock):
        message, server = write(add_mailbox()), Server()

        states = [deliver(message, fixed_clock, server).state for _ in range(3)]

        assert states == ["sent"] * 3
        assert len(server.got) == 1

    def test_later_means_again_with_the_same_message_id_after_a_growing_pause(self, fixed_clock):
        message, server = write(add_mailbox()), Server(LATER, LATER)
        pauses = []

        for _ in range(2):
            after = deliver(message, fixed_clock, server)
            pauses.append(after.next_attempt_at - fixed_clock.now)
            fixed_clock.advance(minutes=5)
        sent = deliver(message, fixed_clock, server)

        assert (after.state, after.last_error, after.attempts) == ("queued", "451 try again later", 2)
        assert timedelta(seconds=22) < pauses[0] < timedelta(seconds=38)
        assert timedelta(seconds=45) <= pauses[1] <= timedelta(seconds=75)
        assert sent.state == "sent"
        ids = {line for _, _, content in server.got for line in content.splitlines() if line.startswith(b"Message-ID")}
        assert ids == {f"Message-ID: {sent.message_id}".encode()}
        assert len(server.got) == 3

    def test_it_is_not_tried_before_its_time(self, fixed_clock):
        message, server = write(add_mailbox()), Server(LATER)

        deliver(message, fixed_clock, server)
        deliver(message, fixed_clock, server)

        assert len(server.got) == 1

    def test_after_two_days_it_is_given_up(self, fixed_clock):
        message = write(add_mailbox())
        fixed_clock.advance(days=2)

        given_up = deliver(message, fixed_clock, Server(LATER))

        assert (given_up.state, given_up.last_error) == ("failed", "451 try again later")

    def test_a_final_no_is_not_asked_again(self, fixed_clock):
        message = write(add_mailbox())

        assert deliver(message, fixed_clock, Server(Delivery(Outcome.REFUSED, "550 no such user"))).state == "failed"

    def test_a_worker_that_dies_after_its_claim_is_followed_by_another(self, fixed_clock, rung):
        message = write(add_mailbox())
        with unit_of_work() as session:
            service.claim(session, message_id=message, now=fixed_clock.now)
        server = Server()
        deliver(message, fixed_clock, server)
        assert server.got == []
        fixed_clock.advance(minutes=11)
        rung.clear()

        process.sweep(unit_of_work, clock=fixed_clock)
        sent = deliver(message, fixed_clock, server)

        assert [bell.args for bell in rung] == [(message,)]
        assert (sent.state, sent.attempts) == ("sent", 2)

    def test_who_was_too_slow_does_not_overwrite_what_the_next_one_recorded(self, fixed_clock):
        message = write(add_mailbox())

        def slow(*_args):
            fixed_clock.advance(minutes=11)
            deliver(message, fixed_clock, Server())
            return Delivery(Outcome.REFUSED, "550 late")

        assert deliver(message, fixed_clock, slow).state == "sent"

    def test_the_sweep_rings_for_what_is_due_and_nothing_else(self, fixed_clock, rung):
        box = add_mailbox()
        due, later, sent = (write(box, f"test:{number}") for number in range(3))
        deliver(later, fixed_clock, Server(LATER))
        deliver(sent, fixed_clock, Server())
        rung.clear()

        process.sweep(unit_of_work, clock=fixed_clock)

        assert [bell.args for bell in rung] == [(due,)]

    def test_a_file_that_is_gone_fails_the_message_and_says_so(self, fixed_clock):
        digest = blobs.store().put(b"%PDF-1.7")
        with unit_of_work() as session:
            blobs.record(session, digest=digest, size_bytes=8, now=NOW)
        message = write(add_mailbox(), attachments=[OutgoingFile("a.pdf", "application/pdf", digest)])
        blobs.store().path_of(digest).unlink()

        failed = deliver(message, fixed_clock, Server())

        assert (failed.state, failed.last_error) == ("failed", "This file is no longer stored.")


class TestOverTheWire:
    def test_text_files_and_headers_arrive_as_written(self, smtp, fixed_clock):
        content = b"%PDF-1.7 \x00\xff"
        digest = blobs.store().put(content)
        with unit_of_work() as session:
            blobs.record(session, digest=digest, size_bytes=len(content), now=NOW)
        message = write(
            add_mailbox(smtp_port=smtp.port),
            item_id=5,
            subject="Angebot für Łódź",
            text="Grüße\n",
            cc=[Address("", "bob@acme.example")],
            in_reply_to="<a@acme.example>",
            references=["<a@acme.example>"],
            attachments=[OutgoingFile("Angebot.pdf", "application/pdf", digest)],
        )

        sent = deliver(message, fixed_clock)

        (taken,) = smtp.taken
        mail: Any = taken.message
        assert taken.envelope_from == sent.envelope_from
        assert read_bounce_address(taken.envelope_from, keys=crypto.mail_keys()) == sent.id
        assert sent.state == "sent"
        assert taken.recipients == ["ann@acme.example", "bob@acme.example"]
        assert mail["Subject"] == "Angebot für Łódź"
        assert mail["Reply-To"].addresses[0].addr_spec == sent.reply_to
        assert (mail["In-Reply-To"], mail["Message-ID"]) == ("<a@acme.example>", sent.message_id)
        assert mail.get_body(("plain",)).get_content().splitlines() == ["Grüße"]
        assert [part.get_payload(decode=True) for part in mail.iter_attachments()] == [content]

    def test_automatic_mail_says_so_and_comes_from_nobody(self, smtp, fixed_clock):
        deliver(write(add_mailbox(smtp_port=smtp.port), automatic=True), fixed_clock)

        (taken,) = smtp.taken
        assert taken.envelope_from == "<>"
        assert (taken.message["Auto-Submitted"], taken.message["X-Helpdesk-Loop"]) == ("auto-generated", "1")

    @pytest.mark.parametrize(
        "says",
        [
            "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
            "554 5.2.252 SendAsDenied; support not allowed to send as support+b",
        ],
    )
    def test_a_server_that_takes_the_plain_sender_alone_gets_it_from_there_now_and_next_time(
        self, smtp, fixed_clock, says
    ):
        smtp.says = [says]
        box = add_mailbox(smtp_port=smtp.port)

        sent = deliver(write(box), fixed_clock)
        later = deliver(write(box, "test:2"), fixed_clock)

        plain = "support@halden-okoye.example"
        assert [(one.state, one.envelope_from, one.attempts) for one in (sent, later)] == [("sent", plain, 1)] * 2
        assert [taken.envelope_from for taken in smtp.taken] == [plain] * 2

    def test_a_server_that_refuses_the_sender_at_its_recipients_is_understood_too(self, smtp, fixed_clock):
        message = write(add_mailbox(smtp_port=smtp.port))
        smtp.refuses_sender = row(message).envelope_from

        sent = deliver(message, fixed_clock)

        assert (sent.state, sent.envelope_from) == ("sent", "support@halden-okoye.example")

    def test_a_mail_that_is_refused_from_both_is_failed_and_teaches_nothing(self, smtp, fixed_clock):
        smtp.says = ["550 5.7.60 no permission to send as", "554 spam"]
        box = add_mailbox(smtp_port=smtp.port)

        after = deliver(write(box), fixed_clock)

        assert (after.state, after.last_error) == ("failed", "554 spam")
        with unit_of_work() as session:
            assert session.get_one(Mailbox, box).bounce_addresses

    @pytest.mark.parametrize(("says", "state"), [("451 busy", "queued"), ("554 spam", "failed")])
    def test_the_servers_code_decides_between_later_and_never(self, smtp, fixed_clock, says, state):
        smtp.says = [says]

        after = deliver(write(add_mailbox(smtp_port=smtp.port)), fixed_clock)

        assert (after.state, after.last_error) == (state, says)

    def test_one_refused_recipient_does_not_double_the_mail_for_the_other(self, smtp, fixed_clock):
        smtp.refuses = {"bob@acme.example": "550 unknown"}
        message = write(add_mailbox(smtp_port=smtp.port), cc=[Address("", "bob@acme.example")])

        sent = deliver(message, fixed_clock)

        assert (sent.state, sent.last_error) == ("sent", "bob@acme.example: 550 unknown")

    def test_when_all_recipients_are_refused_for_now_all_are_tried_again(self, smtp, fixed_clock):
        smtp.refuses = {"ann@acme.example": "450 greylisted"}

        assert deliver(write(add_mailbox(smtp_port=smtp.port)), fixed_clock).state == "queued"

    def test_nobody_listening_means_later(self):
        delivery = gateway.send(Access("127.0.0.1", 1, "none"), "a@b.example", ("c@d.example",), b"x")

        assert delivery.outcome is Outcome.LATER
        assert delivery.said.startswith("127.0.0.1:1: ")

    def test_a_server_without_the_encryption_that_we_want_gets_no_mail(self, smtp):
        access = Access("127.0.0.1", smtp.port, "starttls", "user", "password")

        delivery = gateway.send(access, "a@b.example", ("c@d.example",), b"Subject: x\r\n\r\nx")

        assert delivery.outcome is Outcome.LATER
        assert smtp.taken == []


def test_the_oldest_active_mailbox_is_the_one_we_write_from():
    first = add_mailbox()
    second = add_mailbox(address="other@halden-okoye.example")

    assert default_mailbox() == first

    with unit_of_work() as session:
        session.get_one(Mailbox, first).active = False

    assert default_mailbox() == second


def default_mailbox():
    with unit_of_work() as session:
        box = service.default_mailbox(session)
        return box.id if box else None
