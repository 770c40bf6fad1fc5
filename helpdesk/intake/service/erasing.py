"""Erasing raw mail from the log: bytes, sender and subject go; that it came, its hash and what became of it stay.

What stands on tickets stays: messages and files there are erased with their tickets, not with the log.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra import audit, blobs
from helpdesk.infra.policy import Actor
from helpdesk.intake import queries
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.service import limits
from helpdesk.intake.service.acts import required
from helpdesk.kernel.errors import Conflict

FINISHED = ("done", "ignored")
BATCH = 200
RETENTION = "Retention"


def erase_one(session: Session, *, actor: Actor, inbound_id: int, why: str, now: datetime) -> list[str]:
    """Erase one message by hand and return the files that go after the commit.

    Raises:
        NotFound: no such message.
        Conflict: it waits for somebody still, or is erased already.
        RuleViolation: no reason.
    """
    queries.get_inbound(session, inbound_id)
    query = select(InboundMessage).where(InboundMessage.id == inbound_id).with_for_update()
    inbound = session.scalars(query.execution_options(populate_existing=True)).one()
    if inbound.erased_at is not None:
        message = "This mail is erased already."
        raise Conflict(message)
    if inbound.state not in FINISHED:
        message = "Nobody has decided about this mail yet. Make it a ticket or ignore it first; then it can be erased."
        raise Conflict(message)
    reason = required(why, "Say why this mail is erased; the reason stays on the log.")
    spent = _erase(session, [inbound], by=actor.name, why=reason, now=now)
    audit.record(
        session, actor=actor, action="erased", kind="inbound_message", object_id=inbound.id, now=now, why=reason
    )
    return spent


def erase_older(session: Session, *, now: datetime, beyond_id: int = 0) -> tuple[int | None, list[str]]:
    """Erase a batch of what is kept for longer than people want, oldest first.

    Returns:
        The last id of the batch, to go on behind it (None when there was nothing left), and the files that go.
    """
    days = limits.current(session).retention_days
    if days is None:
        return None, []
    query = (
        select(InboundMessage)
        .where(
            InboundMessage.id > beyond_id,
            InboundMessage.erased_at.is_(None),
            InboundMessage.state.in_(FINISHED),
            InboundMessage.finished_at < now - timedelta(days=days),
        )
        .order_by(InboundMessage.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    batch = list(session.scalars(query))
    spent = _erase(session, batch, by=RETENTION, why=f"kept for {days} days", now=now)
    return (batch[-1].id if batch else None), spent


def _erase(session: Session, messages: Iterable[InboundMessage], *, by: str, why: str, now: datetime) -> list[str]:
    digests = []
    for inbound in messages:
        inbound.from_address = inbound.from_name = inbound.subject = ""
        inbound.erased_at, inbound.erased_by, inbound.erased_why = now, by, why
        digests.append(inbound.blob_sha256)
    session.flush()
    return blobs.erase(session, digests, by=by, why=why, now=now) if digests else []
