"""How the amount of a line came about, step by step, and whether the steps add up: pure (docs/billing.md rule 18).

What stands here are stored facts: the interval of an entry, what it was approved with, the charges that hold its
seconds, the rows of closed months. Nothing is decided anew; `gaps` only adds up what is there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from helpdesk.invoicing.domain.totals import ON_TOP, TaxGroup, TaxRate, total_up
from helpdesk.kernel.durations import MINUTE, to_minutes
from helpdesk.kernel.money import Money
from helpdesk.kernel.taxes import TaxMode
from helpdesk.rates.domain import RoundingPolicy, RoundingScope
from helpdesk.retainers.domain.grants import GrantDrawn


@dataclass(frozen=True, slots=True)
class Rounded:
    """What was rounded once: the entry alone, or its day, ticket or chain with ``members`` entries."""

    policy: RoundingPolicy
    worked_seconds: int
    billed_seconds: int
    members: int = 1

    @property
    def is_as_policy_says(self) -> bool:
        """Whether the policy makes the billed seconds of the worked ones.

        It does not where a group grew after its first part was charged: what came later is a group of its own.
        """
        return self.policy.billable_seconds(self.worked_seconds) == self.billed_seconds

    @property
    def stands_alone(self) -> bool:
        """Whether the entry was rounded by itself."""
        return self.members == 1 and self.policy.scope is RoundingScope.ENTRY


@dataclass(frozen=True, slots=True)
class Taken:
    """A half-open range of an entry's billable seconds and what became of it.

    ``kind`` is covered, overage, hourly, written_off or open (nothing holds it). ``is_here``: the line in question
    bills it. ``holder`` says who else holds it, ``reason`` what the month's ledger says of it, ``grants`` which grants
    it says paid for the burn.
    """

    from_second: int
    to_second: int
    burn_seconds: int
    kind: str
    holder: str = ""
    reason: str = ""
    is_here: bool = False
    grants: tuple[GrantDrawn, ...] = ()

    @property
    def seconds(self) -> int:
        """The length of the range."""
        return self.to_second - self.from_second

    @property
    def factor(self) -> Fraction:
        """What a second of it burns."""
        return Fraction(self.burn_seconds, self.seconds) if self.seconds else Fraction(1)


@dataclass(frozen=True, slots=True)
class EntryWhy:
    """One entry behind a line: from its interval to the seconds that the line counts of it."""

    entry_id: int
    day: date
    person: str
    note: str
    starts: datetime
    ends: datetime
    is_typed: bool
    worked_seconds: int
    billable_seconds: int
    rounded: Rounded | None
    taken: tuple[Taken, ...]
    counted_seconds: int
    price: Decimal | None
    price_reason: str
    is_free: bool = False

    @property
    def has_changed(self) -> bool:
        """Whether the entry was credited and altered since: it has not the seconds any more that were billed."""
        return any(each.to_second > self.billable_seconds for each in self.taken if each.is_here)


@dataclass(frozen=True, slots=True)
class LineWhy:
    """One line: the seconds that it counts, its minutes, its price, its amount.

    Where ``minutes`` is None, ``quantity`` times the price is the amount, or ``percent`` of ``base``, the amounts of
    the lines that it is of.
    """

    position: int
    kind: str
    description: str
    minutes: Decimal | None
    unit_price: Decimal
    amount: Money
    entries: tuple[EntryWhy, ...] = ()
    quantity: Decimal = Decimal(1)
    percent: Decimal | None = None
    base: tuple[tuple[int, str, Money], ...] = ()

    @property
    def counted_seconds(self) -> int:
        """All that the line counts."""
        return sum(entry.counted_seconds for entry in self.entries)

    @property
    def exact(self) -> Fraction:
        """The amount before it is rounded to the minor unit."""
        if self.percent is not None:
            return Fraction(sum(amount.amount for _, _, amount in self.base)) * Fraction(self.percent) / 100
        if self.minutes is None:
            return Fraction(self.quantity) * Fraction(self.unit_price)
        return Fraction(self.minutes) * Fraction(self.unit_price) / MINUTE


@dataclass(frozen=True, slots=True)
class TaxWhy:
    """One tax group: the rounded amounts of its lines, their sum, and the tax on that sum.

    ``mode`` says whether it is taken line by line, or out of the amounts. The last credit note of an invoice takes
    what those before left of the tax (``is_rest``).
    """

    category: str
    percent: Decimal
    lines: tuple[tuple[int, str, Money], ...]
    net: Money
    tax: Money
    mode: TaxMode = ON_TOP
    is_rest: bool = False

    @property
    def together(self) -> Money:
        """What the lines come to."""
        return _sum((amount for _, _, amount in self.lines), self.net)

    @property
    def exact(self) -> Fraction:
        """The tax before it is rounded; where the lines have it in them, the net before it is."""
        percent = Fraction(self.percent)
        if self.mode.included:
            return Fraction(self.together.amount) * 100 / (100 + percent)
        return Fraction(self.net.amount) * percent / 100

    def of_line(self, amount: Money) -> Money:
        """Return the tax of one line, where each is rounded by itself."""
        return self._of([amount]).tax

    def expected(self) -> TaxGroup:
        """Return what the lines give."""
        return self._of([amount for _, _, amount in self.lines])

    def _of(self, amounts: Iterable[Money]) -> TaxGroup:
        rate = TaxRate(self.category, self.percent)
        return total_up([(amount, rate) for amount in amounts], self.net.currency, self.mode).groups[0]


@dataclass(frozen=True, slots=True)
class TotalWhy:
    """Net, each group's tax, and what they come to."""

    net: Money
    taxes: tuple[TaxWhy, ...]
    total: Money


