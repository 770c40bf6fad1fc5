"""What is left of each block of hours that was bought beside the allowance (docs/billing.md rule 9). Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from helpdesk.retainers.domain.engine import Books, settle
from helpdesk.retainers.domain.terms import TopUp


class BlockState(StrEnum):
    """Where a block stands on a day: its days are to come, or run, or it is used up, or over with a rest."""

    PLANNED = "planned"
    LIVE = "live"
    USED_UP = "used_up"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class BlockStand:
    """A block on a day, in seconds of burn: what was drawn of it, and what can still be."""

    block: TopUp
    drawn_seconds: int
    left_seconds: int
    state: BlockState


def blocks_of(books: Books, *, as_of: date) -> list[BlockStand]:
    """Return how each block of the agreement stands on the local day ``as_of``, by first day, last day and key.

    The books hold all entries, from the start of the agreement on. With the agreement every block ends.
    """
    agreement = books.agreement
    if agreement is None:
        return []
    drawn: dict[str, int] = {}
    for entry in settle(books).entries:
        for grant in (each for piece in entry.pieces for each in piece.grants if each.block is not None):
            drawn[grant.block or ""] = drawn.get(grant.block or "", 0) + grant.seconds
    ends_on = agreement.ends_on or date.max
    in_order = sorted(agreement.top_ups, key=lambda each: (each.valid_from, each.expires_on, each.key))
    return [_stand(each, drawn.get(each.key, 0), min(each.expires_on, ends_on), as_of) for each in in_order]


def _stand(block: TopUp, drawn: int, last_day: date, as_of: date) -> BlockStand:
    left = block.seconds - drawn
    if not left:
        return BlockStand(block, drawn, 0, BlockState.USED_UP)
    if as_of > last_day:
        return BlockStand(block, drawn, 0, BlockState.EXPIRED)
    return BlockStand(block, drawn, left, BlockState.PLANNED if as_of < block.valid_from else BlockState.LIVE)
