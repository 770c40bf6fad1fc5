"""From draft to approved, and back (docs/billing.md rule E5)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.expenses import claiming, queries
from helpdesk.expenses.letters import rejection_letter
from helpdesk.expenses.models import Expense
from helpdesk.expenses.service import pricing
from helpdesk.expenses.service.writing import refuse_billed, refuse_locked, to_draft
from helpdesk.infra import audit
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.errors import Conflict, Denied, NotFound, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.notices import service as notices
from helpdesk.notices.service import News
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address

OPEN = ("draft", "rejected")


def submit(
    session: Session, *, actor: Actor, now: datetime, expense_ids: Iterable[int], reason: str = ""
) -> list[Expense]:
    """Submit the drafts and the rejected ones among ``expense_ids`` and return them; all or none.

    ``reason`` says why, where days are locked.

    Raises:
        NotFound: an expense does not exist or is somebody else's.
        RuleViolation: a rate of exchange is missing; it is named, with what to do. Or a day is locked (rule E9).
    """
    waiting = [expense for expense in _locked(session, actor, expense_ids) if expense.status in OPEN]
    locked = [refuse_locked(session, actor=actor, expense=expense, reason=reason) for expense in waiting]
    for expense in waiting:
        pricing.write_price(session, expense)
        expense.status, expense.submitted_at, expense.rejected_because = "submitted", now, ""
    session.flush()
    for expense, said in zip(waiting, locked, strict=True):
        _record(session, actor, now, "submitted", expense, **said)
    return waiting


def preview(session: Session, expense: Expense) -> tuple[int | None, str]:
    """Return what the client would pay in minor units of its currency, and how or why not; nothing is written."""
    try:
        found = pricing.billing_of(session, expense)
    except RuleViolation as refusal:
        return None, str(refusal)
    return (found.amount.minor, found.reason) if found else (None, "not billable")


def approve(session: Session, *, actor: Actor, now: datetime, expense_ids: Iterable[int]) -> list[Expense]:
    """Approve submitted expenses, freeze what the client pays for them, and return them; all or none.

    Raises:
        Denied: the actor's role does not approve, or one is the actor's own (unless the company allows that).
        NotFound: an expense does not exist.
        Conflict: one is not submitted, for somebody was faster.
        RuleViolation: a rate of exchange is missing.
    """
    _require_approver(actor)
    expenses = _locked(session, actor, expense_ids)
    self_approval = company.get_company(session).self_approval
    for expense in expenses:
        if expense.status != "submitted":
            message = f"{name_of(expense)} is {expense.status}, not waiting for approval. Nothing was approved."
            raise Conflict(message)
        if expense.person_id == actor.person_id and not self_approval:
            message = f"{name_of(expense)} is your own: somebody else approves it. Nothing was approved."
            raise Denied(message)
    for expense in expenses:
        pricing.write_price(session, expense)
        expense.status, expense.approved_at, expense.approved_by_id = "approved", now, actor.person_id
        expense.rejected_because = ""
    session.flush()
    for expense in expenses:
        _record(session, actor, now, "approved", expense, bill_minor=expense.bill_minor, why=expense.bill_reason)
    return expenses


def reject(session: Session, *, actor: Actor, now: datetime, expense_id: int, reason: str) -> Expense:
    """Give a submitted expense back with a reason, which its person reads and is mailed, and return it.

    Raises:
        Denied: the actor's role does not approve.
        NotFound: there is no such expense.
        Conflict: it is not submitted.
        RuleViolation: no reason was given.
    """
    _require_approver(actor)
    [expense] = _locked(session, actor, [expense_id])
    if expense.status != "submitted":
        message = f"{name_of(expense)} is {expense.status}, not waiting for approval."
        raise Conflict(message)
    said = _said(reason)
    to_draft(expense)
    expense.status, expense.rejected_because = "rejected", said
    session.flush()
    _record(session, actor, now, "rejected", expense, reason=expense.rejected_because)
    _tell(session, actor, now, expense)
    return expense


def reopen(session: Session, *, actor: Actor, now: datetime, expense_id: int, reason: str) -> Expense:
    """Take an approval back with a reason: the expense is a draft again, and is returned.

    Raises:
        Denied: the actor's role does not approve.
        NotFound: there is no such expense.
        Conflict: it is not approved, or an invoice bills it, which is named.
        RuleViolation: no reason was given, or its day is locked (rule E9).
    """
    _require_approver(actor)
    [expense] = _locked(session, actor, [expense_id])
    refuse_billed(session, expense)
    if expense.status != "approved":
        message = f"{name_of(expense)} is {expense.status}; only what is approved is reopened."
        raise Conflict(message)
    said = _said(reason)
    locked = refuse_locked(session, actor=actor, expense=expense, reason=reason)
    to_draft(expense)
    expense.rejected_because = said
    session.flush()
    _record(session, actor, now, "reopened", expense, **{**locked, "reason": said})
    return expense


def name_of(expense: Expense) -> str:
    """Return how people call an expense: ``Travel, 12.50 EUR of Ann on 2026-11-03``."""
    gross = Money(expense.gross_minor, expense.currency)
    return f"{expense.category.name}, {gross} {gross.currency} of {expense.person.name} on {expense.spent_on}"


def _tell(session: Session, actor: Actor, now: datetime, expense: Expense) -> None:
    """Mail the reason to the person, unless that is the actor, who has no mail, or there is no mailbox to send from."""
    mailbox = outbox.default_mailbox(session)
    person = expense.person
    key = f"expense:{expense.id}:rejected:{expense.version}"
    news = News(
        kind="rejected",
        key=key,
        title=name_of(expense),
        path=f"/expenses/{expense.id}",
        author=actor.name,
        excerpt=expense.rejected_because,
    )
    notices.tell(session, actor=actor, now=now, news=news, person_ids=[person.id], has_letter=True)
    if mailbox is None or person.id == actor.person_id or not notices.wants_mail(session, person, "rejected"):
        return
    letter = rejection_letter(expense, language=person.language, by=actor.name)
    outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=key,
        purpose="notification",
        about=("expense", expense.id),
        to=[Address(person.name, person.email)],
        subject=letter.subject,
        text=letter.text,
        automatic=True,
    )


def _locked(session: Session, actor: Actor, expense_ids: Iterable[int]) -> list[Expense]:
    wanted = set(expense_ids)
    claiming.lock(session, wanted)
    expenses = [one for one in queries.by_ids(session, wanted) if queries.is_changed_by(actor, one)]
    if len(expenses) < len(wanted):
        message = "There is no such expense."
        raise NotFound(message)
    return expenses


def _require_approver(actor: Actor) -> None:
    if not actor.is_one_of(APPROVERS):
        message = "Your role does not approve expenses."
        raise Denied(message)


def _said(reason: str) -> str:
    if not reason.strip():
        message = "Say why; the person reads it."
        raise RuleViolation(message)
    return reason.strip()


def _record(session: Session, actor: Actor, now: datetime, action: str, expense: Expense, **data: object) -> None:
    audit.record(session, actor=actor, action=action, kind="expense", object_id=expense.id, now=now, **data)
