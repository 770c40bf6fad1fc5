"""Which mail of ours came back: by the Message-ID that a bounce embeds, else by the address it came to (rule 28)."""

from sqlalchemy.orm import Session

from helpdesk.infra import crypto
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.outbox import queries as outbox
from helpdesk.outbox.domain import first_bounced_id, read_message_id
from helpdesk.outbox.models import OutgoingMessage


def find(session: Session, mail: ParsedMail) -> OutgoingMessage | None:
    """Return the mail of ours that a bounce is about; a forged Message-ID or address names none."""
    keys = crypto.mail_keys()
    named = [*filter(None, (mail.bounce.original_message_id,)), *mail.answered_message_ids]
    own = next((one for one in named if read_message_id(one, keys=keys) is not None), None)
    return by_address(session, mail) if own is None else outbox.find_by_message_id(session, own.lower())


def by_address(session: Session, mail: ParsedMail) -> OutgoingMessage | None:
    """Return the mail of ours whose envelope sender stands among the recipients (VERP)."""
    outgoing_id = first_bounced_id(mail.recipient_addresses, keys=crypto.mail_keys())
    return None if outgoing_id is None else outbox.find_by_id(session, outgoing_id)
