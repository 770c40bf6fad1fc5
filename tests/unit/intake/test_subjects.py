"""docs/mail.md rules 14 and 17: prefixes are no part of a subject, and the token is found and made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.intake.domain.subject import find_token, is_forward, plain_subject, with_token


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Drucker",
        "AW: Drucker",
        "Sv: Drucker",
        "Antw: Drucker",
        "RE[2]: Drucker",
        "Re(3): Drucker",
        "Re*2: Drucker",
        "Fwd: Drucker",
        "WG: AW: Re: Drucker",
        "TR : Drucker",
        "Odp: Drucker",
        "回复：Drucker",
        "转发: Drucker",
        "Отв: Drucker",
        "ΑΠ: Drucker",
        "Re: [#12] AW: Drucker",
        "[#12] Drucker",
        "  Drucker  ",
    ],
)
def test_what_mail_programs_put_before_a_subject_is_taken_off(subject):
    assert plain_subject(subject) == "Drucker"


@pytest.mark.parametrize("subject", ["Rechnung: Mai", "Report: Mai", "Area: North", "Version 2: x", "[Info] Mai", "Re"])
def test_words_that_only_look_like_prefixes_stay(subject):
    assert plain_subject(subject) == subject


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Re: [#1234] Printer", 1234),
        ("[#7]", 7),
        ("[#1] and [#2]", 1),
        ("[# 7]", None),
        ("#7", None),
        ("[#0]", None),
        ("[#07]", None),
        ("[#-7]", None),
        ("[#٧]", None),
        ("[#12345678901234567890]", None),
        ("", None),
    ],
)
def test_the_token_is_found(subject, number):
    assert find_token(subject) == number


def test_a_subject_gets_one_token():
    assert with_token("Re: [#9] AW: Printer", 12) == "[#12] Printer"
    assert with_token("", 12) == "[#12]"


@pytest.mark.parametrize("subject", ["Fwd: x", "WG: x", "[#1] Fw: x", "转发：x"])
def test_a_forward_is_known_by_its_outermost_prefix(subject):
    assert is_forward(subject)


@pytest.mark.parametrize("subject", ["Re: Fwd: x", "x", "Forwarder: x"])
def test_an_answer_to_a_forward_is_no_forward(subject):
    assert not is_forward(subject)


@given(st.text(), st.integers(1, 10**17))
def test_a_token_that_was_made_is_found_again(subject, number):
    assert find_token(with_token(subject, number)) == number
