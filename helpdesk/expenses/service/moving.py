"""Expenses that go along when their ticket moves to another project (docs/billing.md rule E8)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.expenses import claiming, queries
from helpdesk.expenses.models import Expense
from helpdesk.expenses.service import pricing
from helpdesk.expenses.service.approval import name_of
from helpdesk.expenses.service.writing import refuse_locked, to_draft
from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict
from helpdesk.projects.models import Project


def on_items(session: Session, item_ids: Collection[int], *, lock: bool = False) -> list[Expense]:
    """Return the expenses on work items by day, whoever's they are.

    Where they are locked against others, people and categories are loaded beside them.
    """
    if not lock:
        return models_of(session, queries.on_items_asked(item_ids))
    ids = list(session.scalars(queries.ids_on(item_ids)))
    claiming.lock(session, ids)
    return sorted(queries.by_ids(session, ids), key=lambda one: (one.spent_on, one.id))


def holders_on(session: Session, item_ids: Collection[int]) -> dict[int, str]:
    """Return what bills each expense on work items that is billed, as people call it; others can move."""
    return claiming.holders_of_each(session, queries.ids_on(item_ids))


def refuse_held(session: Session, expenses: Sequence[Expense]) -> None:
    """Keep an item with billed expenses where it is.

    Raises:
        Conflict: an invoice bills one; both are named.
    """
    holders = claiming.holders_of_each(session, [one.id for one in expenses])
    held = [f"{name_of(one)} in {holders[one.id]}" for one in expenses if one.id in holders]
    if held:
        kind = kind_of_item(expenses[0])
        message = (
            f"A billed expense stays where it was billed, and its {kind} with it: {'; '.join(held)}. Nothing was "
            f"moved. Open a new {kind} for what follows, or drop or void that first."
        )
        raise Conflict(message)


def carry(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    expenses: Sequence[Expense],
    before: Project,
    after: Project,
    bill_own: bool = False,
) -> list[Expense]:
    """Let locked ``expenses`` follow their item from ``before`` to ``after``, and return those that were approved.

    None keeps a price of the old project; what was approved is submitted again and says so. What nobody was billed
    for at home is billed at a client only where ``bill_own`` says so, and at home nothing is.

    Raises:
        RuleViolation: an approved one lies on a locked day, and the actor may not change it (rule E9).
    """
    reason = f"moved to {after.client.name}, {after.name}"
    returned = [one for one in expenses if one.status == "approved"]
    for one in returned:
        refuse_locked(session, actor=actor, expense=one, reason=reason)
    for one in expenses:
        was = {"status": one.status, "billing": one.billing, "bill_minor": one.bill_minor}
        _follow(one, now, before, after, bill_own=bill_own)
        session.flush()
        audit.record(
            session,
            actor=actor,
            action="moved",
            kind="expense",
            object_id=one.id,
            now=now,
            from_project=before.id,
            before=was,
            reason=reason,
        )
    return returned


def kind_of_item(expense: Expense) -> str:
    """Return what the expense is on, as a word: ticket or task."""
    return expense.work_item.kind if expense.work_item else "ticket"


def _follow(expense: Expense, now: datetime, before: Project, after: Project, *, bill_own: bool) -> None:
    if expense.status == "approved":
        to_draft(expense)
        expense.status, expense.submitted_at = "submitted", now
        expense.rejected_because = (
            f"It was approved for {before.client.name}, {before.name}, before its {kind_of_item(expense)} moved."
        )
    pricing.forget_price(expense)
    expense.project, expense.project_id = after, after.id
    expense.billing = billing_in(expense, before, after, bill_own=bill_own)
    if expense.billing != "markup":
        expense.markup_percent = "0"


def billing_in(expense: Expense, before: Project, after: Project, *, bill_own: bool = False) -> str:
    """Return how the expense is billed once its item is in ``after``."""
    if pricing.is_internal(after):
        return "not_billable"
    ours = pricing.is_internal(before) and expense.billing == "not_billable"
    return "as_is" if ours and bill_own else expense.billing
