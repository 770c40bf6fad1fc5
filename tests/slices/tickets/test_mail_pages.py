"""Mail as it was sent and its files: each under its own policy, nothing of a stranger's bytes runs."""

import io
import re

import pytest
from PIL import Image

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.tickets import service
from helpdesk.tickets.domain import IncomingMail, NewAttachment
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("rung")


def picture(kind="PNG", size=(3, 2), mode="RGB"):
    output = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else 1).save(output, kind)
    return output.getvalue()


@pytest.fixture
def keep(office):
    """Add a mail to Acme's or Globex's ticket and return the message's id and those of its files."""

    def _keep(*, html=None, files=(), ticket="acme"):
        stored = [(*file[:3], blobs.store().put(file[2])) for file in files]
        with unit_of_work() as session:
            for _, _, content, digest in stored:
                blobs.record(session, digest=digest, size_bytes=len(content), now=NOW)
            message = service.add_mail(
                session,
                now=NOW,
                item_id=getattr(office, f"{ticket}_ticket").id,
                contact_id=getattr(office, f"{ticket}_contact").id,
                person_id=None,
                mail=IncomingMail(
                    subject="Printer",
                    text="a <b> & c",
                    html=html,
                    reply_text="",
                    trimmed_text="",
                    message_id="<a@b.example>",
                    received_at=NOW,
                    attachments=tuple(
                        NewAttachment(name, kind, digest, len(content), content_id="pic 1")
                        for name, kind, content, digest in stored
                    ),
                ),
            )
            return message.id, [file.id for file in message.attachments]

    return _keep


def test_a_mail_is_shown_under_its_own_policy_without_any_script(office, keep, sign_in_as):
    message_id, (file_id,) = keep(
        html='<p>Hi<img src="cid:pic 1"><img src="cid:gone"></p>', files=[("label.png", "image/png", picture())]
    )

    answer = sign_in_as(office.technician).get(f"/messages/{message_id}/body")

    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    )
    assert f'<img src="/attachments/{file_id}/label.png?inline=1"><img src="">' in answer.text


def test_a_mail_without_html_shows_its_text_escaped(office, keep, sign_in_as):
    message_id, _ = keep()

    answer = sign_in_as(office.technician).get(f"/messages/{message_id}/body")

    assert "<pre>a &lt;b&gt; &amp; c</pre>" in answer.text


@pytest.mark.parametrize("name", ["evil.html", "evil.svg", 'na"me\u202e.exe', "Übersicht.pdf"])
def test_a_file_is_always_saved_and_never_opened_in_our_place(office, keep, sign_in_as, name):
    content = b"<script>alert(1)</script>"
    _, (file_id,) = keep(files=[(name, "text/html", content)])

    answer = sign_in_as(office.technician).get(f"/attachments/{file_id}/x")

    assert answer.data == content
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("kind", "content_type", "shown_as"),
    [("PNG", "image/png", "image/png"), ("JPEG", "image/jpeg", "image/jpeg"), ("GIF", "image/gif", "image/png")],
)
def test_a_picture_in_the_mail_is_drawn_anew(office, keep, sign_in_as, kind, content_type, shown_as):
    raw = picture(kind) + b"<script>alert(1)</script>"
    _, (file_id,) = keep(files=[("a", content_type, raw)])

    answer = sign_in_as(office.technician).get(f"/attachments/{file_id}/a?inline=1")

    assert answer.mimetype == shown_as
    assert b"script" not in answer.data
    assert Image.open(io.BytesIO(answer.data)).size == (3, 2)


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("image/svg+xml", b"<svg onload='alert(1)'/>"),
        ("image/png", b"<script>alert(1)</script>"),
        ("text/html", b"<script>alert(1)</script>"),
        ("image/png", picture(size=(6000, 6000), mode="1")),
    ],
)
def test_what_is_no_picture_or_far_too_big_is_not_shown(office, keep, sign_in_as, content_type, content):
    _, (file_id,) = keep(files=[("a", content_type, content)])

    assert sign_in_as(office.technician).get(f"/attachments/{file_id}/a?inline=1").status_code == 404


def test_mail_and_files_of_a_client_that_one_may_not_see_are_not_there(office, keep, sign_in_as):
    message_id, (file_id,) = keep(ticket="globex", files=[("a.txt", "text/plain", b"canary")])
    browser = sign_in_as(office.technician)

    answers = [browser.get(f"/messages/{message_id}/body"), browser.get(f"/attachments/{file_id}/a.txt")]
    missing = browser.get("/attachments/99999/a.txt")

    assert [answer.status_code for answer in answers] == [404, 404]
    assert without_nonce(answers[1].text) == without_nonce(missing.text)


def without_nonce(page):
    return re.sub(r'nonce="[^"]*"', "", page)
