"""The headers of a stored mail for people to look at: decoded as a table, and as they stand in the mail."""

import email
from dataclasses import dataclass

from helpdesk.intake.domain.identity import split_head
from helpdesk.intake.domain.limits import ALL_HEADERS_BYTES, readable_head
from helpdesk.intake.parser.header_text import body_charset, read_headers

START_BYTES = 4 * ALL_HEADERS_BYTES
"""As much of a mail as is read for its headers."""
VALUE_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class ShownHead:
    """``fields`` are decoded, without controls, each of a length that a page bears; ``raw`` is the text of the mail.

    ``left_out``: headers beyond the limits of docs/mail.md rule 13 are missing from both.
    """

    fields: tuple[tuple[str, str], ...]
    raw: str
    left_out: bool


def shown_head(start: bytes) -> ShownHead:
    """Return the headers in the first ``START_BYTES`` of a mail, whatever the bytes are."""
    head = readable_head(start)
    whole, _ = split_head(start)
    try:
        message = email.message_from_bytes(head)
        pairs = read_headers(message, body_charset(message)).pairs
    except Exception:  # noqa: BLE001 - the mail quarantine: headers that nothing reads are shown as they stand
        pairs = ()
    return ShownHead(
        fields=tuple((name, value[:VALUE_CHARACTERS]) for name, value in pairs),
        raw=head.decode("utf-8", "replace").replace("\r\n", "\n").replace("\x00", "�").strip(),
        left_out=len(head.rstrip()) < len(whole.rstrip()),
    )
