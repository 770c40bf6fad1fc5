"""Reads of expenses: a page of the list with its sums, one of them, what waits for approval. One query a list."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session, contains_eager, joinedload

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.clients.queries import billable_by
from helpdesk.expenses.models import Expense, ExpenseCategory, ExpenseReceipt
from helpdesk.infra.ahead import models_of, rows_of
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import APPROVERS, INVOICES, Actor
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.periods import Month
from helpdesk.projects.models import Project

PAGE = 50


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the list is narrowed to; None and the empty text mean everything."""

    month: Month | None = None
    person_id: int | None = None
    client_id: int | None = None
    project_id: int | None = None
    status: str = ""


@dataclass(frozen=True)
class Listed:
    """One expense of the list, and whether it has a receipt."""

    expense: Expense
    has_receipt: bool


@dataclass(frozen=True)
class CurrencySum:
    """What expenses of one currency come to, with tax, and how many they are."""

    currency: str
    count: int
    gross_minor: int


def with_work() -> Select[Expense]:
    """Return the selection of expenses with project, client, person and category loaded beside them."""
    return (
        select(Expense)
        .join(Expense.project)
        .join(Project.client)
        .options(
            contains_eager(Expense.project).contains_eager(Project.client),
            joinedload(Expense.person),
            joinedload(Expense.category),
            joinedload(Expense.work_item),
        )
    )


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for what the actor may read: the own ones, and those of clients whose money is theirs."""
    if actor.kind == "system":
        return true()
    own = Expense.person_id == actor.person_id
    return or_(own, billable_by(actor)) if actor.is_one_of(INVOICES) else own


def is_changed_by(actor: Actor, expense: Expense) -> bool:
    """Whether the actor may change the expense at all: one's own, and everybody's for those who approve."""
    return expense.person_id == actor.person_id or actor.is_one_of(APPROVERS)


def get(session: Session, *, actor: Actor, expense_id: int, to_change: bool = False) -> Expense:
    """Return an expense that the actor may read, or change where asked so.

    Raises:
        NotFound: no such expense, or not for this actor.
    """
    query = with_work().options(joinedload(Expense.receipts), joinedload(Expense.claims))
    expense = session.scalars(query.where(Expense.id == expense_id, readable_by(actor))).unique().one_or_none()
    if expense is None or (to_change and not is_changed_by(actor, expense)):
        message = "There is no such expense."
        raise NotFound(message)
    return expense


def get_receipt(session: Session, *, actor: Actor, receipt_id: int) -> ExpenseReceipt:
    """Return a receipt of an expense that the actor may read.

    Raises:
        NotFound: no such receipt, or not for this actor.
    """
    query = (
        select(ExpenseReceipt)
        .join(ExpenseReceipt.expense)
        .join(Expense.project)
        .join(Project.client)
        .options(contains_eager(ExpenseReceipt.expense))
    )
    receipt = session.scalar(query.where(ExpenseReceipt.id == receipt_id, readable_by(actor)))
    if receipt is None:
        message = "There is no such receipt."
        raise NotFound(message)
    return receipt


def page(
    session: Session, *, actor: Actor, filters: Filters, before: tuple[date, int] | None = None, limit: int = PAGE
) -> tuple[list[Listed], tuple[date, int] | None]:
    """Return up to ``limit`` expenses, latest day first, and the key of the page after them (None: the last)."""
    has_receipt = exists().where(ExpenseReceipt.expense_id == Expense.id)
    query = with_work().add_columns(has_receipt).where(*_conditions(actor, filters))
    if before is not None:
        day, expense_id = before
        query = query.where(or_(Expense.spent_on < day, and_(Expense.spent_on == day, Expense.id < expense_id)))
    rows = session.execute(query.order_by(Expense.spent_on.desc(), Expense.id.desc()).limit(limit + 1)).all()
    listed = [Listed(expense, has) for expense, has in rows[:limit]]
    last = listed[-1].expense if len(rows) > limit else None
    return listed, None if last is None else (last.spent_on, last.id)


def sums(session: Session, *, actor: Actor, filters: Filters) -> list[CurrencySum]:
    """Return what all expenses that fit the filters come to, by currency."""
    rows = rows_of(session, sums_asked(actor, filters))
    return [CurrencySum(currency, count, int(total)) for currency, count, total in rows]


def sums_asked(actor: Actor, filters: Filters) -> Select[str, int, int]:
    """Return the question of `sums`, to be asked together with others."""
    return (
        select(Expense.currency, func.count().label("count"), func.sum(Expense.gross_minor).label("total"))
        .join(Expense.project)
        .join(Project.client)
        .where(*_conditions(actor, filters))
        .group_by(Expense.currency)
        .order_by(Expense.currency)
    )


def waiting(session: Session) -> list[Expense]:
    """Return the submitted expenses by person's name, then day, receipts loaded beside them."""
    query = with_work().join(Expense.person).where(Expense.status == "submitted")
    query = query.options(joinedload(Expense.receipts))
    return list(session.scalars(query.order_by(Person.name, Person.id, Expense.spent_on, Expense.id)).unique())


