"""Mail addresses and domains of clients: how they are written, and which belong to nobody."""

import re

from helpdesk.kernel.errors import RuleViolation

ADDRESS_CHARACTERS = 254  # RFC 5321 4.5.3.1.3, without the angle brackets
_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]\x00-\x1f\x7f]+@([^\s@]+)")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")

# Providers where anybody has an address: their domain says nothing about a firm.
_PROVIDERS = """
    126.com 163.com aol.com att.net bigpond.com bluewin.ch btinternet.com charter.net comcast.net cox.net
    duck.com email.cz fastmail.com fastmail.fm free.fr freenet.de gmail.com googlemail.com hey.com hushmail.com
    icloud.com inbox.lv interia.pl laposte.net libero.it mac.com mail.com mail.de mail.ru mailbox.org me.com
    msn.com naver.com o2.pl onet.pl orange.fr pm.me posteo.de posteo.net proton.me protonmail.com qq.com
    rambler.ru rediffmail.com rocketmail.com rogers.com sbcglobal.net seznam.cz sfr.fr shaw.ca sky.com
    t-online.de telenet.be terra.com.br tiscali.it tuta.com tutanota.com tutanota.de uol.com.br verizon.net
    virgilio.it virginmedia.com wanadoo.fr web.de wp.pl ymail.com zoho.com zohomail.eu
"""
_FREEMAIL = frozenset(_PROVIDERS.split())
_IN_MANY_COUNTRIES = re.compile(r"(gmx|hotmail|live|outlook|yahoo|yandex)\.(com|net|(co\.|com\.)?[a-z]{2})")


def is_freemail(domain: str) -> bool:
    """Whether anybody can have an address at ``domain``, such as gmail.com or yahoo.co.uk."""
    return domain in _FREEMAIL or _IN_MANY_COUNTRIES.fullmatch(domain) is not None


def normal_domain(text: str) -> str:
    """Return a domain in lower-case ASCII: ``Müller.example.`` -> ``xn--mller-kva.example``.

    Raises:
        RuleViolation: it is none, or a single word such as ``com``.
    """
    message = f"{text.strip()!r} is no mail domain; write what stands behind the @, such as acme.example"
    try:
        domain = text.strip().removeprefix("@").rstrip(".").lower().encode("idna").decode()
    except UnicodeError:
        raise RuleViolation(message) from None
    labels = domain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004 - a name and a top level
        raise RuleViolation(message)
    return domain


def client_domain(text: str) -> str:
    """Return a domain that can stand for one client. docs/mail.md rule 37.

    Raises:
        RuleViolation: it is no domain, or one of a provider where anybody has an address.
    """
    domain = normal_domain(text)
    if is_freemail(domain):
        message = f"Anybody can have an address at {domain}; add these people as contacts one by one."
        raise RuleViolation(message)
    return domain


def suffixes_of(domain: str) -> list[str]:
    """Return the domain and what it lies in, longest first: a.b.example -> [a.b.example, b.example, example]."""
    labels = domain.split(".")
    return [".".join(labels[at:]) for at in range(len(labels))]


def check_address(text: str) -> str:
    """Return a mail address without the spaces around it.

    Raises:
        RuleViolation: it is none: no @, spaces, line breaks or brackets in it, or too long.
    """
    address = text.strip()
    match = _ADDRESS.fullmatch(address)
    if match is None or len(address) > ADDRESS_CHARACTERS:
        message = f"{address[:80]!r} is no e-mail address; write one such as ann@acme.example"
        raise RuleViolation(message)
    return address


def check_typed_address(text: str) -> str:
    """Return a mail address that somebody typed; mail may come from a machine without a domain, people do not.

    Raises:
        RuleViolation: it is none, or what stands behind its @ is a single word such as ``localhost``.
    """
    address = check_address(text)
    normal_domain(address.rpartition("@")[2])
    return address
