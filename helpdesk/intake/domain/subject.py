"""Subjects: the prefixes of mail programs, and the ticket token ``[#1234]`` (docs/mail.md rules 14 and 17)."""

import re

_REPLY_WORDS = (
    "re|aw|sv|vs|antw|antwort|ref|rif|r|odp|ynt|ynt|res|rép|réf|ha|vá|atb|bls|να|απ|σχετ|отв|ответ|ha|vl"
    "|回复|回覆|答复|答覆|返信|reply|respuesta"
)
_FORWARD_WORDS = (
    "fw|fwd|wg|tr|rv|enc|vb|vl|doorst|doorsturen|pd|ilt|i̇lt|fs|trs|továbbítás|przekaz|пересл|fwd|πρθ"
    "|转发|轉寄|転送|weiterleitung|weitergeleitet"
)
_PREFIX = re.compile(
    rf"\s*(?:{_REPLY_WORDS}|{_FORWARD_WORDS})\s*(?:[\[(]\d{{1,3}}[\])]|\*\d{{1,3}})?\s*[:：]",
    re.IGNORECASE,
)
_FORWARD = re.compile(rf"\s*(?:{_FORWARD_WORDS})\s*[:：]", re.IGNORECASE)
_TOKEN = re.compile(r"\[#([1-9][0-9]{0,17})\]")
_SPACES = re.compile(r"\s+")
_LENGTH_LIMIT = 2000


def plain_subject(subject: str) -> str:
    """Return the subject without tokens and without the prefixes that mail programs put before it.

    ``AW: Re[2]: [#12] WG: Drucker`` becomes ``Drucker``. What is left may be empty.
    """
    rest = _SPACES.sub(" ", _TOKEN.sub(" ", subject[:_LENGTH_LIMIT])).strip()
    while found := _PREFIX.match(rest):
        rest = rest[found.end() :].strip()
    return rest


def has_prefix(subject: str) -> bool:
    """Return whether the subject begins as that of an answer or a forward does."""
    return _PREFIX.match(_TOKEN.sub(" ", subject[:_LENGTH_LIMIT])) is not None


def is_forward(subject: str) -> bool:
    """Return whether the outermost prefix says that the mail was forwarded."""
    return _FORWARD.match(_TOKEN.sub(" ", subject[:_LENGTH_LIMIT])) is not None


def find_token(subject: str) -> int | None:
    """Return the number of the first ``[#1234]`` in the subject, or None."""
    found = _TOKEN.search(subject[:_LENGTH_LIMIT])
    return int(found[1]) if found else None


def with_token(subject: str, number: int) -> str:
    """Return the plain subject with the token of ticket ``number`` before it: ``[#1234] Drucker``."""
    return f"[#{number}] {plain_subject(subject)}".rstrip()
