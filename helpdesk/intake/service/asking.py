"""Whose would a mail from this address be? Answered by the very functions that place mail (docs/mail.md rule 37)."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients.domain import check_address
from helpdesk.intake.models import InboundMessage, IntakeSource
from helpdesk.intake.parser.read import parse
from helpdesk.intake.service import blocking, matching, placing, ruling
from helpdesk.outbox.models import Mailbox


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a first mail of ``address`` would go: the client and project, or None where nothing would come of it.

    ``reasons`` are sentences, as they would stand on the ticket.
    """

    address: str
    client_name: str | None
    project_name: str | None
    reasons: tuple[str, ...]


def whose(session: Session, *, address: str, mailbox: Mailbox, now: datetime) -> Answer:
    """Return whose a mail from ``address`` to ``mailbox`` would be, if it answered nothing. Nothing is written.

    Raises:
        RuleViolation: no e-mail address.
    """
    written = check_address(address)
    mail = parse(f"From: <{written}>\r\nTo: <{mailbox.address}>\r\n\r\n".encode())
    arrival = matching.look(session, _as_if_fetched(session, mailbox, now), mail)
    if arrival.incoming.from_ourselves:
        return Answer(written, None, None, ("it is one of our own mailboxes: its mail is ignored",))
    blocked = blocking.blocked_by(session, written)
    if blocked is not None:
        return Answer(written, None, None, (f"{blocked} is blocked: its mail is spam",))
    found = ruling.find(session, mail, mailbox_address=mailbox.address)
    if found is not None and found.rule.ignore_reason:
        return Answer(written, None, None, (f"{found.title}: ignored, {found.rule.ignore_reason}",))
    place = placing.place(session, replace(arrival, ruling=found))
    staff = ("the sender is staff",) if arrival.sender.is_staff else ()
    return Answer(written, place.project.client.name, place.project.name, (place.reason, *staff))


def _as_if_fetched(session: Session, mailbox: Mailbox, now: datetime) -> InboundMessage:
    """Return a message that is in no table, as the mailbox would have received it."""
    query = select(IntakeSource.folder).where(IntakeSource.mailbox_id == mailbox.id).order_by(IntakeSource.id)
    return InboundMessage(
        mailbox_id=mailbox.id,
        folder=session.scalar(query.limit(1)) or "",
        origin="imap",
        received_at=now,
        decisions=[],
    )
