"""Expenses written, changed and deleted, as long as nothing bills them (docs/billing.md rules E1, E5, E9)."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients.locks import refuse_locked_days
from helpdesk.expenses import claiming, queries
from helpdesk.expenses.domain.facts import Facts, FieldRefused, check_facts
from helpdesk.expenses.models import Expense, ExpenseCategory
from helpdesk.expenses.service import pricing
from helpdesk.infra import audit
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.errors import Conflict, Denied, NotFound
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects import queries as projects
from helpdesk.projects.models import Project, WorkItem


def add_expense(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    facts: Facts,
    project_id: int | None = None,
    number: int | None = None,
    person_id: int | None = None,
    uuid: str | None = None,
    reason: str = "",
) -> Expense:
    """Add a draft and return it. ``number`` names a ticket or task, whose project counts then.

    A ``uuid`` that was used before gives the expense of then. Managers may write for others. ``reason`` says why,
    where the day is locked.

    Raises:
        FieldRefused: no such item or project or a closed one, or something typed is wrong.
        RuleViolation: the day is locked (rule E9).
        Denied: somebody else's expense, without the role for it.
        Conflict: ``uuid`` belongs to somebody else's expense.
    """
    owner_id = _owner(session, actor, person_id)
    repeated = session.scalar(select(Expense).where(Expense.uuid == uuid)) if uuid else None
    if repeated is not None:
        if repeated.person_id != owner_id:
            message = "This expense was recorded before, by somebody else."
            raise Conflict(message)
        return repeated
    expense = Expense(uuid=uuid or str(uuid4()), person_id=owner_id, created_at=now, status="draft")
    _write(session, expense, actor=actor, now=now, facts=facts, project_id=project_id, number=number)
    locked = refuse_locked(session, actor=actor, expense=expense, reason=reason)
    session.add(expense)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="added",
        kind="expense",
        object_id=expense.id,
        now=now,
        what=as_json(expense),
        **locked,
    )
    return expense


def change_expense(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    expense_id: int,
    facts: Facts,
    project_id: int | None = None,
    number: int | None = None,
    version: int | None = None,
    reason: str = "",
) -> Expense:
    """Change an expense and return it: a draft again, whatever it was before. ``reason`` as for `add_expense`.

    Raises:
        NotFound: no such expense, or somebody else's.
        Conflict: an invoice bills it, which is named; or it changed since ``version`` was read.
        FieldRefused: as for `add_expense`.
        RuleViolation: its day, or the one that it goes to, is locked (rule E9).
    """
    expense = _changeable(session, actor, expense_id)
    if version is not None and expense.version != version:
        message = "Somebody changed this expense in the meantime. What you typed is still here; look at it again."
        raise Conflict(message)
    before, locked = as_json(expense), refuse_locked(session, actor=actor, expense=expense, reason=reason)
    _write(session, expense, actor=actor, now=now, facts=facts, project_id=project_id, number=number)
    to_draft(expense)
    locked |= refuse_locked(session, actor=actor, expense=expense, reason=reason)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="changed",
        kind="expense",
        object_id=expense.id,
        now=now,
        before=before,
        what=as_json(expense),
        **locked,
    )
    return expense


def delete_expense(session: Session, *, actor: Actor, now: datetime, expense_id: int, reason: str = "") -> None:
    """Delete an expense; the audit trail keeps what it said, its receipts are erased with it.

    ``reason`` says why, where its day is locked.

    Raises:
        NotFound: no such expense, or somebody else's.
        Conflict: an invoice bills it or billed it once.
        RuleViolation: its day is locked (rule E9).
    """
    expense = _changeable(session, actor, expense_id)
    if expense.claims:
        message = "This expense was on an invoice once; change it instead of deleting it."
        raise Conflict(message)
    locked = refuse_locked(session, actor=actor, expense=expense, reason=reason)
    audit.record(
        session,
        actor=actor,
        action="deleted",
        kind="expense",
        object_id=expense.id,
        now=now,
        before=as_json(expense),
        **locked,
    )
    for receipt in expense.receipts:
        session.delete(receipt)
    session.flush()
    session.delete(expense)
    session.flush()


def to_draft(expense: Expense) -> None:
    """Take back everything that submitting and approving wrote."""
    expense.status, expense.rejected_because = "draft", ""
    expense.submitted_at = expense.approved_at = expense.approved_by_id = None
    pricing.forget_price(expense)


def refuse_billed(session: Session, expense: Expense) -> None:
    """Keep what is billed as it is (rule E5).

    Raises:
        Conflict: a draft invoice or an issued one bills it; it is named.
    """
    claim = claiming.live_claim(session, expense.id)
    if claim is not None:
        message = f"This expense is in {claiming.name_of(session, claim)}. Drop or void that first."
        raise Conflict(message)


def refuse_locked(session: Session, *, actor: Actor, expense: Expense, reason: str) -> dict[str, Any]:
    """Return what the audit trail says of a change on a locked day; nothing where the expense's day is open (rule E9).

    Raises:
        RuleViolation: its day is locked, and the actor may not change it or gave no reason.
    """
    client, days = expense.project.client, [expense.spent_on]
    locked = refuse_locked_days(session, actor=actor, client=client, days=days, reason=reason, what="Expenses")
    return {**locked, "reason": reason.strip()} if locked else {}


def as_json(expense: Expense) -> dict[str, object]:
    """Return what the audit trail keeps of an expense."""
    return {
        "project": expense.project.name,
        "item": expense.work_item.number if expense.work_item else None,
        "category": expense.category.name,
        "kind": expense.kind,
        "day": expense.spent_on.isoformat(),
        "gross_minor": expense.gross_minor,
        "tax_minor": expense.tax_minor,
        "currency": expense.currency,
        "exchange_rate": expense.exchange_rate,
        "billing": expense.billing,
        "markup_percent": expense.markup_percent,
        "note": expense.note,
        "status": expense.status,
    }


def _write(
    session: Session,
    expense: Expense,
    *,
    actor: Actor,
    now: datetime,
    facts: Facts,
    project_id: int | None,
    number: int | None,
) -> None:
    project, item = _place(session, actor, project_id, number)
    if project.id != expense.project_id:
        _refuse_closed(project, "number" if item else "project_id")
    check_facts(facts, today=local_day(now, zone_named(project.client.time_zone)))
    category = _category(session, facts, expense.category_id)
    expense.project, expense.work_item, expense.category = project, item, category
    expense.project_id, expense.work_item_id, expense.category_id = project.id, item.id if item else None, category.id
    pricing.write_facts(session, expense, facts)


def _place(
    session: Session, actor: Actor, project_id: int | None, number: int | None
) -> tuple[Project, WorkItem | None]:
    """Return the project and the item that the expense is for; an item's own project wins."""
    try:
        if number is not None:
            item = projects.get_item(session, actor=actor, number=number)
            return item.project, item
        return projects.get_project(session, actor=actor, project_id=project_id or 0), None
    except NotFound as refusal:
        field = "project_id" if number is None else "number"
        said = "Choose the project that it was for." if number is None else str(refusal)
        raise FieldRefused(field=field, message=said) from refusal


