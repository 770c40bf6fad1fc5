"""What makes two mails the same mail (docs/mail.md rule 4)."""

import hashlib
import re

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,990})>")
_BARE_ID = re.compile(r"[^<>\s,;\"]{1,400}@[^<>\s,;\"]{1,255}")
_TRACE = (
    *(b"return-path", b"received", b"delivered-to", b"x-original-to", b"envelope-to"),
    *(b"authentication-results", b"dkim-signature", b"x-received", b"received-spf"),
)
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_TRACE_FIELDS = re.compile(
    rb"^(?:(?:%s|arc-[^:\n]*)[ \t]*:|>?from )[^\n]*\n(?:[ \t][^\n]*\n)*" % b"|".join(_TRACE),
    re.IGNORECASE | re.MULTILINE,
)


def message_ids(value: str) -> tuple[str, ...]:
    """Return the Message-IDs in a header value in their order, normalised, each once.

    Ids without angle brackets, which some programs write, are accepted where nothing stands in brackets.
    """
    found = _MESSAGE_ID.findall(value) or _BARE_ID.findall(value)
    return tuple(dict.fromkeys(_normalised(one) for one in found))


def normalise_message_id(value: str) -> str | None:
    """Return the first Message-ID in ``value`` as ``<left@right>`` with the right side in lower case, or None."""
    return next(iter(message_ids(value)), None)


def content_hash(raw: bytes) -> str:
    """Return the sha256, in hex, of the mail without the headers that transport adds on the way.

    Left out: Return-Path, Received, Received-SPF, Delivered-To, X-Original-To, Envelope-To, ARC-*,
    Authentication-Results and DKIM-Signature. Line ends count as LF. Two deliveries of one mail to two
    mailboxes have the same hash; the same Message-ID with other content has another.
    """
    head, body = split_head(raw)
    digest = hashlib.sha256()
    digest.update(_TRACE_FIELDS.sub(b"", _unix(head) + b"\n"))
    digest.update(b"\n")
    digest.update(_unix(body))
    return digest.hexdigest()


def derived_message_id(hash_of_content: str) -> str:
    """Return the Message-ID that stands for a mail that has none (one mail in ten)."""
    return f"<{hash_of_content[:40]}@derived.invalid>"


def split_head(raw: bytes) -> tuple[bytes, bytes]:
    """Return headers and body of a raw mail, without the blank line between them."""
    found = _HEADER_END.search(raw)
    return (raw, b"") if found is None else (raw[: found.start()], raw[found.end() :])


def _unix(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


def _normalised(message_id: str) -> str:
    left, at, right = message_id.rpartition("@")
    return f"<{left}{at}{right.lower()}>"
