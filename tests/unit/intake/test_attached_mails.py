"""docs/mail.md rule 35: a mail inside a mail is kept byte for byte."""

import base64
import hashlib

import pytest

from helpdesk.intake.parser.read import parse

INNER = (
    b"Received: from a.example\r\n\tby b.example;  Mon, 2 Nov 2026 09:00:00 +0000\r\n"
    b"Subject:   The   printer of J\xf6rg \r\n"
    b"From: Ada <ada@acme.example>\r\n"
    b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n"
    b"--inner\r\n\r\nIt smokes.\r\n\r\n"
    b"--inner\r\nContent-Type: message/rfc822\r\n\r\nSubject: deeper\r\n\r\nx\r\n--inner--\r\n"
)


def carrying(content: bytes, headers: bytes = b"") -> bytes:
    return (
        b"From: Bob <bob@acme.example>\r\nSubject: look\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n"
        b"--outer\r\nContent-Type: text/plain\r\n\r\nSee the mail.\r\n"
        b"--outer\r\nContent-Type: message/rfc822\r\n" + headers + b"\r\n" + content + b"\r\n--outer--\r\n"
    )


@pytest.mark.parametrize(
    "raw",
    [
        carrying(INNER),
        carrying(INNER, b"Content-Transfer-Encoding: 8bit\r\n"),
        carrying(INNER, b"Content-Transfer-Encoding: binary\r\n"),
        carrying(INNER, b"Content-Transfer-Encoding: base64\r\n"),
        carrying(base64.encodebytes(INNER), b"Content-Transfer-Encoding: base64\r\n"),
    ],
    ids=["unnamed", "8bit", "binary", "base64 that is none", "base64"],
)
def test_an_attached_mail_has_the_hash_of_the_one_that_was_sent(raw):
    (file,) = parse(raw).attachments

    assert file.sha256 == hashlib.sha256(INNER).hexdigest()
    assert file.content_type == "message/rfc822"
    assert file.name.endswith(".eml")
    assert "The printer of J" in " ".join(file.name.split())


def test_an_attached_mail_is_no_part_of_the_body():
    mail = parse(carrying(INNER))

    assert mail.text == "See the mail."
    assert [file.content_type for file in mail.attachments] == ["message/rfc822"]


def test_a_delivery_report_that_is_passed_on_within_a_mail_makes_no_bounce():
    report = (
        b"From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\r\n"
        b"\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; x@y.example\r\n"
        b"Action: failed\r\nStatus: 5.1.1\r\n--r--\r\n"
    )

    assert not parse(carrying(report)).bounce.is_bounce


def test_a_mail_of_a_digest_is_a_file_without_saying_so():
    raw = b"Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: first\r\n\r\none\r\n--d--\r\n"

    (file,) = parse(raw).attachments

    assert (file.name, file.content) == ("first.eml", b"Subject: first\r\n\r\none")
