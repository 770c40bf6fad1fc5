"""docs/mail.md rule 13: limits on the raw bytes, before any parser sees them."""

import pytest

from helpdesk.intake.domain.limits import ALL_HEADERS_BYTES, exceeded, readable_head

NESTED = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(60))
MANY_PARTS = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 600 + b"--b--\r\n"


@pytest.mark.parametrize(
    ("raw", "limit", "fatal"),
    [
        (b"Subject: " + b"x" * 70_000 + b"\r\n\r\n", "longest header in bytes", True),
        (b"Subject: x\r\n" + b" folded\r\n" * 10_000 + b"\r\n", "longest header in bytes", True),
        (b"X-A: y\r\n" * 40_000 + b"\r\n", "all headers in bytes", True),
        (NESTED, "depth of nesting", True),
        (b"Content-Type: message/rfc822\r\n\r\n" * 60, "depth of nesting", True),
        (MANY_PARTS, "parts", True),
        (b"To: " + b", ".join(b"a%d@b.example" % n for n in range(600)) + b"\r\n\r\n", "addresses", False),
        (b"\r\n\r\n" + b"http://a.example/ " * 6_000, "links", False),
    ],
    ids=["long", "folded", "all", "nested", "mails in mails", "parts", "addresses", "links"],
)
def test_what_is_beyond_a_limit_is_named(raw, limit, fatal):
    broken = exceeded(raw)

    assert [(one.limit, one.fatal) for one in broken] == [(limit, fatal)]
    assert str(broken[0]).startswith(f"{limit}: ")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Subject: x\r\n\r\nbody",
        MANY_PARTS.replace(b"--b\r\n\r\nx\r\n" * 600, b"--b\r\n\r\nx\r\n" * 400),
        b"\r\n\r\n" + b"--b\r\n" * 1_000,
        b"\r\n\r\n" + b"Content-Type: text/plain\r\n" * 1_000,
    ],
    ids=["empty", "plain", "400 parts", "lines like boundaries", "headers in the text"],
)
def test_usual_mail_breaks_none(raw):
    assert exceeded(raw) == ()


def test_siblings_are_no_nesting():
    inner = b"".join(
        b"--b\r\nContent-Type: multipart/alternative; boundary=i%d\r\n\r\n--i%d\r\n\r\nx\r\n--i%d--\r\n" % (n, n, n)
        for n in range(60)
    )

    assert exceeded(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + inner + b"--b--\r\n") == ()


def test_headers_within_the_limits_can_be_read_beside_those_beyond():
    raw = b"From: ada@acme.example\r\nX-Long: " + b"x" * 70_000 + b"\r\nSubject: Printer\r\n\r\nbody"

    assert readable_head(raw) == b"From: ada@acme.example\r\nSubject: Printer\r\n\r\n"


def test_the_readable_headers_end_at_the_limit():
    assert len(readable_head(b"X-A: y\r\n" * 200_000)) <= ALL_HEADERS_BYTES + 4
