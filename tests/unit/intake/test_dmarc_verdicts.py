"""docs/mail.md rules 18 and 19, RFC 8601: only our own server's topmost word counts; forgeries do not."""

import pytest

from helpdesk.intake.domain.dmarc import Dmarc, dmarc_verdict

PASS = "mx.desk.example; spf=pass smtp.mailfrom=acme.example; dmarc=pass (p=reject) header.from=acme.example"
FAIL = "mx.desk.example; dmarc=fail header.from=acme.example"


def verdict(
    *results: str, authserv_id: str | None = "mx.desk.example", from_address: str = "ada@acme.example"
) -> Dmarc:
    return dmarc_verdict(results, authserv_id=authserv_id, from_address=from_address)


def test_our_server_says_pass():
    assert verdict(PASS) is Dmarc.PASS
    assert verdict(PASS.upper().replace("DMARC=PASS", "DMARC=Pass")) is Dmarc.PASS


def test_the_topmost_of_ours_counts_and_no_other():
    assert verdict(FAIL, PASS) is Dmarc.FAIL
    assert verdict("mx.desk.example; none", PASS) is Dmarc.NONE


@pytest.mark.parametrize(
    "forged",
    [
        PASS.replace("mx.desk.example", "mx.evil.example"),
        PASS.replace("mx.desk.example", "mx.desk.example.evil.example"),
        "mx.evil.example; x=(mx.desk.example; dmarc=pass)",
        "(mx.desk.example); dmarc=pass",
        "",
    ],
)
def test_other_servers_prove_nothing(forged):
    """Safety: forged Authentication-Results."""
    assert verdict(forged) is Dmarc.NONE


@pytest.mark.parametrize(
    "result",
    [
        "mx.desk.example; spf=pass (dmarc=pass; dmarc=pass)",
        'mx.desk.example; spf=pass reason="; dmarc=pass header.from=acme.example"',
        "mx.desk.example; spf=pass smtp.mailfrom=dmarc=pass",
        "mx.desk.example; x-dmarc=pass",
    ],
)
def test_a_pass_inside_a_comment_or_another_word_is_none(result):
    assert verdict(result) is Dmarc.NONE


def test_a_pass_for_another_domain_is_a_failure():
    assert verdict(PASS, from_address="boss@globex.example") is Dmarc.FAIL


@pytest.mark.parametrize(
    ("word", "expected"), [("none", Dmarc.NONE), ("temperror", Dmarc.NONE), ("permerror", Dmarc.FAIL)]
)
def test_other_words(word, expected):
    assert verdict(f"mx.desk.example; dmarc={word}") is expected


@pytest.mark.parametrize("authserv_id", [None, ""])
def test_without_a_configured_server_nothing_counts(authserv_id):
    assert verdict(PASS, authserv_id=authserv_id) is Dmarc.NOT_CHECKED


def test_a_version_behind_the_server_name_is_allowed():
    assert verdict(PASS.replace("mx.desk.example;", "mx.desk.example 1;")) is Dmarc.PASS
