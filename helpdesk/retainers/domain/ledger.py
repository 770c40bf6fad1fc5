"""The months of an agreement one after the other: grant, pay what is owed, draw, expire, carry (rules 9 to 11)."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.grants import GIVEN_BACK, GrantDrawn
from helpdesk.retainers.domain.opening import Opening
from helpdesk.retainers.domain.pool import Lot, Pool
from helpdesk.retainers.domain.segments import Segment
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.domain.terms import Agreement, Terms
from helpdesk.retainers.domain.work import Adjustment

SegmentKey = tuple[str, int]


@dataclass(slots=True)
class Account:
    """What one month did with the allowance that ``span`` shares, in burn seconds; it always balances (`check`).

    ``granted`` counts what reversals gave back, ``adjusted``, as well.
    """

    month: Month
    span: Span
    granted: int = 0
    adjusted: list[Adjustment] = field(default_factory=list)
    carried_in: int = 0
    topped_up: list[tuple[str, int]] = field(default_factory=list)
    used: int = 0
    expired: list[tuple[str, int]] = field(default_factory=list)
    carried_out: int = 0


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Burn seconds of a segment that no grant covers, and the month that bills them."""

    segment: Segment
    burn_seconds: int
    month: Month


@dataclass(frozen=True, slots=True)
class Ledger:
    """The accounts of all computed months in order, what they left uncovered, and by segment which grants paid it."""

    accounts: tuple[Account, ...]
    shortfalls: tuple[Shortfall, ...]
    drawn: Mapping[SegmentKey, Sequence[GrantDrawn]] = field(default_factory=dict)


class _Book:
    """The state that goes from month to month: live lots, and burn that is owed (first in, first paid)."""

    def __init__(self, agreement: Agreement, adjustments: Sequence[Adjustment], opening: Opening | None) -> None:
        self.agreement = agreement
        self.adjustments = adjustments
        self.pool = Pool()
        self.owed: deque[tuple[Segment, int]] = deque()
        self.shortfalls: list[Shortfall] = []
        self.drawn: dict[SegmentKey, list[GrantDrawn]] = defaultdict(list)
        for left, month, dies_in in opening.lots if opening else ():
            self.pool.add(Lot(left, month, dies_in, last=agreement.span_of(month).last))
        self.carried = self.pool.left

    def month(self, month: Month, segments: Sequence[Segment]) -> Account:
        terms, span = self.agreement.terms_in(month), self.agreement.span_of(month)
        account = Account(month, span, carried_in=self.carried, used=sum(each.burn_seconds for each in segments))
        self._grant(account, terms)
        self._pay(span.first, terms)
        for segment in segments:
            self._draw(segment, span.first, terms)
        is_last = month == self.agreement.last_month
        if is_last or not terms.carry_deficit:
            account.used -= self._bill(month)
        account.expired = self.pool.expire(month, is_last=is_last)
        if terms.rollover_cap_seconds is not None and month == span.last:
            account.expired += self.pool.cut_to(terms.rollover_cap_seconds)
        self.carried = account.carried_out = self.pool.left - sum(burn for _, burn in self.owed)
        return account

    def _grant(self, account: Account, terms: Terms) -> None:
        month, span = account.month, account.span
        account.adjusted = [each for each in self.adjustments if each.month == month]
        allowance = self.agreement.allowance_in(month)
        account.granted = allowance + sum(each.seconds for each in account.adjusted)
        left = allowance + sum(map(self._pay_back, account.adjusted))
        self.pool.add(Lot(left, span.first, span.last.plus(terms.rollover_months), last=span.last))
        for block in self.agreement.top_ups_in(month):
            lot = Lot(block.seconds, month, Month.of(block.expires_on), block)
            self.pool.add(lot)
            account.topped_up.append((lot.name, block.seconds))
        account.topped_up.sort()

    def _pay_back(self, adjustment: Adjustment) -> int:
        """Pay what the reversed entry itself owes, so that nobody is billed for it, and return what is left."""
        left, owed = adjustment.seconds, self.owed
        self.owed = deque()
        for segment, burn in owed:
            paid = min(burn, left) if segment.entry.uuid == adjustment.entry_uuid else 0
            left -= paid
            if paid:
                self.drawn[segment.key].append(GrantDrawn(GIVEN_BACK, paid))
            if burn > paid:
                self.owed.append((segment, burn - paid))
        return left

    def _pay(self, month: Month, terms: Terms) -> None:
        while self.owed:
            segment, burn = self.owed.popleft()
            paid = self.pool.draw(burn, month=month, order=terms.draw_order, day=None)
            rest = self._log(segment, burn, paid)
            if rest:
                self.owed.appendleft((segment, rest))
                return

    def _draw(self, segment: Segment, month: Month, terms: Terms) -> None:
        burn = segment.burn_seconds
        rest = self._log(segment, burn, self.pool.draw(burn, month=month, order=terms.draw_order, day=segment.day))
        if rest:
            self.owed.append((segment, rest))

    def _log(self, segment: Segment, burn: int, drawn: Sequence[GrantDrawn]) -> int:
        """Keep which grants paid for the segment, and return what of ``burn`` they left unpaid."""
        if drawn:
            self.drawn[segment.key] += drawn
        return burn - sum(each.seconds for each in drawn)

    def _bill(self, month: Month) -> int:
        """Turn all that is owed into overage of ``month`` and return its burn."""
        billed = [Shortfall(segment, burn, month) for segment, burn in self.owed]
        self.owed.clear()
        self.shortfalls += billed
        return sum(each.burn_seconds for each in billed)


def keep_ledger(
    agreement: Agreement,
    segments: Mapping[Month, Sequence[Segment]],
    *,
    through: Month | None,
    adjustments: Sequence[Adjustment] = (),
    opening: Opening | None = None,
) -> Ledger:
    """Return the accounts from the first month of the agreement on, or after ``opening``, and what no grant covers.

    ``segments`` are those in scope, by month, each month in draw order. ``through`` is the last month asked for;
    months with work are computed in any case, and so are those after it that may still pay a deficit.
    ``adjustments`` are granted with the allowance of their month, and live as long as it.

    10 h a month, grants live to the end of month + 2, 6, 9, 8 and 22 h used: by earliest expiry 7 h are carried
    into the fourth month and 5 h uncovered; by current month 3 h and 9 h.
    """
    book = _Book(agreement, adjustments, opening)
    asked = [each for each in (*segments, through) if each is not None]
    accounts = []
    for month in _months(agreement, opening):
        is_owing_to_the_end = book.owed and agreement.last_month is not None
        if not (asked and month <= max(asked)) and not is_owing_to_the_end:
            break
        accounts.append(book.month(month, segments.get(month, ())))
    return Ledger(tuple(accounts), tuple(book.shortfalls), book.drawn)


def _months(agreement: Agreement, opening: Opening | None) -> Iterator[Month]:
    month = opening.after.next if opening else agreement.first_month
    while agreement.last_month is None or month <= agreement.last_month:
        yield month
        month = month.next
