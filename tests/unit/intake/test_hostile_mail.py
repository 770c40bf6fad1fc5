"""docs/mail.md rule 13: mail made to keep a parser busy or to fill its memory is answered, and soon.

The limits are far above what each takes (well below a second on a quiet machine), so that a slow one does not fail.
"""

import base64
import time

import pytest

from helpdesk.intake.parser.read import parse

HEAD = b"From: a@b.example\r\nTo: s@d.example\r\nSubject: hi\r\n"
TEXT = HEAD + b"Content-Type: text/plain\r\n\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
SECONDS = 10


def nested(depth: int) -> bytes:
    opening = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return HEAD + opening + b"\r\nx"


def people(count: int) -> bytes:
    return b"To: " + b",\r\n ".join(b'"N %d" <u%d@x.example>' % (n, n) for n in range(count)) + b"\r\n\r\nx"


MAILS = {
    "deep nesting": nested(20_000),
    "mails within mails": HEAD + b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n" * 5_000 + b"\r\nx",
    "20,000 addresses": people(20_000),
    "open comments": b"From: " + b"(" * 30_000 + b"a@b.example\r\n\r\nx",
    "open quotes": b"From: " + b'"a\\' * 20_000 + b" <a@b.example>\r\n\r\nx",
    "groups in groups": b"To: " + b"g:" * 20_000 + b"a@b.example;\r\n\r\nx",
    "1 MB of encoded words": b"Subject: " + b"\r\n ".join([b"=?utf-8?b?d29yZA==?="] * 50_000) + b"\r\n\r\nx",
    "60 KB of encoded words": b"From: " + b" ".join([b"=?utf-8?b?8J+YgA==?="] * 2_900) + b" <a@b.example>\r\n\r\nx",
    "300,000 headers": b"a:\n" * 300_000,
    "one long line": b"A" * 3_000_000,
    "a file of zeros": HEAD + b"Content-Transfer-Encoding: base64\r\nContent-Type: application/zip\r\n\r\n"
    + base64.encodebytes(bytes(10_000_000)),
    "quotes in quotes": TEXT + b"".join(b"> " * (n % 60) + b"text\r\n" for n in range(100_000)),
    "10,000 times On … wrote": TEXT + b"On Monday Ann wrote:\r\n" * 10_000,
    "headers of answers": TEXT + b"From: a\r\nSent: b\r\nTo: c\r\n" * 30_000,
    "drawn lines": TEXT + (b"_" * 300 + b"\r\n") * 20_000,
    "blank lines": TEXT + b"\r\n" * 500_000,
    "our own marks": TEXT + b"##- \r\n" * 100_000,
    "marks of forwards": TEXT + b"---------- Forwarded message\r\n" * 50_000,
    "a million nested tags": HTML + b"<b>" * 1_000_000,
    "tags that never close": HTML + b'<a href="' * 200_000,
    "a wide cell beside a long one": HTML + b"<table><tr><td><pre>" + b"x" * 300_000 + b"</pre><td>" + b"<br>" * 40_000,
    "one element with 100,000 attributes": HTML + b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">x",
    "spans of millions": HTML + b"<table><tr><td colspan=100000000 rowspan=100000000>x</td></tr></table>" * 1_000,
    "100,000 parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000,
    "an empty boundary": HEAD + b'Content-Type: multipart/mixed; boundary=""\r\n\r\n' + b"--\r\n\r\nx\r\n" * 9_000,
    "a boundary like a pattern": HEAD + b'Content-Type: multipart/mixed; boundary="(a+)+$"\r\n\r\n--' + b"a" * 100_000,
    "the same boundary within": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n" * 20_000,
    "a report on millions": b"From: MAILER-DAEMON@x.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\n" + b"Action: failed\r\nStatus: 5.1.1\r\n\r\n" * 100_000,
    "words of bounces": b"From: MAILER-DAEMON@x.example\r\nSubject: " + b"delivery " * 6_000 + b"\r\n\r\n"
    + b"user " * 99_000,
    "an address without an end": b"From: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\n\r\n"
    + b"a" * 100_000 + b"@" + b"a." * 100_000,
    "a calendar of thousands": HEAD + b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n"
    + b"BEGIN:VEVENT\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\n" * 2_000 + b"END:VCALENDAR\r\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", MAILS)
def test_hostile_mail_is_answered_soon(kind):
    began = time.process_time()

    read = parse(MAILS[kind])

    assert time.process_time() - began < SECONDS
    assert read.content_hash
    assert not read.bounce.is_bounce or "MAILER-DAEMON" in read.sender.address
