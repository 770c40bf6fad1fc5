"""docs/mail.md rule 33, SSRF (OWASP ASVS 5.0 13.2.4): which addresses may be asked for what a stranger named."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.infra.addresses import is_public


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "1.1.1.1", "223.255.255.254", "2606:4700:4700::1111", "2a00:1450::1"]
)
def test_an_address_of_the_public_internet_is_asked(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - nothing is bound here
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",  # metadata of Alibaba
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",  # platform of Azure
        "169.254.0.1",
        "169.254.169.254",  # metadata of most clouds
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",  # metadata of Oracle
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",  # compatible
        "::ffff:127.0.0.1",  # mapped
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",  # translated (SIIT)
        "64:ff9b::7f00:1",  # NAT64
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",  # Teredo
        "2001:2::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",  # 6to4
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",  # metadata of Amazon
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_public_or_hides_another_one_is_not(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "text", ["", "localhost", "0177.0.0.1", "0x7f000001", "2130706433", "127.1", "１２７.0.0.1", "[::1]", "1.1.1.1/32"]
)
def test_what_is_no_address_in_its_plain_form_is_not(text):
    assert not is_public(text)


@given(st.ip_addresses())
def test_nothing_is_asked_that_the_registries_call_anything_but_global(address):
    if is_public(str(address)):
        kinds = (address.is_private, address.is_multicast, address.is_loopback, address.is_link_local)
        assert (address.is_global, any(kinds)) == (True, False)


@given(st.integers(0, 2**32 - 1))
def test_no_form_that_hides_an_ipv4_address_is_asked(number):
    hidden = ipaddress.IPv4Address(number)
    for base in ("::", "::ffff:0:0", "64:ff9b::", "::ffff:0:0:0"):
        assert not is_public(str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(base)) + int(hidden))))
    assert not is_public(str(ipaddress.IPv6Address((0x2002 << 112) + (int(hidden) << 80) + 1)))
