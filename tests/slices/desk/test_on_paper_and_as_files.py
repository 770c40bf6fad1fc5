"""Conversations on paper, and mails as they came or left (docs/desk.md rules 93 to 98)."""

from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundEffect, InboundMessage
from helpdesk.outbox import process as outbox
from helpdesk.outbox.gateway import Delivery, Outcome
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.tickets.models import Message
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)

RAW = (
    b"Received: from b.example by c.example; Mon, 16 Nov 2026 10:00:02 +0000\r\n"
    b"Received: from a.example (<script>alert(1)</script>) by b.example; Mon, 16 Nov 2026 10:00:01 +0000\r\n"
    b"Authentication-Results: c.example; dmarc=pass header.from=acme.example\r\n"
    b"From: =?utf-8?q?Ann_=3Cb=3E?= <ann@acme.example>\r\nTo: support@desk.example\r\nSubject: Printer <img src=x>\r\n"
    b"Date: Mon, 16 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@acme.example>\r\n"
    b'Content-Type: text/html\r\n\r\n<script>alert("body")</script>\xff\r\n'
)


def newest(model):
    with unit_of_work() as session:
        return list(session.scalars(select(model).order_by(model.id)))[-1]


def came_as(message_id, content):
    """Let a message have come as this mail."""
    with unit_of_work() as session:
        digest = blobs.store().put(content)
        blobs.record(session, digest=digest, size_bytes=len(content), now=NOW)
        inbound = InboundMessage(
            mailbox_id=session.scalars(select(Mailbox.id)).first(),
            folder="INBOX",
            uid_validity=1,
            uid=1,
            blob_sha256=digest,
            size_bytes=len(content),
            message_id="<1@acme.example>",
            content_hash=digest,
            received_at=NOW,
            state="done",
            outcome="ticket",
            from_address="ann@acme.example",
            reasons=[],
        )
        session.add(inbound)
        session.flush()
        item_id = session.get_one(Message, message_id).work_item_id
        session.add(InboundEffect(inbound_message_id=inbound.id, work_item_id=item_id, message_id=message_id))
        return inbound.id


def test_a_mail_is_saved_as_it_came_and_as_it_left_and_its_headers_are_read_as_text(
    office, mailbox, sign_in_as, fixed_clock
):
    number, browser = open_ticket(office, text="It is slow."), sign_in_as(office.technician)
    mail_id = newest(Message).id
    inbound_id = came_as(mail_id, RAW)

    saved = browser.get(f"/messages/{mail_id}/original.eml")
    page = browser.get(f"/messages/{mail_id}/original").text

    assert saved.data == RAW
    assert saved.mimetype == "message/rfc822"
    assert saved.headers["Content-Disposition"] == f"attachment; filename=ticket-{number}-message-{mail_id}.eml"
    assert "sandbox" in saved.headers["Content-Security-Policy"]
    assert f'href="/messages/{mail_id}/original"' in browser.get(f"/items/{number}").text
    for text in (
        "Ann &lt;b&gt;",
        "Printer &lt;img src=x&gt;",
        "dmarc=pass",
        "&lt;script&gt;alert(1)",
        "&lt;1@acme.example",
    ):
        assert text in page
    assert "<script>alert" not in page
    assert 'alert("body")' not in page
    chain = page.partition('class="way"')[2]
    assert chain.index("from a.example") < chain.index("from b.example")

    browser.post(f"/items/{number}/reply", data={"body": "Done.", "billable": ""})
    answer = newest(Message).id
    assert browser.get(f"/messages/{answer}/original.eml").status_code == 404  # it has not left yet
    left = []

    def send(_access, _sender, _recipients, content):
        left.append(content)
        return Delivery(Outcome.SENT)

    fixed_clock.advance(seconds=11)
    outbox.deliver(newest(OutgoingMessage).id, unit_of_work, send=send, store=blobs.store(), clock=fixed_clock)
    assert browser.get(f"/messages/{answer}/original.eml").data == left[0]
    message_id = message_from_bytes(left[0], policy=policy.default)["Message-ID"]
    assert message_id[1:-1] in browser.get(f"/messages/{answer}/original").text
    with unit_of_work() as session:
        session.get_one(InboundMessage, inbound_id).erased_at = NOW
    assert browser.get(f"/messages/{mail_id}/original.eml").status_code == 404


def test_what_is_printed_leaves_out_notes_time_and_quotes_until_somebody_ticks_them(office, mailbox, sign_in_as):
    number, browser = open_ticket(office, text="It is slow."), sign_in_as(office.technician)
    browser.post(f"/items/{number}/note", data={"body": "Only us <b>", "billable": "", "worked": "0:30"})
    with unit_of_work() as session:
        first = session.scalars(select(Message).order_by(Message.id).limit(1)).one()
        first.kind, first.trimmed_text = "mail", "> was quoted"

    bare = browser.get(f"/items/{number}/print").text
    whole = browser.get(f"/items/{number}/print?notes=y&time=y&quotes=y").text

    assert f'href="/items/{number}/print"' in browser.get(f"/items/{number}").text
    assert "It is slow." in bare
    assert not any(text in bare for text in ("Only us", "was quoted", "0:30", 'id="worked"'))
    for text in ("It is slow.", "Only us &lt;b&gt;", "&gt; was quoted", "0:30", "not for the client"):
        assert text in whole
    assert "all times: " in bare
