"""The postings of a month with the entries behind them: those of the closed one, or as if it closed now (rule 10)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from helpdesk.kernel.money import exponent_of
from helpdesk.kernel.periods import Month, local_day
from helpdesk.rates.domain import RateHit
from helpdesk.retainers.books import Bookkeeping, MonthView
from helpdesk.retainers.domain import grants
from helpdesk.retainers.domain.grants import GrantDrawn
from helpdesk.retainers.domain.period import Posting
from helpdesk.retainers.models import LedgerRow
from helpdesk.retainers.worked import Worked
from helpdesk.timekeeping.models import TimeEntry


@dataclass(frozen=True)
class PostedEntry:
    """The entry behind a posting, as a statement tells of it."""

    id: int
    number: int
    is_ticket: bool
    title: str
    day: date
    person_name: str
    note: str


@dataclass(frozen=True)
class Posted:
    """One posting: ``seconds`` is signed burn, ``billed_seconds`` what of the entry it is about, before any factor.

    ``price_minor`` of an hour is that of overage, None where it has none. ``grants`` paid for what is drawn.
    """

    kind: str
    seconds: int
    reason: str
    entry: PostedEntry | None = None
    billed_seconds: int = 0
    price_minor: int | None = None
    grants: tuple[GrantDrawn, ...] = ()


@dataclass(frozen=True)
class DayStand:
    """Where a month or quarter stands at the end of one of its days, in seconds of burn.

    ``is_known`` is False after today, and in a quarter after the month that is told of.
    """

    day: date
    used_seconds: int
    pending_seconds: int
    sum_seconds: int
    pending_sum_seconds: int
    even_seconds: int
    is_known: bool


def postings_of(session: Session, view: MonthView) -> list[Posted]:
    """Return the postings in their order; what one entry draws, or leaves over at one price, is one of them.

    A closed month has those of its ledger. An open one has what they would be; its rest neither expires nor is
    carried before its end.
    """
    zone, currency = ZoneInfo(view.agreement.time_zone), view.agreement.currency
    if view.closed is not None:
        return _together(_posted_row(row, entry, zone) for row, entry in _ledger(session, view.closed.id))
    postings = [each for each in view.statement.period.postings if each.kind not in {"expiry", "carried_out"}]
    return _together(_projected(each, view.book, zone, currency) for each in postings)


def pending_of(view: MonthView) -> list[Posted]:
    """Return the time of the month that is not approved yet, as worked; it draws nothing."""
    book, zone = view.book, ZoneInfo(view.agreement.time_zone)
    waiting = [each for each in book.books.entries if each.is_pending and each.is_billable]
    entries = [(_entry(book.rows[each.uuid], zone), each.raw_seconds) for each in waiting]
    return [Posted("pending", 0, "", entry, raw) for entry, raw in entries if Month.of(entry.day) == view.month]


def days_of(view: MonthView, postings: Sequence[Posted], *, as_of: date) -> list[DayStand]:
    """Return the days of a month, or of its quarter, that the agreement is in force, as ``as_of`` knows them.

    A closed month is what its ledger says; late time stands on its first day.
    """
    days, allowance = view.statement.days, view.statement.allowance_seconds
    known_until = min(as_of, view.month.last_day)
    if view.closed is None:
        sums = [(each.used_seconds, each.pending_seconds) for each in days]
    else:
        before = [each.used_seconds for each in days if each.day < view.month.first_day]
        burned = _burned(postings, [each.day for each in days[len(before) :]])
        base = before[-1] if before else 0
        sums = [(each, 0) for each in [*before, *(base + each for each in accumulate(burned))]]
    steps = [(now[0] - before[0], now[1] - before[1]) for before, now in pairwise([(0, 0), *sums])]
    return [
        DayStand(
            day=day.day,
            used_seconds=step[0],
            pending_seconds=step[1],
            sum_seconds=total[0],
            pending_sum_seconds=total[0] + total[1],
            even_seconds=allowance * at // len(days),
            is_known=day.day <= known_until,
        )
        for at, (day, step, total) in enumerate(zip(days, steps, sums, strict=True), start=1)
    ]


def _burned(postings: Iterable[Posted], days: Sequence[date]) -> list[int]:
    burned = dict.fromkeys(days, 0)
    for each in postings:
        if each.entry is not None and each.kind in {"draw", "overage"}:
            day = each.entry.day if each.entry.day in burned else days[0]
            burned[day] += each.seconds if each.kind == "overage" else -each.seconds
    return list(burned.values())


def _ledger(session: Session, period_id: int) -> list[tuple[LedgerRow, TimeEntry | None]]:
    query = (
        select(LedgerRow, TimeEntry)
        .outerjoin(TimeEntry, TimeEntry.id == LedgerRow.time_entry_id)
        .where(LedgerRow.period_id == period_id, LedgerRow.reverses.is_(False))
        .options(joinedload(TimeEntry.person), joinedload(TimeEntry.work_item))
        .order_by(LedgerRow.position)
    )
    return [(row, entry) for row, entry in session.execute(query)]


def _posted_row(row: LedgerRow, entry: TimeEntry | None, zone: ZoneInfo) -> Posted:
    return Posted(
        kind=row.kind,
        seconds=row.seconds,
        reason=row.reason,
        entry=None if entry is None else _entry(Worked.of(entry), zone),
        billed_seconds=(row.to_second or 0) - (row.from_second or 0),
        price_minor=row.price_minor,
        grants=grants.kept(row.grants),
    )


def _projected(posting: Posting, book: Bookkeeping, zone: ZoneInfo, currency: str) -> Posted:
    piece = posting.piece
    uuid = piece.entry_uuid if piece is not None else posting.adjusts
    price = piece.price if piece is not None else None
    return Posted(
        kind=posting.kind,
        seconds=posting.seconds,
        reason=posting.reason,
        entry=_entry(book.rows[uuid], zone) if uuid is not None else None,
        billed_seconds=piece.to_second - piece.from_second if piece is not None else 0,
        price_minor=_minor(price.amount, currency) if isinstance(price, RateHit) else None,
        grants=posting.grants,
    )


def _minor(amount: Decimal, currency: str) -> int:
    return int(amount.scaleb(exponent_of(currency)))


def _entry(row: Worked, zone: ZoneInfo) -> PostedEntry:
    day = local_day(row.started_at, zone)
    return PostedEntry(row.id, row.number, row.kind == "ticket", row.title, day, row.person_name, row.note)


def _together(postings: Iterable[Posted]) -> list[Posted]:
    """Return the postings with those of one kind, entry and price added up: edges of hours split what people see."""
    groups: dict[tuple[object, ...], list[Posted]] = defaultdict(list)
    for at, each in enumerate(postings):
        groups[(each.kind, each.entry.id, each.price_minor) if each.entry else (each.kind, "", at)].append(each)
    return [
        Posted(
            kind=group[0].kind,
            seconds=sum(each.seconds for each in group),
            reason=group[0].reason,
            entry=group[0].entry,
            billed_seconds=sum(each.billed_seconds for each in group),
            price_minor=group[0].price_minor,
            grants=grants.together([grant for each in group for grant in each.grants]),
        )
        for group in groups.values()
    ]
