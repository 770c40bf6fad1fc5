"""Mail of senders who wrote too much at once, held as a group: all become tickets, or none (docs/mail.md rule 26)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.intake import rule_queries
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.service import acts, log
from helpdesk.kernel.errors import Conflict

AT_ONCE = 1000


def open_all(session: Session, *, actor: Actor, now: datetime, address: str) -> int:
    """Have every held mail of the sender become a ticket and return how many; nothing is acknowledged.

    Raises:
        Conflict: nothing of this sender is held any more.
    """
    ids = [inbound.id for inbound in _held(session, address)]
    for inbound_id in ids:
        acts.make_ticket(session, actor=actor, inbound_id=inbound_id, now=now)
    return len(ids)


def ignore_all(session: Session, *, actor: Actor, now: datetime, address: str) -> int:
    """Let every held mail of the sender rest in the log and return how many; each can be made a ticket later.

    Raises:
        Conflict: nothing of this sender is held any more.
    """
    held = _held(session, address)
    for inbound in held:
        reasons = [f"ignored by {actor.name}: too many at once", *inbound.reasons]
        log.finish(inbound, state="ignored", outcome="set_aside", reasons=reasons, now=now)
    audit.record(
        session,
        actor=actor,
        action="ignored a flood",
        kind="sender",
        object_id=None,
        now=now,
        address=address,
        mails=[inbound.id for inbound in held],
    )
    return len(held)


def _held(session: Session, address: str) -> list[InboundMessage]:
    found = rule_queries.flood(session, address, limit=AT_ONCE)
    if not found:
        message = "Nothing of this sender is held any more: somebody has decided about it."
        raise Conflict(message)
    return found
