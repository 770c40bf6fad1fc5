"""The cap of a month: its allowance with what is carried and bought, and time beyond it (docs/billing.md rule 14).

A month of a quarter has what the months before it left of the quarter's hours.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.engine import Books, settle
from helpdesk.retainers.domain.period import PeriodResult
from helpdesk.retainers.domain.segments import segments_of
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.domain.terms import Agreement, AtCap
from helpdesk.retainers.domain.work import EntryStatus, billable_seconds

Months = Mapping[Month, int]
"""Seconds by month."""


@dataclass(frozen=True, slots=True)
class OverCap:
    """A month whose cap is passed, in burn seconds: what it includes, what it burned, what of that lies beyond.

    ``lifted_seconds`` is what the client granted beyond the cap.
    """

    month: Month
    policy: AtCap
    allowance_seconds: int
    burned_seconds: int
    beyond_seconds: int
    lifted_seconds: int = 0


def over_cap(period: PeriodResult, policy: AtCap, *, lifted_seconds: int = 0) -> OverCap:
    """Return where a month stands with its cap.

    Beyond it is what burned over the allowance and, where a block was not for the day of the work, what it left over.
    """
    overage = sum(each.seconds for each in period.postings if each.kind == "overage")
    here = sum(
        each.seconds
        for each in period.postings
        if each.kind == "overage" and each.piece and each.piece.worked_in == period.month
    )
    burned = period.used_seconds + overage
    allowance = period.granted_seconds + period.carried_in_seconds + period.topped_up_seconds
    return OverCap(period.month, policy, allowance, burned, max(burned - allowance, here, 0), lifted_seconds)


def passed_by(books: Books, uuids: Collection[str], *, lifted: Months, closed: Collection[Month]) -> list[OverCap]:
    """Return the open months that hold no more than their cap, and go beyond it by the entries ``uuids``.

    The entries count in the books already. Going beyond by hours that the client granted is not going beyond, and
    neither is a month that was beyond before and is not more so now. A month that carries the hours of another, and
    lacks them now, is looked at as well.
    """
    agreement = books.agreement
    if agreement is None or all(each.at_cap is AtCap.WARN for each in agreement.terms):
        return []
    without = settle(replace(books, entries=tuple(each for each in books.entries if each.uuid not in uuids)))
    before = {each.month: over_cap(each, AtCap.WARN).beyond_seconds for each in without.periods}
    found = []
    for period in settle(books).periods:
        policy, granted = agreement.terms_in(period.month).at_cap, lifted.get(period.month, 0)
        if policy is not AtCap.WARN and period.month not in closed:
            now = over_cap(period, policy, lifted_seconds=granted)
            if now.beyond_seconds > max(granted, before.get(period.month, 0)):
                found.append(now)
    return found


def standing_out(books: Books, uuids: Iterable[str], *, lifted: Months) -> dict[str, OverCap]:
    """Return those of the waiting entries that their month has no room for, each in the order of the work.

    What fits takes its room, of a quarter that of the months after it, too; a later entry that is short enough may
    still fit.
    """
    agreement, wanted = books.agreement, frozenset(uuids)
    if agreement is None:
        return {}
    stands = {
        period.month: over_cap(
            period, agreement.terms_in(period.month).at_cap, lifted_seconds=lifted.get(period.month, 0)
        )
        for period in settle(books).periods
    }
    room = {
        month: at.allowance_seconds + at.lifted_seconds - at.burned_seconds
        for month, at in stands.items()
        if at.policy is not AtCap.WARN
    }
    found = {}
    for uuid, burn in _burn_by_month(books, agreement, wanted):
        tight = [month for month, seconds in burn.items() if seconds and month in room and seconds > room[month]]
        if tight:
            found[uuid] = stands[tight[0]]
        elif room:
            room = {month: left - _taken(burn, agreement.span_of(month), month) for month, left in room.items()}
    return found


def _taken(burn: Months, span: Span, month: Month) -> int:
    """Return what an entry takes from a month: what it burns there, or in a month before it of the same quarter."""
    return sum(seconds for at, seconds in burn.items() if span.first <= at <= month)


def _burn_by_month(books: Books, agreement: Agreement, wanted: frozenset[str]) -> list[tuple[str, dict[Month, int]]]:
    waiting = sorted((each for each in books.entries if each.uuid in wanted), key=lambda each: each.order)
    entries = [replace(each, status=EntryStatus.APPROVED) for each in waiting]
    seconds = billable_seconds(entries, books.rounding, books.zone)
    found = []
    for entry in entries:
        burn: dict[Month, int] = {}
        for segment in segments_of(entry, seconds[entry.uuid], agreement, books.zone) if entry.counts else ():
            if segment.is_in_scope:
                burn[segment.month] = burn.get(segment.month, 0) + segment.burn_seconds
        found.append((entry.uuid, burn))
    return found
