"""Which grant paid for which seconds, as the engine drew them (docs/billing.md rule 9). Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple, Self

from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.spans import Span

OWED = "owed to a later month"
"""What a carried deficit leaves unpaid is called, where grants are told."""
GIVEN_BACK = "given back by its reversal"
"""How the seconds of a reversed entry are called that pay what it owed itself."""
_NAME = re.compile(
    r"allowance of (?P<first>\d{4}-\d{2})( to (?P<last>\d{4}-\d{2}))?|top-up of (?P<day>\d{4}-\d{2}-\d{2})"
)


def allowance_name(span: Span) -> str:
    """Return what the ledger calls an allowance: ``allowance of 2026-03``, ``allowance of 2026-01 to 2026-03``."""
    return f"allowance of {span.first} to {span.last}" if span.is_quarter else f"allowance of {span.first}"


class GrantDrawn(NamedTuple):
    """Seconds of burn that one grant paid: an allowance, or the block with the key ``block``.

    ``grant`` is what the ledger calls it: ``allowance of 2026-03``, ``top-up of 2026-03-05``.
    """

    grant: str
    seconds: int
    block: str | None = None

    @property
    def source(self) -> "Source":
        """What its name says."""
        return _source_of(self.grant)


@dataclass(frozen=True, slots=True)
class Source:
    """Where seconds come from: the allowance of ``span``, the block that is valid from ``day``, or neither."""

    span: Span | None = None
    day: date | None = None

    @classmethod
    def named(cls, name: str) -> Self:
        """Return what the ledger calls ``name``; neither span nor day for what is no grant."""
        found = _NAME.fullmatch(name)
        if found is None:
            return cls()
        if found["first"]:
            return cls(span=Span(Month.parse(found["first"]), Month.parse(found["last"] or found["first"])))
        return cls(day=date.fromisoformat(found["day"]))


@lru_cache(maxsize=1000)
def _source_of(name: str) -> Source:
    """Return what a name says, read once: a month draws hundreds of times on the same two or three grants."""
    return Source.named(name)


def together(drawn: Sequence[GrantDrawn]) -> tuple[GrantDrawn, ...]:
    """Return what each grant paid in all, in the order in which each came first; what paid nothing is left out."""
    if len(drawn) == 1 and drawn[0].seconds:  # as it mostly is
        return tuple(drawn)
    found: dict[tuple[str, str | None], int] = {}
    for each in drawn:
        found[each.grant, each.block] = found.get((each.grant, each.block), 0) + each.seconds
    return tuple(GrantDrawn(grant, seconds, block) for (grant, block), seconds in found.items() if seconds)


def whole(drawn: Sequence[GrantDrawn], burn_seconds: int) -> tuple[GrantDrawn, ...]:
    """Return what each grant paid of ``burn_seconds``, and what no month has paid yet: together all of it.

    10 h of which the allowance paid 7, where the deficit is carried: 7 h of it, 3 h owed.
    """
    found = together(drawn)
    owed = burn_seconds - sum(each.seconds for each in found)
    return (*found, GrantDrawn(OWED, owed)) if owed > 0 else found


def stored(drawn: Sequence[GrantDrawn]) -> list[list[str | int]]:
    """Return grants as the ledger keeps them: pairs of name and seconds."""
    return [[each.grant, each.seconds] for each in drawn]


def kept(rows: Iterable[Sequence[str | int]] | None) -> tuple[GrantDrawn, ...]:
    """Return the grants that a row of the ledger keeps; none where it keeps none."""
    return tuple(GrantDrawn(str(name), int(seconds)) for name, seconds in rows or ())


def beside(drawn: Sequence[GrantDrawn], month: Month) -> tuple[GrantDrawn, ...]:
    """Return what is worth telling: nothing where the allowance that ``month`` shares paid for all."""
    spans = [each.source.span for each in drawn]
    return () if all(span is not None and span.first <= month <= span.last for span in spans) else tuple(drawn)
