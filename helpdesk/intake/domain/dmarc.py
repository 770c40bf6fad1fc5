"""What our own mail server found out about the sender (docs/mail.md rules 16, 18 and 19, RFC 8601)."""

import re
from collections.abc import Sequence
from enum import StrEnum

from helpdesk.intake.domain.address import domain_of

_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"[^"]*"')
_RESULT = re.compile(r"^\s*dmarc\s*=\s*([a-z]+)", re.IGNORECASE)
_HEADER_FROM = re.compile(r"\bheader\.from\s*=\s*([^\s;]+)", re.IGNORECASE)
_LENGTH_LIMIT = 8192


class Dmarc(StrEnum):
    """What is known about the From of a mail."""

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    FAIL = "fail"
    NONE = "none"
    NOT_CHECKED = "not checked"
    """No authserv-id is configured, so no header can be believed."""


def dmarc_verdict(results: Sequence[str], *, authserv_id: str | None, from_address: str) -> Dmarc:
    """Return the verdict of the topmost Authentication-Results that our own server wrote.

    ``results`` are the values of all such headers, topmost first; those further down, and those of other
    servers, may come from the sender and are not read. A pass for another domain than that of
    ``from_address`` is a failure. Without ``authserv_id`` nothing counts; our server silent gives NONE.
    """
    if not authserv_id:
        return Dmarc.NOT_CHECKED
    ours = next((clauses for clauses in map(_clauses, results) if _written_by(clauses, authserv_id)), None)
    clause = next((one for one in (ours or [])[1:] if _RESULT.match(one)), None)
    return Dmarc.NONE if clause is None else _judge(clause, from_address)


def _judge(clause: str, from_address: str) -> Dmarc:
    result = _RESULT.match(clause)
    word = result[1].lower() if result else ""
    if word != Dmarc.PASS:
        return Dmarc.FAIL if word in ("fail", "permerror") else Dmarc.NONE
    aligned = _HEADER_FROM.search(clause)
    if aligned and aligned[1].strip('"').lower().rstrip(".") != domain_of(from_address):
        return Dmarc.FAIL
    return Dmarc.PASS


def _written_by(clauses: list[str], authserv_id: str) -> bool:
    words = clauses[0].split()
    return bool(words) and words[0].lower() == authserv_id.strip().lower()


def _clauses(value: str) -> list[str]:
    """Return the parts between semicolons, without comments and quoted strings that could forge a part."""
    rest, before = value[:_LENGTH_LIMIT], ""
    while rest != before:
        before, rest = rest, _COMMENT.sub(" ", rest)
    return _QUOTED.sub('""', rest).split(";")
