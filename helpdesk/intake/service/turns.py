"""Claiming many messages at once, one mailbox at a time, in the order in which they came (docs/mail.md rules 8, 9, 12).

Whoever has the turn of a mailbox is the only one who handles its mail, so that an answer never overtakes the mail that
it answers. Where a turn changes hands, what its last holder had claimed was left by a dead process.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from helpdesk.infra import leases
from helpdesk.infra.sql import among
from helpdesk.intake.domain.decisions import OPEN_TICKET
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.service import log
from helpdesk.intake.service.log import ATTEMPTS, LEASE, Claimed

TURN_SECONDS = 60
PAGE = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Messages of one mailbox that are ours now, oldest first; ``mailbox_id`` is None where nothing waits."""

    mailbox_id: int | None = None
    claimed: tuple[Claimed, ...] = ()


def claim_page(session: Session, *, holder: str, held: Collection[int], after: int, now: datetime) -> Page:
    """Return the next messages to handle, of the next mailbox behind ``after`` whose turn can be had.

    ``held`` are the mailboxes whose turn ``holder`` has already. The same mail as an earlier one of its mailbox is
    ignored right here, before any parser sees it (rule 4). One whose handling broke off before is handled by itself,
    so that it takes no other with it; after three times it is quarantined.
    """
    waiting = sorted(_waiting_mailboxes(session, now), key=lambda mailbox_id: (mailbox_id <= after, mailbox_id))
    for mailbox_id in waiting:
        if not take_turn(session, mailbox_id, holder=holder, now=now):
            continue
        ids = _next_ids(session, mailbox_id, is_new=mailbox_id not in held, now=now)
        if ids:
            return Page(mailbox_id, _claim(session, ids, now=now))
    return Page()


def take_turn(session: Session, mailbox_id: int, *, holder: str, now: datetime) -> bool:
    """Take or keep the turn of a mailbox; return whether ``holder`` has it."""
    return leases.take(session, name=_turn(mailbox_id), holder=holder, now=now, seconds=TURN_SECONDS)


def end_turns(session: Session, mailbox_ids: Iterable[int], *, holder: str, claimed: Iterable[Claimed]) -> None:
    """Let others have the mailboxes, and give back what was claimed and not begun: it counts as no attempt."""
    for one in claimed:
        inbound = log.still_ours(session, one)
        if inbound is not None:
            inbound.state, inbound.lease_expires_at, inbound.attempts = "received", None, one.attempt - 1
    session.flush()
    for mailbox_id in mailbox_ids:
        leases.release(session, name=_turn(mailbox_id), holder=holder)


def _turn(mailbox_id: int) -> str:
    return f"inbound:{mailbox_id}"


def _due(now: datetime) -> ColumnElement[bool]:
    return or_(InboundMessage.lease_expires_at.is_(None), InboundMessage.lease_expires_at <= now)


def _waiting_mailboxes(session: Session, now: datetime) -> list[int]:
    received = and_(InboundMessage.state == "received", _due(now))
    query = select(InboundMessage.mailbox_id).where(or_(received, InboundMessage.state == "processing")).distinct()
    return list(session.scalars(query))


def _next_ids(session: Session, mailbox_id: int, *, is_new: bool, now: datetime) -> list[int]:
    """Return what to handle next in this mailbox: a page of messages, or one that was tried before."""
    processing = InboundMessage.state == "processing"
    abandoned = processing if is_new else and_(processing, _due(now))
    due = or_(and_(InboundMessage.state == "received", _due(now)), abandoned)
    found = session.execute(
        select(InboundMessage.id, InboundMessage.attempts)
        .where(InboundMessage.mailbox_id == mailbox_id, due)
        .order_by(InboundMessage.id)
        .limit(PAGE)
    ).all()
    first_suspect = next((index for index, row in enumerate(found) if row.attempts), len(found))
    return [row.id for row in found[: max(1, first_suspect)]]


def _claim(session: Session, ids: list[int], *, now: datetime) -> tuple[Claimed, ...]:
    rows = session.execute(
        update(InboundMessage)
        .where(among(session, InboundMessage.id, ids))
        .values(state="processing", lease_expires_at=now + LEASE, attempts=InboundMessage.attempts + 1)
        .returning(InboundMessage.id, InboundMessage.attempts, InboundMessage.blob_sha256, InboundMessage.decisions)
        .execution_options(synchronize_session=False)
    )
    claimed = sorted((Claimed(*row[:3], tuple(row.decisions)) for row in rows), key=lambda one: one.inbound_id)
    doubles = _doubles(session, ids)
    return tuple(one for one in claimed if not _is_over(session, one, doubles.get(one.inbound_id), now))


def _is_over(session: Session, one: Claimed, first: int | None, now: datetime) -> bool:
    """Give the message its outcome where no parser has to see it; return whether it has one."""
    if one.attempt > ATTEMPTS:
        inbound = session.get_one(InboundMessage, one.inbound_id)
        log.finish(inbound, state="quarantined", now=now, error=f"Its handling broke off {ATTEMPTS} times.")
        return True
    if first is None or OPEN_TICKET in one.decisions:
        return False
    inbound = session.get_one(InboundMessage, one.inbound_id)
    log.finish(inbound, state="ignored", outcome="duplicate", reasons=[f"duplicate of #{first}"], now=now)
    return True


def _doubles(session: Session, ids: Collection[int]) -> dict[int, int]:
    """Return which of these messages came before to the same mailbox, and as which message."""
    earlier = aliased(InboundMessage)
    query = (
        select(InboundMessage.id, earlier.id)
        .join(
            earlier,
            and_(
                earlier.mailbox_id == InboundMessage.mailbox_id,
                earlier.message_id == InboundMessage.message_id,
                earlier.content_hash == InboundMessage.content_hash,
                earlier.id < InboundMessage.id,
            ),
        )
        .where(among(session, InboundMessage.id, ids))
        .order_by(InboundMessage.id, earlier.id.desc())
    )
    return {row[0]: row[1] for row in session.execute(query)}
