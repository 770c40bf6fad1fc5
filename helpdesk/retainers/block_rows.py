"""Blocks of hours as their page lists them, with what is left of each (docs/billing.md rule 9)."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.periods import local_day
from helpdesk.retainers.domain.blocks import BlockStand, BlockState
from helpdesk.retainers.models import Agreement, TopUp
from helpdesk.retainers.service import blocks


@dataclass(frozen=True)
class BlockRow:
    """One block; durations in seconds of burn, ``price_minor`` of the whole block.

    ``drawn_seconds`` and ``left_seconds`` are None of one that was taken back. ``holder`` is what bills it.
    """

    id: int
    seconds: int
    valid_from: date
    expires_on: date
    drawn_seconds: int | None
    left_seconds: int | None
    price_minor: int | None
    note: str
    tone: str
    state: str
    holder: str
    added_on: date
    added_by: str
    taken_back_because: str
    may_take_back: bool


def rows_of(session: Session, agreement: Agreement, stands: list[tuple[TopUp, BlockStand | None]]) -> list[BlockRow]:
    """Return the blocks in the order given."""
    zone, newest = ZoneInfo(agreement.time_zone), blocks.newest_closed(session, agreement)
    ids = {block.created_by_id for block, _stand in stands}
    names = {person.id: person.name for person in session.scalars(select(Person).where(Person.id.in_(ids)))}
    found = []
    for block, stand in stands:
        tone, state = _state(stand)
        holder = blocks.holder_of(session, block.id) if block.price_minor is not None else ""
        is_open = newest is None or blocks.known_from(agreement, block.valid_from) > newest
        found.append(
            BlockRow(
                id=block.id,
                seconds=block.seconds,
                valid_from=block.valid_from,
                expires_on=block.expires_on,
                drawn_seconds=stand.drawn_seconds if stand else None,
                left_seconds=stand.left_seconds if stand else None,
                price_minor=block.price_minor,
                note=block.note,
                tone=tone,
                state=state,
                holder=holder,
                added_on=local_day(block.created_at, zone),
                added_by=names.get(block.created_by_id or 0, ""),
                taken_back_because=block.taken_back_because,
                may_take_back=block.taken_back_at is None and is_open and not holder,
            )
        )
    return found


def _state(stand: BlockStand | None) -> tuple[str, str]:
    if stand is None:
        return "warn", _("Taken back")
    return {
        BlockState.PLANNED: ("accent", _("To come")),
        BlockState.LIVE: ("ok", _("In force")),
        BlockState.USED_UP: ("", _("Used up")),
        BlockState.EXPIRED: ("", _("Expired")),
    }[stand.state]
