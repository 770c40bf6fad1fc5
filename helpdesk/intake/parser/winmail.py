"""winmail.dat, Outlook's own wrapping of a mail, unpacked (docs/mail.md rule 35)."""

import logging
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from helpdesk.intake.domain.limits import PARTS
from helpdesk.intake.parser.charset import decode
from helpdesk.intake.parser.file_name import clean_name, name_for, type_of
from helpdesk.intake.parser.guard import attempt

KINDS = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_SIGNATURE = 0x223E9F78
_OBJECTS_LIMIT = 5_000
_PROPERTIES_LIMIT = 2_000
_PROPERTIES_BYTES = 4 * 1024 * 1024
_HEADER = struct.Struct("<BHHI")
_MAIL_PROPERTIES, _FILE_PROPERTIES, _RECIPIENTS = 0x9003, 0x9005, 0x9004
_CONTENT_ID = 0x3712
_EMBEDDED = bytes.fromhex("0703020000000000c000000000000046")
_ENDLESS = frozenset({0x1000, 0x1001})

logging.getLogger("tnefparse").setLevel(logging.CRITICAL)  # it logs what stands in people's mail


@dataclass(frozen=True, slots=True)
class WinmailFile:
    """A file that was wrapped; ``content_id`` is what its HTML shows it by."""

    name: str
    content_type: str
    content: bytes
    content_id: str | None


@dataclass(frozen=True, slots=True)
class Winmail:
    """What was wrapped: the body as text or HTML, where there is one, and the files."""

    text: str | None
    html: str | None
    files: tuple[WinmailFile, ...]


def unpack(data: bytes) -> Winmail | None:
    """Return what the bytes wrap; None when they are no such wrapping, or one that would cost too much to read."""
    return attempt(_unpacked, data)


def _unpacked(data: bytes) -> Winmail:
    from tnefparse import TNEF  # noqa: PLC0415 - few mails need it

    found = TNEF(_without_recipients(data), do_checksum=False)
    files = tuple(_file(one) for one in found.attachments[:PARTS] if one.data)
    return Winmail(_text(found.body), _text(found.htmlbody), files)


def _without_recipients(data: bytes) -> bytes:
    """Return the wrapping without its table of recipients.

    Raises:
        ValueError: it is none, or one that makes the library count to billions.
    """
    if len(data) < _HEADER.size or struct.unpack_from("<I", data)[0] != _SIGNATURE or _EMBEDDED in data:
        raise ValueError
    kept = [data[:6]]
    for count, (name, start, end) in enumerate(_objects(data)):
        if count > _OBJECTS_LIMIT or (name in (_MAIL_PROPERTIES, _FILE_PROPERTIES) and not _is_sane(data, start, end)):
            raise ValueError
        if name != _RECIPIENTS:
            kept.append(data[start:end])
    return b"".join(kept)


def _objects(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the name of each object, and where it begins and ends with its header and checksum."""
    offset = 6
    while offset + 12 < len(data):
        _, name, _, length = _HEADER.unpack_from(data, offset)
        end = min(offset + _HEADER.size + length + 2, len(data))
        yield name, offset, end
        offset = end


def _is_sane(data: bytes, start: int, end: int) -> bool:
    """Return whether a table of properties says of itself no more than it can hold."""
    table = data[start + _HEADER.size : end - 2]
    whole = len(table) - len(table) % 4
    if whole < struct.calcsize("<I") or len(table) > _PROPERTIES_BYTES:
        return False
    words = memoryview(table[:whole]).cast("I")
    return words[0] <= min(_PROPERTIES_LIMIT, whole) and not any((word & 0xFFFF) in _ENDLESS for word in words[1:])


def _file(one: object) -> WinmailFile:
    content = bytes(getattr(one, "data", b""))
    given = one.long_filename() if hasattr(one, "long_filename") else ""
    name = clean_name(str(given or ""))
    kind = type_of(name)
    ids = [attribute.data for attribute in getattr(one, "mapi_attrs", ()) if attribute.name == _CONTENT_ID]
    content_id = re.sub(r"[\x00\s<>]", "", str(ids[0])) if ids else ""
    return WinmailFile(name or name_for(kind), kind, content, content_id or None)


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = decode(value, None).text
    return value.replace("\x00", "") if isinstance(value, str) and value.strip("\x00 \r\n") else None
