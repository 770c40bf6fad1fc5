"""Answers of colleagues by mail (docs/mail.md rule 18): a reply to the client where it is proven, else a note."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.infra import crypto
from helpdesk.infra.policy import Actor
from helpdesk.intake.domain.dmarc import Dmarc, dmarc_verdict
from helpdesk.intake.domain.matching import Decision
from helpdesk.intake.domain.standing import MatchedBy
from helpdesk.intake.service import recording
from helpdesk.intake.service.matching import Arrival
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.outbox.domain import first_reply_token
from helpdesk.projects import queries as projects
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import NewAttachment
from helpdesk.tickets.models import Message

NOTHING_WRITTEN = "(nothing written)"


def writer(session: Session, arrival: Arrival, decision: Decision) -> Actor | None:
    """Return the colleague who answers by an address that was signed for them and this ticket; None for other mail.

    Machines, held mail, mail that is imported, and a colleague who does not see the ticket any more have no such power.
    """
    person_id, item_id = arrival.sender.person_id, decision.work_item_id
    powerless = decision.held or arrival.incoming.automatic_reasons or arrival.inbound.origin == "import"
    if person_id is None or powerless:
        return None
    token = first_reply_token(arrival.mail.recipient_addresses, keys=crypto.mail_keys())
    if decision.matched_by is not MatchedBy.SIGNED_ADDRESS or token is None:
        return None
    signed_for = ticket_queries.merged_into(session, token.work_item_id) or token.work_item_id
    if (token.person_id, signed_for) != (person_id, item_id):
        return None
    actor = accounts.actor_of(accounts.get_person(session, person_id))
    try:
        projects.get_item(session, actor=actor, item_id=item_id)
    except NotFound:
        return None
    return actor


def answer(
    session: Session,
    arrival: Arrival,
    decision: Decision,
    files: tuple[NewAttachment, ...],
    actor: Actor,
    now: datetime,
) -> None:
    """Send what the colleague wrote to the requester, or keep it as a note that says why it was not sent."""
    doubt = _doubt(arrival)
    message = None
    if doubt is None:
        message, doubt = _sent(session, arrival, decision, files, actor, now)
    if message is None:
        message = _noted(session, arrival, decision, files, actor, now)
    said = doubt or f"sent to the requester as an answer of {actor.name}"
    reasons = recording.reasons(session, arrival, (*decision.reasons, said))
    message.reasons = list(reasons)
    recording.done(session, arrival, decision, message, "note" if doubt else "reply", reasons, now)


def _doubt(arrival: Arrival) -> str | None:
    """Return why the mail proves nothing: only the very topmost Authentication-Results counts here."""
    authserv_id = arrival.source.trusted_authserv_id if arrival.source is not None else ""
    if not authserv_id:
        return "kept as a note: not proven, for the mailbox names no server whose checks count"
    topmost = arrival.mail.authentication_results[:1]
    verdict = dmarc_verdict(topmost, authserv_id=authserv_id, from_address=arrival.sender.address)
    return None if verdict is Dmarc.PASS else f"kept as a note: not proven (DMARC {verdict})"


def _sent(
    session: Session,
    arrival: Arrival,
    decision: Decision,
    files: tuple[NewAttachment, ...],
    actor: Actor,
    now: datetime,
) -> tuple[Message | None, str | None]:
    """Return the reply, or why there is none; a refusal leaves nothing behind."""
    try:
        with session.begin_nested():
            reply = tickets.reply(
                session,
                actor=actor,
                now=now,
                item_id=decision.work_item_id or 0,
                text=arrival.mail.reply_text,
                attachments=[file for file in files if not file.inline],
            )
    except (Conflict, NotFound, RuleViolation) as refusal:
        return None, f"kept as a note: {refusal}"
    return reply, None


def _noted(
    session: Session,
    arrival: Arrival,
    decision: Decision,
    files: tuple[NewAttachment, ...],
    actor: Actor,
    now: datetime,
) -> Message:
    text = arrival.mail.reply_text.strip() or arrival.mail.text.strip() or NOTHING_WRITTEN
    return tickets.add_note(
        session, actor=actor, now=now, item_id=decision.work_item_id or 0, text=text, attachments=files
    )
