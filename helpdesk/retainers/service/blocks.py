"""Blocks of hours beside the allowance: added, and taken back while no closed month knows them (billing.md rule 9).

The retainer knows hours, days and prices; slices above bill blocks, and say with :func:`name_holders` what bills one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.ahead import rows_of
from helpdesk.infra.policy import Actor
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.periods import Month, local_day
from helpdesk.retainers import first_rows, queries
from helpdesk.retainers.domain.blocks import BlockStand, blocks_of
from helpdesk.retainers.models import Agreement, RetainerPeriod, TopUp

Namer = Callable[[Session, Collection[int]], Mapping[int, str]]
MOST_SECONDS = 10_000 * HOUR
NOTE_CHARACTERS = 300
EARLIEST, LATEST = date(1970, 1, 1), date(2199, 12, 31)

_namers: list[Namer] = []


@dataclass(frozen=True)
class NewBlock:
    """A block as a form gives it: both days inclusive in the contract's zone; no price is billed nowhere.

    ``price_minor`` is of the whole block, in minor units of the agreement's currency. The client reads ``note``.
    """

    seconds: int
    valid_from: date
    expires_on: date
    price_minor: int | None = None
    note: str = ""


def name_holders(namer: Namer) -> None:
    """Tell what bills blocks, as people call it: id 7 -> ``invoice INV-2026-0007``; what nothing bills has none."""
    if namer not in _namers:
        _namers.append(namer)


def holder_of(session: Session, block_id: int) -> str:
    """Return what bills the block; empty where nothing does."""
    return holders_of(session, [block_id]).get(block_id, "")


def holders_of(session: Session, block_ids: Collection[int]) -> dict[int, str]:
    """Return what bills each of some blocks, all in one go; what nothing bills has none."""
    return {block_id: name for namer in _namers for block_id, name in namer(session, block_ids).items()}


def add_block(session: Session, *, actor: Actor, now: datetime, agreement_id: int, wanted: NewBlock, key: str) -> TopUp:
    """Add a block to an agreement and return it; a repeat of ``key`` returns the one that is there already.

    Raises:
        NotFound: no such agreement, or not for this actor.
        Conflict: the key was used for another agreement.
        RuleViolation: no hours, days that are the wrong way round or outside of the agreement, or a block that a
            closed month would have to know; ``field`` says which.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    queries.lock_agreement(session, agreement.id)
    existing = session.scalar(select(TopUp).where(TopUp.idempotency_key == key))
    if existing is not None:
        if existing.agreement_id == agreement.id:
            return existing
        message = "This page added a block to another agreement already. Open it again."
        raise Conflict(message)
    _refuse_odd(agreement, wanted)
    _refuse_closed(session, agreement, wanted.valid_from)
    block = TopUp(
        agreement=agreement,
        seconds=wanted.seconds,
        valid_from=wanted.valid_from,
        expires_on=wanted.expires_on,
        price_minor=wanted.price_minor,
        note=" ".join(wanted.note.split()),
        idempotency_key=key,
        created_at=now,
        created_by_id=actor.person_id,
    )
    session.add(block)
    session.flush()
    _audit(session, actor, now, "block added", block, price_minor=block.price_minor)
    return block


