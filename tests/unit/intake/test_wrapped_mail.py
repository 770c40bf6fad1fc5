"""docs/mail.md rule 35: winmail.dat, signed mail and invitations are shown as what they hold."""

import struct
from collections.abc import Iterable

import pytest
from asn1crypto.cms import ContentInfo, SignedData

from helpdesk.intake.parser import winmail
from helpdesk.intake.parser.invitation import summary
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.intake.parser.read import parse


def carrying(kind: str, content: bytes, *, text: bytes | None = b"See the file.", name: str = "") -> bytes:
    named = f"; name={name}" if name else ""
    body = b"--b\r\nContent-Type: text/plain\r\n\r\n" + text + b"\r\n" if text is not None else b""
    return (
        b"From: Ann <ann@acme.example>\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + body
        + f"--b\r\nContent-Type: {kind}{named}\r\nContent-Transfer-Encoding: binary\r\n\r\n".encode()
        + content
        + b"\r\n--b--\r\n"
    )


def warned(mail: ParsedMail, words: str) -> bool:
    return any(words in warning for warning in mail.warnings)


def tnef(objects: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Write the wrapping: level, name and content of each object, with its checksum."""
    parts = [struct.pack("<IH", 0x223E9F78, 1)]
    for level, name, content in objects:
        parts.append(struct.pack("<BHHI", level, name, 6, len(content)) + content)
        parts.append(struct.pack("<H", sum(content) & 0xFFFF))
    return b"".join(parts)


VERSION = (1, 0x9006, struct.pack("<I", 0x10000))
CODEPAGE = (1, 0x9007, struct.pack("<II", 1252, 0))
BODY = (1, 0x800C, b"The printer smokes.\x00")
RENDERING = (2, 0x9002, b"\x00" * 14)


def wrapped_file(name: bytes, content: bytes) -> list[tuple[int, int, bytes]]:
    return [RENDERING, (2, 0x8010, name + b"\x00"), (2, 0x800F, content)]


WINMAIL = tnef([VERSION, CODEPAGE, BODY, *wrapped_file(b"plan.pdf", b"%PDF-1"), *wrapped_file(b"plan.pdf", b"%PDF-2")])


@pytest.mark.parametrize(
    ("kind", "name"),
    [("application/ms-tnef", ""), ("application/vnd.ms-tnef", "x"), ("application/octet-stream", "WINMAIL.DAT")],
)
def test_winmail_becomes_the_files_that_it_wraps(kind, name):
    mail = parse(carrying(kind, WINMAIL, name=name))

    assert [(file.name, file.content_type, file.content) for file in mail.attachments] == [
        ("plan.pdf", "application/pdf", b"%PDF-1"),
        ("plan-2.pdf", "application/pdf", b"%PDF-2"),
    ]
    assert mail.text == "See the file."


@pytest.mark.parametrize("text", [None, b"", b" \r\n"])
def test_the_body_in_winmail_is_shown_where_there_is_no_other(text):
    assert parse(carrying("application/ms-tnef", WINMAIL, text=text)).text == "The printer smokes."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no such thing",
        WINMAIL[:20],
        tnef([(1, 0x9003, struct.pack("<I", 0xFFFFFFFF))]),
        tnef([(1, 0x9003, struct.pack("<IHHI", 1, 0x1001, 1, 0xFFFFFFFF))]),
        tnef([RENDERING, (2, 0x9005, struct.pack("<I", 0x7FFFFFFF) + b"\x00" * 64)]),
        tnef([(2, 0x800F, b"a file that was never announced")]),
        tnef([(1, 0x800C, b"")] * 6000),
    ],
    ids=["empty", "other", "cut", "billions", "endless", "billions in a file", "unannounced", "too many"],
)
def test_winmail_that_cannot_be_unpacked_is_kept(content):
    mail = parse(carrying("application/ms-tnef", content, name="winmail.dat"))

    assert [file.name for file in mail.attachments] == ["winmail.dat"]
    assert mail.attachments[0].content == content
    assert warned(mail, "could not be unpacked")


def test_a_table_of_recipients_that_claims_billions_is_not_read():
    content = tnef([VERSION, CODEPAGE, BODY, (1, 0x9004, struct.pack("<I", 0xFFFFFFFF))])

    unpacked = winmail.unpack(content)

    assert unpacked is not None
    assert unpacked.text == "The printer smokes."


def opaque(content: bytes) -> bytes:
    data = SignedData(
        {
            "version": "v1",
            "digest_algorithms": [],
            "encap_content_info": {"content_type": "data", "content": content},
            "signer_infos": [],
        }
    )
    return bytes(ContentInfo({"content_type": "signed_data", "content": data}).dump())


SIGNED = (
    b"Content-Type: multipart/mixed; boundary=s\r\n\r\n--s\r\n\r\nIt smokes.\r\n"
    b"--s\r\nContent-Type: image/png\r\n\r\nPNG\r\n--s--"
)


@pytest.mark.parametrize("kind", ["application/pkcs7-mime; smime-type=signed-data", "application/x-pkcs7-mime"])
def test_opaque_signed_mail_is_shown_as_what_it_signs(kind):
    raw = f"From: a@acme.example\r\nContent-Type: {kind}; name=smime.p7m\r\n\r\n".encode() + opaque(SIGNED)

    mail = parse(raw)

    assert mail.text == "It smokes."
    assert [file.name for file in mail.attachments] == ["image.png", "smime.p7m"]
    assert warned(mail, "its signature not verified")


def test_mail_with_a_signature_beside_it_keeps_both():
    raw = (
        b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=b\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nIt smokes.\r\n"
        b"--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\n0\x82\r\n--b--\r\n"
    )

    mail = parse(raw)

    assert (mail.text, [file.name for file in mail.attachments]) == ("It smokes.", ["smime.p7s"])


@pytest.mark.parametrize(
    "content", [b"", b"\x30\x80", b"\x30" * 5000, opaque(b"x" * 10)[:-3], b"\x30\x84\xff\xff\xff\xff"]
)
def test_what_cannot_be_unwrapped_is_kept_as_a_file(content):
    mail = parse(b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n" + content)

    assert [file.content for file in mail.attachments] == [content]
    assert warned(mail, "S/MIME")


def test_signed_mail_within_signed_mail_ends_at_the_limit():
    content = b"Content-Type: text/plain\r\n\r\nDeep."
    for _ in range(60):
        content = b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n" + opaque(content)

    assert warned(parse(content), "nested too deep")


def calendar(*lines: str, method: str = "REQUEST") -> bytes:
    event = "\r\n".join(("BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\n{event}\r\nEND:VCALENDAR\r\n".encode()


EVENT = (
    "SUMMARY:Look at the printer",
    "DTSTART;TZID=Europe/Berlin:20261123T100000",
    "DTEND;TZID=Europe/Berlin:20261123T113000",
    "LOCATION:Room 4\\, 2nd floor",
    "ORGANIZER;CN=Ann Berg:mailto:ann@acme.example",
)


def test_an_invitation_says_what_when_where_and_who():
    mail = parse(carrying("text/calendar; method=REQUEST", calendar(*EVENT)))

    assert mail.text == (
        "See the file.\n\nInvitation: Look at the printer\nWhen: 2026-11-23 10:00 to 11:30 (Europe/Berlin)\n"
        "Where: Room 4, 2nd floor\nOrganiser: Ann Berg <ann@acme.example>"
    )
    assert [file.name for file in mail.attachments] == ["invitation.ics"]


@pytest.mark.parametrize(
    ("lines", "method", "told"),
    [
        (("SUMMARY:Fair", "DTSTART;VALUE=DATE:20261123"), "PUBLISH", "Event: Fair\nWhen: 2026-11-23"),
        (
            ("SUMMARY:Fair", "DTSTART;VALUE=DATE:20261123", "DTEND;VALUE=DATE:20261126"),
            "CANCEL",
            "Cancelled: Fair\nWhen: 2026-11-23 to 2026-11-25",
        ),
        (("DTSTART:20261123T100000Z",), "REQUEST", "Invitation: no title\nWhen: 2026-11-23 10:00 (UTC)"),
        (
            ("SUMMARY:Call", "ATTENDEE;PARTSTAT=DECLINED;CN=Bob:mailto:bob@acme.example"),
            "REPLY",
            "Answer to an invitation: Call\nAnswer: Bob <bob@acme.example> declined",
        ),
    ],
)
def test_other_calendars_say_what_they_are(lines, method, told):
    assert summary(calendar(*lines, method=method)) == told


ENDLESS_ZONE = (
    b"BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
    b"RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
)


def test_a_zone_that_would_take_for_ever_is_not_worked_out():
    told = summary(calendar(*EVENT).replace(b"BEGIN:VEVENT", ENDLESS_ZONE, 1))

    assert told is not None
    assert "(Europe/Berlin)" in told


@pytest.mark.parametrize(
    "content", [b"", b"no calendar", calendar()[:40], b"BEGIN:VCALENDAR\r\n" * 4000, b"x" * 300_000]
)
def test_what_is_no_calendar_is_a_file_alone(content):
    mail = parse(carrying("text/calendar", content))

    assert mail.text == "See the file."
    assert [file.content for file in mail.attachments] == [content]
