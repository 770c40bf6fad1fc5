"""To whom a mail went, read from its headers alone (docs/mail.md rules 14 and 37)."""

from email.message import Message

from helpdesk.intake.parser.header_text import body_charset, raw_items, read_addresses

RECIPIENT_HEADERS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")


def recipients_of(message: Message) -> tuple[str, ...]:
    """Return every address that the mail names as a recipient, each once."""
    values = tuple(value for name, value in raw_items(message) if name.strip().lower() in RECIPIENT_HEADERS)
    return tuple(dict.fromkeys(person.address for person in read_addresses(values, body_charset(message))))
