import zlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from helpdesk.demo.mails.catalogue import SAMPLE_MAILS

SUPPORT = "support@desk.example"
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
BY_KEY = {mail.key: mail for mail in SAMPLE_MAILS}


def raw(key: str) -> bytes:
    return BY_KEY[key].raw(SUPPORT, now=NOW)


def parsed(key: str) -> EmailMessage:
    message = message_from_bytes(raw(key), policy=modern)
    assert isinstance(message, EmailMessage)
    return message


def text_of(key: str) -> str:
    body = parsed(key).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_the_story_has_23_tickets_7_replies_and_4_mails_to_ignore():
    assert len(SAMPLE_MAILS) == 34
    assert Counter(mail.expect for mail in SAMPLE_MAILS) == {"ticket": 23, "reply": 7, "ignored": 4}
    assert Counter(mail.client for mail in SAMPLE_MAILS if mail.expect == "ticket") == {
        "kuehn.example": 5,
        "blueheron.example": 5,
        "harrowstreet.example": 4,
        "oliveira.example": 4,
        "verdant.example": 4,
        None: 1,
    }
    assert len({mail.sender for mail in SAMPLE_MAILS if mail.expect == "ticket"}) == 20


@pytest.mark.parametrize("key", BY_KEY)
def test_every_mail_is_the_same_each_time_and_has_the_line_ends_of_the_wire(key):
    first, second = raw(key), raw(key)

    assert first == second
    assert b"\n" not in first.replace(b"\r\n", b"")
    assert max(len(line) for line in first.split(b"\r\n")) <= 998


@pytest.mark.parametrize("key", BY_KEY)
def test_every_mail_is_addressed_to_the_desk_and_lies_in_the_past(key):
    message = parsed(key)

    assert message["To"] == SUPPORT
    assert message["Subject"]
    assert NOW - timedelta(hours=3) < parsedate_to_datetime(message["Date"]) < NOW


def test_message_ids_differ_except_for_the_mail_that_comes_twice():
    ids = Counter(str(parsed(key)["Message-ID"]) for key in BY_KEY)

    assert [one for one, count in ids.items() if count > 1] == ["<oliveira-routes.2026@oliveira.example>"]
    assert len(ids) == 33


def test_the_mail_that_comes_twice_differs_by_a_received_line_alone():
    assert raw("oliveira-routes-again").partition(b"\r\n")[2] == raw("oliveira-routes")
    assert raw("oliveira-routes-again").startswith(b"Received: ")


@pytest.mark.parametrize("key", [mail.key for mail in SAMPLE_MAILS if mail.reply_to])
def test_a_reply_refers_to_a_mail_that_was_delivered_before_and_quotes_it(key):
    keys = list(BY_KEY)
    original = BY_KEY[key].reply_to
    assert original is not None

    first_line = text_of(original).splitlines()[0]

    assert keys.index(original) < keys.index(key)
    assert parsed(key)["In-Reply-To"] == parsed(original)["Message-ID"]
    assert parsed(key)["References"] == parsed(original)["Message-ID"]
    assert first_line in text_of(key).partition("\n")[2]


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("kuehn-printer-reply", "Gesendet: Mittwoch, 18. November 2026 08:10"),
        ("kuehn-vpn-reply", "> Am 18.11.2026 um 08:20 schrieb Matthias Kühn <m.kuehn@kuehn.example>:"),
        ("heron-doubles-reply", "Le mer. 18 nov. 2026 à 02:50, Maude Lévesque <maude.levesque@blueheron.example>"),
        ("heron-upload-reply", "On Wed, 18 Nov 2026 at 07:15, Aisha Rahman <aisha.rahman@blueheron.example> wrote:"),
        ("harrow-starter-reply", "Sent: 18 November 2026 07:25"),
        ("oliveira-scanners-reply", "escreveu (quarta-feira, 18/11/2026 à(s) 07:45):"),
        ("verdant-labels-reply", "> El 18 nov 2026, a las 8:55, Pilar Gandía <pilar.gandia@verdant.example> escribió:"),
    ],
)
def test_each_mail_program_quotes_in_its_own_words_and_the_writers_time(key, line):
    assert line in text_of(key)


def test_charsets_and_transfer_encodings_are_the_ones_of_real_life():
    found = {
        (part.get_content_charset(), part["Content-Transfer-Encoding"])
        for key in BY_KEY
        for part in parsed(key).walk()
        if part.get_content_maintype() == "text" and part["Content-Transfer-Encoding"]
    }

    assert {
        ("utf-8", "quoted-printable"),
        ("utf-8", "base64"),
        ("iso-8859-1", "quoted-printable"),
        ("windows-1252", "quoted-printable"),
    } <= found


def test_the_automatic_mails_say_so():
    assert parsed("harrow-out-of-office")["Auto-Submitted"] == "auto-replied"
    assert parsed("newsletter")["Precedence"] == "bulk"
    assert parsed("newsletter")["List-Unsubscribe"]
    assert parsed("bounce").get_content_type() == "multipart/report"
    assert parsed("bounce")["Return-Path"] == "<>"


def test_the_attachments_are_real_files_with_the_names_people_give_them():
    attachments: dict[str | None, Any] = {
        part.get_filename(): part.get_payload(decode=True) for key in BY_KEY for part in parsed(key).iter_attachments()
    }

    label, plan = attachments["Etikett Halle 2.png"], attachments["consultants.pdf"]
    assert label.startswith(b"\x89PNG\r\n\x1a\n")
    assert zlib.decompress(label[label.index(b"IDAT") + 4 :][: len(label)])
    assert plan.startswith(b"%PDF-1.4")
    assert plan.endswith(b"%%EOF\n")
    assert b"FAILED" in attachments["sicherung-cad.log"]
    assert "Évora".encode() in attachments["rotas de março.csv"]


def test_the_picture_inside_the_html_is_found_by_its_content_id():
    html = parsed("heron-upload").get_body(("html",))
    assert html is not None

    images = [part for part in parsed("heron-upload").walk() if part["Content-ID"]]

    assert "cid:upload-error" in html.get_content()
    assert [part["Content-ID"] for part in images] == ["<upload-error>"]
    assert images[0].get_content_disposition() == "inline"
