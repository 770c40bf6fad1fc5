"""Pictures that stand inside HTML as ``data:`` addresses, taken out to be files (docs/mail.md rule 33)."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

BYTES_LIMIT = 2 * 1024 * 1024
COUNT_LIMIT = 100
_SOURCE = re.compile(r"(\bsrc\s{0,8}=\s{0,8})([\"'])\s{0,8}data:([^,\"']{0,200}),([^\"']*)\2", re.IGNORECASE)
_BEGINNINGS = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_SPACE = re.compile(rb"\s+")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture; the HTML shows it by its ``content_id``."""

    content_id: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """The HTML with references in the place of its pictures, the pictures, each once, and what was left out."""

    html: str
    pictures: tuple[Picture, ...]
    warnings: tuple[str, ...]


def take_pictures(html: str) -> Taken:
    """Return the HTML with ``cid:`` in the place of each picture: png, jpeg, gif and webp of at most 2 MB.

    What is broken, too big or of another kind is left out, with a warning. No other part of the HTML is touched.
    """
    found: dict[str, Picture] = {}
    warnings: dict[str, None] = {}

    def replaced(source: re.Match[str]) -> str:
        picture = _picture(source[3], source[4])
        if isinstance(picture, str) or (picture.content_id not in found and len(found) >= COUNT_LIMIT):
            warnings[picture if isinstance(picture, str) else "the HTML holds too many pictures"] = None
            return f'{source[1]}""'
        found[picture.content_id] = picture
        return f'{source[1]}"cid:{picture.content_id}"'

    return Taken(_SOURCE.sub(replaced, html), tuple(found.values()), tuple(warnings))


def _picture(head: str, data: str) -> Picture | str:
    """Return the picture, or why it is left out."""
    content = _bytes(head, data)
    if content is None:
        return "a picture within the HTML is broken and was left out"
    if len(content) > BYTES_LIMIT:
        return "a picture within the HTML is over 2 MB and was left out"
    kind = next((kind for kind, begins in _BEGINNINGS.items() if begins.match(content)), None)
    if kind is None:
        return "a picture within the HTML is of no kind that is shown and was left out"
    return Picture(f"{hashlib.sha256(content).hexdigest()[:32]}@within.html", kind, content)


def _bytes(head: str, data: str) -> bytes | None:
    raw = data.encode("ascii", "replace")
    if not head.lower().rstrip().endswith("base64"):
        return unquote_to_bytes(raw)
    plain = _SPACE.sub(b"", unquote_to_bytes(raw))
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True) or None
    except (binascii.Error, ValueError):
        return None
