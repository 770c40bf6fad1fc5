"""A mail that is a file, as plain values for whoever looks at the file, with the mails in it (docs/desk.md rule 65)."""

import base64
from collections.abc import Sequence
from typing import Any

from helpdesk.intake.parser.enclosed import MAIL_TYPE
from helpdesk.intake.parser.parsed import ParsedAttachment, ParsedMail
from helpdesk.intake.parser.read import parse
from helpdesk.outbox.domain import Address

TEXT_CHARACTERS = 100_000
FILES_LIMIT = 100
DEPTH_LIMIT = 4
MAILS_LIMIT = 12
PICTURE_BYTES, PICTURES_BYTES = 2_000_000, 6_000_000


def read_attached(raw: bytes) -> dict[str, Any]:
    """Return what the mail says, with the names of its files; a file that is a mail says it too, as ``mail``.

    At most twelve mails, four deep; one beyond that is a name alone.
    """
    return _mail(raw, depth=1, left=[MAILS_LIMIT])


def body_of(raw: bytes, within: Sequence[int]) -> dict[str, Any] | None:
    """Return title, text and HTML of a mail for a frame; ``within`` leads by positions of files to one inside it.

    ``pictures`` are those that the HTML shows: by content id, type and bytes in base64. None where there is no mail.
    """
    mail = parse(raw)
    for position in within[: DEPTH_LIMIT - 1]:
        if position >= len(mail.attachments) or not _is_mail(mail.attachments[position]):
            return None
        mail = parse(mail.attachments[position].content)
    return {"title": mail.subject, "text": mail.text[:TEXT_CHARACTERS], "html": mail.html, "pictures": _pictures(mail)}


def _mail(raw: bytes, *, depth: int, left: list[int]) -> dict[str, Any]:
    left[0] -= 1
    mail = parse(raw)
    return {
        "sender": _person(mail.sender),
        "to": [_person(one) for one in mail.to[:FILES_LIMIT]],
        "cc": [_person(one) for one in mail.cc[:FILES_LIMIT]],
        "sent_at": mail.sent_at.isoformat() if mail.sent_at is not None else None,
        "subject": mail.subject,
        "text": mail.text[:TEXT_CHARACTERS],
        "is_cut": len(mail.text) > TEXT_CHARACTERS,
        "has_html": mail.html is not None,
        "blocked_pictures": len(mail.blocked_images),
        "is_unreadable": mail.body_unreadable,
        "files": [
            _file(file, position, depth=depth, left=left)
            for position, file in enumerate(mail.attachments[:FILES_LIMIT])
            if not file.is_inline and not mail.body_unreadable
        ],
    }


def _file(file: ParsedAttachment, position: int, *, depth: int, left: list[int]) -> dict[str, Any]:
    reads = _is_mail(file) and depth < DEPTH_LIMIT and left[0] > 0
    return {
        "position": position,
        "name": file.name,
        "content_type": file.content_type,
        "size_bytes": file.size_bytes,
        "mail": _mail(file.content, depth=depth + 1, left=left) if reads else None,
    }


def _is_mail(file: ParsedAttachment) -> bool:
    return file.content_type == MAIL_TYPE or (
        file.content_type == "application/octet-stream" and file.name.lower().endswith(".eml")
    )


def _person(person: Address) -> str:
    return f"{person.name} <{person.address}>" if person.name and person.name != person.address else person.address


def _pictures(mail: ParsedMail) -> dict[str, tuple[str, str]]:
    found, room = {}, PICTURES_BYTES
    for file in mail.attachments:
        if file.is_inline and file.content_id and file.size_bytes <= min(PICTURE_BYTES, room):
            room -= file.size_bytes
            found[file.content_id] = (file.content_type, base64.b64encode(file.content).decode("ascii"))
    return found
