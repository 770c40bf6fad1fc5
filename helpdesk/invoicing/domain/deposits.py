"""What of a deposit can be taken off an invoice: no more than was paid of it, each cent once (rule 21)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deposit:
    """One line of a deposit's invoice, net, and what became of that invoice, with tax; minor units.

    ``credited_minor`` is what credit notes took back of the line, ``deducted_minor`` what other invoices take off.
    """

    amount_minor: int
    credited_minor: int
    deducted_minor: int
    owed_minor: int
    paid_minor: int

    @property
    def paid_net_minor(self) -> int:
        """What is paid of the line: all that is left of it, or the share that its invoice is paid, rounded down."""
        left_minor = self.amount_minor - self.credited_minor
        if self.paid_minor >= self.owed_minor:
            return left_minor
        return left_minor * max(self.paid_minor, 0) // self.owed_minor

    @property
    def available_minor(self) -> int:
        """What can still be taken off; below zero, more is taken off than is paid by now."""
        return self.paid_net_minor - self.deducted_minor

    @property
    def creditable_minor(self) -> int:
        """What of the line can still be credited: what no other invoice takes off."""
        return self.amount_minor - self.credited_minor - self.deducted_minor
