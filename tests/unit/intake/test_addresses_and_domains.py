"""docs/mail.md rules 16 and 37: whole labels only, the longest wins, freemail says nothing."""

import pytest

from helpdesk.intake.domain.address import domain_of, is_freemail, match_domain, normalise_address

KNOWN = ["acme.example", "Berlin.Acme.Example", "gmail.com", "co.example"]


@pytest.mark.parametrize(
    ("domain", "match"),
    [
        ("acme.example", "acme.example"),
        ("mail.ACME.example.", "acme.example"),
        ("it.berlin.acme.example", "Berlin.Acme.Example"),
        ("notacme.example", None),
        ("acme.example.evil.example", None),
        ("example", None),
        ("gmail.com", None),
        ("mail.gmail.com", None),
        ("", None),
    ],
)
def test_a_domain_lies_in_the_longest_known_one(domain, match):
    assert match_domain(domain, KNOWN) == match


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("Ada@ACME.example", "acme.example"),
        ("<a@b.example.>", "b.example"),
        ("a@b@c.example", "c.example"),
        ("ada", ""),
    ],
)
def test_the_domain_stands_behind_the_last_at(address, domain):
    assert domain_of(address) == domain


def test_addresses_are_compared_in_lower_case():
    assert normalise_address(" <Ada@Acme.Example> ") == "ada@acme.example"


def test_freemail_is_known_with_its_subdomains():
    assert is_freemail("GMX.de")
    assert not is_freemail("acme.example")
