"""The lines of one month's invoice, built from what the engine settled (docs/billing.md rule 18)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from helpdesk.kernel.durations import to_minutes
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month, local_day
from helpdesk.rates.domain import RateHit, amount_for
from helpdesk.retainers.domain.engine import Settlement
from helpdesk.retainers.domain.pieces import Piece, PieceKind
from helpdesk.retainers.domain.work import WorkEntry

NO_GROUP = "none"


class GroupBy(StrEnum):
    """What shares a line."""

    ENTRY = "entry"
    TICKET = "ticket"
    PROJECT = "project"
    WORK_TYPE = "work_type"
    PERSON = "person"
    DAY = "day"
    RATE = "rate"


class LineKind(StrEnum):
    """What a line is for, in the order in which they are printed."""

    RETAINER_FEE = "retainer_fee"
    OVERAGE = "overage"
    TIME = "time"
    EXPENSE = "expense"
    FREE = "free"
    DISCOUNT = "discount"
    SURCHARGE = "surcharge"
    FIXED_FEE = "fixed_fee"
    DEPOSIT = "deposit"
    LATE_FEE = "late_fee"
    BLOCK = "block"


_PRINT_ORDER = list(LineKind)
_WORDS = {LineKind.OVERAGE: "Overage", LineKind.TIME: "Time"}


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line: ``minutes`` x ``unit_price`` / 60 = ``amount`` to the minor unit.

    ``minutes`` ``None`` is quantity 1: then the unit price is the amount. ``pieces`` are the seconds behind it, so
    that its charges can be written and every minute explained.
    """

    kind: LineKind
    group: str
    description: str
    minutes: Decimal | None
    unit_price: Decimal
    amount: Money
    pieces: tuple[Piece, ...] = ()


def build_lines(
    settlement: Settlement,
    month: Month,
    *,
    group_by: GroupBy,
    currency: str,
    zone: ZoneInfo,
    labels: Mapping[str, str] | None = None,
) -> list[Line]:
    """Return the lines of ``month``: the fee, overage, hourly time; then by group key, then by price.

    One line is one (kind, group, unit price). Seconds without a price are on no line (see the settlement's
    problems); a fee of 0 and time of no seconds are none either; time at a price of 0 prints. ``labels`` says how
    people call a group's key.
    """
    period = settlement.period(month)
    lines = []
    if period and period.fee:
        lines.append(_fee_line(month, period.fee))
    groups: dict[tuple[LineKind, str, Decimal], list[Piece]] = defaultdict(list)
    for entry, piece, price in _priced(settlement, month):
        groups[_kind_of(piece), group_key(entry, group_by, zone), price].append(piece)
    ordered = sorted(groups, key=lambda each: (_PRINT_ORDER.index(each[0]), *each[1:]))
    return lines + [_time_line(key, groups[key], currency, labels or {}) for key in ordered]


def group_key(entry: WorkEntry, group_by: GroupBy, zone: ZoneInfo) -> str:
    """Return the key under which an entry is put on a line; ``none`` where it has nothing of the kind.

    By rate the unit price alone tells lines apart, so the key is empty.
    """
    if group_by is GroupBy.RATE:
        return ""
    if group_by is GroupBy.ENTRY:
        return entry.uuid
    if group_by is GroupBy.DAY:
        return local_day(entry.started_at, zone).isoformat()
    keys = {
        GroupBy.TICKET: entry.ticket,
        GroupBy.PROJECT: entry.project,
        GroupBy.WORK_TYPE: entry.work_type,
        GroupBy.PERSON: entry.person,
    }
    return keys[group_by] or NO_GROUP


def _priced(settlement: Settlement, month: Month) -> Iterator[tuple[WorkEntry, Piece, Decimal]]:
    for result in settlement.entries:
        for piece in result.pieces:
            if piece.month == month and piece.quantity_seconds and isinstance(piece.price, RateHit):
                yield result.entry, piece, piece.price.amount


def _kind_of(piece: Piece) -> LineKind:
    return LineKind.OVERAGE if piece.kind is PieceKind.OVERAGE else LineKind.TIME


def _fee_line(month: Month, fee: Money) -> Line:
    return Line(LineKind.RETAINER_FEE, "", f"Retainer {month}", None, fee.amount, fee)


def _time_line(
    key: tuple[LineKind, str, Decimal], pieces: list[Piece], currency: str, labels: Mapping[str, str]
) -> Line:
    kind, group, price = key
    seconds = sum(piece.quantity_seconds for piece in pieces)
    named = labels.get(group, group)
    return Line(
        kind=kind,
        group=group,
        description=f"{_WORDS[kind]}: {named}" if named else _WORDS[kind],
        minutes=to_minutes(seconds),
        unit_price=price,
        amount=amount_for(seconds, price, currency),
        pieces=tuple(pieces),
    )