def gaps(line: LineWhy) -> list[str]:
    """Return which steps of a line do not lead to the next one; none where every figure adds up to the cent.

    ``entry``: the ranges of an entry are not its billable seconds. ``minutes``: what is counted is not what is
    printed. ``amount``: minutes × price / 60 is another amount. ``grants``: what the grants paid is not what was drawn.
    """
    found = []
    if any(not _is_partition(entry) for entry in line.entries if not entry.is_free):
        found.append("entry")
    if any(not _grants_pay(taken) for entry in line.entries for taken in entry.taken):
        found.append("grants")
    if line.entries and line.minutes is not None and to_minutes(line.counted_seconds) != abs(line.minutes):
        found.append("minutes")
    if Money.rounded(line.exact, line.amount.currency) != line.amount:
        found.append("amount")
    return found


def tax_gaps(tax: TaxWhy) -> list[str]:
    """Return what does not add up of a tax group: ``net`` (the lines) or ``tax`` (the percent of it)."""
    if tax.is_rest:
        sums = tax.net + tax.tax if tax.mode.included else tax.net
        return [] if tax.together == sums else ["net"]
    if not tax.lines:
        return ["net"] if tax.net else []
    expected = tax.expected()
    return [*([] if expected.net == tax.net else ["net"]), *([] if expected.tax == tax.tax else ["tax"])]


def total_gaps(total: TotalWhy) -> list[str]:
    """Return what does not add up of the totals: ``net`` or ``total``."""
    net = _sum((tax.net for tax in total.taxes), total.net)
    whole = _sum((tax.tax for tax in total.taxes), total.net) + total.net
    return [*([] if net == total.net else ["net"]), *([] if whole == total.total else ["total"])]


def whole_of(billable_seconds: int, taken: Iterable[Taken]) -> tuple[Taken, ...]:
    """Return the ranges in order, with what lies between them as open: together all of the entry."""
    found: list[Taken] = []
    at = 0
    for each in sorted(taken, key=lambda one: (one.from_second, one.to_second)):
        if each.from_second > at:
            found.append(_open(at, each.from_second))
        found.append(each)
        at = max(at, each.to_second)
    if at < billable_seconds:
        found.append(_open(at, billable_seconds))
    return tuple(found)


def _open(low: int, high: int) -> Taken:
    return Taken(low, high, high - low, "open")


def _is_partition(entry: EntryWhy) -> bool:
    edges: Sequence[Taken] = entry.taken
    meets = all(before.to_second == after.from_second for before, after in pairwise(edges))
    if not edges:
        return entry.billable_seconds == 0
    return meets and edges[0].from_second == 0 and edges[-1].to_second == entry.billable_seconds


def _grants_pay(taken: Taken) -> bool:
    return not taken.grants or sum(each.seconds for each in taken.grants) == taken.burn_seconds


def _sum(amounts: Iterable[Money], like: Money) -> Money:
    return sum(amounts, Money.zero(like.currency))


@dataclass(frozen=True, slots=True)
class FeeWhy:
    """The fee of a month by the terms that were in force: whole, or by its days (rule 13)."""

    agreement: str
    month: str
    terms_since: date
    fee: Decimal
    days: int
    month_days: int
    is_prorated: bool
    amount: Money

    @property
    def exact(self) -> Fraction:
        """The fee before it is rounded."""
        part = Fraction(self.days, self.month_days) if self.is_prorated else Fraction(1)
        return Fraction(self.fee) * part


def fee_gaps(fee: FeeWhy) -> list[str]:
    """Return ``fee`` where the terms say another amount than the line: they were changed since it was drafted."""
    return [] if Money.rounded(fee.exact, fee.amount.currency) == fee.amount else ["fee"]


def exact_text(value: Fraction, *, places: int = 6) -> str:
    """Return a number with all its decimals, or the first ``places`` and an ellipsis: 1/3 -> ``0.333333…``."""
    scaled = abs(value) * 10**places
    digits = str(scaled.numerator // scaled.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    if scaled.denominator != 1:
        return f"{sign}{digits[:-places]}.{digits[-places:]}…"
    whole, fraction = digits[:-places], digits[-places:].rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
