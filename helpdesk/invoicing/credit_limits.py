"""How much a credit note can give back in all and of each tax (docs/billing.md rules 17 and 20)."""

from collections import defaultdict
from collections.abc import Mapping

from helpdesk.invoicing import queries, taxing
from helpdesk.invoicing.domain.crediting import Billed
from helpdesk.invoicing.domain.totals import TaxRate
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money

ONLY_BACK = "A credit note gives back; a discount is taken back together with what it was taken off."


def refuse_beyond(invoice: Invoice, taken: Mapping[int, Money], billed: Mapping[int, Billed]) -> None:
    """Refuse to give back more than is left, and to ask for more; ``taken`` and ``billed`` are by line.

    One tax of an invoice can stand below zero: a deposit was paid at another one, or the lines left that an amount was
    taken off. That goes back with the lines of the others: 300.00 at 7 % less a deposit of 100.00 at 19 % are credited
    together, or 200.00 of the 300.00 are.

    Raises:
        RuleViolation: tax by tax or in all it is beyond what is left, or below zero.
    """
    left: dict[TaxRate, int] = defaultdict(int)
    given: dict[TaxRate, int] = defaultdict(int)
    for line in invoice.lines:
        left[taxing.rate_of(line)] += billed[line.id].left.minor
        if line.id in taken:
            given[taxing.rate_of(line)] += taken[line.id].minor
    for rate, minor in given.items():
        low, high = sorted((0, left[rate]))
        if minor > high:
            kind, rest = "with tax" if invoice.prices_include_tax else "net", Money(high, invoice.currency)
            message = f"Only {rest} {kind} at {rate.percent} % of {queries.name_of(invoice)} is left."
            raise RuleViolation(message)
        if minor < low:
            raise RuleViolation(ONLY_BACK)
    most = max(sum(left.values()), 0)
    if sum(given.values()) < 0:
        raise RuleViolation(ONLY_BACK)
    if sum(given.values()) > most:
        rest = Money(most, invoice.currency)
        message = f"Only {rest} of {queries.name_of(invoice)} is left; take back what was taken off as well."
        raise RuleViolation(message)
