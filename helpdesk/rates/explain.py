"""Why an hour costs what it costs: each level, and what became of each of its cards. Pure (docs/billing.md rule 5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from helpdesk.rates.domain import LEVELS, RateCard, RateQuestion, has_ended, latest_of


class Verdict(StrEnum):
    """What became of a card whose fields the work has."""

    HIT = "hit"
    OTHER_CURRENCY = "other_currency"
    BEGINS_LATER = "begins_later"
    REPLACED = "replaced"
    ENDED = "ended"
    OUTRANKED = "outranked"


@dataclass(frozen=True, slots=True)
class Considered:
    """A card and what became of it."""

    card: RateCard
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class LevelLooked:
    """One level of rule 5; ``asked`` is false where the work has not what it goes by, such as a work type."""

    level: tuple[str, ...]
    asked: bool
    cards: tuple[Considered, ...]


def explain(cards: Iterable[RateCard], question: RateQuestion) -> list[LevelLooked]:
    """Return every level in the order in which it is looked for, newest card first in each.

    At most one card is the hit, and it is the one that `find_rate` gives.
    """
    known, found, looked = list(cards), False, []
    for level in LEVELS:
        asked = all(getattr(question, field) is not None for field in level)
        own = [card for card in known if card.level == level and asked and _names(card, question)]
        considered = _considered(own, question, outranked=found)
        found = found or any(each.verdict is Verdict.HIT for each in considered)
        looked.append(LevelLooked(level, asked, considered))
    return looked


def _names(card: RateCard, question: RateQuestion) -> bool:
    return all(getattr(card, field) == getattr(question, field) for field in card.level)


def _considered(own: list[RateCard], question: RateQuestion, *, outranked: bool) -> tuple[Considered, ...]:
    begun = [card for card in own if card.currency == question.currency and not _begins_later(card, question)]
    latest = latest_of(begun)
    newest_first = sorted(own, key=lambda card: (card.effective_from or date.min, card.currency), reverse=True)
    return tuple(Considered(card, _verdict(card, latest, question, outranked=outranked)) for card in newest_first)


def _verdict(card: RateCard, latest: RateCard | None, question: RateQuestion, *, outranked: bool) -> Verdict:
    if card.currency != question.currency:
        return Verdict.OTHER_CURRENCY
    if _begins_later(card, question):
        return Verdict.BEGINS_LATER
    if card is not latest:
        return Verdict.REPLACED
    if has_ended(card, question):
        return Verdict.ENDED
    return Verdict.OUTRANKED if outranked else Verdict.HIT


def _begins_later(card: RateCard, question: RateQuestion) -> bool:
    return card.effective_from is not None and card.effective_from > question.worked_on
