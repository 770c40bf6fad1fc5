"""Mail addresses and the domains in them (docs/mail.md rules 16, 37)."""

from collections.abc import Iterable

FREEMAIL = frozenset(
    {
        *("aol.com", "bluewin.ch", "btinternet.com", "comcast.net", "fastmail.com", "free.fr"),
        *("freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net"),
        *("googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.fr"),
        *("hotmail.it", "icloud.com", "laposte.net", "libero.it", "live.com", "live.de", "live.nl"),
        *("mac.com", "mail.com", "mail.de", "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com"),
        *("orange.fr", "outlook.com", "outlook.de", "outlook.fr", "pm.me", "posteo.de", "proton.me"),
        *("protonmail.com", "qq.com", "163.com", "126.com", "rambler.ru", "seznam.cz", "sfr.fr"),
        *("t-online.de", "tuta.com", "tutanota.com", "ukr.net", "verizon.net", "wanadoo.fr", "web.de"),
        *("wp.pl", "o2.pl", "onet.pl", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.fr"),
        *("yahoo.it", "yandex.com", "yandex.ru", "ymail.com", "zoho.com"),
    }
)
"""Domains where anybody gets an address: they say nothing about the employer of the sender."""


def normalise_address(address: str) -> str:
    """Return the address as it is compared: without spaces or angle brackets around it, in lower case."""
    return address.strip().strip("<>").strip().lower()


def domain_of(address: str) -> str:
    """Return what stands behind the last @, in lower case and without a final dot; empty when nothing does."""
    return normalise_address(address).rpartition("@")[2].rstrip(".") if "@" in address else ""


def is_freemail(domain: str) -> bool:
    """Return whether the domain, or one that it lies in, gives addresses to anybody."""
    return any(suffix in FREEMAIL for suffix in _suffixes(domain))


def match_domain(domain: str, known: Iterable[str]) -> str | None:
    """Return the longest of the ``known`` domains in which ``domain`` lies, or None (docs/mail.md rule 37).

    Whole labels only: ``mail.acme.example`` lies in ``acme.example``, ``notacme.example`` does not. A freemail
    domain matches nothing, even when somebody entered it in the table.
    """
    if is_freemail(domain):
        return None
    table = {entry.strip().lower().strip("."): entry for entry in known}
    return next((table[suffix] for suffix in _suffixes(domain) if suffix in table), None)


def _suffixes(domain: str) -> list[str]:
    """Return the domain and the ones it lies in, longest first, leaving out the top level by itself."""
    labels = [label for label in domain.strip().lower().strip(".").split(".") if label]
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]
