"""docs/mail.md rules 10, 29, 30, 34 and 35: from bytes to what a person reads."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from helpdesk.intake.parser.read import parse
from helpdesk.outbox.domain import Address

HEAD = b"From: Ada Lovelace <ada@acme.example>\r\nTo: support@desk.example\r\nSubject: Printer\r\nMIME-Version: 1.0\r\n"


def mixed(*parts: bytes, head: bytes = HEAD, kind: bytes = b"mixed") -> bytes:
    """Return a multipart mail of these parts."""
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts)
    return head + b"Content-Type: multipart/" + kind + b'; boundary="edge"\r\n\r\n' + body + b"--edge--\r\n"


TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nIt is broken."
HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>It is <b>broken</b>.</p>"


def file(name: bytes, content: bytes = b"x", kind: bytes = b"application/pdf") -> bytes:
    return b"Content-Type: " + kind + b'\r\nContent-Disposition: attachment; filename="' + name + b'"\r\n\r\n' + content


def test_a_plain_mail_is_read_whole():
    raw = (
        b"Message-ID: <1@ACME.example>\r\nIn-Reply-To: <0@desk.example>\r\n"
        b"References: <a@desk.example>\r\n <0@desk.example>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0100\r\n"
        b"Reply-To: it@acme.example\r\nCc: Bob <bob@acme.example>, eve@globex.example\r\n"
        b"Delivered-To: support+t.1.x@desk.example\r\n" + HEAD + b"\r\nIt is broken.\r\n"
    )

    mail = parse(raw)

    assert mail.message_id == mail.identity == "<1@acme.example>"
    assert mail.answered_message_ids == ("<0@desk.example>", "<a@desk.example>")
    assert mail.sent_at == datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    assert mail.sender == Address("Ada Lovelace", "ada@acme.example")
    assert mail.reply_to == (Address("", "it@acme.example"),)
    assert mail.cc == (Address("Bob", "bob@acme.example"), Address("", "eve@globex.example"))
    assert mail.recipient_addresses[0] == "support@desk.example"
    assert mail.recipient_addresses[-1] == "support+t.1.x@desk.example"
    assert mail.subject == "Printer"
    assert mail.text == mail.reply_text == "It is broken."
    assert mail.html is None
    assert mail.warnings == ()


def test_a_mail_without_message_id_still_has_an_identity():
    mail = parse(HEAD + b"\r\nx")

    assert mail.message_id is None
    assert mail.identity.endswith("@derived.invalid>")


@pytest.mark.parametrize(
    ("raw_subject", "subject"),
    [
        (b"=?utf-8?q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        (b"=?utf-8?b?R3LD?= =?utf-8?b?tsOfZQ==?=", "Größe"),
        (b"=?iso-8859-1?q?Gr=F6=DFe?= and =?utf-8?q?more?=", "Größe and more"),
        (b"=?gb2312?b?xOO6ww==?=", "你好"),
        (b"=?no-such-charset?q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        (b"=?utf-8*de?q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        ("Größe".encode(), "Größe"),
        ("Die Größe der Straße".encode("cp1252"), "Die Größe der Straße"),
        (b"=?utf-8?q?broken", "=?utf-8?q?broken"),
        (b"=?utf-8?b?!!!?=", ""),
        (b"two\r\n lines", "two lines"),
        (b"=?utf-8?q?a=0D=0ABcc:_x=00y?=", "a Bcc: xy"),
        ("right\u202eleft\u2066x".encode(), "rightleftx"),
        (b"=?utf-16?b?ANg=?=", "Ø"),
    ],
)
def test_subjects_are_decoded_and_cleaned(raw_subject, subject):
    """Rules 29 and 30."""
    raw = b"From: a@b.example\r\nSubject: " + raw_subject + b"\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nx"

    assert parse(raw).subject == subject


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        (b'"Lovelace, Ada" <ada@acme.example>', "Lovelace, Ada", "ada@acme.example"),
        (b"=?utf-8?q?Lovelace=2C_Ada_=3Cx=40y=3E?= <ada@acme.example>", "Lovelace, Ada <x@y>", "ada@acme.example"),
        (b"ada@acme.example (Ada)", "Ada", "ada@acme.example"),
        (b"ada@acme.example", "", "ada@acme.example"),
        (b"<ada@acme.example>", "", "ada@acme.example"),
        (b"Ada @ Acme <ada@acme.example>", "Ada @ Acme", "ada@acme.example"),
        (b"MAILER-DAEMON (Mail Delivery System)", "Mail Delivery System", "MAILER-DAEMON"),
        (b"undisclosed", "", ""),
    ],
)
def test_senders_of_all_kinds_are_read(value, name, address):
    assert parse(b"From: " + value + b"\r\n\r\nx").sender == Address(name, address)


def test_without_a_from_the_answer_address_names_the_sender():
    assert parse(b"Reply-To: ada@acme.example\r\n\r\nx").sender.address == "ada@acme.example"


@pytest.mark.parametrize(
    ("declared", "content"),
    [
        (b"utf-8", "Grüße".encode()),
        (b"iso-8859-1", "„Grüße“ – 5 €".encode("cp1252")),
        (b"gb2312", "你好，镕".encode("gb18030")),
        (b"ks_c_5601-1987", "안녕하세요 똠".encode("cp949")),
        (b"us-ascii", "Grüße".encode()),
        (b"no-such", "Grüße".encode()),
        (b"utf-7", "Grüße".encode("utf-7")),
    ],
)
def test_bodies_are_decoded_as_what_they_are(declared, content):
    """Rule 29."""
    raw = HEAD + b"Content-Type: text/plain; charset=" + declared + b"\r\n\r\n" + content

    assert any(sign in parse(raw).text for sign in ("Grüße", "你好", "안녕하세요"))


def test_a_guessed_charset_is_flagged():
    """Rule 29."""
    raw = HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "Viele Grüße aus der Größe".encode("cp1252")

    mail = parse(raw)

    assert "Viele Gr" in mail.text
    assert any("charset utf-8, read as" in warning for warning in mail.warnings)


def test_of_two_versions_the_text_is_read_and_the_html_is_shown():
    mail = parse(mixed(TEXT, HTML, kind=b"alternative"))

    assert mail.text == "It is broken."
    assert mail.html == "<p>It is <b>broken</b>.</p>"
    assert mail.attachments == ()


def test_html_alone_is_turned_into_text():
    mail = parse(HEAD + HTML.replace(b"</p>", b"</p><ul><li>one</li><li>two</li></ul>"))

    assert mail.text.replace(" ", "").splitlines() == ["Itisbroken.", "", "*one", "*two"]


def test_text_on_both_sides_of_a_file_stays_in_order():
    mail = parse(mixed(TEXT, file(b"a.pdf"), TEXT.replace(b"It is broken", b"See above")))

    assert mail.text == "It is broken.\n\nSee above."
    assert [file.name for file in mail.attachments] == ["a.pdf"]


def test_a_picture_that_the_html_shows_is_inline_and_another_is_not():
    """Rule 34."""
    html = b'Content-Type: text/html\r\n\r\n<p>Look: <img src="cid:one@acme"></p>'
    shown = b"Content-Type: image/png\r\nContent-ID: <one@acme>\r\nContent-Disposition: inline\r\n\r\nPNG1"
    other = b"Content-Type: image/png\r\nContent-ID: <two@acme>\r\nContent-Disposition: inline\r\n\r\nPNG2"

    mail = parse(mixed(html, shown, other, kind=b"related"))

    assert [(file.content_id, file.is_inline) for file in mail.attachments] == [("one@acme", True), ("two@acme", False)]


def test_a_file_keeps_its_bytes():
    content = bytes(range(256)) * 10
    encoded = b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"

    mail = parse(mixed(TEXT, encoded + base64.encodebytes(content)))

    assert mail.attachments[0].sha256 == hashlib.sha256(content).hexdigest()
    assert mail.attachments[0].size_bytes == 2560


def test_a_mail_in_a_mail_is_kept_whole_and_adds_no_text():
    """Rule 35."""
    inner = b"Content-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\nSubject: Inner / old\r\n\r\nInner text.\r\n"

    mail = parse(mixed(TEXT, inner))

    assert mail.text == "It is broken."
    assert mail.attachments[0].name == "Inner - old.eml"
    assert b"Inner text." in mail.attachments[0].content
    assert mail.sender.address == "ada@acme.example"


def test_an_invitation_is_kept():
    """Rule 35."""
    invitation = b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR"

    mail = parse(mixed(TEXT, invitation, kind=b"alternative"))

    assert [(file.name, file.content_type) for file in mail.attachments] == [("invitation.ics", "text/calendar")]


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        (b"../../etc/passwd", "passwd"),
        (b"C:\\\\temp\\\\a.pdf", "a.pdf"),
        (b"a\x01b.pdf", "ab.pdf"),
        ("fdp\u202egpj.exe".encode(), "fdpgpj.exe"),
        (b"=?utf-8?q?Gr=C3=B6=C3=9Fe.pdf?=", "Größe.pdf"),
        (b"<script>.pdf", "_script_.pdf"),
        (b"...", "file.pdf"),
        (b"x" * 300 + b".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_file_names_are_cleaned(given, clean):
    """Rule 35; safety: traversal and hidden extensions."""
    assert parse(mixed(TEXT, file(given))).attachments[0].name == clean


def test_names_in_the_form_of_rfc_2231_are_put_together():
    part = b"Content-Disposition: attachment; filename*0*=utf-8''Gr%C3%B6; filename*1*=%C3%9Fe.pdf"

    assert parse(mixed(TEXT, part + b"\r\n\r\nx")).attachments[0].name == "Größe.pdf"


def test_files_without_a_name_get_one_and_the_same_name_is_numbered():
    """Rule 35."""
    nameless = b"Content-Type: image/png\r\n\r\nx"

    mail = parse(mixed(TEXT, nameless, nameless, file(b"a.pdf"), file(b"A.pdf")))

    assert [file.name for file in mail.attachments] == ["image.png", "image-2.png", "a.pdf", "A-2.pdf"]


def test_a_mail_beyond_the_limits_is_read_by_its_headers_and_carries_itself():
    """Rules 10 and 13."""
    raw = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 600

    mail = parse(raw)

    assert mail.body_unreadable
    assert mail.subject == "Printer"
    assert mail.text == ""
    assert mail.attachments[0].content == raw
    assert mail.warnings == ("limit exceeded: parts: 501, allowed are 500",)


def test_a_bounce_is_read_from_its_parts():
    """Rule 28."""
    report = (
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        b"Final-Recipient: rfc822; bob@acme.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    )
    returned = b"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <hd.1.x@desk.example>\r\nSubject: x\r\n"

    mail = parse(mixed(TEXT, report, returned, kind=b"report; report-type=delivery-status"))

    assert mail.bounce.is_bounce
    assert mail.bounce.recipients == ("bob@acme.example",)
    assert mail.bounce.original_message_id == "<hd.1.x@desk.example>"
    assert mail.automatic.reasons == ("delivery report",)
    assert [file.name for file in mail.attachments] == ["delivery-status.txt", "file.txt"]


def test_a_forward_names_the_inner_sender():
    """Rule 36."""
    raw = HEAD.replace(b"Printer", b"Fwd: Printer") + (
        b"\r\nPlease look.\r\n\r\n---------- Forwarded message ---------\r\n"
        b"From: Bob <bob@acme.example>\r\nDate: Monday\r\nSubject: Printer\r\nTo: a@b.example\r\n\r\nIt smokes.\r\n"
    )

    forward = parse(raw).forward

    assert forward.is_forward
    assert forward.sender == Address("Bob", "bob@acme.example")
    assert (forward.subject, forward.text) == ("Printer", "It smokes.")


def test_our_own_headers_on_inbound_mail_give_no_rights():
    """Rule 22: they make it automatic, and nothing else."""
    mail = parse(b"X-Helpdesk-Loop: 1\r\nX-Helpdesk-Ticket: 42\r\n" + HEAD + b"\r\nx")

    assert mail.automatic.reasons == ("sent automatically by a Helpdesk",)
