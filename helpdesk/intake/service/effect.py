"""The one effect of a mail, in one transaction: ticket or message, people, files, acknowledgement, outcome (rule 7)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients.models import Contact
from helpdesk.infra import blobs, leases
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake import queries
from helpdesk.intake.domain.matching import Decision, Outcome, decide
from helpdesk.intake.domain.subject import plain_subject
from helpdesk.intake.models import InboundEffect, InboundMessage
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.intake.service import acknowledge, log, matching, placing
from helpdesk.intake.service.log import Claimed
from helpdesk.intake.service.matching import Arrival
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import IncomingMail, NewAttachment
from helpdesk.tickets.models import Message

TITLE_LIMIT = 300


def apply(
    session: Session, *, claimed: Claimed, mail: ParsedMail, files: tuple[NewAttachment, ...], now: datetime
) -> None:
    """Let the mail have its effect and its outcome; nothing where somebody else has claimed it meanwhile.

    The same mail in another mailbox of ours waits here until this transaction is over (rule 6).
    """
    inbound = log.still_ours(session, claimed)
    if inbound is None:
        return
    turn = f"mail:{inbound.content_hash}"
    leases.take(session, name=turn, holder="intake", now=now, seconds=60)
    _describe(inbound, mail)
    for file in files:
        blobs.record(session, digest=file.blob_sha256, size_bytes=file.size_bytes, now=now)
    arrival = matching.look(session, inbound, mail)
    decision = decide(arrival.incoming, matching.candidates(session, arrival, now=now))
    match decision.outcome:
        case Outcome.MESSAGE:
            _add(session, arrival, decision, files, now)
        case Outcome.NEW_TICKET:
            _open(session, arrival, decision, files, now)
        case Outcome.BOUNCE:
            _bounce(session, arrival, decision, now)
        case Outcome.IGNORED:
            outcome = "loop" if arrival.incoming.from_ourselves else "automatic"
            log.finish(session, inbound, state="ignored", outcome=outcome, reasons=decision.reasons, now=now)
    leases.release(session, name=turn, holder="intake")


def _describe(inbound: InboundMessage, mail: ParsedMail) -> None:
    """Show on the log what the parser read better than the first look did."""
    inbound.from_address, inbound.from_name = mail.sender.address, mail.sender.name
    inbound.subject = mail.subject[:1000]


def _add(
    session: Session, arrival: Arrival, decision: Decision, files: tuple[NewAttachment, ...], now: datetime
) -> None:
    """Add the mail to the ticket that it belongs to; held and automatic mail brings nobody in."""
    item_id = decision.work_item_id
    if item_id is None:
        message = "a message needs its work item"
        raise AssertionError(message)
    contact = None if arrival.sender.is_staff else placing.requester(session, arrival, now=now)
    reasons = _reasons(session, arrival, decision.reasons)
    added = tickets.add_mail(
        session,
        now=now,
        item_id=item_id,
        contact_id=contact.id if contact is not None else None,
        person_id=arrival.sender.person_id,
        mail=_mail(arrival, decision, files, reasons),
    )
    if not (decision.held or arrival.incoming.automatic_reasons):
        _bring_in(session, arrival, contact, item_id, now)
    outcome = "held" if decision.held else "automatic" if arrival.incoming.automatic_reasons else "reply"
    _done(session, arrival, decision, added, outcome, reasons, now)


def _open(
    session: Session, arrival: Arrival, decision: Decision, files: tuple[NewAttachment, ...], now: datetime
) -> None:
    """Open a ticket, unless the same mail opened it in another mailbox that leads to the same project (rule 6)."""
    place = placing.place(session, arrival)
    twin = queries.twin_item(session, arrival.inbound)
    if twin is not None and twin.project_id == place.project.id:
        reason = f"the same mail came to another mailbox: ticket #{twin.number}"
        log.finish(session, arrival.inbound, state="ignored", outcome="duplicate", reasons=[reason], now=now)
        return
    contact = placing.requester(session, arrival, now=now)
    silence = acknowledge.refusal(session, arrival, contact, unverified=decision.unverified_sender, now=now)
    reasons = _reasons(session, arrival, (*decision.reasons, place.reason, silence or "acknowledged"))
    opened = tickets.open_by_mail(
        session,
        now=now,
        project_id=place.project.id,
        requester_id=contact.id,
        mailbox_id=arrival.inbound.mailbox_id,
        title=plain_subject(arrival.mail.subject)[:TITLE_LIMIT],
        mail=_mail(arrival, decision, files, reasons),
        related_to_id=decision.possibly_related_to or (twin.id if twin is not None else None),
    )
    _bring_in(session, arrival, contact, opened.work_item_id, now)
    if silence is None:
        acknowledge.send(session, arrival, contact, opened.work_item, now=now)
    _done(session, arrival, decision, opened, "ticket", reasons, now)


def _bounce(session: Session, arrival: Arrival, decision: Decision, now: datetime) -> None:
    """Note a bounce on its ticket, and mark who cannot be reached any more; without a ticket it is only listed."""
    bounce, item_id = arrival.mail.bounce, decision.work_item_id
    if item_id is None:
        log.finish(
            session, arrival.inbound, state="ignored", outcome="bounce", reasons=(*decision.reasons, "bounce"), now=now
        )
        return
    recipients = ", ".join(bounce.recipients) or "the recipient"
    event = tickets.add_event(
        session,
        actor=SYSTEM,
        now=now,
        item_id=item_id,
        text=f"could not deliver mail to {recipients} ({bounce.status or 'no status'})",
    )
    if bounce.hard:
        for participant in ticket_queries.participants(session, [item_id]):
            if participant.contact.email.lower() in bounce.recipients:
                participant.contact.undeliverable_at = now
    _done(session, arrival, decision, event, "bounce", [*decision.reasons, *bounce.reasons], now)


def _done(
    session: Session,
    arrival: Arrival,
    decision: Decision,
    message: Message,
    outcome: str,
    reasons: Iterable[str],
    now: datetime,
) -> None:
    """Add the effect row, whose key makes a second effect impossible, and finish the log's line."""
    session.add(
        InboundEffect(inbound_message_id=arrival.inbound.id, work_item_id=message.work_item_id, message_id=message.id)
    )
    matched_by = decision.matched_by.name.lower() if decision.matched_by else ""
    log.finish(session, arrival.inbound, state="done", outcome=outcome, matched_by=matched_by, reasons=reasons, now=now)


def _bring_in(session: Session, arrival: Arrival, contact: Contact | None, item_id: int, now: datetime) -> None:
    """Add the writer and whoever had the mail too to the conversation (rules 21 and 38)."""
    people = [] if contact is None else [contact.id]
    people += placing.others(session, arrival, now=now)
    tickets.add_participants(session, now=now, item_id=item_id, contact_ids=people)


def _reasons(session: Session, arrival: Arrival, reasons: Iterable[str]) -> tuple[str, ...]:
    """Return the reasons with what is odd about the mail itself behind them."""
    namesake = queries.same_message_id(session, arrival.inbound)
    odd = () if namesake is None else (f"the same Message-ID as #{namesake}, with other content",)
    unread = ("the body could not be read: the mail itself is attached",) if arrival.mail.body_unreadable else ()
    return (*reasons, *odd, *unread, *arrival.mail.warnings)[: log.REASONS_LIMIT]


def _mail(
    arrival: Arrival, decision: Decision, files: tuple[NewAttachment, ...], reasons: tuple[str, ...]
) -> IncomingMail:
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
    )
