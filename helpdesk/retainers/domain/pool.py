"""The grants of a retainer and the order in which they are drawn (docs/billing.md rule 9)."""

from bisect import insort
from dataclasses import dataclass, field
from datetime import date

from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.grants import GrantDrawn, allowance_name
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.domain.terms import DrawOrder, TopUp


@dataclass(slots=True)
class Lot:
    """What is left of one grant: the allowance that begins with ``month`` or, where ``block`` is given, a top-up.

    ``dies_in`` is the last month in which it lives, ``last`` the last one that shares it (None: ``month`` itself).
    """

    left: int
    month: Month
    dies_in: Month
    block: TopUp | None = None
    last: Month | None = None
    _name: str = field(init=False, default="", compare=False, repr=False)

    @property
    def name(self) -> str:
        """How a ledger row calls it; written when it is first asked for, as of most of a long history nobody asks."""
        if not self._name:
            block, span = self.block, Span(self.month, self.last or self.month)
            self._name = f"top-up of {block.valid_from}" if block else allowance_name(span)
        return self._name

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
        self.allowance_left = 0  # kept as a sum: a long agreement has many lots
        self._allowance: list[Lot] = []
        self._blocks: list[Lot] = []

    @property
    def left(self) -> int:
        """The seconds that can still be drawn, blocks included."""
        return self.allowance_left + sum(lot.left for lot in self._blocks)

    @property
    def allowance(self) -> tuple[Lot, ...]:
        """The allowances that live, by expiry, without the blocks."""
        return tuple(self._allowance)

    def add(self, lot: Lot) -> None:
        """Put a new grant in its place."""
        insort(self._blocks if lot.block else self._allowance, lot, key=_by_expiry)
        self.allowance_left += 0 if lot.block else lot.left

    def draw(self, wanted: int, *, month: Month, order: DrawOrder, day: date | None) -> list[GrantDrawn]:
        """Take up to ``wanted`` seconds in draw order and return which grant paid how many.

        ``month`` is the first of those that share the running allowance.
        """
        drawn: list[GrantDrawn] = []
        lots = self._in_draw_order(month, order) if wanted else []
        for lot in lots:
            if not wanted:
                break
            if lot.left and lot.is_usable_on(day):
                taken = self._take(lot, wanted)
                wanted -= taken
                drawn.append(GrantDrawn(lot.name, taken, lot.block.key if lot.block else None))
        return drawn

    def _in_draw_order(self, month: Month, order: DrawOrder) -> list[Lot]:
        if order is DrawOrder.CURRENT_MONTH:
            return [*sorted(self._allowance, key=lambda lot: lot.month != month), *self._blocks]
        return [*self._allowance, *self._blocks]

    def expire(self, month: Month, *, is_last: bool) -> list[tuple[str, int]]:
        """Take what is left of the lots that die in ``month``, of all lots in the last; return each name and rest."""
        rests = []
        for lots in (self._allowance, self._blocks):
            alive = (at for at, lot in enumerate(lots) if not is_last and lot.left and lot.dies_in > month)
            gone = lots[: next(alive, len(lots))]
            del lots[: len(gone)]
            rests += [(lot.name, self._take(lot, lot.left)) for lot in gone]
        return [(name, rest) for name, rest in rests if rest]

    def cut_to(self, cap_seconds: int) -> list[tuple[str, int]]:
        """Cut the allowance (never the blocks) to the cap, what dies soonest first; return name and cut of each."""
        cuts = []
        for lot in self._allowance:
            if self.allowance_left <= cap_seconds:
                break
            cuts.append((lot.name, self._take(lot, self.allowance_left - cap_seconds)))
        return [(name, cut) for name, cut in cuts if cut]

    def _take(self, lot: Lot, wanted: int) -> int:
        taken = min(wanted, lot.left)
        lot.left -= taken
        self.allowance_left -= 0 if lot.block else taken
        return taken
