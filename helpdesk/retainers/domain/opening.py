"""What closed months leave to those after them, from their frozen figures alone (docs/billing.md rule 10)."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.pool import Lot, Pool
from helpdesk.retainers.domain.terms import Agreement


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """The frozen figures of a closed month, in seconds of burn."""

    month: Month
    granted_seconds: int
    used_seconds: int
    carried_out_seconds: int


@dataclass(frozen=True, slots=True)
class Opening:
    """Where the months after ``after`` begin: what is left of each allowance, its first month, the last it lives."""

    after: Month
    lots: tuple[tuple[int, Month, Month], ...] = ()


def opening_of(agreement: Agreement, closed: Sequence[ClosedMonth]) -> Opening | None:
    """Return what the closed months leave, or None where only their entries could tell.

    Which grant was drawn follows from the sums of the months, except where a deficit is carried, which belongs to
    entries, or where blocks were bought until then, which only work of certain days draws. Where the frozen balance
    says something else than this does, the entries tell, too.
    """
    months = [each.month for each in closed]
    if not closed or months != [agreement.first_month.plus(at) for at in range(len(closed))]:
        return None
    if any(terms.carry_deficit for terms in agreement.terms):
        return None
    if any(agreement.topped_up_in(block) in months for block in agreement.top_ups):
        return None if closed[-1].carried_out_seconds else Opening(months[-1])
    pool = Pool()
    for each in closed:
        terms, span = agreement.terms_in(each.month), agreement.span_of(each.month)
        pool.add(Lot(each.granted_seconds, span.first, span.last.plus(terms.rollover_months)))
        pool.draw(each.used_seconds, month=span.first, order=terms.draw_order, day=None)
        pool.expire(each.month, is_last=each.month == agreement.last_month)
        if terms.rollover_cap_seconds is not None and each.month == span.last:
            pool.cut_to(terms.rollover_cap_seconds)
        if pool.left != each.carried_out_seconds:
            return None
    return Opening(months[-1], tuple((lot.left, lot.month, lot.dies_in) for lot in pool.allowance))
