"""Files are looked at without being saved: by our drawing, as text, read apart, each under its own policy.

docs/desk.md rules 63 to 67; OWASP ASVS 5.0 5.4.1, 1.3.1 and 3.4.3.
"""

import io
from email.message import EmailMessage

import pytest
from PIL import Image
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.intake.process import attached
from helpdesk.tickets.models import Attachment
from tests.mails import mail

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]

INVITATION = b"""BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:Swap <b>the</b> printer
DTSTART;TZID=America/New_York:20261203T100000
DTEND;TZID=America/New_York:20261203T113000
LOCATION:Room 2
RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10
ORGANIZER;CN=Ann:mailto:ann@acme.example
ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@acme.example
END:VEVENT
END:VCALENDAR
"""


def drawing(size=(3000, 1500), **options):
    output = io.BytesIO()
    Image.new("RGB", size, "teal").save(output, "JPEG", **options)
    return output.getvalue()


def letter(subject="Inner", html="<p>Inner words<script>alert(1)</script></p>", files=()):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Bob <bob@acme.example>", "ann@acme.example", subject
    message["Date"] = "Tue, 17 Nov 2026 08:00:00 +0000"
    message.set_content("Inner words")
    message.add_alternative(html, subtype="html")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


@pytest.fixture
def look(inbox, office, sign_in_as):
    """Have a mail with files come, and return the browser of a technician with the ids of the files by name."""

    def _look(files):
        inbox.receive(mail(files=files))
        with unit_of_work() as session:
            ids = {row.name: row.id for row in session.execute(select(Attachment.name, Attachment.id))}
        return sign_in_as(office.technician), ids

    return _look


def test_a_picture_is_drawn_anew_small_and_large_upright_and_without_where_it_was_taken(look):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "secret place"
    browser, ids = look({"photo.jpg": drawing(exif=exif)})

    small, large = (browser.get(f"/files/{ids['photo.jpg']}/{size}") for size in ("small", "large"))
    again = browser.get(f"/files/{ids['photo.jpg']}/small", headers={"If-None-Match": small.headers["ETag"]})

    assert [Image.open(io.BytesIO(one.data)).size for one in (small, large)] == [(160, 320), (1200, 2400)]
    assert b"secret" not in large.data
    assert large.headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", "private, no-cache")


def test_a_picture_that_is_none_says_so_and_has_a_sheet_of_ours_in_the_list(look):
    browser, ids = look({"evil.png": b"<script>alert(1)</script>"})

    small, large = (browser.get(f"/files/{ids['evil.png']}/{size}") for size in ("small", "large"))

    assert (small.mimetype, large.status_code) == ("image/png", 404)
    assert Image.open(io.BytesIO(small.data)).size == (96, 96)
    assert "This picture is broken, or far too large." in browser.get(f"/files/{ids['evil.png']}").text


def test_a_text_is_shown_to_its_two_hundredth_kilobyte_and_never_as_markup(look):
    page = b"<script>alert(1)</script>\n" + b"line of a log\n" * 20_000
    browser, ids = look({"evil.html": page, "evil.svg": b"<svg onload='alert(1)'/>", "list.bin": b"\x00\x01"})

    text, drawn = (browser.get(f"/files/{ids[name]}").text for name in ("evil.html", "evil.svg"))
    other = browser.get(f"/files/{ids['list.bin']}").text

    assert '<pre class="pv-text">&lt;script&gt;alert(1)&lt;/script&gt;' in text
    assert "This is the beginning." in text
    assert text.count("line of a log") < 15_000
    assert "&lt;svg onload=" in drawn
    assert "<svg onload" not in drawn
    assert "Files of this kind are not shown here." in other
    assert "download>" in other


def test_a_mail_that_is_a_file_says_who_when_and_what_with_the_mails_inside_it(look):
    inner = letter(subject="Innermost")
    browser, ids = look({"forwarded.eml": letter(files=[("inner.eml", inner), ("list.csv", b"a,b")])})

    page = browser.get(f"/files/{ids['forwarded.eml']}").text
    frame, inside = (browser.get(f"/files/{ids['forwarded.eml']}/mail{path}") for path in ("", "/0"))
    none = browser.get(f"/files/{ids['forwarded.eml']}/mail/1")

    for words in ("Bob &lt;bob@acme.example&gt;", "17 Nov 2026", "Inner", "Innermost", "list.csv"):
        assert words in page
    assert f'src="/files/{ids["forwarded.eml"]}/mail/0"' in page
    assert page.count('sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"') == 2
    for each in (frame, inside):
        assert "<p>Inner words</p>" in each.text
        assert "script" not in each.text
        assert each.headers["Content-Security-Policy"].startswith("default-src 'none'; img-src data:;")
    assert none.status_code == 404


def test_a_calendar_tells_when_on_our_clock_and_on_theirs(look):
    browser, ids = look({"invite.ics": INVITATION, "none.ics": b"BEGIN:VCALENDAR\nEND:VCALENDAR", "no.ics": b"<b>"})

    page = browser.get(f"/files/{ids['invite.ics']}").text

    assert "Thu 3 Dec 2026, 16:00 to 17:30 (Europe/Berlin)" in page
    assert "written as Thu 3 Dec 2026, 10:00 to 11:30 (America/New_York)" in page
    assert "every week, on Mon, Wed, 10 times" in page
    assert "Swap &lt;b&gt;the&lt;/b&gt; printer" in page
    assert "Bob &lt;bob@acme.example&gt; (comes)" in page
    assert "There is no event in this calendar." in browser.get(f"/files/{ids['none.ics']}").text
    assert "This file cannot be shown" in browser.get(f"/files/{ids['no.ics']}").text


def test_a_pdf_stands_in_a_frame_under_its_own_policy_and_what_is_none_is_not_served_as_one(look):
    browser, ids = look({"offer.pdf": b"%PDF-1.7\n%", "page.pdf": b"<script>alert(1)</script>"})

    shown, refused = (browser.get(f"/files/{ids[name]}/pdf") for name in ("offer.pdf", "page.pdf"))

    assert (shown.mimetype, refused.status_code) == ("application/pdf", 404)
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "This file calls itself a PDF and is none." in browser.get(f"/files/{ids['page.pdf']}").text


def test_one_goes_from_file_to_file_of_a_message_and_a_script_gets_the_part_alone(look):
    browser, ids = look({"a.txt": b"first", "b.txt": b"second", "c.txt": b"third"})

    part = browser.get(f"/files/{ids['b.txt']}", headers={"HX-Request": "true"}).text

    assert part.startswith('<section class="pv"')
    assert "2 of 3" in part
    assert f'rel="prev" href="/files/{ids["a.txt"]}"' in part
    assert f'rel="next" href="/files/{ids["c.txt"]}"' in part


def test_a_file_that_its_reader_does_not_survive_says_so(look, monkeypatch):
    monkeypatch.setattr(attached, "MEMORY_BYTES", 16 * 1024 * 1024)
    browser, ids = look({"bomb.eml": letter(html="<p>words</p>" * 100_000)})

    page = browser.get(f"/files/{ids['bomb.eml']}")

    assert page.status_code == 200
    assert "This file cannot be shown: the parser needed more memory than it may have, or broke off." in page.text
    assert browser.get(f"/files/{ids['bomb.eml']}/mail").status_code == 422
