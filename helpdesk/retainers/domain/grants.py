"""Which grant paid for which seconds, as the engine drew them (docs/billing.md rule 9). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

OWED = "owed to a later month"
"""What a carried deficit leaves unpaid is called, where grants are told."""


@dataclass(frozen=True, slots=True)
class GrantDrawn:
    """Seconds of burn that one grant paid: an allowance, or the block with the key ``block``.

    ``grant`` is what the ledger calls it: ``allowance of 2026-03``, ``top-up of 2026-03-05``.
    """

    grant: str
    seconds: int
    block: str | None = None


def together(drawn: Iterable[GrantDrawn]) -> tuple[GrantDrawn, ...]:
    """Return what each grant paid in all, in the order in which each came first; what paid nothing is left out."""
    found: dict[tuple[str, str | None], int] = {}
    for each in drawn:
        found[each.grant, each.block] = found.get((each.grant, each.block), 0) + each.seconds
    return tuple(GrantDrawn(grant, seconds, block) for (grant, block), seconds in found.items() if seconds)


def whole(drawn: Iterable[GrantDrawn], burn_seconds: int) -> tuple[GrantDrawn, ...]:
    """Return what each grant paid of ``burn_seconds``, and what no month has paid yet: together all of it.

    10 h of which the allowance paid 7, where the deficit is carried: 7 h of it, 3 h owed.
    """
    found = together(drawn)
    owed = burn_seconds - sum(each.seconds for each in found)
    return (*found, GrantDrawn(OWED, owed)) if owed > 0 else found
