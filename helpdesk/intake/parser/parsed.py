"""What was read from one mail."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from helpdesk.intake.domain.automatic import Automatic
from helpdesk.intake.domain.bounce import Bounce
from helpdesk.intake.domain.forward import Forward
from helpdesk.intake.domain.headers import Headers
from helpdesk.intake.domain.identity import derived_message_id
from helpdesk.outbox.domain import Address


@dataclass(frozen=True, slots=True)
class ParsedAttachment:
    """A file of the mail. ``name`` is clean and unique within the mail, and for display only.

    ``is_inline``: the HTML shows it by its ``content_id``, which stands here without angle brackets.
    """

    name: str
    content_type: str
    content: bytes
    content_id: str | None = None
    is_inline: bool = False

    @property
    def size_bytes(self) -> int:
        """Return the length of the content."""
        return len(self.content)

    @property
    def sha256(self) -> str:
        """Return the hash of the content in hex."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """One mail, read. Headers are decoded and hold no line breaks, controls or bidirectional marks (rule 30).

    ``message_id`` is None where the mail has none; ``identity`` never is. ``sent_at`` is what the sender claims, in
    UTC. ``text`` is the whole body; ``reply_text`` and ``trimmed_text`` divide its lines (rule 31). ``html`` is
    sanitised, and shows no remote image: their addresses stand in ``blocked_images`` (rule 33).
    ``body_unreadable``: only the headers were read, and the mail itself is the one attachment (rule 10).
    ``spam_hint``: a sentence where a filter on the way took it for spam (rule 43); nothing here acts on it.
    ``enclosed``: file name and sender of the first attached mail that tells who wrote it (rule 36).
    """

    content_hash: str
    headers: Headers
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sent_at: datetime | None
    sender: Address
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    subject: str
    text: str
    html: str | None
    blocked_images: tuple[str, ...]
    reply_text: str
    trimmed_text: str
    attachments: tuple[ParsedAttachment, ...]
    automatic: Automatic
    bounce: Bounce
    forward: Forward
    body_unreadable: bool
    warnings: tuple[str, ...]
    spam_hint: str | None = None
    enclosed: tuple[str, Address] | None = None

    @property
    def identity(self) -> str:
        """Return the Message-ID, or the one derived from the content (rule 4)."""
        return self.message_id or derived_message_id(self.content_hash)

    @property
    def recipient_addresses(self) -> tuple[str, ...]:
        """Return the addresses where a signed reply address may stand, in the order of rule 14."""
        shown = (person.address for person in (*self.to, *self.cc))
        return tuple(dict.fromkeys((*shown, *self.delivered_to)))

    @property
    def answered_message_ids(self) -> tuple[str, ...]:
        """Return In-Reply-To, then References from right to left, each id once (rule 14)."""
        return tuple(dict.fromkeys((*self.in_reply_to, *reversed(self.references))))

    @property
    def authentication_results(self) -> tuple[str, ...]:
        """Return the values of Authentication-Results, topmost first."""
        return self.headers.all("Authentication-Results")
