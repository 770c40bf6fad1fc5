"""docs/mail.md rule 4: what makes two mails the same mail."""

import pytest

from helpdesk.intake.domain.identity import content_hash, derived_message_id, message_ids, normalise_message_id

MAIL = b"From: ada@acme.example\r\nSubject: Printer\r\nMessage-ID: <1@acme.example>\r\n\r\nIt is broken.\r\n"


@pytest.mark.parametrize(
    "trace",
    [
        b"Return-Path: <ada@acme.example>\r\n",
        b"Received: from a\r\n\tby b; Mon, 2 Nov 2026\r\n",
        b"DELIVERED-TO: support@desk.example\r\n",
        b"X-Original-To: support@desk.example\r\n",
        b"Envelope-To: support@desk.example\r\n",
        b"ARC-Seal: i=1\r\n",
        b"Authentication-Results: mx; dmarc=pass\r\n",
        b"DKIM-Signature: v=1;\r\n  b=abc\r\n",
        b"From ada@acme.example Mon Nov  2 09:00:00 2026\r\n",
    ],
)
def test_what_transport_adds_changes_nothing(trace):
    assert content_hash(trace + MAIL) == content_hash(MAIL)


def test_line_ends_change_nothing():
    assert content_hash(MAIL.replace(b"\r\n", b"\n")) == content_hash(MAIL)


@pytest.mark.parametrize(
    "other",
    [MAIL.replace(b"broken", b"fixed"), MAIL.replace(b"Printer", b"Scanner"), MAIL + b"Received: x\r\n"],
    ids=["body", "subject", "a header's name in the body"],
)
def test_another_content_has_another_hash(other):
    assert content_hash(other) != content_hash(MAIL)


def test_a_mail_without_message_id_gets_one_from_its_content():
    derived = derived_message_id(content_hash(MAIL))

    assert derived == derived_message_id(content_hash(b"Received: x\r\n" + MAIL))
    assert normalise_message_id(derived) == derived


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("<A.b@ACME.Example>", ("<A.b@acme.example>",)),
        (" junk <1@a.example> (comment) <2@b.example> <1@a.example>", ("<1@a.example>", "<2@b.example>")),
        ("1@a.example, 2@b.example", ("<1@a.example>", "<2@b.example>")),
        ("<no-at-sign>", ("<no-at-sign>",)),
        ("<with space@a.example>", ("<space@a.example>",)),
        ("nothing", ()),
        ("", ()),
        ("<>", ()),
    ],
)
def test_message_ids_are_read_in_their_order(value, ids):
    assert message_ids(value) == ids
