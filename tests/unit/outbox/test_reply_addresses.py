"""docs/mail.md rules 14 and 15: who holds a signed address has had mail from us about that work item."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.errors import RuleViolation, SettingsError
from helpdesk.outbox.domain import (
    LOCAL_PART_LIMIT,
    ReplyToken,
    first_reply_token,
    read_reply_address,
    reply_address,
    without_token,
)

KEYS = {1: b"k" * 32}
MAILBOX = "support@desk.example"


def test_people_read_a_reply_address_without_its_token():
    signed = reply_address(mailbox="support@example.com", work_item_id=42, keys=KEYS, person_id=7)

    assert without_token(signed) == "support@example.com"
    assert without_token("ann+lists@acme.example") == "ann+lists@acme.example"


def test_an_answer_to_a_signed_address_names_its_work_item():
    address = reply_address(mailbox=MAILBOX, work_item_id=4711, keys=KEYS)

    assert address.startswith("support+t.4711.1")
    assert address.endswith("@desk.example")
    assert read_reply_address(address, keys=KEYS) == ReplyToken(work_item_id=4711)


def test_a_staff_address_is_bound_to_the_person():
    address = reply_address(mailbox=MAILBOX, work_item_id=4711, person_id=7, keys=KEYS)

    assert read_reply_address(address, keys=KEYS) == ReplyToken(work_item_id=4711, person_id=7)
    assert read_reply_address(address.replace("4711.7", "4711.8"), keys=KEYS) is None


@given(item=st.integers(1, 2**62), person=st.none() | st.integers(1, 2**62))
def test_every_pair_survives_the_way_there_and_back_within_64_octets(item, person):
    address = reply_address(mailbox="a@b.example", work_item_id=item, person_id=person, keys=KEYS)

    assert len(address.partition("@")[0]) <= LOCAL_PART_LIMIT
    assert read_reply_address(address.upper(), keys=KEYS) == ReplyToken(item, person)


def test_a_changed_letter_a_changed_number_and_another_key_are_refused():
    address = reply_address(mailbox=MAILBOX, work_item_id=42, keys=KEYS)
    local, _, domain = address.partition("@")
    forged_mac = f"{local[:-1]}{'b' if local.endswith('a') else 'a'}@{domain}"

    assert read_reply_address(address.replace("t.42.", "t.43."), keys=KEYS) is None
    assert read_reply_address(address, keys={1: b"x" * 32}) is None
    assert read_reply_address(forged_mac, keys=KEYS) is None


def test_a_ticket_signature_does_not_serve_as_a_staff_signature():
    address = reply_address(mailbox=MAILBOX, work_item_id=42, keys=KEYS)

    assert read_reply_address(address.replace("+t.42.", "+s.42.7."), keys=KEYS) is None


@pytest.mark.parametrize(
    "address",
    [
        "support@desk.example",
        "support+t.42@desk.example",
        "support+t.42.1@desk.example",
        "support+t.042.1aaaaaaaaaaaaaaaa@desk.example",
        "support+t.42.0aaaaaaaaaaaaaaaa@desk.example",
        "support+t.42.9aaaaaaaaaaaaaaaa@desk.example",
        "support+t.42.1aaaaaaaaaaaaaaaa\n@desk.example",
        "+t.42.1aaaaaaaaaaaaaaaa@desk.example",
        "",
        "@",
    ],
)
def test_what_is_no_signed_address_says_nothing(address):
    assert read_reply_address(address, keys=KEYS) is None


def test_the_signature_has_eighty_bits():
    address = reply_address(mailbox=MAILBOX, work_item_id=42, keys=KEYS)

    signature = address.partition("@")[0].removeprefix("support+t.42.1")
    assert len(signature) * 5 == 80


def test_keys_rotate_the_newest_signs_and_the_old_one_still_verifies():
    old = reply_address(mailbox=MAILBOX, work_item_id=42, keys=KEYS)
    both = {**KEYS, 2: b"n" * 32}

    new = reply_address(mailbox=MAILBOX, work_item_id=42, keys=both)

    assert new.startswith("support+t.42.2")
    assert read_reply_address(old, keys=both) == read_reply_address(new, keys=both) == ReplyToken(42)
    assert read_reply_address(old, keys={2: both[2]}) is None


def test_the_first_valid_address_among_the_recipients_wins():
    forged = "support+t.1.1aaaaaaaaaaaaaaaa@desk.example"
    valid = reply_address(mailbox=MAILBOX, work_item_id=42, keys=KEYS)

    token = first_reply_token(["someone@else.example", forged, valid], keys=KEYS)

    assert token == ReplyToken(42)
    assert first_reply_token([forged], keys=KEYS) is None


def test_a_mailbox_that_has_a_plus_already_keeps_its_own_name_only():
    address = reply_address(mailbox="support+intern@desk.example", work_item_id=42, keys=KEYS)

    assert address.startswith("support+t.42.1")


def test_a_mailbox_name_without_room_for_a_signature_is_refused():
    with pytest.raises(RuleViolation, match="too long"):
        reply_address(mailbox="x" * 50 + "@desk.example", work_item_id=42, keys=KEYS)


def test_a_mailbox_that_is_no_address_is_refused():
    with pytest.raises(RuleViolation, match="no mail address"):
        reply_address(mailbox="support", work_item_id=42, keys=KEYS)


@pytest.mark.parametrize("keys", [{}, {1: b"short"}])
def test_nothing_is_signed_without_a_proper_key(keys):
    with pytest.raises(SettingsError):
        reply_address(mailbox=MAILBOX, work_item_id=42, keys=keys)
