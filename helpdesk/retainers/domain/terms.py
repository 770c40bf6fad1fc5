"""What a retainer agrees: its term, scope, allowance, prices and top-ups (docs/billing.md rules 8, 9 and 13)."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from helpdesk.kernel.durations import MINUTE
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money, round_half_up
from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.spans import MONTHLY, POOL_MONTHS, Span, begins_of, span_of

_ONE = Decimal(1)


class FeeTiming(StrEnum):
    """Whether the fee is drafted before its month or after it."""

    ADVANCE = "advance"
    ARREARS = "arrears"


class OverageBasis(StrEnum):
    """What overage counts: the seconds that were worked, or the seconds that were burned."""

    WORKED = "worked"
    WEIGHTED = "weighted"


class DrawOrder(StrEnum):
    """Which part of the allowance is drawn first."""

    EARLIEST_EXPIRY = "earliest_expiry"
    CURRENT_MONTH = "current_month"


class AtCap(StrEnum):
    """What becomes of time beyond the allowance of a month: it is told of, waits for the client, or is not approved."""

    WARN = "warn"
    ASK = "ask"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Multiplier:
    """How fast one work type burns the allowance: factor 2 takes two seconds for one."""

    work_type: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class AfterHours:
    """The factor outside of business hours.

    ``business_hours`` has one entry a weekday from Monday on: the minutes after midnight from which to which
    business is open (1440 is the end of the day), or ``None`` where it is closed all day.
    """

    factor: Decimal
    business_hours: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class TopUp:
    """A block of seconds bought beside the allowance, for the local days ``valid_from`` to ``expires_on`` inclusive."""

    key: str
    seconds: int
    valid_from: date
    expires_on: date


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of the terms. ``fee`` and ``overage_rate`` may be finer than the currency.

    ``overage_rate`` ``None`` bills overage at the entry's own rate. ``rollover_cap_seconds`` ``None`` caps nothing.
    ``allowance_seconds`` are those of a month; with ``pool_months`` 3 a quarter shares those of its three.

    Raises:
        RuleViolation: basis ``weighted`` without an overage rate, as weighted seconds have no price of their own, or a
            pool of neither a month nor a quarter.
    """

    effective_on: date
    allowance_seconds: int = 0
    fee: Decimal = Decimal(0)
    fee_timing: FeeTiming = FeeTiming.ADVANCE
    overage_rate: Decimal | None = None
    overage_basis: OverageBasis = OverageBasis.WORKED
    rollover_months: int = 0
    rollover_cap_seconds: int | None = None
    draw_order: DrawOrder = DrawOrder.EARLIEST_EXPIRY
    carry_deficit: bool = False
    prorate: bool = True
    multipliers: tuple[Multiplier, ...] = ()
    after_hours: AfterHours | None = None
    at_cap: AtCap = AtCap.WARN
    pool_months: int = MONTHLY

    def __post_init__(self) -> None:
        if self.pool_months not in POOL_MONTHS:
            message = "hours are shared over a month or a quarter"
            raise RuleViolation(message)
        if self.overage_basis is OverageBasis.WEIGHTED and self.overage_rate is None:
            message = "weighted overage needs an overage rate; set one, or bill the worked time"
            raise RuleViolation(message)

    def factor_for(self, work_type: str | None, *, is_after_hours: bool) -> Decimal:
        """Return the highest factor that applies, 1 where none does; factors never multiply one another."""
        if not self.multipliers and self.after_hours is None:
            return _ONE
        factors = [each.factor for each in self.multipliers if each.work_type == work_type]
        if self.after_hours and is_after_hours:
            factors.append(self.after_hours.factor)
        return max(factors, default=_ONE)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A retainer: inclusive local days of its term, what it covers, its terms by date and its top-ups.

    ``terms`` are ordered by ``effective_on``. A month has the version in force on its first day of the agreement;
    one that begins within the month counts from the next, and within a quarter from the next quarter. ``projects`` and
    ``work_types`` ``None`` cover all.

    Raises:
        RuleViolation: there are no terms, or the end lies before the start.
    """

    starts_on: date
    terms: tuple[Terms, ...]
    ends_on: date | None = None
    projects: frozenset[str] | None = None
    work_types: frozenset[str] | None = None
    top_ups: tuple[TopUp, ...] = ()
    _begins: tuple[Month, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.terms or (self.ends_on is not None and self.ends_on < self.starts_on):
            message = "a retainer has terms, and does not end before it starts"
            raise RuleViolation(message)
        versions = [(each.effective_on, each.pool_months) for each in self.terms]
        object.__setattr__(self, "_begins", begins_of(versions, self.starts_on))

    @property
    def first_month(self) -> Month:
        """The month in which the agreement starts."""
        return Month.of(self.starts_on)

    @property
    def last_month(self) -> Month | None:
        """The month in which the agreement ends, ``None`` where it has no end."""
        return Month.of(self.ends_on) if self.ends_on else None

    def terms_in(self, month: Month) -> Terms:
        """Return the version of the terms that counts in ``month``; before the first version, the first."""
        return self.terms[self._version_in(month)]

    def span_of(self, month: Month) -> Span:
        """Return the months that share the allowance of ``month``: itself, or its quarter (rule 8)."""
        at = self._version_in(month)
        return span_of(month, begins=self._begins[at], pool_months=self.terms[at].pool_months)

    def _version_in(self, month: Month) -> int:
        return max(bisect_right(self._begins, month) - 1, 0) if len(self.terms) > 1 else 0

    def is_in_force(self, day: date) -> bool:
        """Return whether ``day`` lies in the term of the agreement."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)

    def covers(self, *, project: str | None, work_type: str | None) -> bool:
        """Return whether work of this project and type is in the scope; work without one is in no list."""
        return (self.projects is None or project in self.projects) and (
            self.work_types is None or work_type in self.work_types
        )

    def first_day_in(self, month: Month) -> date:
        """Return the first day of ``month`` on which the agreement is in force."""
        return max(month.first_day, self.starts_on)

    def days_in(self, month: Month) -> int:
        """Return on how many days of ``month`` the agreement is in force."""
        last = min(month.last_day, self.ends_on or date.max)
        return max((last - self.first_day_in(month)).days + 1, 0)

    def allowance_in(self, month: Month) -> int:
        """Return the seconds that ``month`` grants: its own, or in the first month of a quarter those of all three."""
        span = self.span_of(month)
        return sum(self.hours_of(each) for each in span.months) if month == span.first else 0

    def hours_of(self, month: Month) -> int:
        """Return the seconds agreed for ``month``: a part of a month by its days, to the whole minute, half up.

        Rule 13: 20 h from 10 February 2026 on are 19 of 28 days, 814 minutes. A whole month is never rounded.
        """
        terms, days = self.terms_in(month), self.days_in(month)
        if days == month.days or not terms.prorate:
            return terms.allowance_seconds if days else 0
        return round_half_up(Fraction(terms.allowance_seconds * days, month.days * MINUTE)) * MINUTE

    def fee_in(self, month: Month, currency: str) -> Money:
        """Return the fee of ``month``, a part of a month by its days: 2,000.00 from 10 February 2026 -> 1,357.14."""
        terms, days = self.terms_in(month), self.days_in(month)
        part = Fraction(days, month.days) if terms.prorate else Fraction(bool(days))
        return Money.rounded(Fraction(terms.fee) * part, currency)

    def topped_up_in(self, block: TopUp) -> Month | None:
        """Return the month in which a block comes into force, the first for one from before; None after the end."""
        if self.ends_on is not None and block.valid_from > self.ends_on:
            return None
        return Month.of(max(block.valid_from, self.starts_on))

    def top_ups_in(self, month: Month) -> list[TopUp]:
        """Return the blocks that come into force in ``month``."""
        return [each for each in self.top_ups if self.topped_up_in(each) == month]


def narrowness(agreement: Agreement) -> int:
    """Return how narrow the scope is, to choose among the agreements that cover an entry: the highest wins.

    Project and work type 3, project 2, work type 1, the whole client 0 (rule 10).
    """
    return 2 * (agreement.projects is not None) + (agreement.work_types is not None)