def waiting_count(session: Session) -> int:
    """Return how many expenses are submitted."""
    return int(rows_of(session, submitted_count())[0][0])


def submitted_count() -> Select[int]:
    """Return the question for that number, to be asked together with others."""
    return select(func.count().label("count")).where(Expense.status == "submitted")


def own_drafts(session: Session, *, person_id: int) -> list[Expense]:
    """Return the person's expenses that are not handed in yet or came back, oldest first."""
    query = with_work().where(Expense.person_id == person_id, Expense.status.in_(("draft", "rejected")))
    return list(session.scalars(query.order_by(Expense.spent_on, Expense.id)))


def readable_on(session: Session, *, actor: Actor, item_ids: Collection[int]) -> set[int]:
    """Return the ids of the expenses on work items that the actor may read."""
    return {row.id for row in rows_of(session, readable_on_asked(actor, item_ids))}


def readable_on_asked(actor: Actor, item_ids: Collection[int]) -> Select[int]:
    """Return the question of `readable_on`, to be asked together with others."""
    query = select(Expense.id).join(Expense.project).join(Project.client)
    return query.where(Expense.work_item_id.in_(item_ids), readable_by(actor))


def ids_on(item_ids: Collection[int]) -> Select[int]:
    """Return the query of the ids of all expenses on these work items."""
    return select(Expense.id).where(Expense.work_item_id.in_(item_ids))


def on_items_asked(item_ids: Collection[int]) -> Select[Expense]:
    """Return the question for all expenses on these work items, by day, to be asked together with others."""
    return select(Expense).where(Expense.work_item_id.in_(item_ids)).order_by(Expense.spent_on, Expense.id)


def history(session: Session, expense_id: int) -> list[AuditRow]:
    """Return what was done with the expense, newest first."""
    return models_of(session, history_asked(expense_id))


def history_asked(expense_id: int) -> Select[AuditRow]:
    """Return the question of `history`, to be asked together with others."""
    query = select(AuditRow).where(AuditRow.object_kind == "expense", AuditRow.object_id == expense_id)
    return query.order_by(AuditRow.at.desc(), AuditRow.id.desc())


def choices(session: Session, *, actor: Actor) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Return people and clients that the actor's expenses are of, as (id, name), for the filters of the list."""
    people, clients = choices_asked(actor)
    return (
        [(row.id, row.name) for row in rows_of(session, people)],
        [(row.id, row.name) for row in rows_of(session, clients)],
    )


def choices_asked(actor: Actor) -> tuple[Select[int, str], Select[int, str]]:
    """Return the two questions of `choices`, to be asked together with others."""
    mine = select(Expense.id).join(Expense.project).join(Project.client).where(readable_by(actor))
    people = select(Person.id, Person.name).where(exists(mine.where(Expense.person_id == Person.id).correlate(Person)))
    booked = (
        select(Expense.id)
        .join(Project, Project.id == Expense.project_id)
        .where(Project.client_id == Client.id, Expense.person_id == actor.person_id)
        .correlate(Client)
    )
    reach = or_(billable_by(actor), exists(booked)) if actor.is_one_of(INVOICES) else exists(booked)
    named = select(Client.id, Client.name).where(reach, Client.archived_at.is_(None))
    return people.order_by(func.lower(Person.name)), named.order_by(func.lower(Client.name))


def categories(session: Session, *, archived_too: bool = False) -> list[ExpenseCategory]:
    """Return the categories in use, by name."""
    return models_of(session, categories_asked(archived_too=archived_too))


def categories_asked(*, archived_too: bool = False) -> Select[ExpenseCategory]:
    """Return the question of `categories`, to be asked together with others."""
    query = select(ExpenseCategory).order_by(func.lower(ExpenseCategory.name))
    return query if archived_too else query.where(ExpenseCategory.archived_at.is_(None))


def by_ids(session: Session, ids: Iterable[int]) -> list[Expense]:
    """Return the expenses of these ids with what belongs to them, by id."""
    return list(session.scalars(with_work().where(Expense.id.in_(list(ids))).order_by(Expense.id)))


def _conditions(actor: Actor, filters: Filters) -> list[ColumnElement[bool]]:
    found = [readable_by(actor)]
    if filters.month is not None:
        found.append(Expense.spent_on.between(filters.month.first_day, filters.month.last_day))
    if filters.person_id is not None:
        found.append(Expense.person_id == filters.person_id)
    if filters.client_id is not None:
        found.append(Project.client_id == filters.client_id)
    if filters.project_id is not None:
        found.append(Expense.project_id == filters.project_id)
    if filters.status:
        found.append(Expense.status == filters.status)
    return found
