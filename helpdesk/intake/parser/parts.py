"""Our own walk over the MIME tree: which parts are the body, and which are files (docs/mail.md rules 34, 35)."""

import binascii
import re
from dataclasses import dataclass, field
from email.message import Message
from email.utils import collapse_rfc2231_value

from helpdesk.intake.domain.flowed import unflowed
from helpdesk.intake.domain.limits import DEPTH, PARTS, exceeded, readable_head
from helpdesk.intake.parser import signed, winmail
from helpdesk.intake.parser.charset import decode
from helpdesk.intake.parser.file_name import clean_name, extension_for, name_for
from helpdesk.intake.parser.header_text import body_charset, decode_value, first_value, raw_items, rescue
from helpdesk.intake.parser.invitation import summary
from helpdesk.intake.parser.parsed import ParsedAttachment
from helpdesk.intake.parser.tree import Part, kind_of, read_tree, release

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_HEADER_FIRST = re.compile(rb"\s{0,8}[A-Za-z][A-Za-z0-9-]{0,60}:[ \t]")
DELIVERY_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufeff]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the body, as text, as HTML, or as both where the mail offers a choice."""

    text: str | None = None
    html: str | None = None


@dataclass(slots=True)
class Parts:
    """What the walk has collected so far, in the order of the mail."""

    segments: list[Segment] = field(default_factory=list)
    spare: list[Segment] = field(default_factory=list)
    invitations: list[str] = field(default_factory=list)
    attachments: list[ParsedAttachment] = field(default_factory=list)
    delivery_reports: list[str] = field(default_factory=list)
    returned_mail: str = ""
    warnings: list[str] = field(default_factory=list)
    seen: int = 0
    charset: str | None = None


def collect(message: Message) -> Parts:
    """Return body and files of the message; what cannot be decoded is kept as it is, with a warning."""
    parts = Parts(charset=body_charset(message))
    _walk(message, parts, depth=0)
    if not any((one.text or one.html or "").strip() for one in parts.segments):
        parts.segments += parts.spare
    parts.segments += [Segment(text=told) for told in dict.fromkeys(parts.invitations)]
    return parts


def _walk(part: Message, parts: Parts, *, depth: int) -> None:
    parts.seen += 1
    if depth > DEPTH or parts.seen > PARTS:
        parts.warnings.append("parts that are nested too deep or too many were left out")
        return
    kind = kind_of(part)
    if kind.startswith("message/") and not part.is_multipart():
        _take_message(part, parts, kind)
    elif kind == "multipart/alternative" and part.is_multipart():
        _take_alternative(part, parts, depth=depth)
    elif part.is_multipart():
        for child in _children(part):
            _walk(child, parts, depth=depth + 1)
    elif kind in ("text/plain", "text/html") and not _is_file(part):
        _take_text(part, parts, kind)
    elif kind in signed.KINDS:
        _take_signed(part, parts, kind, depth=depth)
    else:
        _take_file(part, parts, kind)


def _take_alternative(part: Message, parts: Parts, *, depth: int) -> None:
    """Take the versions of one content: the text and the HTML become one segment."""
    before = parts.segments
    parts.segments = []
    for child in _children(part):
        _walk(child, parts, depth=depth + 1)
    versions, parts.segments = parts.segments, before
    text = next((one.text for one in versions if one.text and one.text.strip()), None)
    html = next((one.html for one in reversed(versions) if one.html), None)
    if versions:
        parts.segments.append(Segment(text=text if text is not None or html else "", html=html))


def _take_text(part: Message, parts: Parts, kind: str) -> None:
    data = _payload(part, parts)
    declared = _parameter(part, "charset")
    decoded = decode(data, declared)
    if decoded.guessed:
        parts.warnings.append(f"{kind}: charset {declared or 'not named'}, read as {decoded.guessed}")
    text = clean_text(decoded.text)
    if kind == "text/plain" and _parameter(part, "format").lower() == "flowed":
        text = unflowed(text, deletes_space=_parameter(part, "delsp").lower() == "yes")
    parts.segments.append(Segment(html=text) if kind == "text/html" else Segment(text=text))


def _take_message(part: Message, parts: Parts, kind: str) -> None:
    """Keep a mail within the mail, or a report, as a file with the bytes that were sent; read what it says."""
    content = _enclosed(part, parts)
    if kind in DELIVERY_REPORTS:
        parts.delivery_reports.append(clean_text(decode(content, None).text))
        _attach(part, parts, kind, content, name=_file_name(part, parts.charset))
        return
    parts.returned_mail = parts.returned_mail or _head_of(content)
    _attach(part, parts, kind, content, name=_file_name(part, parts.charset) or _titled(content, kind))


def _enclosed(part: Message, parts: Parts) -> bytes:
    """Return the bytes of an attached mail; a transfer encoding that is named but was not applied is passed over."""
    sent = part.bytes_as_sent() if isinstance(part, Part) else b""
    return sent if _HEADER_FIRST.match(sent) else _payload(part, parts)


def _titled(content: bytes, kind: str) -> str:
    """Return a file name made from the subject of the attached mail; empty when it has none."""
    if kind != "message/rfc822":
        return ""
    head = read_tree(readable_head(content))
    subject = first_value(head, "Subject", body_charset(head))
    return f"{subject.replace('/', '-')}.eml" if subject else ""


def _take_signed(part: Message, parts: Parts, kind: str, *, depth: int) -> None:
    """Show what is signed, and keep the signature as a file; what is encrypted is a file alone."""
    content = _payload(part, parts)
    inner = signed.content_of(content)
    if inner is None:
        parts.warnings.append("S/MIME: encrypted or not readable, kept as a file")
    elif any(one.fatal for one in exceeded(inner)):
        parts.warnings.append("S/MIME: what is signed is beyond the limits, kept as a file")
    else:
        parts.warnings.append("S/MIME: the content was unwrapped, its signature not verified")
        _walk(read_tree(inner), parts, depth=depth + 1)
    _attach(part, parts, kind, content, name=_file_name(part, parts.charset) or "smime.p7m")


def _take_file(part: Message, parts: Parts, kind: str) -> None:
    content = _payload(part, parts)
    name = _file_name(part, parts.charset)
    if kind in winmail.KINDS or name.lower() == "winmail.dat":
        if unpacked := winmail.unpack(content):
            _take_winmail(unpacked, parts)
            return
        parts.warnings.append("winmail.dat: could not be unpacked, kept as a file")
    if kind == "text/calendar" and (told := summary(content, _parameter(part, "charset"))):
        parts.invitations.append(told)
    if kind == "application/pgp-encrypted":
        parts.warnings.append("PGP: the mail is encrypted")
    if kind == "text/rfc822-headers":
        parts.returned_mail = parts.returned_mail or clean_text(decode(content, None).text)
    _attach(part, parts, kind, content, name=name)


def _take_winmail(unpacked: winmail.Winmail, parts: Parts) -> None:
    """Take the files, and the body for the case that the mail has no other."""
    parts.spare.append(Segment(text=unpacked.text and clean_text(unpacked.text), html=unpacked.html))
    parts.attachments += [
        ParsedAttachment(file.name, file.content_type, file.content, content_id=file.content_id)
        for file in unpacked.files
    ]


def _attach(part: Message, parts: Parts, kind: str, content: bytes, *, name: str) -> None:
    description = first_value(part, "Content-Description", parts.charset)
    described = f"{description}{extension_for(kind)}" if description else ""
    content_id = first_value(part, "Content-ID").strip("<> ")
    parts.attachments.append(
        ParsedAttachment(
            name=clean_name(name) or clean_name(described) or name_for(kind),
            content_type=kind,
            content=content,
            content_id=content_id or None,
        ),
    )


def _payload(part: Message, parts: Parts) -> bytes:
    """Return the decoded bytes of a leaf, or the bytes as they stand where the transfer encoding is broken."""
    data = _decoded(part, parts)
    release(part)
    return data


def _decoded(part: Message, parts: Parts) -> bytes:
    encoding = first_value(part, "Content-Transfer-Encoding").lower()
    try:
        if encoding == "base64" and isinstance(part, Part):
            return binascii.a2b_base64(part.bytes_as_sent())
    except (ValueError, binascii.Error):
        pass  # the library's own way is slower and forgives more
    try:
        data = part.get_payload(decode=True)
    except (ValueError, binascii.Error, LookupError, AttributeError):
        data = None
    if isinstance(data, bytes):
        return data
    parts.warnings.append(f"{kind_of(part)}: the transfer encoding is broken")
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def clean_text(text: str) -> str:
    """Return the text with LF at every line end, and without NUL, controls and lone surrogates."""
    return _NO_TEXT.sub("", _LINE_ENDS.sub("\n", text))


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _is_file(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_file_name(part))


def _file_name(part: Message, charset: str | None = None) -> str:
    """Return the name in Content-Disposition, else the one in Content-Type, decoded; it may be empty."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        if name := _parameter(part, parameter, header=header, charset=charset):
            return decode_value(name)
    return ""


def _parameter(part: Message, name: str, *, header: str = "content-type", charset: str | None = None) -> str:
    """Return one parameter of a header as text; RFC 2231 forms are put together, broken ones are empty."""
    value = next((value for key, value in raw_items(part) if key.lower() == header), "")
    if name not in value.lower():
        return ""
    view = Message()
    view[header] = rescue(value, charset)
    try:
        found: list[object] = [value for key, value in view.get_params([], header=header)[1:] if key.lower() == name]
        encoded = (value for value in found if isinstance(value, tuple))  # it says more than the plain one beside it
        best = next(encoded, found[0] if found else "")
        return collapse_rfc2231_value(best) if isinstance(best, str | tuple) else ""
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""


def _head_of(content: bytes) -> str:
    return clean_text(decode(readable_head(content), None, detect=False).text)
