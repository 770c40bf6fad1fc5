"""What every effect leaves: its row, the log's line with its reasons, who was brought in (rules 7, 21, 38 and 44)."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients import service as client_service
from helpdesk.clients.models import Contact
from helpdesk.infra.db import add_leaf
from helpdesk.intake import queries
from helpdesk.intake.domain.matching import Decision
from helpdesk.intake.models import InboundEffect
from helpdesk.intake.service import log, placing
from helpdesk.intake.service.matching import Arrival
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import IncomingMail, NewAttachment
from helpdesk.tickets.models import Message


def done(
    session: Session,
    arrival: Arrival,
    decision: Decision,
    message: Message,
    outcome: str,
    reasons: Iterable[str],
    now: datetime,
) -> None:
    """Add the effect row, whose key makes a second effect impossible, and finish the log's line."""
    add_leaf(
        session,
        InboundEffect,
        inbound_message_id=arrival.inbound.id,
        work_item_id=message.work_item.id,
        message_id=message.id,
    )
    matched_by = decision.matched_by.name.lower() if decision.matched_by else ""
    log.finish(arrival.inbound, state="done", outcome=outcome, matched_by=matched_by, reasons=reasons, now=now)


def bring_in(
    session: Session,
    arrival: Arrival,
    contact: Contact | None,
    message: Message,
    now: datetime,
    *,
    known: Collection[int] | None = None,
) -> None:
    """Add the writer and whoever had the mail too to the conversation (rules 21 and 38).

    ``known`` are the contacts that take part, where the ticket has just been opened.
    A mail whose sender is not proven brings nobody in: whoever forged it would get our answers (rule 19).
    """
    if message.unverified:
        return
    if contact is not None and message.contact_id == contact.id:
        client_service.heard_from(contact)
    copied = placing.others(session, arrival, now=now)
    for people, added_by in (([contact.id] if contact else [], "reply"), (copied, "copy")):
        if people:
            tickets.add_participants(
                session,
                now=now,
                item=message.work_item,
                contact_ids=people,
                added_by=added_by,
                message=message,
                known=known,
            )


def reasons(session: Session, arrival: Arrival, decided: Iterable[str]) -> tuple[str, ...]:
    """Return the reasons with what is odd about the mail itself behind them."""
    namesake = queries.same_message_id(session, arrival.inbound)
    odd = () if namesake is None else (f"the same Message-ID as #{namesake}, with other content",)
    unread = ("the body could not be read: the mail itself is attached",) if arrival.mail.body_unreadable else ()
    spam = (arrival.mail.spam_hint,) if arrival.mail.spam_hint else ()
    return (*decided, *odd, *unread, *spam, *arrival.mail.warnings)[: log.REASONS_LIMIT]


def message(
    arrival: Arrival, decision: Decision, files: tuple[NewAttachment, ...], reasons: tuple[str, ...], reply_to: str
) -> IncomingMail:
    """Return the mail as the conversation keeps it."""
    mail = arrival.mail
    return IncomingMail(
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        reply_text=mail.reply_text,
        trimmed_text=mail.trimmed_text,
        message_id=mail.identity,
        received_at=arrival.inbound.received_at,
        references=(*mail.in_reply_to, *mail.references),
        recipients=tuple({"name": person.name, "address": person.address} for person in (*mail.to, *mail.cc)),
        blocked_images=mail.blocked_images,
        reasons=reasons,
        attachments=files,
        automatic=bool(arrival.incoming.automatic_reasons),
        held=decision.held,
        unverified=decision.unverified_sender,
        reply_to=reply_to,
    )
