"""The one effect of a mail, in one transaction: ticket or message, people, files, acknowledgement, outcome (rule 7)."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from helpdesk.intake.domain.address import normalise_address
from helpdesk.intake.domain.matching import Decision, Outcome
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.intake.service import adding, bouncing, copies, log, matching, opening, oversize, screening
from helpdesk.intake.service.log import Claimed
from helpdesk.intake.service.matching import Arrival
from helpdesk.tickets.domain import NewAttachment

LINE = (
    *("from_address", "from_name", "subject", "state", "lease_expires_at"),
    *("outcome", "matched_by", "reasons", "error", "finished_at"),
)
"""What is written of every message: lines of the log that change in the same columns share a statement."""


def apply(
    session: Session, *, claimed: Claimed, mail: ParsedMail, files: tuple[NewAttachment, ...], now: datetime
) -> None:
    """Let the mail have its effect and its outcome; nothing where somebody else has claimed it meanwhile."""
    inbound = log.still_ours(session, claimed)
    if inbound is None:
        return
    if inbound.headers_only:
        mail, files = oversize.stub(session, inbound, mail), ()
    if mail.body_unreadable:  # who reads the headers alone does not see what the whole hash is made of
        mail = replace(mail, content_hash=inbound.content_hash)
    _describe(inbound, mail)
    arrival = matching.look(session, inbound, mail)
    found = matching.candidates(session, arrival, now=arrival.happened_at(now))
    screened = screening.screen(session, arrival, found, now=now)
    if screened is not None:
        _take_effect(session, *screened, files, now)


def _take_effect(
    session: Session, arrival: Arrival, decision: Decision, files: tuple[NewAttachment, ...], now: datetime
) -> None:
    match decision.outcome:
        case Outcome.MESSAGE:
            adding.add(session, arrival, decision, files, now)
        case Outcome.NEW_TICKET:
            opening.open_ticket(session, copies.on_behalf(session, arrival), decision, files, now)
        case Outcome.BOUNCE:
            bouncing.note(session, arrival, decision, now)
        case Outcome.IGNORED:
            outcome = "loop" if arrival.incoming.from_ourselves else "automatic"
            log.finish(arrival.inbound, state="ignored", outcome=outcome, reasons=decision.reasons, now=now)


def _describe(inbound: InboundMessage, mail: ParsedMail) -> None:
    """Show on the log what the parser read better than the first look did; senders are counted by their address."""
    inbound.from_address, inbound.from_name = normalise_address(mail.sender.address), mail.sender.name
    inbound.subject = mail.subject[:1000]
    for column in LINE:
        flag_modified(inbound, column)
