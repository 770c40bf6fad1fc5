"""Whom an answer would be the first to reach outside (docs/mail.md rule 38)."""

from helpdesk.tickets.domain import new_outside

ANN = "ann@acme.example"


def test_the_client_and_whoever_asked_are_known_with_all_at_their_domains():
    outside = new_outside(
        ["bob@sub.acme.example", "cleo@partner.example", ANN], domains={"acme.example"}, addresses={"x@partner.example"}
    )

    assert outside == []


def test_another_domain_is_new_and_named_once():
    outside = new_outside(["eve@evil.example", "eve@evil.example"], domains={"acme.example"}, addresses={ANN})

    assert outside == ["eve@evil.example"]


def test_where_anybody_can_have_an_address_only_the_very_address_is_known():
    outside = new_outside(["ann@gmail.com", "eve@gmail.com"], domains=(), addresses={"ann@gmail.com"})

    assert outside == ["eve@gmail.com"]


def test_a_domain_that_only_ends_alike_is_another_one():
    assert new_outside(["eve@notacme.example"], domains={"acme.example"}, addresses=()) == ["eve@notacme.example"]
