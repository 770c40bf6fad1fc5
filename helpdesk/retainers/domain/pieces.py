"""What becomes of each second: covered, overage or hourly, and at which price (docs/billing.md rules 3, 8 and 11)."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from helpdesk.kernel.money import round_half_up
from helpdesk.kernel.periods import Month
from helpdesk.rates.domain import RateHit, RateMissing
from helpdesk.retainers.domain.grants import GrantDrawn, allowance_name, together
from helpdesk.retainers.domain.ledger import Ledger, Shortfall
from helpdesk.retainers.domain.segments import Segment
from helpdesk.retainers.domain.terms import Agreement, OverageBasis

OVERAGE_LEVEL = "overage"

Price = RateHit | RateMissing


class PieceKind(StrEnum):
    """Who pays for a second: the retainer, the retainer's overage, or the hour."""

    COVERED = "covered"
    OVERAGE = "overage"
    HOURLY = "hourly"


class Piece(NamedTuple):
    """A half-open range of an entry's billable seconds with one fate; a charge is written from it.

    The ranges of an entry's pieces partition its billable seconds. ``quantity_seconds`` is what the statement counts
    and the invoice prices: the range, or the burn where overage is weighted. The range can be empty where a
    factor leaves less than half a second of one kind: then there is burn to post and nothing to charge.
    ``worked_in`` is the period of the work, ``month`` the one that settles it (later for a deficit that was
    never paid). ``price`` is ``None`` for covered time. ``grants`` paid for what is covered; together less than its
    burn where a deficit is carried that no month has paid yet.
    """

    entry_uuid: str
    kind: PieceKind
    from_second: int
    to_second: int
    burn_seconds: int
    quantity_seconds: int
    worked_in: Month
    month: Month
    price: Price | None
    reason: str
    grants: tuple[GrantDrawn, ...] = ()


def pieces_of(
    segments: Iterable[Segment],
    ledger: Ledger | None,
    rates: Mapping[str, Price],
    agreement: Agreement | None,
    currency: str,
) -> list[Piece]:
    """Return the pieces of all segments, in the order of the segments; covered comes before overage in each."""
    pieces: list[Piece] = []
    shortfalls = {each.segment.key: each for each in ledger.shortfalls} if ledger else {}
    for segment in segments:
        own = rates[segment.entry.uuid]
        if agreement is None or ledger is None or not segment.is_in_scope:
            pieces.append(_hourly(segment, own))
        else:
            paid = ledger.drawn.get(segment.key, ())
            pieces += _drawn(segment, shortfalls.get(segment.key), paid, own, agreement, currency)
    return [piece for piece in pieces if piece.burn_seconds or piece.to_second > piece.from_second]


def _hourly(segment: Segment, own: Price) -> Piece:
    return Piece(
        entry_uuid=segment.entry.uuid,
        kind=PieceKind.HOURLY,
        from_second=segment.from_second,
        to_second=segment.to_second,
        burn_seconds=segment.burn_seconds,
        quantity_seconds=segment.billable_seconds,
        worked_in=segment.month,
        month=segment.month,
        price=own,
        reason="no retainer covers it",
    )


def _drawn(
    segment: Segment,
    shortfall: Shortfall | None,
    paid: Sequence[GrantDrawn],
    own: Price,
    agreement: Agreement,
    currency: str,
) -> list[Piece]:
    short = shortfall.burn_seconds if shortfall else 0
    month = shortfall.month if shortfall else segment.month
    terms = agreement.terms_in(month)
    is_weighted = terms.overage_basis is OverageBasis.WEIGHTED
    overage = _uncovered_seconds(segment, short, at_least=int(is_weighted))
    edge = segment.to_second - overage
    covered_burn = segment.burn_seconds - short
    covered = Piece(
        entry_uuid=segment.entry.uuid,
        kind=PieceKind.COVERED,
        from_second=segment.from_second,
        to_second=edge,
        burn_seconds=covered_burn,
        quantity_seconds=covered_burn if is_weighted else edge - segment.from_second,
        worked_in=segment.month,
        month=segment.month,
        price=None,
        reason=_covered_by(segment.month),
        grants=together(paid),
    )
    if not short:
        return [covered]
    return [
        covered,
        Piece(
            entry_uuid=segment.entry.uuid,
            kind=PieceKind.OVERAGE,
            from_second=edge,
            to_second=segment.to_second,
            burn_seconds=short,
            quantity_seconds=short if is_weighted else overage,
            worked_in=segment.month,
            month=month,
            price=own
            if terms.overage_rate is None
            else RateHit(terms.overage_rate, currency, OVERAGE_LEVEL, "overage rate of the retainer"),
            reason=f"beyond the {allowance_name(agreement.span_of(month))}",
        ),
    ]


@cache
def _covered_by(month: Month) -> str:
    return f"covered by the retainer of {month}"


def _uncovered_seconds(segment: Segment, short: int, *, at_least: int) -> int:
    """Return how many of the segment's billable seconds its uncovered burn stands for, half up."""
    if short == 0 or segment.factor == 0:
        return 0
    return min(segment.billable_seconds, max(at_least, round_half_up(short / segment.factor)))
