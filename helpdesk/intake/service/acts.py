"""What a person may do with a line of the inbound log: have it handled again, overrule a verdict, or let it rest.

Each act is refused where it does not fit, so that a message keeps having one effect at most (docs/mail.md rule 8).
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra import audit, jobs
from helpdesk.infra.policy import Actor
from helpdesk.intake import queries
from helpdesk.intake.domain.decisions import BY_HEADERS, NOT_AUTOMATIC, OPEN_TICKET
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.service import log, rules
from helpdesk.intake.service.rules import RuleSettings
from helpdesk.kernel.errors import Conflict, RuleViolation

RETRIED = ("quarantined", "ignored")
OPENED = ("quarantined", "ignored", "held")
MACHINES = ("automatic", "bounce")
WHY_CHARACTERS = 300


def retry(session: Session, *, actor: Actor, inbound_id: int, now: datetime) -> InboundMessage:
    """Have a quarantined or ignored message handled once more, from its stored bytes.

    Raises:
        NotFound: no such message.
        Conflict: it is done already, being handled right now, or erased.
    """
    inbound = _unsettled(session, inbound_id, RETRIED)
    return _again(session, inbound, (), action="retried", actor=actor, now=now)


def make_ticket(session: Session, *, actor: Actor, inbound_id: int, now: datetime) -> InboundMessage:
    """Have a message become a ticket although it was ignored, held back, or could not be read.

    One from quarantine is read by its headers alone, and the mail itself is attached (rule 10).

    Raises:
        NotFound: no such message.
        Conflict: it is on a ticket already, being handled right now, or erased.
    """
    inbound = _unsettled(session, inbound_id, OPENED)
    unread = inbound.state == "quarantined" and not inbound.headers_only
    decisions = (OPEN_TICKET, BY_HEADERS) if unread else (OPEN_TICKET,)
    return _again(session, inbound, decisions, action="made a ticket", actor=actor, now=now)


def not_automatic(
    session: Session, *, actor: Actor, inbound_id: int, now: datetime, always: bool = False
) -> InboundMessage:
    """Have a message that seemed to come from a machine handled as one that a person wrote.

    With ``always`` a rule of mail lets automatic mail of this sender open tickets from now on (rule 24).

    Raises:
        NotFound: no such message.
        Conflict: nobody took it for automatic, it is on a ticket already, being handled right now, or erased.
        RuleViolation: a rule is wanted, and the sender cannot be read.
    """
    inbound = _unsettled(session, inbound_id, ("ignored",))
    if inbound.outcome not in MACHINES:
        message = "Nobody took this message for automatic mail."
        raise Conflict(message)
    if always:
        _let_open(session, inbound.from_address, actor=actor, now=now)
    return _again(session, inbound, (NOT_AUTOMATIC,), action="called not automatic", actor=actor, now=now)


def ignore(session: Session, *, actor: Actor, inbound_id: int, why: str, now: datetime) -> InboundMessage:
    """Take a message out of quarantine without a ticket; who did it and why stands on the log.

    Raises:
        NotFound: no such message.
        Conflict: it is not in quarantine.
        RuleViolation: no reason.
    """
    inbound = _unsettled(session, inbound_id, ("quarantined",))
    reason = required(why, "Say why this message needs no ticket; the reason stands on the log.")
    error = inbound.error
    reasons = [f"ignored by {actor.name}: {reason}", *inbound.reasons]
    log.finish(inbound, state="ignored", outcome="set_aside", reasons=reasons, error=error, now=now)
    audit.record(session, actor=actor, action="ignored", kind="inbound_message", object_id=inbound.id, now=now, why=why)
    return inbound


def required(text: str, refusal: str) -> str:
    """Return the text on one line, shortened.

    Raises:
        RuleViolation: it is empty; ``refusal`` says what is missing.
    """
    words = " ".join(text.split())[:WHY_CHARACTERS]
    if not words:
        raise RuleViolation(refusal)
    return words


def _let_open(session: Session, address: str, *, actor: Actor, now: datetime) -> None:
    settings = RuleSettings(
        name=f"Opens tickets: {address}"[: rules.NAME_LENGTH],
        conditions=rules.read_conditions([("sender", "is", "", address)]),
        automatic_may_open=True,
    )
    rules.add_rule(session, actor=actor, now=now, settings=settings)


def _unsettled(session: Session, inbound_id: int, states: Collection[str]) -> InboundMessage:
    """Return the message, locked, if it is in one of ``states``, has had no effect yet, and its bytes are there."""
    queries.get_inbound(session, inbound_id)
    query = select(InboundMessage).where(InboundMessage.id == inbound_id).with_for_update()
    inbound = session.scalars(query.execution_options(populate_existing=True)).one()
    if inbound.effect is not None:
        message = f"This message is on ticket #{inbound.effect.work_item.number} already."
        raise Conflict(message)
    if inbound.state not in states:
        message = "This does not fit what has become of the message, or it is being handled right now. Reload the page."
        raise Conflict(message)
    if inbound.erased_at is not None:
        message = "This mail was erased: there is nothing left to read."
        raise Conflict(message)
    return inbound


def _again(
    session: Session, inbound: InboundMessage, decisions: Collection[str], *, action: str, actor: Actor, now: datetime
) -> InboundMessage:
    """Ring for the message as if it had just come; what people decided about it stays on its row."""
    inbound.decisions = list(dict.fromkeys((*inbound.decisions, *decisions)))
    inbound.state, inbound.attempts = "received", 0
    inbound.lease_expires_at = inbound.finished_at = None
    inbound.outcome = inbound.matched_by = ""
    audit.record(session, actor=actor, action=action, kind="inbound_message", object_id=inbound.id, now=now)
    session.flush()
    jobs.ring(session, "handle_inbound", queue="mail")
    return inbound
