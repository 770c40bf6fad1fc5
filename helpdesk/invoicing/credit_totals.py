"""What a credit note comes to: the notes of an invoice are together the invoice (docs/billing.md rules 19, 20)."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from helpdesk.invoicing import queries, taxing
from helpdesk.invoicing.domain.crediting import Billed
from helpdesk.invoicing.domain.totals import TaxGroup, Totals, rest_of, take_rest, total_up
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.kernel.money import Money


def totals_of_note(
    session: Session, *, invoice: Invoice, lines: Iterable[InvoiceLine], billed: Mapping[int, Billed]
) -> Totals:
    """Return the totals of a credit note with these lines, negative as they are; ``billed`` is what they take from.

    Tax is rounded note by note. The note that leaves nothing of the invoice takes what is left of each tax group.
    """
    currency, mode = invoice.currency, taxing.mode_of(invoice)
    amounts = [(Money(-line.amount_minor, currency), taxing.rate_of(line), int(line.credits_id or 0)) for line in lines]
    taken: dict[int, Money] = defaultdict(lambda: Money.zero(currency))
    for amount, _rate, line_id in amounts:
        taken[line_id] += amount
    totals = total_up([(amount, rate) for amount, rate, _line_id in amounts], currency, mode)
    notes = [group for note in queries.credit_notes_of(session, invoice) for group in _groups_of(note)]
    left = rest_of(_groups_of(invoice), notes, currency)
    is_last = all(each.left == taken[line_id] for line_id, each in billed.items())
    return -take_rest(totals, left, mode, is_last=is_last)


def _groups_of(issued: Invoice) -> list[TaxGroup]:
    return taxing.groups_in(json.loads(issued.canonical_json or '{"taxes": [], "currency": "EUR"}'))
