"""Pictures between the words of an answer, in draft, conversation and mail (docs/answering.md rules 23 to 28)."""

import re
from email import message_from_bytes, policy
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.outbox import process as outbox
from helpdesk.outbox.gateway import Delivery, Outcome
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.tickets import domain
from helpdesk.tickets.models import Attachment, Draft, DraftFile, Message
from tests.slices.desk.conftest import open_ticket

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)

BY_SCRIPT = {"HX-Request": "true"}


def picture(kind="PNG", size=(900, 40)):
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return out.getvalue()


def put(browser, page, content, name="Screenshot 1.png", *, kind="reply", standing=""):
    """Put a picture to a draft as the editor does, and return its content id, or what is said instead."""
    answer = browser.post(
        f"{page}/drafts/{kind}/pictures",
        data={"files": [(BytesIO(content), name)], "standing": standing},
        headers=BY_SCRIPT,
    )
    found = re.search(r'data-put-picture="([^"]+)"', answer.text)
    return found[1] if found else answer.text


def html_with(*content_ids, words="the <b>error</b>"):
    words = words.replace("<", "&lt;")
    shown = "".join(f'<img src="cid:{one}" alt="{words}" width="900" height="40">' for one in content_ids)
    return f"<div>Look:<br>{shown}<br>Bye</div>"


def rows(model):
    with unit_of_work() as session:
        return list(session.scalars(select(model).order_by(model.name if model is DraftFile else None)))


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


def shape(part):
    kind = part.get_content_type()
    return (kind, [shape(one) for one in part.iter_parts()]) if part.is_multipart() else kind


def test_a_picture_stands_between_the_words_of_draft_conversation_and_mail_and_comes_back(
    office, mailbox, sign_in_as, fixed_clock
):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    page = f"/items/{number}"
    content_id = put(browser, page, picture() + b"<script>alert(1)</script>")
    browser.post(f"{page}/drafts/reply/files", data={"files": [(BytesIO(b"log"), "a.txt")]}, headers=BY_SCRIPT)

    kept = browser.post(
        f"{page}/drafts/reply", data={"body": "\ufffc", "html": html_with(content_id)}, headers=BY_SCRIPT
    )

    assert kept.status_code == 204
    assert f"src=&#34;cid:{content_id}&#34;" in browser.get(page).text
    shown = browser.get(f"{page}/drafts/reply/pictures/{content_id}")
    assert (shown.status_code, shown.mimetype, b"script" in shown.data) == (200, "image/png", False)
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert browser.get(f"{page}/drafts/note/pictures/{content_id}").status_code == 404
    assert sign_in_as(office.manager).get(f"{page}/drafts/reply/pictures/{content_id}").status_code == 404
    browser.post(f"{page}/reply", data={"body": "\ufffc", "html": html_with(content_id), "billable": ""})

    message = newest(Message)
    assert message.text == "Look:\n[picture: the <b>error</b>]\nBye"
    found = re.search(
        r'<a class="between" href="(/files/\d+)"[^>]*><img src="(/files/\d+/large)" alt="([^"]*)"',
        browser.get(page).text,
    )
    assert found
    assert found[3] == "the &lt;b&gt;error&lt;/b&gt;"
    assert browser.get(found[2]).mimetype == "image/png"
    assert "Screenshot 1.png" not in browser.get(page).text  # it stands at its place alone
    take_back = re.search(r'action="([^"]+/take-back)"', browser.get(page).text)
    assert take_back
    browser.post(take_back[1])
    assert [(one.name, one.content_id) for one in rows(DraftFile)] == [
        ("Screenshot 1.png", content_id),
        ("a.txt", None),
    ]
    assert f'src="cid:{content_id}"' in newest(Draft).html
    browser.post(f"{page}/reply", data={"body": "\ufffc", "html": html_with(content_id), "billable": ""})

    mail = sent(fixed_clock)
    assert shape(mail) == (
        "multipart/mixed",
        [("multipart/alternative", ["text/plain", ("multipart/related", ["text/html", "image/png"])]), "text/plain"],
    )
    assert "[picture: the <b>error</b>]" in mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    image = next(part for part in mail.walk() if part.get_content_type() == "image/png")
    assert image["Content-ID"] == f"<{content_id}>"
    assert image.get_content_disposition() == "inline"
    assert f'<img src="cid:{content_id}" alt="the &lt;b&gt;error&lt;/b&gt;" width="640"' in html
    assert Image.open(BytesIO(image.get_content())).size == (900, 40)


def test_pictures_are_files_at_the_end_without_an_editor_and_stay_behind_where_they_were_taken_out(
    office, mailbox, sign_in_as, fixed_clock
):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    page = f"/items/{number}"
    put(browser, page, picture("WEBP", (8, 8)), "a.webp")

    browser.post(f"{page}/reply", data={"body": "Plain.", "billable": ""})

    assert [(one.name, one.inline, one.content_id) for one in rows_of_message()] == [("a.png", False, None)]
    assert "a.png" in browser.get(page).text
    first, second = (put(browser, page, picture("JPEG", (8, 8)), "b.jpeg", kind="note") for _ in range(2))
    browser.post(f"{page}/note", data={"body": "\ufffc", "html": html_with(second, words=""), "billable": ""})
    note = newest(Message)
    assert note.text == "Look:\n[picture]\nBye"
    assert [(one.name, one.inline, one.content_id) for one in rows_of_message()] == [("b.jpg", True, second)]
    assert first not in note.html
    assert rows(DraftFile) == []
    assert (
        browser.get(f"{page}/forward?message={note.id}").text.count("b.jpg") == 1
    )  # what is passed on is text and files


def rows_of_message():
    with unit_of_work() as session:
        return list(session.scalars(select(Attachment).where(Attachment.message_id == newest(Message).id)))


def test_no_picture_of_somebody_else_and_nothing_that_is_none_gets_between_the_words(
    office, mailbox, sign_in_as, monkeypatch
):
    number, browser, other = open_ticket(office), sign_in_as(office.technician), sign_in_as(office.manager)
    page = f"/items/{number}"
    theirs = put(other, page, picture())

    for content in (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<script>", picture()[:60], b""):
        assert 'role="alert"' in put(browser, page, content, "<b>.png")
    assert [one.content_id for one in rows(DraftFile)] == [theirs]
    refused = browser.post(f"{page}/reply", data={"body": "x", "html": html_with(theirs), "billable": ""})
    assert refused.status_code == 422
    assert "A picture between the words is not there any more" in refused.text
    assert theirs not in newest(Draft).html
    browser.post(f"{page}/drafts/note", data={"body": "x", "html": html_with(theirs) + "<b>!</b>"}, headers=BY_SCRIPT)
    assert theirs not in newest(Draft).html
    monkeypatch.setattr(domain, "MOST_FILES", 2)
    mine = [put(browser, page, picture(), kind="note") for _ in range(2)]
    third = put(browser, page, picture(), kind="note", standing=html_with(*mine))
    assert "20 files" in third or "files go along at most" in third
    assert "@helpdesk" in put(
        browser, page, picture(), kind="note", standing=html_with(mine[0])
    )  # the other makes room
    browser.post(f"{page}/drafts/note", data={"body": "", "html": "<div><br></div>"}, headers=BY_SCRIPT)
    assert [one.content_id for one in rows(DraftFile)] == [theirs]
