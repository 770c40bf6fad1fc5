"""Header values: encoded words and raw 8-bit decoded, dangerous characters removed (docs/mail.md rules 29, 30)."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from email.message import Message

from mailparser.utils import get_addresses

from helpdesk.intake.domain.address import Address
from helpdesk.intake.domain.headers import Headers
from helpdesk.intake.domain.limits import ADDRESSES
from helpdesk.intake.parser.charset import decode

_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,80}\?[bBqQ]\?)")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_BREAKS = re.compile("[\r\n\t\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_LOOSE_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[^\s<>()\[\],;:\"@]{1,255}")


def clean(value: str) -> str:
    """Return the value on one line, without NUL, controls, bidirectional marks and lone surrogates (rule 30)."""
    return _FORBIDDEN.sub("", _BREAKS.sub(" ", value)).strip()


def read_headers(message: Message) -> Headers:
    """Return every header of the message, decoded and cleaned."""
    return Headers(tuple((clean(name), decode_value(value)) for name, value in raw_items(message)))


def raw_items(message: Message) -> Iterator[tuple[str, str]]:
    """Return names and values as they stand in the mail; bytes beyond ASCII are surrogates."""
    for name, value in message.raw_items():
        yield name, str(value)


def decode_value(value: str) -> str:
    """Return a header value as text for people: unfolded, decoded, cleaned."""
    return clean(_decode_words(rescue(_FOLD.sub("", value))))


def rescue(value: str) -> str:
    """Return the value with its raw 8-bit bytes decoded, which no standard allows and many programs send."""
    if value.isascii():
        return value
    try:
        data = value.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return value
    return decode(data, None).text


def read_addresses(values: tuple[str, ...]) -> tuple[Address, ...]:
    """Return the addresses in the raw values of one kind of header, at most 500 of them.

    Names are decoded after the addresses are told apart, so that a comma or an @ in a name makes no new address.
    """
    found: list[Address] = []
    for value in values:
        line = _BREAKS.sub(" ", rescue(_FOLD.sub("", value))).replace("\x00", "")
        pairs = [(name, address) for name, address in get_addresses(line) if "@" in address]
        found += [_address(name, address) for name, address in pairs] or _loosely(line)
    return tuple(found[:ADDRESSES])


def _address(name: str, address: str) -> Address:
    plain = decode_value(name).strip("\"' ")
    return Address("" if plain == address else plain, clean(address).replace(" ", ""))


def _loosely(line: str) -> list[Address]:
    """Return the first thing that looks like an address in a value that no grammar covers."""
    found = _LOOSE_ADDRESS.search(line)
    if found is None:
        return []
    return [_address(line[: found.start()].strip(" <\"'"), found[0])]


def _decode_words(value: str) -> str:
    """Return the value with its encoded words (RFC 2047) decoded; neighbours may share a split character."""
    joined = _BETWEEN_WORDS.sub(r"\1", value)
    output: list[str] = []
    position, pending, charset = 0, b"", ""
    for found in _WORD.finditer(joined):
        data = _word_bytes(found[2], found[3])
        if found.start() > position or found[1].lower() != charset:
            output.append(decode(pending, charset).text if pending else "")
            output.append(joined[position : found.start()])
            pending = b""
        pending, charset, position = pending + data, found[1].lower(), found.end()
    output.append(decode(pending, charset).text if pending else "")
    return "".join((*output, joined[position:]))


def _word_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "surrogateescape")
    if encoding.lower() == "q":
        return quopri.decodestring(data, header=True)
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return data
