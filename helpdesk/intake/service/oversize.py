"""Mail over the limit: its headers make a message that says where the rest lies (docs/mail.md rule 11)."""

from dataclasses import replace

from sqlalchemy.orm import Session

from helpdesk.intake.models import InboundMessage
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.intake.service import limits
from helpdesk.intake.service.limits import BYTES_IN_A_MEGABYTE


def stub(session: Session, inbound: InboundMessage, mail: ParsedMail) -> ParsedMail:
    """Return the mail as its ticket shows it: who wrote and about what, and a notice in place of the body."""
    limit, size = limits.current(session).largest_mail_mb, f"{inbound.size_bytes / BYTES_IN_A_MEGABYTE:.1f}"
    why = f"larger than {limit} MB ({size} MB): only its headers were fetched"
    notice = (
        f"This mail has {size} MB, more than the {limit} MB that are fetched. Its text and files are not here.\n"
        f"It lies in the mailbox {inbound.mailbox.address}, folder {inbound.folder}, "
        f"received {inbound.received_at:%Y-%m-%d %H:%M} UTC."
    )
    return replace(
        mail,
        text=notice,
        html=None,
        reply_text=notice,
        trimmed_text="",
        attachments=(),
        blocked_images=(),
        body_unreadable=False,
        warnings=(why,),
    )
