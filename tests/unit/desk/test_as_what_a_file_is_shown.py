"""Pictures, texts, mails and calendars are shown, by their type or else their ending; all else is saved."""

import pytest

from helpdesk.desk.file_kinds import kind_of, seen
from helpdesk.desk.preview_page import text_of


@pytest.mark.parametrize(
    ("name", "content_type", "kind"),
    [
        ("a.png", "image/png", "picture"),
        ("a.PNG", "application/octet-stream", "picture"),
        ("a.svg", "image/svg+xml", "text"),
        ("a.tiff", "image/tiff", "other"),
        ("scan", "application/pdf", "pdf"),
        ("a.pdf", "", "pdf"),
        ("message.eml", "message/rfc822", "mail"),
        ("message.eml", "application/octet-stream", "mail"),
        ("invite.ics", "text/calendar; charset=utf-8", "calendar"),
        ("invite.ics", "text/plain", "calendar"),
        ("server.log", "application/octet-stream", "text"),
        ("page.html", "text/html", "text"),
        ("list.csv", "text/csv", "text"),
        ("odd", "text/x-odd", "text"),
        ("letter.rtf", "text/rtf", "other"),
        ("setup.exe", "application/octet-stream", "other"),
        ("page.html", "application/zip", "other"),
        ("png", "application/octet-stream", "other"),
    ],
)
def test_the_type_counts_and_where_there_is_none_the_ending(name, content_type, kind):
    assert kind_of(name, content_type) == kind


def test_signs_that_nobody_sees_are_named():
    assert seen("a\u202eb\x07c\td\n\u200be\u200d") == "a‹U+202E›b‹U+0007›c\td\n‹U+200B›e\u200d"


@pytest.mark.parametrize(
    ("start", "text", "charset"),
    [
        (b"one\r\ntwo\rthree", "one\ntwo\nthree", ""),
        ("\ufeffKühn".encode(), "Kühn", ""),
        ("Kühn".encode("utf-16"), "Kühn", ""),
        (
            "Straße für Kühn & Söhne, gültig ab März".encode("cp1252"),
            "Straße für Kühn & Söhne, gültig ab März",
            "cp1252",
        ),
    ],
)
def test_a_text_is_read_in_the_letters_that_it_is_written_in(start, text, charset):
    found = text_of(start, is_cut=False)

    assert found is not None
    assert found.text == text
    assert bool(found.charset) == bool(charset)


def test_a_text_that_is_cut_ends_with_a_whole_line_and_no_half_letter():
    found = text_of("Kühn\nKü".encode()[:-1], is_cut=True)

    assert found is not None
    assert (found.text, found.is_cut) == ("Kühn\n", True)


def test_bytes_that_are_no_text_are_none():
    assert text_of(b"MZ\x00\x00\x03", is_cut=False) is None
