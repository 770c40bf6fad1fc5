"""docs/mail.md rules 14 and 27; safety, header injection: our ids are signed, header values are single lines."""

import pytest

from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox.domain import OwnMessageId, header_value, make_message_id, read_message_id, reply_address

KEYS = {1: b"k" * 32}


def test_our_own_message_id_carries_the_work_item():
    message_id = make_message_id(work_item_id=42, unique="0a1b-2c", domain="desk.example", keys=KEYS)

    assert message_id.startswith("<hd.42.0a1b-2c.1")
    assert read_message_id(message_id, keys=KEYS) == OwnMessageId(work_item_id=42, unique="0a1b-2c")


def test_a_mail_without_work_item_has_a_signed_id_too():
    message_id = make_message_id(work_item_id=None, unique="abc", domain="desk.example", keys=KEYS)

    assert read_message_id(message_id, keys=KEYS) == OwnMessageId(work_item_id=None, unique="abc")


@pytest.mark.parametrize("change", [("hd.42.", "hd.43."), ("abc", "abd"), ("hd.", "xx.")])
def test_a_forged_message_id_is_foreign(change):
    message_id = make_message_id(work_item_id=42, unique="abc", domain="desk.example", keys=KEYS)

    assert read_message_id(message_id.replace(*change), keys=KEYS) is None


def test_the_signature_of_a_reply_address_makes_no_message_id():
    local = reply_address(mailbox="a@desk.example", work_item_id=42, keys=KEYS).partition("@")[0]

    assert read_message_id(f"<hd.42.t.{local.rpartition('.')[2]}@desk.example>", keys=KEYS) is None


def test_a_domain_of_another_script_stands_in_its_ascii_form():
    message_id = make_message_id(work_item_id=42, unique="abc", domain="bücher.example", keys=KEYS)

    assert message_id.endswith("@xn--bcher-kva.example>")
    assert read_message_id(message_id, keys=KEYS) is not None


@pytest.mark.parametrize("unique", ["", "UPPER", "a b", "a@b", "x" * 65, "a\n"])
def test_the_unique_part_is_of_plain_letters(unique):
    with pytest.raises(RuleViolation):
        make_message_id(work_item_id=42, unique=unique, domain="desk.example", keys=KEYS)


@pytest.mark.parametrize("break_", ["\r", "\n", "\r\n", "\x00", "\x0b", "\x0c", "\x85", "\u2028", "\ud800"])
def test_a_header_value_with_a_line_break_is_refused(break_):
    with pytest.raises(RuleViolation, match="subject"):
        header_value(f"Hello{break_}Bcc: everybody@example.com", name="subject")


def test_any_other_text_is_a_header_value():
    assert header_value("Grüße, 你好 – \t✓") == "Grüße, 你好 – \t✓"
