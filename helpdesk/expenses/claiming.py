"""Who bills which expense: hold, fix, release (docs/billing.md rule E6).

A holder is an opaque kind and id, such as ``("invoice_line", 7)``. Slices above say how people call their holders
with :func:`name_holders`.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.expenses.models import Expense, ExpenseClaim
from helpdesk.infra.ahead import Question, models_of, rows_of
from helpdesk.infra.holders import Holder, Ids, Names
from helpdesk.kernel.errors import Conflict, NotFound

_names = Names()
name_holders = _names.tell


def hold(session: Session, *, now: datetime, holder: Holder, expense_id: int) -> ExpenseClaim:
    """Give the whole expense to ``holder`` and return the claim; the expense is locked from now on.

    The expense is locked before it is looked at, so that of two that reach for it one is refused.

    Raises:
        Conflict: it is held already, named with its holder, or it is not approved or not to be billed.
        NotFound: there is no such expense.
    """
    expense = lock(session, [expense_id])[expense_id]
    held = live_claim(session, expense_id)
    if held is not None:
        what = f"{expense.category.name} of {expense.spent_on}"
        message = f"{what} is already in {name_of(session, held)}; nothing is billed twice."
        raise Conflict(message)
    if expense.status != "approved" or expense.bill_minor is None:
        message = f"Expense {expense.id} is {expense.status}; only what is approved and billable is billed."
        raise Conflict(message)
    claim = ExpenseClaim(
        expense_id=expense.id,
        amount_minor=expense.bill_minor,
        currency=expense.bill_currency,
        holder_kind=holder[0],
        holder_id=holder[1],
        state="held",
        created_at=now,
    )
    session.add(claim)
    expense.status = "locked"
    session.flush()
    return claim


def fix(session: Session, *, holders: Iterable[Holder]) -> None:
    """Make what ``holders`` hold final: their document was issued."""
    for claim in _live_of(session, holders):
        claim.state = "fixed"
    session.flush()


def release(session: Session, *, now: datetime, holders: Iterable[Holder]) -> None:
    """Let go of what ``holders`` hold or have fixed; these expenses are merely approved again."""
    claims = _live_of(session, holders)
    expenses = lock(session, [claim.expense_id for claim in claims])
    for claim in claims:
        claim.state, claim.released_at = "released", now
        expenses[claim.expense_id].status = "approved"
    session.flush()


def lock(session: Session, ids: Iterable[int]) -> dict[int, Expense]:
    """Return the expenses by id, locked in the order of their ids so that two lockers never wait for each other.

    Raises:
        NotFound: one of them does not exist.
    """
    wanted = sorted(set(ids))
    query = select(Expense).where(Expense.id.in_(wanted)).order_by(Expense.id).with_for_update()
    found = {row.id: row for row in session.scalars(query, execution_options={"populate_existing": True})}
    if len(found) < len(wanted):
        message = "There is no such expense."
        raise NotFound(message)
    return found


def live_claim(session: Session, expense_id: int) -> ExpenseClaim | None:
    """Return the claim that holds the expense now; None where nobody does."""
    return next(iter(models_of(session, live_claim_asked(expense_id))), None)


def live_claim_asked(expense_id: int) -> Select[ExpenseClaim]:
    """Return the question of `live_claim`, to be asked together with others."""
    return _live([expense_id])


def name_of(session: Session, claim: ExpenseClaim) -> str:
    """Return how people call the claim's holder."""
    holder = (claim.holder_kind, claim.holder_id)
    return _names.of(session, [holder])[holder]


def holders_of_each(session: Session, expense_ids: Ids) -> dict[int, str]:
    """Return what bills each of the expenses that are billed, as people call it."""
    claims = {
        claim.expense_id: (claim.holder_kind, claim.holder_id) for claim in models_of(session, _live(expense_ids))
    }
    names = _names.of(session, claims.values(), held=partial(_held, expense_ids))
    return {expense_id: names[holder] for expense_id, holder in claims.items()}


def holders_asked(expense_ids: Ids) -> tuple[Question, ...]:
    """Return the questions of `holders_of_each`, to be asked together with others."""
    return (_live(expense_ids), *_names.questions(partial(_held, expense_ids)))


def expenses_held_by(session: Session, kind: str, ids: Select[int]) -> dict[int, Expense]:
    """Return by holder the expense that it bills or, where it let go, billed last; for ids of one kind of holder."""
    claims, spent = held_asked(kind, ids)
    expenses = {expense.id: expense for expense in models_of(session, spent)}
    return {row.holder_id: expenses[row.expense_id] for row in rows_of(session, claims)}


def held_asked(kind: str, ids: Select[int]) -> tuple[Select[int, int], Select[Expense]]:
    """Return the questions of `expenses_held_by`, for who bills which and for the expenses, to be asked with others."""
    claims = select(ExpenseClaim.holder_id, ExpenseClaim.expense_id)
    claims = claims.where(ExpenseClaim.holder_kind == kind, ExpenseClaim.holder_id.in_(ids))
    spent = claims.with_only_columns(ExpenseClaim.expense_id, maintain_column_froms=True)
    return claims.order_by(ExpenseClaim.id), select(Expense).where(Expense.id.in_(spent))


def _live(expense_ids: Ids) -> Select[ExpenseClaim]:
    return select(ExpenseClaim).where(ExpenseClaim.expense_id.in_(expense_ids), ExpenseClaim.released_at.is_(None))


def _held(expense_ids: Ids, kind: str) -> Select[int]:
    """Return the query of the holders of one kind that bill expenses."""
    of_kind = select(ExpenseClaim.holder_id).where(ExpenseClaim.holder_kind == kind, ExpenseClaim.released_at.is_(None))
    return of_kind.where(ExpenseClaim.expense_id.in_(expense_ids))


def _live_of(session: Session, holders: Iterable[Holder]) -> list[ExpenseClaim]:
    wanted = sorted(set(holders))
    query = select(ExpenseClaim).where(
        ExpenseClaim.holder_kind.in_({kind for kind, _ in wanted}),
        ExpenseClaim.holder_id.in_({holder_id for _, holder_id in wanted}),
        ExpenseClaim.released_at.is_(None),
    )
    return [
        claim
        for claim in session.scalars(query.order_by(ExpenseClaim.id))
        if (claim.holder_kind, claim.holder_id) in wanted
    ]
