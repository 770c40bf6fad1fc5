"""The entries behind a month of an agreement as its page lists them, and late time (docs/billing.md rules 9 and 12)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from helpdesk.kernel.periods import Month, local_day
from helpdesk.retainers.domain import grants
from helpdesk.retainers.domain.engine import Settlement
from helpdesk.retainers.domain.grants import GrantDrawn
from helpdesk.retainers.domain.pieces import Piece, PieceKind
from helpdesk.retainers.words import grants_text
from helpdesk.retainers.worked import Worked


@dataclass(frozen=True)
class LateEntry:
    """An entry that came late, or was written off: then with the reason, and by whom."""

    id: int
    number: int
    title: str
    day: date
    person_name: str
    seconds: int
    reason: str
    by: str


@dataclass(frozen=True)
class DrawnEntry:
    """One entry behind a month."""

    id: int
    number: int
    title: str
    day: date
    person_name: str
    note: str
    billable_seconds: int
    burn_seconds: int
    covered_seconds: int
    overage_seconds: int
    pending: bool
    grants: str = ""


def late_of(row: Worked, zone: ZoneInfo, *, reason: str = "", by: str = "") -> LateEntry:
    """Return an entry that came late as its page tells of it."""
    day = local_day(row.started_at, zone)
    seconds = row.billable_seconds or 0
    return LateEntry(row.id, row.number, row.title, day, row.person_name, seconds, reason, by)


def entries_of(
    settlement: Settlement, month: Month, rows: dict[str, Worked], zone: ZoneInfo, *, at_most: int | None = None
) -> tuple[list[DrawnEntry], int]:
    """Return the newest entries that count in a month, and how many older ones there are.

    Pending ones are marked and draw nothing yet.
    """
    found: list[DrawnEntry] = []
    names: dict[str, str] = {}
    older = 0
    for result in reversed(settlement.entries):
        row = rows[result.entry.uuid]
        pieces = [piece for piece in result.pieces if month in (piece.month, piece.worked_in)]
        is_pending = result.entry.is_pending and Month.of(row.started_at.astimezone(zone).date()) == month
        if not pieces and not is_pending:
            continue
        if len(found) == at_most:
            older += 1
            continue
        by_kind: dict[PieceKind, int] = defaultdict(int)
        for piece in pieces:
            by_kind[piece.kind] += piece.quantity_seconds
        found.append(
            DrawnEntry(
                id=row.id,
                number=row.number,
                title=row.title,
                day=row.started_at.astimezone(zone).date(),
                person_name=row.person_name,
                note=row.note,
                billable_seconds=result.billable_seconds if not is_pending else result.entry.raw_seconds,
                burn_seconds=sum(piece.burn_seconds for piece in pieces),
                covered_seconds=by_kind[PieceKind.COVERED],
                overage_seconds=by_kind[PieceKind.OVERAGE],
                pending=is_pending,
                grants=grants_text(grants.beside(_paid(pieces), month), names),
            )
        )
    return found, older


def _paid(pieces: Iterable[Piece]) -> tuple[GrantDrawn, ...]:
    """Return which grants paid for what an entry draws, and what of it is owed to later months."""
    covered = [piece for piece in pieces if piece.kind is PieceKind.COVERED]
    burn = sum(piece.burn_seconds for piece in covered)
    return grants.whole([each for piece in covered for each in piece.grants], burn)