def _refuse_closed(project: Project, field: str) -> None:
    if project.status == "done" or project.client.archived_at is not None:
        message = f"The project {project.name} of {project.client.name} is closed; it takes no more expenses."
        raise FieldRefused(field=field, message=message)


def _category(session: Session, facts: Facts, had: int | None) -> ExpenseCategory:
    """Return the chosen category, or where none is chosen that of the kind."""
    query = select(ExpenseCategory).where(ExpenseCategory.default_for == facts.kind)
    found = session.get(ExpenseCategory, facts.category_id) if facts.category_id else session.scalar(query)
    if found is None or (found.archived_at is not None and found.id != had):
        raise FieldRefused(field="category_id", message="Choose a category.")
    return found


def _changeable(session: Session, actor: Actor, expense_id: int) -> Expense:
    expense = queries.get(session, actor=actor, expense_id=expense_id, to_change=True)
    claiming.lock(session, [expense_id])
    refuse_billed(session, expense)
    return expense


def _owner(session: Session, actor: Actor, person_id: int | None) -> int:
    wanted = person_id or actor.person_id
    if wanted != actor.person_id and not actor.is_one_of(APPROVERS):
        message = "Only managers write expenses for others."
        raise Denied(message)
    owner = session.get(Person, wanted) if wanted else None
    if owner is None or not owner.active:
        message = "There is no such person."
        raise NotFound(message)
    return owner.id
