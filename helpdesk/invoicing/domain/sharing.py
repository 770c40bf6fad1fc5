"""What goes back of a discount or surcharge with the lines that it is of (docs/billing.md rule 20)."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money, round_half_up


@dataclass(frozen=True, slots=True)
class Adjusting:
    """A discount (``left`` is below zero) or surcharge of an issued invoice, and the lines that it is of.

    ``left`` is what no credit note has taken back of it, ``base_left`` the same of its lines together.
    """

    line_id: int
    base: frozenset[int]
    left: Money
    base_left: Money

    def share_of(self, amount: Money) -> Fraction:
        """Return what it makes of ``amount`` of its lines, in minor units, exactly: below zero where it takes off."""
        return (
            Fraction(amount.minor * self.left.minor, self.base_left.minor) if self.base_left.minor > 0 else Fraction()
        )


def shares(adjusting: Iterable[Adjusting], taken: Mapping[int, Money]) -> dict[int, Money]:
    """Return, by line, what goes back of each discount and surcharge where ``taken`` goes back of their lines.

    Each gives its share of what is left of it, half up; what takes back all that is left of its lines takes all of it,
    so that together the shares are the line, to the cent. 10 % on 100.00 and 50.00 are -10.00 with the first line, and
    the -5.00 that are left with the second.
    """
    found = {}
    for each in adjusting:
        amount = _sum_of(each, taken)
        if not amount.minor:
            continue
        is_rest = amount == each.base_left
        share = each.left if is_rest else Money(round_half_up(each.share_of(amount)), amount.currency)
        if share.minor:
            found[each.line_id] = share
    return found


def before(
    adjusting: Sequence[Adjusting], *, line_id: int, left: Money, paid: Money, taken: Mapping[int, Money] | None = None
) -> Money:
    """Return how much of a line gives ``paid`` back once its discounts and surcharges have their shares.

    ``taken`` goes back of other lines in the same credit note. To the cent with discounts; a surcharge can leave out a
    cent between two amounts.

    Raises:
        RuleViolation: less than that was paid for what is ``left`` of the line.
    """
    own = [each for each in adjusting if line_id in each.base and each.base_left.minor > 0]
    if not own or paid.minor <= 0:
        return paid
    worth = left.minor + sum(each.share_of(left) for each in own)
    if paid.minor > worth:
        rest = Money(math.floor(worth), paid.currency)
        message = f"Only {rest} was paid for what is left of it, with its discounts, not {paid}."
        raise RuleViolation(message)
    near = round_half_up(Fraction(paid.minor * left.minor) / worth)
    around = [Money(minor, paid.currency) for minor in (near, near + 1, near - 1, near + 2, near - 2)]
    possible = [amount for amount in around if 0 < amount.minor <= left.minor]
    others = taken or {}
    known = _minor(shares(own, others))
    given = {each: each.minor + _minor(shares(own, {**others, line_id: each})) - known for each in possible}
    return next((amount for amount, minor in given.items() if minor == paid.minor), possible[0])


def _minor(amounts: Mapping[int, Money]) -> int:
    return sum(amount.minor for amount in amounts.values())


def _sum_of(adjusting: Adjusting, taken: Mapping[int, Money]) -> Money:
    parts = (amount for line_id, amount in taken.items() if line_id in adjusting.base)
    return sum(parts, Money.zero(adjusting.left.currency))
