"""Names of attachments, fit for display and for a download; never used as a path (docs/mail.md rule 35)."""

import mimetypes
import re

from helpdesk.intake.parser.header_text import clean

_LENGTH_LIMIT = 150
_EXTENSION_LIMIT = 20
_FORBIDDEN = re.compile(r"[<>\"|?*\x00-\x1f]")
_SEPARATORS = re.compile(r"[/\\]+")
_STEMS = {"message/delivery-status": "delivery-status", "message/rfc822": "message", "text/calendar": "invitation"}
_EXTENSIONS = {
    "message/rfc822": ".eml",
    "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "image/jpeg": ".jpg",
    "application/octet-stream": ".bin",
    "application/pgp-signature": ".asc",
}


def clean_name(name: str) -> str:
    """Return the last part of the name without characters that some file system refuses; it may be empty."""
    last = _SEPARATORS.split(clean(name))[-1]
    return _shortened(_FORBIDDEN.sub("_", last).strip(" ."))


def name_for(content_type: str) -> str:
    """Return a name for the file that came without one: ``image.png``, ``delivery-status.txt``, ``file.pdf``."""
    stem = "image" if content_type.startswith("image/") else _STEMS.get(content_type, "file")
    return f"{stem}{extension_for(content_type)}"


def extension_for(content_type: str) -> str:
    """Return the usual extension with its dot; ``.bin`` for what nobody knows."""
    return _EXTENSIONS.get(content_type) or mimetypes.guess_extension(content_type) or ".bin"


def type_of(name: str) -> str:
    """Return the content type that the extension of a name tells; ``application/octet-stream`` where it tells none."""
    return mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def numbered(names: list[str]) -> list[str]:
    """Return the names with a number before the extension where one came before: ``a.png``, ``a-2.png``."""
    taken: set[str] = set()
    return [_free(name, taken) for name in names]


def _free(name: str, taken: set[str]) -> str:
    stem, extension = _split(name)
    candidate, number = name, 1
    while candidate.lower() in taken:
        number += 1
        candidate = f"{stem}-{number}{extension}"
    taken.add(candidate.lower())
    return candidate


def _shortened(name: str) -> str:
    stem, extension = _split(name)
    return stem[: _LENGTH_LIMIT - len(extension)] + extension


def _split(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > _EXTENSION_LIMIT:
        return name, ""
    return stem, dot + extension
