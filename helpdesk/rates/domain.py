"""Which rate applies and why, and how worked time is rounded (docs/billing.md rules 4 to 7).

Keys (project, person, work type, client) are texts: a service passes its ids as text, a scenario its names.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from helpdesk.kernel.durations import MINUTE, RoundingMode, round_duration, to_minutes
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money, format_price

# Rule 5: the first level that has a card in force decides, however old the card is.
LEVELS: tuple[tuple[str, ...], ...] = (
    ("project", "person"),
    ("project", "work_type"),
    ("project",),
    ("client", "person"),
    ("client", "work_type"),
    ("client",),
    ("person", "work_type"),
    ("work_type",),
    ("person",),
    (),
)
ENTRY_LEVEL = "entry"
COMPANY_LEVEL = "company"


class RoundingScope(StrEnum):
    """What is rounded once: each entry, a person's day, or a ticket's month."""

    ENTRY = "entry"
    DAY = "day"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class RoundingPolicy:
    """How worked seconds become billable ones. The default bills each started minute of each entry."""

    mode: RoundingMode = RoundingMode.UP
    step_seconds: int = 60
    minimum_seconds: int = 0
    grace_seconds: int = 0
    scope: RoundingScope = RoundingScope.ENTRY

    def billable_seconds(self, worked_seconds: int) -> int:
        """Return what is billed for ``worked_seconds`` of one entry or one group; see `round_duration`."""
        return round_duration(
            worked_seconds,
            mode=self.mode,
            step_seconds=self.step_seconds,
            minimum_seconds=self.minimum_seconds,
            grace_seconds=self.grace_seconds,
        )


@dataclass(frozen=True, slots=True)
class RateCard:
    """A price per hour for whatever its fields name, from a day on; ``None`` names nothing.

    ``amount`` may be finer than the currency. ``label`` is how people call what the card is for ("project Acme
    Web + Ann"); without one the keys are shown. ``effective_from`` ``None`` means always, ``effective_until`` is the
    last day, ``None`` where nothing but a later card ends it.

    Raises:
        RuleViolation: the fields name no level of rule 5, such as project with client.
    """

    amount: Decimal
    currency: str
    project: str | None = None
    client: str | None = None
    person: str | None = None
    work_type: str | None = None
    effective_from: date | None = None
    effective_until: date | None = None
    label: str = ""

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            message = (
                f"Nothing would use this: no rate is looked up by {' and '.join(self.level).replace('_', ' ')}. "
                "Leave one out; a project has its client already."
            )
            raise RuleViolation(message)

    @property
    def level(self) -> tuple[str, ...]:
        """The fields that the card names, in the order of rule 5; empty for the company's own rate."""
        fields = ("project", "client", "person", "work_type")
        return tuple(field for field in fields if getattr(self, field) is not None)

    @property
    def identity(self) -> tuple[str | date | None, ...]:
        """What no two cards may share: the fields, the currency and the first day."""
        return (self.project, self.client, self.person, self.work_type, self.currency, self.effective_from)


@dataclass(frozen=True, slots=True)
class RateQuestion:
    """The work that looks for its price: on which day of the contract's zone it began, by whom, on what."""

    worked_on: date
    currency: str
    project: str | None = None
    client: str | None = None
    person: str | None = None
    work_type: str | None = None
    own_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RateHit:
    """A price per hour, the level that gave it and the sentence that says why."""

    amount: Decimal
    currency: str
    level: str
    reason: str


@dataclass(frozen=True, slots=True)
class RateMissing:
    """No price, which is not a price of zero; ``reason`` says what was tried. Rule 6."""

    reason: str


def find_rate(cards: Iterable[RateCard], question: RateQuestion) -> RateHit | RateMissing:
    """Return the rate of the first level of rule 5 that has a card in force, or what was tried.

    The level decides before the date: a project's card of last year beats a company's of today. In one level the
    latest card that has begun wins; where that has ended, the level has none. Cards of another currency are no hits
    (rule 6).
    """
    if question.own_rate is not None:
        return RateHit(question.own_rate, question.currency, ENTRY_LEVEL, "the entry's own rate")
    matching = [card for card in cards if _names_the_work(card, question)]
    usable: dict[tuple[str, ...], list[RateCard]] = {}
    for card in matching:
        if card.currency == question.currency and _has_begun(card, question):
            usable.setdefault(card.level, []).append(card)
    for level in LEVELS:
        latest = latest_of(usable.get(level, ()))
        if latest is not None and not has_ended(latest, question):
            return _hit(latest)
    return RateMissing(_what_was_tried(question, matching))


def latest_of(cards: Iterable[RateCard]) -> RateCard | None:
    """Return the card that began last, None of none."""
    return max(cards, key=lambda card: card.effective_from or date.min, default=None)


def has_ended(card: RateCard, question: RateQuestion) -> bool:
    """Return whether the work began after the last day of the card."""
    return card.effective_until is not None and card.effective_until < question.worked_on


def amount_for(seconds: int, hourly_rate: Decimal, currency: str) -> Money:
    """Return printed minutes (four decimals at most) times the rate / 60, half up to the minor unit.

    Rule 18: what a line prints multiplies out to the cent. 20 min at 100 -> 33.33; 4 h at 150 -> 600.00.
    """
    return Money.rounded(Fraction(to_minutes(seconds)) * Fraction(hourly_rate) / MINUTE, currency)


def _names_the_work(card: RateCard, question: RateQuestion) -> bool:
    return all(getattr(card, field) == getattr(question, field) for field in card.level)


def _has_begun(card: RateCard, question: RateQuestion) -> bool:
    return card.effective_from is None or card.effective_from <= question.worked_on


def _hit(card: RateCard) -> RateHit:
    since = f"from {card.effective_from}" if card.effective_from else "always"
    level = " + ".join(card.level) or COMPANY_LEVEL
    return RateHit(card.amount, card.currency, level, f"{describe(card)}, {since}")


def describe(card: RateCard) -> str:
    """Return what the card is for, in words: its label, or its fields with their keys, or ``company``."""
    named = " + ".join(f"{field.replace('_', ' ')} {getattr(card, field)}" for field in card.level)
    return card.label or named or COMPANY_LEVEL


def _what_was_tried(question: RateQuestion, matching: list[RateCard]) -> str:
    tried = [
        " + ".join(f"{field.replace('_', ' ')} {getattr(question, field)}" for field in level) or COMPANY_LEVEL
        for level in LEVELS
        if all(getattr(question, field) is not None for field in level)
    ]
    found = sorted(filter(None, (_why_not(card, question) for card in matching)))
    passed_over = f"; passed over: {'; '.join(found)}" if found else ""
    return f"no rate in {question.currency} on {question.worked_on}; tried {', '.join(tried)}{passed_over}"


def _why_not(card: RateCard, question: RateQuestion) -> str:
    if card.currency != question.currency:
        return f"{describe(card)} at {format_price(card.amount, card.currency)} {card.currency}, another currency"
    if not _has_begun(card, question):
        return f"{describe(card)} begins on {card.effective_from}"
    return f"{describe(card)} ended on {card.effective_until}" if has_ended(card, question) else ""
