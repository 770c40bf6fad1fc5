"""The whole pipeline for one client: from entries to what each second costs and each month used.

The order is that of docs/billing.md "The pipeline": round, split, multiply, allocate, price. Lines and tax follow
in invoicing. The close of a period, the open statement and ``helpdesk retainers simulate`` all call `settle`.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from helpdesk.kernel.periods import Month, local_day
from helpdesk.rates.domain import RateCard, RateMissing, RateQuestion, RoundingPolicy, find_rate
from helpdesk.retainers.domain.ledger import Account, keep_ledger
from helpdesk.retainers.domain.opening import Opening
from helpdesk.retainers.domain.period import PeriodResult, period_result
from helpdesk.retainers.domain.pieces import Piece, PieceKind, Price, pieces_of
from helpdesk.retainers.domain.segments import Segment, segments_of
from helpdesk.retainers.domain.terms import Agreement
from helpdesk.retainers.domain.work import Adjustment, WorkEntry, billable_seconds

RATE_MISSING = "rate_missing"


@dataclass(frozen=True, slots=True)
class Books:
    """All that the result depends on: one client's time, rates and agreement, in the contract's zone and currency.

    ``entries`` may come in any order and have distinct uuids. ``through`` is the last month to account for; months
    with work are accounted for in any case. ``adjustments`` are what reversals of entries give back. Months up to
    that of ``opening`` are settled: nothing of them is computed, and no entry that lies in them alone is needed.
    """

    entries: tuple[WorkEntry, ...]
    zone: ZoneInfo
    currency: str
    rounding: RoundingPolicy = field(default_factory=RoundingPolicy)
    rate_cards: tuple[RateCard, ...] = ()
    agreement: Agreement | None = None
    client: str | None = None
    through: Month | None = None
    adjustments: tuple[Adjustment, ...] = ()
    opening: Opening | None = None

    def is_settled(self, month: Month) -> bool:
        """Return whether a month lies before all that is computed."""
        return self.opening is not None and month <= self.opening.after


class EntryResult(NamedTuple):
    """What became of one entry; all seconds are 0 where it is not billable or not approved.

    On basis ``worked`` covered + overage + hourly = billable; on ``weighted`` they add up to the burn.
    """

    entry: WorkEntry
    billable_seconds: int
    rate: Price
    pieces: tuple[Piece, ...]
    burn_seconds: int

    def seconds(self, kind: PieceKind) -> int:
        """Return the counted seconds of one kind."""
        return sum(piece.quantity_seconds for piece in self.pieces if piece.kind is kind)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps time off an invoice; no refusal."""

    entry_uuid: str
    code: str
    message: str


@dataclass(frozen=True)
class Settlement:
    """What the engine makes of the books: entries by start and uuid, periods by month, segments in draw order."""

    entries: tuple[EntryResult, ...]
    periods: tuple[PeriodResult, ...]
    segments: tuple[Segment, ...]

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """The entries of which overage or hourly seconds have no price (rule 6)."""
        return tuple(
            Problem(result.entry.uuid, RATE_MISSING, result.rate.reason)
            for result in self.entries
            if isinstance(result.rate, RateMissing)
            and any(isinstance(piece.price, RateMissing) and piece.quantity_seconds for piece in result.pieces)
        )

    def period(self, month: Month) -> PeriodResult | None:
        """Return one month, ``None`` where the agreement has none then."""
        return next((each for each in self.periods if each.month == month), None)

    def pieces_in(self, month: Month) -> list[Piece]:
        """Return the pieces that ``month`` settles, by entry and range."""
        return [piece for result in self.entries for piece in result.pieces if piece.month == month]


def settle(books: Books) -> Settlement:
    """Return what every entry and every month comes to.

    A pure function of the books: the order in which entries, rates and top-ups are given changes nothing.
    """
    entries = sorted(books.entries, key=lambda entry: entry.order)
    rates = {entry.uuid: _rate_of(entry, books) for entry in entries}
    billable = billable_seconds(entries, books.rounding, books.zone)
    segments = [
        segment
        for entry in entries
        if entry.counts
        for segment in segments_of(entry, billable[entry.uuid], books.agreement, books.zone)
        if not books.is_settled(segment.month)
    ]
    accounts, pieces = _allocate(segments, rates, books)
    by_entry = _by_entry(pieces)
    burn = _burn_by_entry(segments)
    results = tuple(
        EntryResult(
            entry=entry,
            billable_seconds=billable.get(entry.uuid, 0),
            rate=rates[entry.uuid],
            pieces=tuple(by_entry.get(entry.uuid, ())),
            burn_seconds=burn.get(entry.uuid, 0),
        )
        for entry in entries
    )
    return Settlement(results, _periods(accounts, pieces, books), tuple(segments))


def _rate_of(entry: WorkEntry, books: Books) -> Price:
    if entry.fixed_rate is not None:
        return entry.fixed_rate
    question = RateQuestion(
        worked_on=local_day(entry.started_at, books.zone),
        currency=books.currency,
        project=entry.project,
        client=books.client,
        person=entry.person,
        work_type=entry.work_type,
        own_rate=entry.own_rate,
    )
    return find_rate(books.rate_cards, question)


def _allocate(
    segments: list[Segment], rates: dict[str, Price], books: Books
) -> tuple[tuple[Account, ...], list[Piece]]:
    if books.agreement is None:
        return (), pieces_of(segments, None, rates, None, books.currency)
    by_month: dict[Month, list[Segment]] = defaultdict(list)
    for segment in segments:
        if segment.is_in_scope:
            by_month[segment.month].append(segment)
    in_order = sorted(books.adjustments, key=lambda each: (each.month, each.entry_uuid))
    ledger = keep_ledger(books.agreement, by_month, through=books.through, adjustments=in_order, opening=books.opening)
    return ledger.accounts, pieces_of(segments, ledger, rates, books.agreement, books.currency)


def _by_entry(pieces: Iterable[Piece]) -> dict[str, list[Piece]]:
    found: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        found[piece.entry_uuid].append(piece)
    return found


def _burn_by_entry(segments: Iterable[Segment]) -> dict[str, int]:
    burn: dict[str, int] = defaultdict(int)
    for segment in segments:
        burn[segment.entry.uuid] += segment.burn_seconds
    return burn


def _periods(accounts: Iterable[Account], pieces: Iterable[Piece], books: Books) -> tuple[PeriodResult, ...]:
    if books.agreement is None:
        return ()
    drawn, settled = defaultdict(list), defaultdict(list)
    for piece in pieces:
        if piece.kind is not PieceKind.HOURLY:
            drawn[piece.worked_in].append(piece)
            settled[piece.month].append(piece)
    return tuple(
        period_result(
            account,
            worked=drawn.get(account.month, []),
            settled=settled.get(account.month, []),
            fee=books.agreement.fee_in(account.month, books.currency),
        )
        for account in accounts
    )
