"""docs/mail.md rule 28: the envelope sender of a mail names that mail, and nothing else can stand for it (VERP)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox.domain import (
    LOCAL_PART_LIMIT,
    bounce_address,
    first_bounced_id,
    read_bounce_address,
    read_reply_address,
    reply_address,
    without_token,
)

KEYS = {1: b"k" * 32}
MAILBOX = "support@desk.example"


@given(outgoing=st.integers(1, 2**62))
def test_every_mail_is_named_by_its_address_within_64_octets_whatever_the_case(outgoing):
    address = bounce_address(mailbox=MAILBOX, outgoing_id=outgoing, keys=KEYS)

    assert len(address.partition("@")[0]) <= LOCAL_PART_LIMIT
    assert read_bounce_address(f"<{address.upper()}>", keys=KEYS) == outgoing


def test_a_changed_number_a_changed_letter_and_another_key_name_nothing():
    address = bounce_address(mailbox=MAILBOX, outgoing_id=42, keys=KEYS)
    local, _, domain = address.partition("@")

    assert address.startswith("support+b.42.1")
    assert read_bounce_address(address.replace("b.42.", "b.43."), keys=KEYS) is None
    assert read_bounce_address(f"{local[:-1]}{'b' if local.endswith('a') else 'a'}@{domain}", keys=KEYS) is None
    assert read_bounce_address(address, keys={1: b"x" * 32}) is None


def test_a_bounce_address_and_a_reply_address_never_stand_for_each_other():
    bounce = bounce_address(mailbox=MAILBOX, outgoing_id=42, keys=KEYS)
    reply = reply_address(mailbox=MAILBOX, work_item_id=42, keys=KEYS)

    assert read_reply_address(bounce, keys=KEYS) is None
    assert read_bounce_address(reply, keys=KEYS) is None
    assert read_reply_address(bounce.replace("+b.", "+t."), keys=KEYS) is None
    assert read_bounce_address(reply.replace("+t.", "+b."), keys=KEYS) is None


def test_the_first_valid_one_among_the_recipients_counts():
    valid = bounce_address(mailbox=MAILBOX, outgoing_id=42, keys=KEYS)
    forged = "support+b.7.1aaaaaaaaaaaaaaaa@desk.example"

    assert first_bounced_id([MAILBOX, forged, valid], keys=KEYS) == 42
    assert first_bounced_id([MAILBOX, forged], keys=KEYS) is None


def test_a_name_that_leaves_no_room_is_refused():
    with pytest.raises(RuleViolation, match="too long"):
        bounce_address(mailbox=f"{'a' * 60}@desk.example", outgoing_id=1, keys=KEYS)


def test_people_read_it_without_its_token():
    assert without_token(bounce_address(mailbox=MAILBOX, outgoing_id=42, keys=KEYS)) == MAILBOX
