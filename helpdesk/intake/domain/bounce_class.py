"""How bad a bounce is: its status after RFC 3463, and whether the address itself is dead (docs/mail.md rule 28)."""

import re
from collections.abc import Sequence

from helpdesk.intake.domain.bounce_report import Trouble
from helpdesk.intake.domain.bounce_words import DELAY_WORDS, FULL_WORDS, HARD_WORDS, REFUSED_WORDS, RETURNED_MAIL

_SAID_STATUS = re.compile(r"(?<![\w.])[45]\.[0-7]\.\d{1,3}(?!\.?\w)")
"""A status in plain words: of a failure, and none of the many other numbers with two points, such as a version."""
_REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d[ -](?=\D|\d\.\d)")
_DEAD_ADDRESS = re.compile(r"5\.1\.(?:1|2|6|10|351)|5\.4\.(?:1|4|310)|5\.3\.2")
_SAYS_LITTLE = re.compile(r"[45]\.(?:0|3|5)\.\d+|5\.1\.0|5\.1\.3|5\.2\.1|5\.7\.1|4\.1\.1")
_RETRIED = re.compile(r"retry time", re.IGNORECASE)
_UNSAID = "5.0.0"
_UNSAID_FOR_NOW = "4.0.0"


def explanation(reported: Sequence[Trouble], text: str) -> str:
    """Return what the mail system says itself: its diagnosis, else its text down to the mail that it returns."""
    said = " ".join(trouble.diagnostic for trouble in reported).strip()
    return said or RETURNED_MAIL.split(text, maxsplit=1)[0]


def status_of(reported: Sequence[Trouble], subject: str, said: str) -> str:
    """Return the most telling status: the report's own, unless it says only that something failed."""
    given = [trouble.status for trouble in reported if trouble.status]
    precise = [status for status in given if not status.endswith(".0.0")]
    return next(iter((*precise, *_SAID_STATUS.findall(said)[:1], *given)), None) or _by_words(reported, subject, said)


def _by_words(reported: Sequence[Trouble], subject: str, said: str) -> str:
    """Return the class that the words tell where nothing has a status: late, a server's code, full, or just failed."""
    if _is_delayed(reported, subject, said):
        return _UNSAID_FOR_NOW
    if code := _REPLY_CODE.search(said):
        return f"{code[1]}.0.0"
    if FULL_WORDS.search(said):
        return "4.2.2" if _RETRIED.search(said) else "5.2.2"
    return _UNSAID


def is_hard(status: str, reported: Sequence[Trouble], subject: str, said: str) -> bool:
    """Return whether the address is dead: by its status, or by the words where the status says little.

    What is only late is not; nor is a mail that was refused for what it is, or a mailbox that is full.
    """
    if _is_delayed(reported, subject, said):
        return False
    dead_by_status = _DEAD_ADDRESS.fullmatch(status) is not None
    dead_by_words = HARD_WORDS.search(said) is not None
    if REFUSED_WORDS.search(said) and not (dead_by_words and dead_by_status):
        return False
    return dead_by_status or (dead_by_words and _SAYS_LITTLE.fullmatch(status) is not None)


def _is_delayed(reported: Sequence[Trouble], subject: str, said: str) -> bool:
    """Return whether the server goes on trying; reports say so for each recipient, words for all."""
    if reported and any(trouble.action for trouble in reported):
        return all(trouble.action == "delayed" for trouble in reported)
    return DELAY_WORDS.search(f"{subject[:500]}\n{said}") is not None