def take_back(session: Session, *, actor: Actor, now: datetime, agreement_id: int, block_id: int, reason: str) -> TopUp:
    """Take a block back that no closed month knows and nothing bills, and return it.

    Work of open months that drew it is covered by what else there is, or is overage; what was approved stays so.

    Raises:
        NotFound: no such agreement or block, or not for this actor.
        Conflict: it was taken back before, or a draft or an invoice bills it, which is named.
        RuleViolation: no reason, or a closed month knows it.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    queries.lock_agreement(session, agreement.id)
    block = session.scalar(
        select(TopUp).where(TopUp.id == block_id, TopUp.agreement_id == agreement.id),
        execution_options={"populate_existing": True},
    )
    if block is None:
        message = "There is no such block."
        raise NotFound(message)
    if block.taken_back_at is not None:
        message = "This block was taken back before."
        raise Conflict(message)
    if not reason.strip():
        message = "Say why the block is taken back; the reason stays with it."
        raise RuleViolation(message, field="reason")
    newest = newest_closed(session, agreement)
    if newest is not None and known_from(agreement, block.valid_from) <= newest:
        first = known_from(agreement, block.valid_from)
        closed = str(newest) if first == newest else f"{first} to {newest}"
        message = f"{closed} of {agreement.name} is closed and knows this block; reopen it first."
        raise RuleViolation(message)
    held = holder_of(session, block.id)
    if held:
        message = f"This block is on {held}; take its line off, or credit it, first."
        raise Conflict(message)
    block.taken_back_at, block.taken_back_because = now, reason.strip()
    session.flush()
    _audit(session, actor, now, "block taken back", block, reason=block.taken_back_because)
    return block


def stands_of(session: Session, agreement: Agreement, *, now: datetime) -> list[tuple[TopUp, BlockStand | None]]:
    """Return the blocks of an agreement as they stand now, by day; one that was taken back has no stand.

    All its time is read: which block was drawn, only the entries tell.
    """
    today = local_day(now, ZoneInfo(agreement.time_zone))
    first = first_rows.rows_of(session, [agreement.client_id], with_rates=False)
    rows = {str(row.id): row for row in agreement.top_ups}
    if not rows:
        return []
    shelf = queries.shelf_of(session, client_ids=[agreement.client_id], with_rates=False, rows=first)
    books = shelf.books_of(agreement, through=Month.of(today)).books
    stands = {each.block.key: each for each in blocks_of(books, as_of=today)}
    in_order = sorted(rows.values(), key=lambda row: (row.valid_from, row.expires_on, row.id))
    return [(row, stands.get(str(row.id))) for row in in_order]


def newest_closed(session: Session, agreement: Agreement) -> Month | None:
    """Return the newest closed month of an agreement; None where none is."""
    newest = rows_of(session, newest_closed_asked(agreement.id))[0].month
    return None if newest is None else Month.of(newest)


def newest_closed_asked(agreement_id: int) -> Select[date]:
    """Return the question of `newest_closed`, to be asked together with others."""
    newest = select(func.max(RetainerPeriod.month).label("month"))
    return newest.where(RetainerPeriod.agreement_id == agreement_id, RetainerPeriod.reversed_at.is_(None))


def known_from(agreement: Agreement, valid_from: date) -> Month:
    """Return the month that grants a block, the agreement's first for one from before it."""
    return Month.of(max(valid_from, agreement.starts_on))


def due(session: Session, *, client_id: int, currency: str, first: date, last: date) -> Sequence[TopUp]:
    """Return the client's blocks with a price in ``currency`` that are valid from ``first`` to ``last`` on, by day."""
    query = (
        select(TopUp)
        .join(TopUp.agreement)
        .where(
            Agreement.client_id == client_id,
            Agreement.currency == currency,
            TopUp.price_minor.is_not(None),
            TopUp.taken_back_at.is_(None),
            TopUp.valid_from.between(first, last),
        )
        .order_by(TopUp.valid_from, TopUp.id)
    )
    return session.scalars(query).all()


def _refuse_odd(agreement: Agreement, wanted: NewBlock) -> None:
    if not 0 < wanted.seconds <= MOST_SECONDS:
        message = f"A block is of some hours, and of {MOST_SECONDS // HOUR} at most."
        raise RuleViolation(message, field="hours")
    for day, field in ((wanted.valid_from, "valid_from"), (wanted.expires_on, "expires_on")):
        if not EARLIEST <= day <= LATEST:
            message = f"Choose a day from {EARLIEST} to {LATEST}."
            raise RuleViolation(message, field=field)
    if wanted.expires_on < wanted.valid_from:
        message = f"A block does not expire before it is valid; choose {wanted.valid_from} or a later day."
        raise RuleViolation(message, field="expires_on")
    if agreement.ends_on is not None and wanted.valid_from > agreement.ends_on:
        message = f"{agreement.name} ends on {agreement.ends_on}; no work after that could draw the block."
        raise RuleViolation(message, field="valid_from")
    if wanted.expires_on < agreement.starts_on:
        message = f"{agreement.name} begins on {agreement.starts_on}; no work before that could draw the block."
        raise RuleViolation(message, field="expires_on")
    if wanted.price_minor is not None and wanted.price_minor <= 0:
        message = "A price is more than nothing; leave it empty for a block that nobody is billed for."
        raise RuleViolation(message, field="price")
    if len(wanted.note) > NOTE_CHARACTERS:
        message = f"A note has at most {NOTE_CHARACTERS} characters; this one has {len(wanted.note)}."
        raise RuleViolation(message, field="note")


def _refuse_closed(session: Session, agreement: Agreement, valid_from: date) -> None:
    newest = newest_closed(session, agreement)
    if newest is None or known_from(agreement, valid_from) > newest:
        return
    if agreement.ends_on is not None and newest.last_day >= agreement.ends_on:
        message = f"{newest}, the last month of {agreement.name}, is closed; reopen it first."
    else:
        message = (
            f"{newest} is closed, and closed months do not change. Reopen it first, or let the block be valid from "
            f"{newest.next.first_day} or a later day on."
        )
    raise RuleViolation(message, field="valid_from")


def _audit(session: Session, actor: Actor, now: datetime, action: str, block: TopUp, **more: object) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        kind="agreement",
        object_id=block.agreement_id,
        now=now,
        block=block.id,
        seconds=block.seconds,
        valid_from=block.valid_from.isoformat(),
        expires_on=block.expires_on.isoformat(),
        **more,
    )
