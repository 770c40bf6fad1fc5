"""docs/mail.md rules 9 and 10: no mail stops the next one. Whatever the bytes, something is read."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.intake.inspect import describe
from helpdesk.intake.parser.read import parse

TYPES = st.sampled_from(
    [
        "text/plain",
        "text/html",
        "multipart/mixed; boundary=b",
        "multipart/alternative; boundary=b",
        "multipart/related; boundary=b",
        "multipart/report; boundary=b; report-type=delivery-status",
        "message/rfc822",
        "message/delivery-status",
        "message/partial",
        "message/external-body",
        "image/png; name=x",
        "text/plain; charset=utf-16",
        "text/plain; charset=\x00",
        "text/html; charset=idna",
        "",
        ";",
        "text/calendar",
        "multipart/digest; boundary=b",
        "multipart/mixed",
        "application/ms-tnef; name*0*=utf-8''%",
        "text/plain; name==?",
        "application/pkcs7-mime; smime-type=signed-data",
        "multipart/signed; boundary=b",
        "text/rfc822-headers",
    ],
)
ENCODINGS = st.sampled_from(["base64", "quoted-printable", "x-uuencode", "7bit", "8bit", "binary", "none", ""])
VALUES = st.one_of(
    st.binary(max_size=60).map(lambda data: data.replace(b"\r", b"").replace(b"\n", b"\n ")),
    st.sampled_from(
        [b"=?utf-8?b?=?=", b"=?x?q?=FF?=", b"<<>>", b"a@b, c@d", b'"', b"(((", b"Mon, 99 Foo 2026 99:99", b"<>"]
    ),
)
NAMES = st.sampled_from(
    [
        b"From",
        b"To",
        b"Cc",
        b"Subject",
        b"Date",
        b"Message-ID",
        b"References",
        b"In-Reply-To",
        b"Return-Path",
        b"Content-ID",
        b"Content-Disposition",
        b"Auto-Submitted",
        b"Authentication-Results",
        b"X-Failed-Recipients",
        b"",
    ],
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"--b\n\nx\n--b--\n",
            b"--b\nContent-Type: message/rfc822\n\n--b--",
            b"<p>x<",
            b"begin 644 x\n",
            b"> q\nOn x wrote:\n",
            b"\x78\x9f\x3e\x22\x01\x00\x01\x03\x90\x06\x00\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80",
            b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:x\nORGANIZER:\nEND:VEVENT\nEND:VCALENDAR",
            b'<img src="data:image/png;base64,iVBORw0KGgo=">',
            b"##- x -##\n---------- Forwarded message ---------\nFrom: a\nTo: b\n\nx\n",
            b'{"notificationType": "Bounce", "mail": {}, "bounce": 1}',
        ]
    ),
)


@st.composite
def mails(draw):
    headers = b"".join(
        name + b": " + value + b"\n" for name, value in draw(st.lists(st.tuples(NAMES, VALUES), max_size=6))
    )
    headers += f"Content-Type: {draw(TYPES)}\nContent-Transfer-Encoding: {draw(ENCODINGS)}\n".encode()
    inner = draw(st.lists(st.tuples(TYPES, ENCODINGS, BODIES), max_size=3))
    parts = b"".join(
        f"--b\nContent-Type: {kind}\nContent-Transfer-Encoding: {how}\n\n".encode() + body for kind, how, body in inner
    )
    return headers + b"\n" + draw(BODIES) + b"\n" + parts


def survives(raw: bytes) -> None:
    mail = parse(raw)

    assert json.dumps(describe(mail, "x")).isascii()
    json.dumps(describe(mail, "x"), ensure_ascii=False).encode()
    for value in (mail.subject, mail.sender.name, mail.sender.address, *(file.name for file in mail.attachments)):
        assert not {"\r", "\n", "\x00", "\u202e"} & set(value)
    halves = [line for half in (mail.reply_text, mail.trimmed_text) for line in half.splitlines() if line.strip()]
    assert halves == [line for line in mail.text.splitlines() if line.strip()]


@given(st.binary(max_size=2_000))
def test_any_bytes_give_a_mail(raw):
    survives(raw)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(mails())
def test_any_likeness_of_a_mail_gives_a_mail(raw):
    survives(raw)
