"""How Helpdesk reads a mail, without touching the database: the inspect contract of docs/mail.md."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from helpdesk.intake.domain.bounce import Bounce
from helpdesk.intake.domain.forward import Forward
from helpdesk.intake.parser.parsed import ParsedAttachment, ParsedMail
from helpdesk.intake.parser.read import parse
from helpdesk.outbox.domain import Address
from helpdesk.tickets.domain import PLACE_OF_A_PICTURE

_POSTMARK = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]{1,200} \d{4}[^\r\n]{0,20}\r?\n(?=[A-Za-z0-9-]{1,80}:)"
)
_MBOX_SUFFIXES = frozenset({".mbox", ".mbx", ""})
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


def inspect(raw: bytes, path: str) -> dict[str, Any]:
    """Return what is read of one mail, ready for JSON. Never raises on a mail: see ``warnings``."""
    return describe(parse(raw), path)


def inspect_paths(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Yield one object a mail, in the order given: files, each mail of an mbox, and folders in order of name.

    The mails of an mbox are named ``inbox.mbox#1``, ``inbox.mbox#2`` … A file that cannot be read gives an object
    with empty fields and the reason in ``warnings``.
    """
    for path in paths:
        if path.is_dir():
            yield from inspect_paths(sorted(one for one in path.rglob("*") if one.is_file()))
            continue
        try:
            raw = path.read_bytes()
        except OSError as error:
            reason = f"the file cannot be read: {error.strerror}"
            yield {**inspect(b"", str(path)), "warnings": [reason]}
            continue
        yield from _inspect_file(raw, path)


def split_mbox(raw: bytes) -> list[bytes]:
    """Return the mails of an mbox without their postmarks, or the one mail that the bytes are.

    A line that a mbox writer has quoted (``>From ``) is unquoted in mails that come out of several.
    """
    marks = list(_POSTMARK.finditer(raw))
    if not marks or marks[0].start() != 0:
        return [raw]
    ends = [*(mark.start() for mark in marks[1:]), len(raw)]
    mails = [raw[mark.end() : end] for mark, end in zip(marks, ends, strict=True)]
    return mails if len(mails) == 1 else [_QUOTED_FROM.sub(rb"\1", mail) for mail in mails]


def describe(mail: ParsedMail, path: str) -> dict[str, Any]:
    """Return a parsed mail as plain values."""
    return {
        "path": path,
        "message_id": mail.message_id,
        "in_reply_to": next(iter(mail.in_reply_to), None),
        "references": list(mail.references),
        "date": mail.sent_at.isoformat() if mail.sent_at else None,
        "from": _address(mail.sender),
        "reply_to": [_address(person) for person in mail.reply_to],
        "to": [_address(person) for person in mail.to],
        "cc": [_address(person) for person in mail.cc],
        "subject": mail.subject,
        "text": mail.text,
        "html": None if mail.html is None else PLACE_OF_A_PICTURE.sub("", mail.html),
        "reply_text": mail.reply_text,
        "trimmed_text": mail.trimmed_text,
        "attachments": [_attachment(file) for file in mail.attachments],
        "automatic": {"is": mail.automatic.is_automatic, "reasons": list(mail.automatic.reasons)},
        "bounce": _bounce(mail.bounce),
        "forward": _forward(mail.forward),
        "blocked_images": list(mail.blocked_images),
        "spam_hint": mail.spam_hint,
        "warnings": list(mail.warnings),
    }


def _inspect_file(raw: bytes, path: Path) -> Iterator[dict[str, Any]]:
    mails = split_mbox(raw) if path.suffix.lower() in _MBOX_SUFFIXES else [raw]
    for number, mail in enumerate(mails, start=1):
        yield inspect(mail, str(path) if len(mails) == 1 else f"{path}#{number}")


def _address(person: Address) -> dict[str, str]:
    return {"name": person.name, "address": person.address}


def _attachment(file: ParsedAttachment) -> dict[str, Any]:
    return {
        "name": file.name,
        "type": file.content_type,
        "size": file.size_bytes,
        "sha256": file.sha256,
        "inline": file.is_inline,
        "content_id": file.content_id,
    }


def _bounce(bounce: Bounce) -> dict[str, Any]:
    return {
        "is": bounce.is_bounce,
        "status": bounce.status,
        "hard": bounce.hard,
        "recipients": list(bounce.recipients),
        "original_message_id": bounce.original_message_id,
    }


def _forward(forward: Forward) -> dict[str, Any]:
    return {
        "is": forward.is_forward,
        "from": _address(forward.sender) if forward.sender else None,
        "subject": forward.subject,
        "text": forward.text,
    }
