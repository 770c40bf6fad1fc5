"""Mails made to keep a parser busy or to fill its memory, made when they are asked for: some are large."""

import base64
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

HEAD = b"From: a@b.example\r\nTo: s@d.example\r\nSubject: hi\r\n"
TEXT = HEAD + b"Content-Type: text/plain\r\n\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
MIXED = HEAD + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"


def nested(depth: int) -> bytes:
    opening = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return HEAD + opening + b"\r\nx"


def people(count: int) -> bytes:
    return b"To: " + b",\r\n ".join(b'"N %d" <u%d@x.example>' % (n, n) for n in range(count)) + b"\r\n\r\nx"


def carrying(kind: bytes, content: bytes, name: bytes = b"it") -> bytes:
    """Return a mail of a text and one file."""
    return (
        MIXED
        + b"--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--b\r\nContent-Type: "
        + kind
        + b"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="
        + name
        + b"\r\n\r\n"
        + base64.encodebytes(content)
        + b"--b--\r\n"
    )


def showing(kind: bytes, picture: bytes) -> bytes:
    """Return a mail whose HTML shows one picture that stands inside it."""
    return HTML + b'<p>Look:</p><img src="data:' + kind + b";base64," + base64.b64encode(picture) + b'">'


def zeros(megabytes: int) -> bytes:
    """Return so many megabytes of zeros, deflated: one of them, again and again."""
    packer = zlib.compressobj(9, wbits=-15)
    one = packer.compress(bytes(1024**2)) + packer.flush(zlib.Z_FULL_FLUSH)
    return one * megabytes + packer.flush()


def gzip_bomb() -> bytes:
    """Return a gigabyte of zeros in a megabyte; that its checksum is wrong shows when it is too late."""
    return b"\x1f\x8b\x08" + bytes(7) + zeros(1024) + bytes(8)


