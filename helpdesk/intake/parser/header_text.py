"""Header values: encoded words and raw 8-bit decoded, dangerous characters removed (docs/mail.md rules 29, 30)."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from email.message import Message
from itertools import islice

from mailparser.utils import get_addresses

from helpdesk.intake.domain.headers import Headers
from helpdesk.intake.domain.limits import ADDRESSES
from helpdesk.intake.parser.charset import decode
from helpdesk.outbox.domain import Address

_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,80}\?[bBqQ]\?)")
_FOR_PEOPLE = ("subject", "from", "to", "cc", "reply-to")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]{1,40})", re.IGNORECASE)
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_BREAKS = re.compile("[\r\n\t\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_COMMENT = re.compile(r"\(([^()]{1,200})\)")
_SYSTEM_NAME = re.compile(r"\bmailer-daemon\b|\bpostmaster\b", re.IGNORECASE)
_COMMA_IN_NAME = re.compile(r"\A\s{0,8}([^\"<>@,;:()=\s][^\"<>@,;:()=]{0,60}),\s{0,4}([^\"<>@,;:()=]{1,60}?)\s{0,4}<")
"""A name such as ``Berg, Ann <ann@…>`` that nobody quoted."""
_PLAIN_ADDRESS = re.compile(
    r"\s*(?:(?P<name>[a-z0-9]+(?:[ '-][a-z0-9]+){0,8})\s+<)?"
    r"(?P<address>[\w+-]{1,64}(?:\.[\w+-]{1,64}){0,8}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})(?P<end>>?)\s*",
    re.ASCII | re.IGNORECASE,
)
_LOOSE_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[^\s<>()\[\],;:\"@]{1,255}")


def clean(value: str) -> str:
    """Return the value on one line, without NUL, controls, bidirectional marks and lone surrogates (rule 30)."""
    if value.isprintable():  # as nearly all are: then there is nothing of the kind in it
        return value.strip()
    return _FORBIDDEN.sub("", _BREAKS.sub(" ", value)).strip()


def read_headers(message: Message, charset: str | None) -> Headers:
    """Return every header of the message, decoded and cleaned; ``charset`` is that of the body."""
    pairs: list[tuple[str, str]] = []
    undetected = set(_FOR_PEOPLE)
    for name, value in raw_items(message):
        detect = name.lower() in undetected
        undetected.discard(name.lower())
        pairs.append((clean(name), decode_value(value, charset, detect=detect)))
    return Headers(tuple(pairs))


def first_value(message: Message, name: str, charset: str | None = None) -> str:
    """Return the topmost header of that name, decoded, or an empty string."""
    values = (value for key, value in raw_items(message) if key.lower() == name.lower())
    return decode_value(next(values, ""), charset, detect=True)


def body_charset(message: Message) -> str | None:
    """Return the charset that the message or its first part with one declares."""
    declared = (found[1] for _, value in _content_types(message) if (found := _CHARSET.search(value)))
    return next(declared, None)


def _content_types(message: Message) -> Iterator[tuple[str, str]]:
    for part in (message, *islice(message.walk(), 1, 6)):
        yield from (item for item in raw_items(part) if item[0].lower() == "content-type")


def raw_items(message: Message) -> Iterator[tuple[str, str]]:
    """Return names and values as they stand in the mail; bytes beyond ASCII are surrogates."""
    for name, value in message.raw_items():
        yield name, str(value)


def raw_by_name(message: Message) -> dict[str, tuple[str, ...]]:
    """Return the raw values by name in lower case, topmost first."""
    values: dict[str, list[str]] = {}
    for name, value in raw_items(message):
        values.setdefault(name.strip().lower(), []).append(value)
    return {name: tuple(found) for name, found in values.items()}


def decode_value(value: str, charset: str | None = None, *, detect: bool = False) -> str:
    """Return a header value as text for people: unfolded, decoded, cleaned."""
    return clean(_decode_words(rescue(_FOLD.sub("", value), charset, detect=detect)))


def rescue(value: str, charset: str | None = None, *, detect: bool = False) -> str:
    """Return the value with its raw 8-bit bytes decoded, which no standard allows and many programs send.

    UTF-8 where it holds, then ``charset``, which is that of the body: a program seldom mixes them.
    """
    if value.isascii():
        return value
    try:
        data = value.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return value
    return decode(data, None, fallback=charset, detect=detect).text


def read_addresses(values: tuple[str, ...], charset: str | None = None) -> tuple[Address, ...]:
    """Return the addresses in the raw values of one kind of header, at most 500 of them.

    Names are decoded after the addresses are told apart, so that a comma or an @ in a name makes no new address.
    """
    found: list[Address] = []
    for value in values:
        if (plain := _plainly(value)) is not None:
            found.append(plain)
            continue
        line = _BREAKS.sub(" ", rescue(_FOLD.sub("", value), charset)).replace("\x00", "")
        line = _COMMA_IN_NAME.sub(r'"\1, \2" <', line, count=1)
        pairs = [(name, address) for name, address in get_addresses(line) if "@" in address]
        found += [_address(name, address) for name, address in pairs] or _loosely(line)
    return tuple(found[:ADDRESSES])


def _plainly(value: str) -> Address | None:
    """Return the address of a value such as ``Ann Berg <ann@acme.example>``, which most are; None for all else.

    No grammar reads these in another way, and the ones that read everything take forty times as long.
    """
    found = _PLAIN_ADDRESS.fullmatch(value)
    if found is None or (found["name"] is None) is bool(found["end"]):
        return None
    return Address(found["name"] or "", found["address"])


def _address(name: str, address: str) -> Address:
    plain = decode_value(name).strip("\"' ")
    says_nothing = plain == address or plain.lower() == "mailto:" or not any(letter.isalnum() for letter in plain)
    return Address("" if says_nothing else plain, clean(address).replace(" ", ""))


def _loosely(line: str) -> list[Address]:
    """Return the first thing that looks like an address in a value that no grammar covers."""
    found = _LOOSE_ADDRESS.search(line) or _SYSTEM_NAME.search(line)
    if found is None:
        return []
    comment = _COMMENT.search(line)
    name = comment[1] if comment else line[: found.start()].strip(" <\"'")
    return [_address(name, found[0])]


def _decode_words(value: str) -> str:
    """Return the value with its encoded words (RFC 2047) decoded; neighbours may share a split character."""
    if "=?" not in value:
        return value
    joined = _BETWEEN_WORDS.sub(r"\1", value)
    output: list[str] = []
    position, pending, charset = 0, b"", ""
    for found in _WORD.finditer(joined):
        data = _word_bytes(found[2], found[3])
        if found.start() > position or found[1].lower() != charset:
            output.append(decode(pending, charset, detect=False).text if pending else "")
            output.append(joined[position : found.start()])
            pending = b""
        pending, charset, position = pending + data, found[1].lower(), found.end()
    output.append(decode(pending, charset, detect=False).text if pending else "")
    return "".join((*output, joined[position:]))


def _word_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "surrogateescape")
    if encoding.lower() == "q":
        return quopri.decodestring(data, header=True)
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return data
