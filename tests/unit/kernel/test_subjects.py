"""docs/mail.md rules 14 and 17: prefixes are no part of a subject, and the token is found and made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.subjects import find_token, is_forward, plain_subject
from helpdesk.tickets.domain import answer_subject, subject_of


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


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("Printer", "Re: Printer"),
        ("AW: Re[2]: Printer ", "Re: Printer"),
        ("Fwd: Printer", "Re: Printer"),
        ("RE: [#9] Printer", "Re: [#9] Printer"),
        ("Antw: [EXTERN] Printer", "Re: [EXTERN] Printer"),
        ("", "[#12] Labels"),
        ("Re: ", "[#12] Labels"),
    ],
)
def test_an_answer_differs_from_what_it_answers_by_re_alone(asked, answer):
    assert answer_subject(12, " Labels\n", asked=asked) == answer


@pytest.mark.parametrize("subject", ["Fwd: x", "WG: x", "[#1] Fw: x", "转发：x"])
def test_a_forward_is_known_by_its_outermost_prefix(subject):
    assert is_forward(subject)


@pytest.mark.parametrize("subject", ["Re: Fwd: x", "x", "Forwarder: x"])
def test_an_answer_to_a_forward_is_no_forward(subject):
    assert not is_forward(subject)


@given(st.text(), st.integers(1, 10**17))
def test_a_token_that_was_made_is_found_again(subject, number):
    assert find_token(subject_of(number, subject)) == number
