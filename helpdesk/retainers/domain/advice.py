"""Which tier would have fitted: real months under each, and what that says in one verdict (docs/billing.md rule 15)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.replay import Outcome, Past, replay
from helpdesk.retainers.domain.terms import Agreement, OverageBasis, Terms

MOST_MONTHS = 12
FEWEST_MONTHS = 3
ROLLOVERS = (0, 1, 2, 3)


class Kind(StrEnum):
    """What is tried: the terms as agreed, a tier, the same with another life of unused hours, or no retainer."""

    NOW = "now"
    TIER = "tier"
    ROLLOVER = "rollover"
    HOURLY = "hourly"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a tier sells: its name and the terms that it changes of an agreement."""

    key: str
    name: str
    allowance_seconds: int
    fee: Decimal
    overage_rate: Decimal | None
    rollover_months: int
    rollover_cap_seconds: int | None
    carry_deficit: bool


@dataclass(frozen=True)
class Option:
    """One way that the months could have gone. ``key`` is the tier's, or the months of rollover."""

    kind: Kind
    key: str
    name: str
    outcome: Outcome

    @property
    def is_whole(self) -> bool:
        """Whether everything has a price, so that it can be compared."""
        return self.outcome.unpriced_seconds == 0


class Verdict(StrEnum):
    """What the comparison says."""

    TOO_FEW = "too_few"
    NO_TIERS = "no_tiers"
    UNPRICED = "unpriced"
    NOTHING_BETTER = "nothing_better"
    BETTER = "better"


@dataclass(frozen=True)
class Advice:
    """All options, the terms as agreed first, and what they say; ``best`` is the tier where one is better."""

    past: Past
    options: tuple[Option, ...]
    verdict: Verdict
    best: Option | None
    saved: Money

    @property
    def now(self) -> Option:
        """The terms as agreed."""
        return self.options[0]


def whole_months(agreement: Agreement, closed: Iterable[Month]) -> tuple[Month, ...]:
    """Return the newest closed months in which the agreement was in force on every day, a year of them at most.

    Of quarters only whole ones: what a part of one used says nothing of its hours.
    """
    found: list[Month] = []
    for month in sorted(closed, reverse=True):
        is_next = not found or month.next == found[-1]
        if not is_next or agreement.days_in(month) < month.days or len(found) == MOST_MONTHS:
            if found:
                break
            continue
        found.append(month)
    months = tuple(reversed(found))
    return tuple(month for month in months if set(agreement.span_of(month).months) <= set(months))


def terms_of(offer: Offer, now: Terms) -> Terms:
    """Return the terms of an agreement with those of a tier in their place.

    Factors, draw order and proration stay as agreed. Weighted overage without a rate has no price, so that it is
    worked time that a tier without one bills.
    """
    is_weighted = now.overage_basis is OverageBasis.WEIGHTED and offer.overage_rate is not None
    return replace(
        now,
        allowance_seconds=offer.allowance_seconds,
        fee=offer.fee,
        overage_rate=offer.overage_rate,
        overage_basis=OverageBasis.WEIGHTED if is_weighted else OverageBasis.WORKED,
        rollover_months=offer.rollover_months,
        rollover_cap_seconds=offer.rollover_cap_seconds,
        carry_deficit=offer.carry_deficit,
    )


def advise(past: Past, now: Terms, offers: Sequence[Offer]) -> Advice:
    """Return every option and the verdict: the tier by which the client would have paid least, if that is less.

    Of less than three months nothing is concluded, and nothing is compared with what lacks a price.
    """
    as_agreed = Option(Kind.NOW, "", "", replay(past, now))
    tiers = [Option(Kind.TIER, each.key, each.name, replay(past, terms_of(each, now))) for each in offers]
    others = [
        Option(Kind.ROLLOVER, str(months), "", replay(past, replace(now, rollover_months=months)))
        for months in ROLLOVERS
        if months != now.rollover_months
    ]
    hourly = Option(Kind.HOURLY, "", "", replay(past, None))
    best = min((each for each in tiers if each.is_whole), key=lambda each: each.outcome.paid.minor, default=None)
    saved = Money.zero(past.currency)
    if best is not None:
        saved = as_agreed.outcome.paid - best.outcome.paid
    verdict = _verdict(past, as_agreed, tiers, saved)
    is_better = verdict is Verdict.BETTER
    return Advice(
        past=past,
        options=(as_agreed, *tiers, *others, hourly),
        verdict=verdict,
        best=best if is_better else None,
        saved=saved if is_better else Money.zero(past.currency),
    )


def _verdict(past: Past, now: Option, tiers: Sequence[Option], saved: Money) -> Verdict:
    if len(past.months) < FEWEST_MONTHS:
        return Verdict.TOO_FEW
    if not tiers:
        return Verdict.NO_TIERS
    if not now.is_whole or not any(each.is_whole for each in tiers):
        return Verdict.UNPRICED
    return Verdict.BETTER if saved.minor > 0 else Verdict.NOTHING_BETTER
