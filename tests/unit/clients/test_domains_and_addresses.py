import pytest

from helpdesk.clients.domain import (
    check_address,
    check_typed_address,
    client_domain,
    is_freemail,
    normal_domain,
    suffixes_of,
)
from helpdesk.kernel.errors import RuleViolation


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("acme.example", "acme.example"),
        (" ACME.Example. ", "acme.example"),
        ("@acme.example", "acme.example"),
        ("müller.example", "xn--mller-kva.example"),
        ("mail.eu.acme.example", "mail.eu.acme.example"),
    ],
)
def test_a_domain_is_stored_in_one_way_of_writing(written, stored):
    assert normal_domain(written) == stored


@pytest.mark.parametrize(
    "written", ["", "com", "acme", "a b.example", "acme..example", "-.example", "a@b.example", "ä" * 80]
)
def test_what_is_no_domain_is_refused(written):
    with pytest.raises(RuleViolation, match="no mail domain"):
        normal_domain(written)


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "GoogleMail.com", "yahoo.co.uk", "hotmail.fr", "outlook.com.br", "gmx.net", "web.de", "qq.com"],
)
def test_a_freemail_provider_stands_for_no_client(domain):
    with pytest.raises(RuleViolation, match="Anybody can have an address"):
        client_domain(domain)


@pytest.mark.parametrize("domain", ["acme.example", "live.example", "mygmail.com", "outlook.acme.example"])
def test_a_name_that_resembles_a_provider_is_not_one(domain):
    assert not is_freemail(domain)


def test_suffixes_come_longest_first():
    assert suffixes_of("a.b.example") == ["a.b.example", "b.example", "example"]


@pytest.mark.parametrize(
    "address", ["ann@acme.example", " ann@acme.example ", "a.b+c=d@acme.example", "jürgen@müller.example"]
)
def test_an_address_is_taken_as_written(address):
    assert check_address(address) == address.strip()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "@acme.example",
        "ann@",
        "ann@acme@example",
        "ann@acme.example\r\nBcc: all@acme.example",
        "ann\0@acme.example",
        "Ann <ann@acme.example>",
        "ann@acme.example, bob@acme.example",
        "a" * 250 + "@acme.example",
    ],
)
def test_what_is_no_single_address_is_refused(address):
    with pytest.raises(RuleViolation, match="no e-mail address"):
        check_address(address)


def test_an_address_that_is_typed_has_a_mail_domain_and_one_of_arriving_mail_need_not():
    assert check_typed_address(" ann@acme.example ") == "ann@acme.example"
    assert check_address("root@localhost") == "root@localhost"
    with pytest.raises(RuleViolation, match="'localhost' is no mail domain"):
        check_typed_address("root@localhost")