def zip_bomb() -> bytes:
    """Return an archive of a hundred megabytes and a gzip bomb."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("empty.txt", bytes(100 * 1024**2))
        archive.writestr("more.gz", gzip_bomb())
    return made.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, pixels: bytes) -> bytes:
    """Return a grey picture that says it is so wide and high, with these packed pixels."""
    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def png_bomb() -> bytes:
    """Return a picture of 30,000 × 30,000 pixels, all of one colour, in a megabyte."""
    return png(30_000, 30_000, b"\x78\xda" + zeros(860) + bytes(4))


def text_bomb_png() -> bytes:
    """Return a picture of one pixel with compressed notes of half a gigabyte."""
    small = png(1, 1, zlib.compress(b"\x00\x00"))
    notes = b"Comment\x00\x00\x78\xda" + zeros(512) + bytes(4)
    return small[:33] + chunk(b"zTXt", notes) + small[33:]


def gif(count: int) -> bytes:
    """Return a picture of so many frames, each of which claims 65,535 × 65,535 pixels."""
    head = b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02\x4c\x01\x00"
    return head + frame * count + b"\x3b"


def tnef_junk() -> bytes:
    """Return what begins like winmail.dat and then claims parts of gigabytes."""
    head = struct.pack("<IH", 0x223E9F78, 1)
    return head + (struct.pack("<BII", 2, 0x0006800F, 0x7FFFFFFF) + b"x" * 40) * 20_000


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "haha">'
    + b"".join(b'<!ENTITY %c "%s">' % (n + 1, b"&%c;" % n * 10) for n in range(ord("a"), ord("j")))
    + b"]><svg xmlns='http://www.w3.org/2000/svg'><text>&j;</text></svg>"
)
MAILS: dict[str, Callable[[], bytes]] = {
    "deep nesting": lambda: nested(20_000),
    "mails within mails": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n" * 5_000 + b"\r\nx",
    "20,000 addresses": lambda: people(20_000),
    "open comments": lambda: b"From: " + b"(" * 30_000 + b"a@b.example\r\n\r\nx",
    "open quotes": lambda: b"From: " + b'"a\\' * 20_000 + b" <a@b.example>\r\n\r\nx",
    "groups in groups": lambda: b"To: " + b"g:" * 20_000 + b"a@b.example;\r\n\r\nx",
    "1 MB of encoded words": lambda: b"Subject: " + b"\r\n ".join([b"=?utf-8?b?d29yZA==?="] * 50_000) + b"\r\n\r\nx",
    "60 KB of encoded words": lambda: b"From: " + b" ".join([b"=?utf-8?b?8J+YgA==?="] * 2_900)
    + b" <a@b.example>\r\n\r\nx",
    "300,000 headers": lambda: b"a:\n" * 300_000,
    "one long line": lambda: b"A" * 3_000_000,
    "a file of zeros": lambda: HEAD + b"Content-Transfer-Encoding: base64\r\nContent-Type: application/zip\r\n\r\n"
    + base64.encodebytes(bytes(10_000_000)),
    "quotes in quotes": lambda: TEXT + b"".join(b"> " * (n % 60) + b"text\r\n" for n in range(100_000)),
    "10,000 times On … wrote": lambda: TEXT + b"On Monday Ann wrote:\r\n" * 10_000,
    "headers of answers": lambda: TEXT + b"From: a\r\nSent: b\r\nTo: c\r\n" * 30_000,
    "drawn lines": lambda: TEXT + (b"_" * 300 + b"\r\n") * 20_000,
    "blank lines": lambda: TEXT + b"\r\n" * 500_000,
    "our own marks": lambda: TEXT + b"##- \r\n" * 100_000,
    "marks of forwards": lambda: TEXT + b"---------- Forwarded message\r\n" * 50_000,
    "a million nested tags": lambda: HTML + b"<b>" * 1_000_000,
    "tags that never close": lambda: HTML + b'<a href="' * 200_000,
    "a wide cell beside a long one": lambda: HTML + b"<table><tr><td><pre>" + b"x" * 300_000
    + b"</pre><td>" + b"<br>" * 40_000,
    "one element with 100,000 attributes": lambda: HTML + b"<p "
    + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">x",
    "spans of millions": lambda: HTML
    + b"<table><tr><td colspan=100000000 rowspan=100000000>x</td></tr></table>" * 1_000,
    "100,000 parts": lambda: HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\n\r\nx\r\n" * 100_000,
    "an empty boundary": lambda: HEAD + b'Content-Type: multipart/mixed; boundary=""\r\n\r\n'
    + b"--\r\n\r\nx\r\n" * 9_000,
    "a boundary like a pattern": lambda: HEAD
    + b'Content-Type: multipart/mixed; boundary="(a+)+$"\r\n\r\n--' + b"a" * 100_000,
    "the same boundary within": lambda: HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n" * 20_000,
    "a report on millions": lambda: b"From: MAILER-DAEMON@x.example\r\n"
    b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    + b"Action: failed\r\nStatus: 5.1.1\r\n\r\n" * 100_000,
    "words of bounces": lambda: b"From: MAILER-DAEMON@x.example\r\nSubject: " + b"delivery " * 6_000 + b"\r\n\r\n"
    + b"user " * 99_000,
    "an address without an end": lambda: b"From: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\n\r\n"
    + b"a" * 100_000 + b"@" + b"a." * 100_000,
    "a calendar of thousands": lambda: HEAD + b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n"
    + b"BEGIN:VEVENT\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\n" * 2_000 + b"END:VCALENDAR\r\n",
    "500 levels of parts": lambda: nested(500),
    "500 mails within mails": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n" * 500 + b"\r\nx",
    "a header of 5 MB": lambda: b"From: a@b.example\r\nX-Long: " + b"x" * 5_000_000 + b"\r\nSubject: hi\r\n\r\nx",
    "a subject of 5 MB": lambda: b"From: a@b.example\r\nSubject: " + b"x " * 2_500_000 + b"\r\n\r\nx",
    "1 MB of folded encoded words": lambda: b"From: a@b.example\r\nSubject: "
    + b"\r\n ".join([b"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?="] * 30_000) + b"\r\n\r\nx",
    "10 MB of one line": lambda: TEXT + b"A" * 10_000_000,
    "10 MB of one line without an end in base64": lambda: HEAD
    + b"Content-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\r\n" + b"QUJD" * 2_500_000,
    "10 MB of quoted-printable": lambda: HEAD
    + b"Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain\r\n\r\n" + b"=41=\r\n" * 1_600_000,
    "100,000 quoted lines": lambda: TEXT + b"> a\r\n" * 100_000,
    "100,000 quoted lines with an answer below each": lambda: TEXT + b"> a\r\nb\r\n\r\n" * 50_000,
    "a wall of quotes": lambda: TEXT + b">" * 2_000_000,
    "quotes that grow": lambda: TEXT + b"".join(b">" * n + b" x\r\n" for n in range(2_500)),
    "200,000 links": lambda: HTML + b'<a href="http://x.example/">x</a>\r\n' * 200_000,
    "200,000 links in text": lambda: TEXT + b"http://x.example/a\r\n" * 200_000,
    "tables in tables": lambda: HTML + b"<table><tr><td>" * 5_000 + b"x",
    "tables in tables within the limit": lambda: HTML + b"<table><tr><td>x</td><td>" * 60 + b"y" * 100_000,
    "a table of 90,000 cells": lambda: HTML + b"<table>" + (b"<tr>" + b"<td>x</td>" * 300 + b"</tr>") * 300,
    "styles of a megabyte": lambda: HTML + b"<style>" + b"a{b:c}" * 200_000 + b"</style><p>x",
    "entities": lambda: HTML + b"&amp;" * 400_000,
    "a zip bomb": lambda: carrying(b"application/zip", zip_bomb(), b"files.zip"),
    "a gzip bomb": lambda: carrying(b"application/gzip", gzip_bomb(), b"log.gz"),
    "a gzip bomb that says it is text": lambda: carrying(b"text/plain; charset=gzip", gzip_bomb(), b"log.txt"),
    "a bomb within a bomb": lambda: carrying(b"application/gzip", gzip.compress(gzip_bomb()), b"log.gz.gz"),
    "a picture of 900 million pixels": lambda: showing(b"image/png", png_bomb()),
    "such a picture as a file": lambda: carrying(b"image/png", png_bomb(), b"it.png"),
    "a picture with half a gigabyte of notes": lambda: showing(b"image/png", text_bomb_png()),
    "a picture of 20,000 huge frames": lambda: showing(b"image/gif", gif(20_000)),
    "an SVG of a billion laughs": lambda: carrying(b"image/svg+xml", LAUGHS, b"it.svg"),
    "junk as winmail.dat": lambda: carrying(b"application/ms-tnef", tnef_junk(), b"winmail.dat"),
    "a megabyte of nothing as winmail.dat": lambda: carrying(b"application/ms-tnef",
        b"\x78\x9f\x3e\x22" * 250_000, b"winmail.dat"),
    "junk as S/MIME": lambda: carrying(b"application/pkcs7-mime; smime-type=signed-data",
        b"\x30\x84" * 500_000, b"smime.p7m"),
    "charsets that nobody has": lambda: MIXED
    + b"".join(b"--b\r\nContent-Type: text/plain; charset=none%d\r\n\r\n\xff\xfe\x80\r\n" % n for n in range(400)),
    "megabytes in a charset that is not theirs": lambda: HEAD
    + b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + bytes(range(128, 256)) * 20_000,
    "megabytes of escapes": lambda: HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
    + b"\x1b$B" * 700_000,
    "a charset that is a codec of bytes": lambda: HEAD
    + b"Content-Type: text/plain; charset=bz2\r\n\r\n" + b"x" * 1_000_000,
    "uuencoded megabytes": lambda: HEAD + b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n"
    + b"M" + b"0" * 60 + b"\r\n" * 100_000,
    "parameters by the thousand": lambda: HEAD
    + b"Content-Type: text/plain;" + b"".join(b" a*%d=x;" % n for n in range(6_000)) + b"\r\n\r\nx",
    "10,000 references": lambda: HEAD + b"References:"
    + b"".join(b" <%d@x.example>\r\n" % n for n in range(2_500)) + b"\r\nx",
}  # fmt: skip
"""By what they are."""


def from_somebody(raw: bytes, number: int) -> bytes:
    """Return the mail from a sender of its own, so that no limit of tickets a sender gets in its way."""
    return raw.replace(b"a@b.example", b"a%d@b%d.example" % (number, number), 1)
