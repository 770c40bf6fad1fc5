"""Mail addresses and domains of clients: how they are written, and which belong to nobody; who may be one person."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.words import words_of

ADDRESS_CHARACTERS = 254  # RFC 5321 4.5.3.1.3, without the angle brackets
SHORTEST_PHONE, LOCAL_DIGITS = 6, 9
_NUMBER = re.compile(r"[+\d][\d ()./\N{NO-BREAK SPACE}\N{EN DASH}+-]*")
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


@dataclass(frozen=True, slots=True)
class Known:
    """A person at a client as somebody who looks for doubles sees them."""

    id: int
    name: str
    email: str
    phone: str


def likely_doubles(people: Iterable[Known]) -> list[tuple[int, int, str]]:
    """Return pairs who may be one person, the older first, each with what they share: name, phone or address.

    The name without case, accents and order (``Kühn, Ida``) where it has two words; all digits of a phone number but
    those before the last nine; the address without a ``+tag`` and dots (docs/desk.md rule 59).
    """
    first: dict[tuple[str, str], int] = {}
    found: dict[tuple[int, int], str] = {}
    for person in sorted(people, key=lambda one: one.id):
        for key in _keys(person):
            older = first.setdefault(key, person.id)
            if older != person.id:
                found.setdefault((older, person.id), key[0])
    return [(older, younger, why) for (older, younger), why in found.items()]


def _keys(person: Known) -> Iterator[tuple[str, str]]:
    words = sorted(words_of(person.name))
    if len(words) > 1:
        yield "name", " ".join(words)
    for number in person.phone.split(","):
        digits = re.sub(r"\D", "", number)
        if len(digits) >= SHORTEST_PHONE:
            yield "phone", digits[-LOCAL_DIGITS:]
    local, _, domain = person.email.lower().rpartition("@")
    if local:
        yield "address", f"{local.partition('+')[0].replace('.', '')}@{domain}"


def last_digits(number: str) -> str:
    """Return the digits at the end of a phone number, which all ways to write it share; empty where it has too few."""
    digits = _digits(number)
    return digits[-SHORTEST_PHONE:] if len(digits) >= SHORTEST_PHONE else ""


def is_number(typed: str) -> bool:
    """Return whether what was typed is written as a phone number and nothing else."""
    return _NUMBER.fullmatch(typed.strip()) is not None


def has_number(known: str, number: str) -> bool:
    """Return whether one of the ``known`` phone numbers, parted by commas, is ``number`` or has it within.

    ``+49 40 5550-12``, ``0049 (0)40 555012``, ``040/555012`` and ``5550 12`` are one: the last digits count.
    """
    wanted = _digits(number)
    if len(wanted) < SHORTEST_PHONE:
        return False
    for one in known.split(","):
        digits = _digits(one)
        if wanted in digits or (len(digits) >= SHORTEST_PHONE and wanted.endswith(digits)):
            return True
    return False


def _digits(number: str) -> str:
    """Return the digits of a phone number but the zeros before it: those of a country or an area."""
    return re.sub(r"\D", "", number.replace("(0)", "")).lstrip("0")


def why_not_one(*, of: int | None, of_is_ours: bool, into: int | None, is_same: bool) -> str:
    """Return why a contact cannot be merged into another, as a sentence; empty where it can (docs/desk.md rule 58).

    ``of`` and ``into`` are their clients, None where nobody knows; ``of_is_ours``: it is a contact of our own company.
    """
    if is_same:
        return "They are one contact already."
    if of == into or of is None or (of_is_ours and into is not None):
        return ""
    if into is None:
        return "Nobody knows to which client the other belongs; merge that one into this instead."
    return "They are contacts of two clients, and nothing of a client goes to another."
