"""Blocks of hours as their page lists them, with what is left of each (docs/billing.md rule 9)."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra import ahead
from helpdesk.infra.ahead import Question
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


def questions(agreement_id: int) -> list[Question]:
    """Return what `rows_of` asks of an agreement first, to be asked ahead."""
    return [blocks.newest_closed_asked(agreement_id), _adders_asked(agreement_id)]


def _adders_asked(agreement_id: int) -> Question:
    added = select(TopUp.created_by_id).where(TopUp.agreement_id == agreement_id)
    return select(Person.id, Person.name).where(Person.id.in_(added))


def rows_of(session: Session, agreement: Agreement, stands: list[tuple[TopUp, BlockStand | None]]) -> list[BlockRow]:
    """Return the blocks in the order given."""
    zone, newest = ZoneInfo(agreement.time_zone), blocks.newest_closed(session, agreement)
    names = {row.id: row.name for row in ahead.rows_of(session, _adders_asked(agreement.id))}
    holders = blocks.holders_of(session, [block.id for block, _stand in stands if block.price_minor is not None])
    found = []
    for block, stand in stands:
        tone, state = _state(stand)
        holder = holders.get(block.id, "")
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
