"""The inbound log: every message is claimed, and ends in exactly one outcome with its reasons (rules 8 and 9)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from helpdesk.infra import jobs
from helpdesk.infra.sql import among
from helpdesk.intake import queries
from helpdesk.intake.models import InboundMessage
from helpdesk.kernel.errors import ExternalFailure

LEASE = timedelta(minutes=2)
BEYOND_LIMITS = "54"
"""The class of errors of a program limit that was exceeded."""
ERROR_LIMIT = 1000
ATTEMPTS = 3
PAUSES = (timedelta(seconds=20), timedelta(minutes=2))
REASONS_LIMIT = 30


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to handle until its lease ends; ``attempt`` proves that it still is."""

    inbound_id: int
    attempt: int
    blob_sha256: str
    decisions: tuple[str, ...] = ()


def prepare(session: Session, claimed: Collection[Claimed]) -> dict[int, InboundMessage]:
    """Lock the rows of many claims at once, and return them by id; :func:`still_ours` asks no more for them."""
    ids = sorted(one.inbound_id for one in claimed)
    query = (
        select(InboundMessage)
        .where(among(session, InboundMessage.id, ids))
        .order_by(InboundMessage.id)
        .with_for_update()
    )
    rows = {inbound.id: inbound for inbound in session.scalars(query)}
    session.info["prepared"] = rows
    return rows


def still_ours(session: Session, claimed: Claimed) -> InboundMessage | None:
    """Return the row, locked, if the claim still holds; None where it took so long that somebody else has it."""
    inbound: InboundMessage | None = session.info.get("prepared", {}).get(claimed.inbound_id)
    if inbound is None:
        inbound = session.scalar(
            select(InboundMessage)
            .where(InboundMessage.id == claimed.inbound_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    is_ours = inbound is not None and inbound.state == "processing" and inbound.attempts == claimed.attempt
    return inbound if is_ours else None


def finish(
    inbound: InboundMessage,
    *,
    state: str,
    now: datetime,
    outcome: str = "",
    matched_by: str = "",
    reasons: Iterable[str] = (),
    error: str = "",
) -> None:
    """Give the message its one outcome; it is written with the transaction's next flush, many at once."""
    inbound.state = state
    inbound.outcome = outcome
    inbound.matched_by = matched_by
    inbound.reasons = list(reasons)[:REASONS_LIMIT]
    inbound.error = error
    inbound.lease_expires_at = None
    inbound.finished_at = now


def give_back(session: Session, *, claimed: Claimed, error: str, now: datetime, is_blameless: bool = False) -> None:
    """Note that the attempt failed: it is tried again after a pause, and after three attempts waits for a person.

    ``is_blameless``: the disk was full or the database away. That counts as no attempt, however often it happens.
    """
    inbound = still_ours(session, claimed)
    if inbound is None:
        return
    if is_blameless:
        inbound.attempts = claimed.attempt - 1
    elif claimed.attempt >= ATTEMPTS:
        finish(inbound, state="quarantined", error=error[:ERROR_LIMIT], now=now)
        return
    inbound.state = "received"
    inbound.error = error[:ERROR_LIMIT]
    inbound.lease_expires_at = now + (PAUSES[0] if is_blameless else PAUSES[claimed.attempt - 1])
    session.flush()


def is_blameless(error: Exception) -> bool:
    """Return whether an attempt failed for want of room or of the database, whatever the mail says.

    What PostgreSQL refuses as beyond its own limits is no such want: another attempt ends the same way.
    """
    if isinstance(error, OperationalError) and str(getattr(error.orig, "sqlstate", "")).startswith(BEYOND_LIMITS):
        return False
    return isinstance(error, ExternalFailure | OperationalError)


def ring_unfinished(session: Session, *, now: datetime) -> bool:
    """Ring where messages wait that nobody handles; return whether any do."""
    waiting = bool(queries.unfinished(session, now=now, limit=1))
    if waiting:
        jobs.ring(session, "handle_inbound", queue="mail")
    return waiting
