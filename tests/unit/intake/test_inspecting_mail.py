"""The inspect contract of docs/mail.md: files, folders and mboxes to plain values, whatever they hold."""

import json

import pytest

from helpdesk.intake.inspect import inspect, inspect_paths, split_mbox

MAIL = b"From: Ada <ada@acme.example>\nSubject: Printer\nDate: Mon, 2 Nov 2026 09:00:00 +0000\n\nHi\n"
KEYS = [
    *("path", "message_id", "in_reply_to", "references", "date", "from", "reply_to", "to", "cc", "subject", "text"),
    *("html", "reply_text", "trimmed_text", "attachments", "automatic", "bounce", "forward", "blocked_images"),
    "spam_hint",
    "warnings",
]


def test_the_contract_has_these_keys():
    result = inspect(MAIL, "a.eml")

    assert list(result) == KEYS
    assert result["path"] == "a.eml"
    assert result["date"] == "2026-11-02T09:00:00+00:00"
    assert result["from"] == {"name": "Ada", "address": "ada@acme.example"}
    assert result["automatic"] == {"is": False, "reasons": []}
    assert result["bounce"] == {
        "is": False,
        "status": None,
        "hard": None,
        "recipients": [],
        "original_message_id": None,
    }
    assert result["forward"] == {"is": False, "from": None, "subject": None, "text": None}


def test_an_attachment_is_told_by_its_hash():
    raw = b"Content-Type: application/pdf; name=a.pdf\n\nabc"

    assert inspect(raw, "a.eml")["attachments"] == [
        {
            "name": "a.pdf",
            "type": "application/pdf",
            "size": 3,
            "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "inline": False,
            "content_id": None,
        },
    ]


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\xff\xfe" * 100, b"Content-Type: multipart/mixed\n\nx"])
def test_what_is_no_mail_gives_json_all_the_same(raw):
    result = inspect(raw, "x")

    assert json.loads(json.dumps(result))["path"] == "x"


def test_files_and_folders_are_read_in_order(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.eml").write_bytes(MAIL)
    (tmp_path / "b" / "1.eml").write_bytes(MAIL)
    (tmp_path / "a.eml").write_bytes(MAIL)

    paths = [result["path"] for result in inspect_paths([tmp_path / "b", tmp_path / "a.eml"])]

    assert paths == [str(tmp_path / "b" / "1.eml"), str(tmp_path / "b" / "2.eml"), str(tmp_path / "a.eml")]


def test_an_mbox_is_read_mail_by_mail(tmp_path):
    postmark = b"From ada@acme.example Mon Nov  2 09:00:00 2026\n"
    (tmp_path / "in.mbox").write_bytes(
        postmark + MAIL + b"\n" + postmark + MAIL.replace(b"Hi", b">From here on") + b"\n"
    )

    results = list(inspect_paths([tmp_path / "in.mbox"]))

    assert [result["path"] for result in results] == [str(tmp_path / "in.mbox#1"), str(tmp_path / "in.mbox#2")]
    assert [result["text"] for result in results] == ["Hi", "From here on"]


def test_a_sentence_that_begins_with_from_splits_no_mbox():
    postmark = b"From ada@acme.example Mon Nov  2 09:00:00 2026\n"

    assert len(split_mbox(postmark + MAIL + b"\nFrom then on in 2026\nit worked: really\n")) == 1
    assert split_mbox(MAIL) == [MAIL]


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    (result,) = inspect_paths([tmp_path / "missing.eml"])

    assert result["warnings"] == ["the file cannot be read: No such file or directory"]
    assert list(result) == KEYS
