"""The time of whole months under terms that it did not have: what each would have cost, and brought (rule 15).

The same engine as the close, so advice, what-if and bill never differ.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.rates.domain import RateHit, amount_for
from helpdesk.retainers.domain.engine import Books, Settlement, settle
from helpdesk.retainers.domain.period import PeriodResult
from helpdesk.retainers.domain.pieces import Piece, PieceKind
from helpdesk.retainers.domain.terms import Agreement, Terms
from helpdesk.retainers.domain.work import WorkEntry


@dataclass(frozen=True)
class Past:
    """Approved time that was worked in ``months``, which follow one another, and what it cost us.

    ``projects`` and ``work_types`` are what the retainer would cover (None: all); the rest is hourly. The seconds and
    the rate of an entry are those of its approval. ``cost`` leaves out ``uncosted_seconds``.
    """

    entries: tuple[WorkEntry, ...]
    months: tuple[Month, ...]
    zone: ZoneInfo
    currency: str
    projects: frozenset[str] | None
    work_types: frozenset[str] | None
    cost: Money
    uncosted_seconds: int

    @property
    def worked_seconds(self) -> int:
        """The seconds that were worked, before any rounding."""
        return sum(entry.raw_seconds for entry in self.entries)


@dataclass(frozen=True, slots=True)
class MonthOutcome:
    """What one month comes to; durations are burn, except ``unpriced_seconds`` of overage and hourly time.

    ``covered_seconds`` and ``overage_seconds`` count as the basis of the terms says, of what the month settles.

    ``is_beyond`` says that the allowance did not do: there is overage, or a deficit is carried on.
    """

    month: Month
    granted_seconds: int
    burned_seconds: int
    expired_seconds: int
    is_beyond: bool
    fee: Money
    overage: Money
    hourly: Money
    unpriced_seconds: int
    covered_seconds: int = 0
    overage_seconds: int = 0

    @property
    def paid(self) -> Money:
        """All that the client would have paid for the month, without tax."""
        return self.fee + self.overage + self.hourly


@dataclass(frozen=True)
class Outcome:
    """What terms make of the past, month by month; no terms: everything by the hour."""

    terms: Terms | None
    currency: str
    months: tuple[MonthOutcome, ...]

    @property
    def fee(self) -> Money:
        """The fees of all months."""
        return sum((each.fee for each in self.months), Money.zero(self.currency))

    @property
    def overage(self) -> Money:
        """What went beyond the allowances."""
        return sum((each.overage for each in self.months), Money.zero(self.currency))

    @property
    def hourly(self) -> Money:
        """What no retainer covers."""
        return sum((each.hourly for each in self.months), Money.zero(self.currency))

    @property
    def paid(self) -> Money:
        """All that the client would have paid, without tax."""
        return self.fee + self.overage + self.hourly

    @property
    def granted_seconds(self) -> int:
        """The allowances of all months."""
        return sum(each.granted_seconds for each in self.months)

    @property
    def expired_seconds(self) -> int:
        """The hours that would have expired unused."""
        return sum(each.expired_seconds for each in self.months)

    @property
    def unpriced_seconds(self) -> int:
        """The seconds that would have had no price; they are in no amount."""
        return sum(each.unpriced_seconds for each in self.months)

    @property
    def months_beyond(self) -> int:
        """In how many months the allowance did not do."""
        return sum(each.is_beyond for each in self.months)

    @property
    def unused_fee(self) -> Money:
        """The part of the fees that stands for the hours that expired: 10 of 40 h at 4,000.00 are 1,000.00."""
        if not self.granted_seconds:
            return Money.zero(self.currency)
        return self.fee.times(Fraction(self.expired_seconds, self.granted_seconds))


def replay(past: Past, terms: Terms | None) -> Outcome:
    """Return what the terms would have made of the past, beginning with nothing carried in.

    A deficit that is carried on to the last month is overage there, so that no time is forgotten.
    """
    agreement = _agreement(past, terms) if terms and past.months else None
    settlement = settle(
        Books(
            entries=past.entries,
            zone=past.zone,
            currency=past.currency,
            agreement=agreement,
            through=past.months[-1] if past.months else None,
        )
    )
    pieces = _by_month(settlement)
    months = tuple(_month(each, settlement.period(each), pieces.get(each, ()), past.currency) for each in past.months)
    return Outcome(terms, past.currency, months)


def _agreement(past: Past, terms: Terms) -> Agreement:
    first, last = past.months[0], past.months[-1]
    return Agreement(
        starts_on=first.first_day,
        terms=(replace(terms, effective_on=first.first_day),),
        ends_on=last.last_day if terms.carry_deficit else None,
        projects=past.projects,
        work_types=past.work_types,
    )


def _by_month(settlement: Settlement) -> Mapping[Month, list[Piece]]:
    found: dict[Month, list[Piece]] = defaultdict(list)
    for result in settlement.entries:
        for piece in result.pieces:
            found[piece.month].append(piece)
    return found


def _month(month: Month, period: PeriodResult | None, pieces: Iterable[Piece], currency: str) -> MonthOutcome:
    priced: dict[tuple[PieceKind, Decimal], int] = defaultdict(int)
    counted: dict[PieceKind, int] = defaultdict(int)
    unpriced = burned = 0
    for piece in pieces:
        counted[piece.kind] += piece.quantity_seconds
        burned += 0 if piece.kind is PieceKind.HOURLY else piece.burn_seconds
        if isinstance(piece.price, RateHit):
            priced[piece.kind, piece.price.amount] += piece.quantity_seconds
        elif piece.kind is not PieceKind.COVERED:
            unpriced += piece.quantity_seconds
    return MonthOutcome(
        month=month,
        granted_seconds=period.granted_seconds if period else 0,
        burned_seconds=burned,
        expired_seconds=period.expired_seconds if period else 0,
        is_beyond=period is not None and (period.overage_seconds > 0 or period.carried_out_seconds < 0),
        fee=period.fee if period else Money.zero(currency),
        overage=_amount(priced, PieceKind.OVERAGE, currency),
        hourly=_amount(priced, PieceKind.HOURLY, currency),
        unpriced_seconds=unpriced,
        covered_seconds=counted[PieceKind.COVERED],
        overage_seconds=counted[PieceKind.OVERAGE],
    )


def _amount(priced: Mapping[tuple[PieceKind, Decimal], int], wanted: PieceKind, currency: str) -> Money:
    amounts = [amount_for(seconds, price, currency) for (kind, price), seconds in priced.items() if kind is wanted]
    return sum(amounts, Money.zero(currency))
