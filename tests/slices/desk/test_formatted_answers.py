"""Replies and notes with formatting: kept safe, mailed as text and HTML, drafted, taken back (rules 15 to 18)."""

import re
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select, update

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.outbox import process as outbox
from helpdesk.outbox.gateway import Delivery, Outcome
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.tickets.models import Draft, Message
from tests.slices.desk.conftest import open_ticket

pytestmark = pytest.mark.on_sqlite

HTML = '<div>Do <strong>this</strong>:</div><ul><li>one</li><li><a href="https://x.example/">two</a></li></ul>'
SAFE = HTML.replace('"https://x.example/"', '"https://x.example/" rel="noopener noreferrer nofollow"')
TEXT = "Do this:\n\n- one\n- two <https://x.example/>"
EVIL = '<script>alert(1)</script><img src="x" onerror="alert(1)"><p style="position:fixed" onclick="alert(1)">'


def newest(model):
    with unit_of_work() as session:
        return list(session.scalars(select(model)))[-1]


def sent(clock):
    """Send the newest mail and return it as its reader's program reads it."""
    got = []

    def send(_access, _sender, _recipients, content):
        got.append(content)
        return Delivery(Outcome.SENT)

    clock.advance(seconds=11)
    outbox.deliver(newest(OutgoingMessage).id, unit_of_work, send=send, store=blobs.store(), clock=clock)
    return message_from_bytes(got[0], policy=policy.default)


def test_a_formatted_answer_leaves_as_text_and_html_and_is_shown_so(office, mailbox, sign_in_as, fixed_clock):
    number, browser = open_ticket(office, text="It is slow."), sign_in_as(office.technician)
    with unit_of_work() as session:
        session.execute(update(Mailbox).values(signature="Halden & Okoye\nhttps://halden.example"))

    browser.post(f"/items/{number}/reply", data={"body": "typed", "html": HTML + EVIL, "billable": ""})

    message, mail, page = newest(Message), sent(fixed_clock), browser.get(f"/items/{number}").text
    assert (message.text, message.reply_text) == (TEXT, TEXT)
    assert message.html.startswith(SAFE)
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert mail.get_content_type() == "multipart/alternative"
    assert mail["Message-ID"] == message.message_id
    assert text.strip().splitlines() == [
        *("##- Please write above this line -##", "", *TEXT.splitlines()),
        *("", "-- ", "Halden & Okoye", "https://halden.example"),
    ]
    assert html.index("##- Please write") < html.index("<strong>this</strong>") < html.index("Halden &amp; Okoye")
    assert '<a href="https://halden.example"' in html
    assert not re.search(r"<script|<img|onclick|position|class=", html)
    shown = page.partition('class="body rich"')[2].partition("</article>")[0]
    assert "<li>one</li>" in shown
    assert not re.search(r"<script|<img|onclick|style=|As it was sent", shown)
    assert browser.get(f"/messages/{message.id}/body").text.count("<strong>") == 0


def test_an_answer_without_formatting_has_both_parts_too(office, mailbox, sign_in_as, fixed_clock):
    number, browser = open_ticket(office, text="It is slow."), sign_in_as(office.technician)

    browser.post(f"/items/{number}/reply", data={"body": "Hi <b>,\n\nlook.", "html": "", "billable": ""})

    mail = sent(fixed_clock)
    assert newest(Message).html is None
    assert mail.get_body(("plain",)).get_content().split()[-3:] == ["Hi", "<b>,", "look."]
    assert "<p>Hi &lt;b&gt;,</p>" in re.sub(r' style="[^"]*"', "", mail.get_body(("html",)).get_content())


def test_a_draft_and_an_answer_that_is_taken_back_keep_their_formatting(office, mailbox, sign_in_as):
    number, browser = open_ticket(office, text="It is slow."), sign_in_as(office.technician)
    page = f"/items/{number}"

    browser.post(f"{page}/drafts/reply", data={"body": "typed", "html": HTML + EVIL, "billable": ""})
    kept = (newest(Draft).body, newest(Draft).html, browser.get(page).text)
    browser.post(f"{page}/reply", data={"body": "typed", "html": HTML, "billable": ""})
    answer = newest(Message).id
    browser.post(f"{page}/drafts/reply", data={"body": "More.", "billable": "", "last_seen_id": str(answer)})
    browser.post(f"{page}/messages/{answer}/take-back")

    assert (kept[0], kept[1].partition("<p>")[0]) == (TEXT, SAFE)
    assert 'data-html="&lt;div&gt;Do &lt;strong&gt;' in kept[2]
    assert not re.search(r"onclick|onerror", kept[2])
    assert (newest(Draft).body, newest(Draft).html) == (f"{TEXT}\n\nMore.", f"{SAFE}<div><br></div><p>More.</p>")
    assert newest(Message).html is None


def test_a_refused_answer_and_a_note_keep_their_formatting_and_a_flood_of_it_is_refused(office, sign_in_as):
    number, browser = open_ticket(office, text="It is slow."), sign_in_as(office.technician)
    page = f"/items/{number}"

    refused = browser.post(f"{page}/reply", data={"body": "typed", "html": HTML + EVIL, "billable": ""})
    flood = browser.post(f"{page}/note", data={"body": "typed", "html": "<div>" * 10_001, "billable": ""})
    browser.post(f"{page}/note", data={"body": "typed", "html": HTML, "billable": ""})

    assert refused.status_code == 422
    assert "No mailbox is connected" in refused.text
    assert 'data-html="&lt;div&gt;Do &lt;strong&gt;' in refused.text
    assert "onerror" not in refused.text
    assert newest(Draft).html.startswith(SAFE)
    assert (flood.status_code, "too much formatting" in flood.text, "typed</textarea>" in flood.text) == (
        422,
        True,
        True,
    )
    assert (newest(Message).kind, newest(Message).text, newest(Message).html) == ("note", TEXT, SAFE)
    assert "<strong>this</strong>" in browser.get(page).text
