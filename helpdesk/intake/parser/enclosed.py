"""Mail that is attached to a mail: who wrote it (docs/mail.md rule 36)."""

import email
from collections.abc import Iterable

from helpdesk.intake.domain.limits import readable_head
from helpdesk.intake.parser.header_text import raw_items, read_addresses
from helpdesk.outbox.domain import Address

MAIL_TYPE = "message/rfc822"


def first_enclosed(files: Iterable[tuple[str, bytes]]) -> tuple[str, Address] | None:
    """Return name and sender of the first of these attached mails that tells who wrote it, None where none does.

    ``files`` are names and contents, of which the headers suffice.
    """
    return next(((name, sender) for name, content in files if (sender := _sender_of(content))), None)


def _sender_of(content: bytes) -> Address | None:
    message = email.message_from_bytes(readable_head(content))
    values = tuple(value for key, value in raw_items(message) if key.strip().lower() == "from")
    return next(iter(read_addresses(values)), None)
