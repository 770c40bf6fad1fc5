"""The engine agrees with a second, slow ledger that draws hour by hour and knows no arithmetic but one."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.durations import RoundingMode
from helpdesk.kernel.periods import Month, zone_named
from helpdesk.rates.domain import RoundingPolicy
from helpdesk.retainers.domain.engine import Books, settle
from helpdesk.retainers.domain.pieces import PieceKind
from helpdesk.retainers.domain.terms import Agreement, DrawOrder, Terms, TopUp
from helpdesk.retainers.domain.work import WorkEntry

HOUR = 3600
START = date(2026, 1, 1)
MONTHS = [Month(2026, number) for number in range(1, 6)]
ENDS = date(2026, 5, 31)


@st.composite
def contracts(draw: st.DrawFn) -> Agreement:
    blocks = []
    for at in range(draw(st.integers(0, 3))):
        first = draw(st.dates(START, ENDS))
        blocks.append(
            TopUp(str(at), draw(st.integers(1, 6)) * HOUR, first, first + timedelta(draw(st.integers(0, 70))))
        )
    terms = Terms(
        START,
        draw(st.integers(0, 8)) * HOUR,
        rollover_months=draw(st.integers(0, 3)),
        rollover_cap_seconds=draw(st.none() | st.integers(0, 10).map(lambda hours: hours * HOUR)),
        draw_order=draw(st.sampled_from(list(DrawOrder))),
        carry_deficit=draw(st.booleans()),
        pool_months=draw(st.sampled_from([1, 3])),
    )
    return Agreement(START, (terms,), draw(st.sampled_from([None, ENDS])), top_ups=tuple(blocks))


@st.composite
def histories(draw: st.DrawFn) -> list[WorkEntry]:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    entries = []
    for at in range(draw(st.integers(0, 10))):
        start = first + timedelta(hours=draw(st.integers(0, 150 * 24)))
        entries.append(WorkEntry(f"e{at}", start, start + timedelta(hours=draw(st.integers(1, 12)))))
    return entries


@dataclass
class SlowLot:
    left: int
    granted_in: Month
    until: date
    block: TopUp | None = None


class SlowLedger:
    """Hours as single counters: each takes the best lot there is, and all lots are looked at every time."""

    def __init__(self, agreement: Agreement, entries: list[WorkEntry]) -> None:
        self.agreement, self.terms = agreement, agreement.terms[0]
        self.lots: list[SlowLot] = []
        self.owed: list[str] = []
        self.overage: Counter[str] = Counter()
        self.paid: Counter[tuple[str, str]] = Counter()
        self.hours = [
            (entry.uuid, (entry.started_at + timedelta(hours=at)).date())
            for entry in sorted(entries, key=lambda each: (each.started_at, each.uuid))
            for at in range(entry.raw_seconds // HOUR)
        ]

    def month(self, month: Month) -> tuple[int, int, int, int]:
        """Return (carried in, used, expired, carried out) in hours."""
        carried_in = self.balance()
        self.grant(month)
        while self.owed and self.take(month, None, self.owed[0]):
            self.owed.pop(0)
        worked = [(uuid, day) for uuid, day in self.hours if Month.of(day) == month]
        self.owed += [uuid for uuid, day in worked if not self.take(month, day, uuid)]
        used = len(worked)
        is_last = self.agreement.ends_on == month.last_day
        if is_last or not self.terms.carry_deficit:
            self.overage.update(self.owed)
            used -= len(self.owed)
            self.owed = []
        return carried_in, used, self.expire(month, is_last=is_last), self.balance()

    def balance(self) -> int:
        return sum(lot.left for lot in self.lots) - len(self.owed)

    def grant(self, month: Month) -> None:
        shared = self.shared_by(month)
        if month == shared[0]:
            until = shared[-1].plus(self.terms.rollover_months).last_day
            agreed = [each for each in shared if not self.agreement.ends_on or each.first_day <= self.agreement.ends_on]
            self.lots.append(SlowLot(len(agreed) * self.terms.allowance_seconds // HOUR, month, until))
        for block in self.agreement.top_ups:
            if Month.of(block.valid_from) == month:
                self.lots.append(SlowLot(block.seconds // HOUR, month, block.expires_on, block))

    def shared_by(self, month: Month) -> list[Month]:
        """Return the months that share the hours of ``month``; quarters are those of the calendar here."""
        if self.terms.pool_months == 1:
            return [month]
        return [Month(month.year, (month.month - 1) // 3 * 3 + at) for at in (1, 2, 3)]

    def name_of(self, lot: SlowLot) -> str:
        if lot.block:
            return f"top-up of {lot.block.valid_from}"
        shared = self.shared_by(lot.granted_in)
        return f"allowance of {shared[0]}" + (f" to {shared[-1]}" if len(shared) > 1 else "")

    def take(self, month: Month, day: date | None, uuid: str) -> bool:
        def rank(lot: SlowLot) -> tuple[bool, bool, date, date]:
            this_month_first = self.terms.draw_order is DrawOrder.CURRENT_MONTH and lot.block is None
            start = lot.block.valid_from if lot.block else lot.granted_in.first_day
            is_older = lot.granted_in not in self.shared_by(month)
            return lot.block is not None, this_month_first and is_older, lot.until, start

        usable = [
            lot
            for lot in self.lots
            if lot.left and (not lot.block or not day or lot.block.valid_from <= day <= lot.until)
        ]
        for lot in sorted(usable, key=rank)[:1]:
            lot.left -= 1
            self.paid[uuid, self.name_of(lot)] += 1
        return bool(usable)

    def expire(self, month: Month, *, is_last: bool) -> int:
        before = sum(lot.left for lot in self.lots)
        self.lots = [lot for lot in self.lots if not is_last and Month.of(lot.until) > month]
        cap = self.terms.rollover_cap_seconds
        allowance = sorted((lot for lot in self.lots if not lot.block), key=lambda lot: lot.until)
        while (
            cap is not None and month == self.shared_by(month)[-1] and sum(lot.left for lot in allowance) * HOUR > cap
        ):
            next(lot for lot in allowance if lot.left).left -= 1
        return before - sum(lot.left for lot in self.lots)


@given(contracts(), histories())
def test_both_ledgers_agree(agreement, entries):
    exact = RoundingPolicy(RoundingMode.NONE)
    slow = SlowLedger(agreement, entries)

    settlement = settle(Books(tuple(entries), zone_named("UTC"), "EUR", exact, (), agreement, through=MONTHS[-1]))
    rows = [slow.month(month) for month in MONTHS]

    assert [
        (
            each.carried_in_seconds // HOUR,
            each.used_seconds // HOUR,
            each.expired_seconds // HOUR,
            each.carried_out_seconds // HOUR,
        )
        for each in settlement.periods[: len(MONTHS)]
    ] == rows
    overage = {each.entry.uuid: each.seconds(PieceKind.OVERAGE) // HOUR for each in settlement.entries}
    assert {uuid: hours for uuid, hours in overage.items() if hours} == slow.overage
    paid: Counter[tuple[str, str]] = Counter()
    for result in settlement.entries:
        for grant in (each for piece in result.pieces for each in piece.grants):
            paid[result.entry.uuid, grant.grant] += grant.seconds // HOUR
    assert paid == slow.paid
