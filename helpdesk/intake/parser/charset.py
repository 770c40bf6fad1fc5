"""From bytes to text, whatever they claim to be; never raises (docs/mail.md rule 29)."""

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

from charset_normalizer import from_bytes

_ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "us-ascii": "ascii",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "big5": "big5hkscs",
    "tis-620": "cp874",
    "unicode-1-1-utf-7": "utf-7",
    "utf8": "utf-8",
    "utf-8mb4": "utf-8",
}
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"})
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_SAMPLE_BYTES = 16 * 1024
_LAST_RESORT = "cp1252"
_LATIN = frozenset({"cp1252", "cp1250", "cp1254", "iso8859-2", "iso8859-15"})
_ASCII_MAXIMUM = 0x7F


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and the charset that had to be guessed, or None where the declared one held."""

    text: str
    guessed: str | None = None


def decode(data: bytes, declared: str | None, *, fallback: str | None = None, detect: bool = True) -> Decoded:
    """Return the text of ``data``.

    Tried in turn: the declared charset, UTF-8, ``fallback``, the charset that HTML names itself, what a detector
    says, and cp1252, which takes anything. Plain ASCII is no guess, whatever was declared. The detector takes
    milliseconds, so what a sender can repeat by the thousand is decoded without it (``detect``).
    """
    spare = _codec(fallback)
    if spare in _LATIN and _is_mostly_beyond_ascii(data):
        spare = None
    named = [_codec(declared), "utf-8", spare, _codec(_charset_in_html(data))]
    for index, codec in enumerate(named):
        if codec is not None and (text := _strictly(data, codec)) is not None:
            return Decoded(text, guessed=None if index == 0 or data.isascii() else codec)
    detected = _codec(_detected(data)) if detect else None
    text = _strictly(data, detected) if detected else None
    if text is not None:
        return Decoded(text, guessed=detected)
    return Decoded(data.decode(_LAST_RESORT, "replace"), guessed=_LAST_RESORT)


def _is_mostly_beyond_ascii(data: bytes) -> bool:
    """Return whether this can hardly be a Latin script: nobody writes more accented letters than plain ones."""
    return sum(byte > _ASCII_MAXIMUM for byte in data) * 2 > len(data)


@lru_cache(maxsize=256)
def _codec(name: str | None) -> str | None:
    """Return Python's name for a charset, widened to what programs really send; None for what is no charset."""
    wanted = (name or "").strip().strip("\"'").lower()
    wanted = _ALIASES.get(wanted.replace("_", "-"), _ALIASES.get(wanted, wanted))
    if not wanted.isascii() or "\x00" in wanted:
        return None
    try:
        found = codecs.lookup(wanted).name
    except LookupError:
        return None
    return None if found.replace("-", "_") in _NO_CHARSETS else found


def _strictly(data: bytes, codec: str) -> str | None:
    """Return the text, or None when the bytes are not of this charset or give no proper text."""
    try:
        text = data.decode(codec)
        text.encode()
    except (LookupError, UnicodeError, ValueError):
        return None
    return text


def _charset_in_html(data: bytes) -> str | None:
    found = _META.search(data[:4096])
    return found[1].decode("ascii") if found else None


def _detected(data: bytes) -> str | None:
    best = from_bytes(data[:_SAMPLE_BYTES]).best()
    return best.encoding if best else None
