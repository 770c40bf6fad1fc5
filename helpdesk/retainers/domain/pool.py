"""The grants of a retainer and the order in which they are drawn (docs/billing.md rule 9)."""

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.terms import DrawOrder, TopUp


@dataclass(slots=True)
class Lot:
    """What is left of one grant: an allowance of ``month`` or, where ``block`` is given, a top-up.

    ``dies_in`` is the last month in which it lives.
    """

    left: int
    month: Month
    dies_in: Month
    block: TopUp | None = None

    @property
    def name(self) -> str:
        """How a ledger row calls it."""
        return f"top-up of {self.block.valid_from}" if self.block else f"allowance of {self.month}"

    def is_usable_on(self, day: date | None) -> bool:
        """Return whether it can be drawn for work of ``day``; ``None`` asks for no certain day."""
        return day is None or self.block is None or self.block.valid_from <= day <= self.block.expires_on


def _by_expiry(lot: Lot) -> tuple[date, date, int, str] | tuple[Month, Month]:
    if lot.block:
        return lot.block.expires_on, lot.block.valid_from, lot.block.seconds, lot.block.key
    return lot.dies_in, lot.month


class Pool:
    """The live lots. Allowance comes before blocks, both by earliest expiry, then by the earlier start."""

    def __init__(self) -> None:
        self._allowance: list[Lot] = []
        self._blocks: list[Lot] = []

    @property
    def left(self) -> int:
        """The seconds that can still be drawn, blocks included."""
        return self.allowance_left + sum(lot.left for lot in self._blocks)

    @property
    def allowance_left(self) -> int:
        """The seconds that can still be drawn, without blocks."""
        return sum(lot.left for lot in self._allowance)

    def add(self, lot: Lot) -> None:
        """Put a new grant in its place."""
        insort(self._blocks if lot.block else self._allowance, lot, key=_by_expiry)

    def draw(self, wanted: int, *, month: Month, order: DrawOrder, day: date | None) -> int:
        """Take up to ``wanted`` seconds in draw order and return how many there were."""
        drawn = 0
        lots = self._in_draw_order(month, order) if wanted else []
        for lot in lots:
            if drawn == wanted:
                break
            if lot.is_usable_on(day):
                taken = min(wanted - drawn, lot.left)
                lot.left -= taken
                drawn += taken
        return drawn

    def _in_draw_order(self, month: Month, order: DrawOrder) -> list[Lot]:
        if order is DrawOrder.CURRENT_MONTH:
            return [*sorted(self._allowance, key=lambda lot: lot.month != month), *self._blocks]
        return [*self._allowance, *self._blocks]

    def expire(self, dies: Callable[[Lot], bool]) -> list[tuple[str, int]]:
        """Remove the lots that die and those that are empty; return name and rest of each that had a rest."""
        gone = [lot for lot in (*self._allowance, *self._blocks) if dies(lot)]
        self._allowance = [lot for lot in self._allowance if lot.left and not dies(lot)]
        self._blocks = [lot for lot in self._blocks if lot.left and not dies(lot)]
        return [(lot.name, lot.left) for lot in gone if lot.left]

    def cut_to(self, cap_seconds: int) -> list[tuple[str, int]]:
        """Cut the allowance (never the blocks) to the cap, what dies soonest first; return name and cut of each."""
        excess = self.allowance_left - cap_seconds
        cuts = []
        for lot in self._allowance:
            cut = min(max(excess, 0), lot.left)
            if cut:
                lot.left -= cut
                excess -= cut
                cuts.append((lot.name, cut))
        return cuts
