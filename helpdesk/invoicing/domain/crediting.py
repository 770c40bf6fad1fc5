"""What a credit note takes back of a line: seconds at their price, or an amount alone (docs/billing.md rule 17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from helpdesk.kernel.durations import MINUTE, to_minutes
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Billed:
    """A line of an issued invoice, and what credit notes have taken back of it so far.

    ``minutes`` is None where the line is not counted in minutes; ``unit_price`` is that of an hour where it is.
    """

    minutes: Decimal | None
    unit_price: Decimal
    amount: Money
    credited_minutes: Decimal
    credited: Money

    @property
    def left(self) -> Money:
        """The amount that nobody has taken back yet."""
        return self.amount - self.credited


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a credit note, as positive figures: ``minutes`` x ``unit_price`` / 60 = ``amount``, half up.

    ``is_difference`` is what remains where the parts of a line do not round to the line.
    """

    minutes: Decimal | None
    unit_price: Decimal
    amount: Money
    is_difference: bool = False


def credit_seconds(billed: Billed, seconds: int, *, is_rest: bool) -> Sequence[Part]:
    """Return the lines that take back ``seconds`` of a line at its price.

    The last seconds of a line (``is_rest``) take back whatever minutes and amount are left of it, so that all credits
    of a line are the line, to the cent: 3 x 20 min at 100 billed as one line of 100.00 are credited by entry as 33.33,
    33.33, and 33.33 with a difference of 0.01.

    Raises:
        RuleViolation: amounts were taken back before, and less is left than these seconds cost.
    """
    minutes = (billed.minutes or Decimal(0)) - billed.credited_minutes if is_rest else to_minutes(seconds)
    amount = Money.rounded(Fraction(minutes) * Fraction(billed.unit_price) / MINUTE, billed.amount.currency)
    parts = [Part(minutes, billed.unit_price, amount)]
    if is_rest and billed.left != amount:
        difference = billed.left - amount
        parts.append(Part(None, difference.amount, difference, is_difference=True))
    elif billed.left < amount:
        message = f"These {minutes} minutes cost {amount}, and only {billed.left} of the line is left to credit."
        raise RuleViolation(message)
    return parts


def credit_amount(billed: Billed, amount: Money) -> Part:
    """Return the line that takes back an amount and leaves what it was for billed.

    Raises:
        RuleViolation: it is nothing, negative, or more than is left of the line; or the line is a discount.
    """
    if billed.amount.minor < 0:
        message = "What takes off is taken back whole, or not at all."
        raise RuleViolation(message)
    if amount.minor <= 0:
        message = f"{amount} is no amount to credit; write one above zero."
        raise RuleViolation(message)
    if billed.left < amount:
        message = f"Only {billed.left} of the line is left to credit, not {amount}."
        raise RuleViolation(message)
    return Part(None, amount.amount, amount)


def credit_whole(billed: Billed) -> Part:
    """Return the line that takes back all that is left of a line that is not counted in minutes.

    A discount is taken back by an amount below zero.

    Raises:
        RuleViolation: nothing is left of it.
    """
    if billed.left.minor < 0:
        return Part(None, billed.left.amount, billed.left)
    return credit_amount(billed, billed.left)
