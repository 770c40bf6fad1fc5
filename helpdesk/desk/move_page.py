"""What the page before a move shows: where to, what a plan lets go, what becomes of time and expenses (rules 3, E8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.desk import moving
from helpdesk.desk.moving import Load, SetOut
from helpdesk.expenses import claiming
from helpdesk.expenses import queries as expense_queries
from helpdesk.expenses import service as expenses
from helpdesk.expenses.models import Expense, ExpenseCategory
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RATES, Actor
from helpdesk.infra.web import money_filter
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import local_day
from helpdesk.projects.models import Project, WorkItem
from helpdesk.projects.planning import leaving
from helpdesk.projects.planning.leaving import Leave
from helpdesk.rates.domain import RateMissing
from helpdesk.rates.queries import cards_of_asked
from helpdesk.tickets import queries as tickets
from helpdesk.timekeeping import limits
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.domain.moves import MovingTime, Outcome, Place, move_time
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as time
from helpdesk.timekeeping.service.pricing import PriceList


@dataclass(frozen=True)
class MoveLine:
    """One entry, and what the move does to it; prices are empty where not for the reader or where nothing bills."""

    number: int
    person_name: str
    note: str
    day: date
    worked_seconds: int
    status: str
    outcome: str
    held_by: tuple[str, ...]
    billable: str
    billable_then: str
    price: str
    price_then: str


@dataclass(frozen=True)
class ExpenseMoveLine:
    """One expense, and what the move does to it; ``amount`` is empty where it is not for the reader."""

    number: int
    person_name: str
    category: str
    day: date
    amount: str
    status: str
    outcome: str
    held_by: str
    billing: str
    billing_then: str


@dataclass(frozen=True)
class MoveValues:
    """The context of desk/move.html; ``own_time`` where time or expenses of ours could become billable.

    ``leave`` says what a plan lets go, and ``written`` how many notes and mails another client's team will read.
    ``left`` is the time and the expenses on tickets that were merged in, which stay.
    ``seen`` is what comes back with the form: it tells whether anything changed since.
    """

    item: WorkItem
    project: Project
    others: list[WorkItem]
    leave: Leave
    written: int
    left: list[moving.Left]
    lines: list[MoveLine]
    expenses: list[ExpenseMoveLine]
    blocked: bool
    returned_count: int
    returned_expenses: int
    own_time: bool
    limit_refuses: str
    limit_warns: str
    shows_money: bool
    seen: str


def values(session: Session, *, actor: Actor, now: datetime, going: SetOut, project_id: int | None) -> MoveValues:
    """Return what will happen to an item, its plan and the time on it, and to those that move along, before it does.

    Raises:
        RuleViolation: the item cannot move to that project.
    """
    item, others = going.item, [family.items[0] for family in going.families[1:]]
    project = moving.destination(session, actor=actor, going=going, project_id=project_id)
    between = (item.project.client, project.client)
    shows_money = actor.is_one_of(RATES) and all(_handles_money(actor, each) for each in between)
    moves_client = not between[0].is_internal and between[0].id != between[1].id
    _ask_ahead(session, actor, going, project, shows_money=shows_money)
    leaves = leaving.leaves_of(session, families=going.families, after=project)
    loads = moving.loads_of(session, leaves)
    prices = PriceList(session) if shows_money else None
    paid = _expense_lines(session, actor, loads)
    groups = [(load.leave, _lines(load, prices, now), spent) for load, spent in zip(loads, paid, strict=True)]
    lines, spent = [line for group in groups for line in group[1]], [line for group in groups for line in group[2]]
    arriving = sum(
        line.worked_seconds for line in lines if line.billable_then == "billable" and line.status != "running"
    )
    refused, told = limits.forecast(session, project, added_seconds=arriving)
    return MoveValues(
        item=item,
        project=project,
        others=others,
        leave=leaves[0],
        written=tickets.written_count(session, [each.id for each in leaves[0].items]) if moves_client else 0,
        left=moving.left_behind(session, [each for leave in leaves for each in leave.items]),
        lines=lines,
        expenses=spent,
        blocked=any(
            outcome == Outcome.HELD for outcome in (*(one.outcome for one in lines), *(one.outcome for one in spent))
        ),
        returned_count=sum(line.outcome == Outcome.RETURNED for line in lines),
        returned_expenses=sum(line.outcome == Outcome.RETURNED for line in spent),
        own_time=not timekeeping.place_of(project).is_internal and any(map(_has_own_time, groups)),
        limit_refuses=refused,
        limit_warns="" if refused else told,
        shows_money=shows_money,
        seen=moving.stamp(loads),
    )


def _ask_ahead(session: Session, actor: Actor, going: SetOut, project: Project, *, shows_money: bool) -> None:
    """Ask all that is shown of what goes, with the people and categories that time and expenses have."""
    firsts = [family.items[0] for family in going.families]
    ids = [item.id for family in going.families for item in family.items]
    homes = {each.id: each for each in (project.client, *(first.project.client for first in firsts))}
    spent = expense_queries.ids_on(ids)
    workers = select(TimeEntry.person_id).where(TimeEntry.work_item_id.in_(ids))
    spenders, categories = (
        select(column).where(Expense.id.in_(spent)) for column in (Expense.person_id, Expense.category_id)
    )
    ask_ahead(
        session,
        *leaving.questions(going.families, project),
        *limits.forecast_asked(project),
        *moving.left_behind_asked(ids),
        *moving.loads_asked(ids),
        *claiming.holders_asked(spent),
        expense_queries.readable_on_asked(actor, ids),
        tickets.written_asked([item.id for item in going.families[0].items]),
        select(Person).where(Person.id.in_(union(workers, spenders))),
        select(ExpenseCategory).where(ExpenseCategory.id.in_(categories)),
        *(cards_of_asked(session, [(each.id, each.currency)]) for each in homes.values() if shows_money),
    )


def _has_own_time(group: tuple[Leave, list[MoveLine], list[ExpenseMoveLine]]) -> bool:
    leave, lines, spent = group
    billings = {*(line.billable for line in lines), *(line.billing for line in spent)}
    return timekeeping.place_of(leave.item.project).is_internal and "not_billable" in billings


def _handles_money(actor: Actor, client: Client) -> bool:
    """Whether the actor may see the prices of a client; our own company's are no secret."""
    return client.is_internal or clients.bills(actor, client)


def _lines(load: Load, prices: PriceList | None, now: datetime) -> list[MoveLine]:
    leave = load.leave
    before, after = timekeeping.place_of(leave.item.project), timekeeping.place_of(leave.after)
    return [
        _line(entry, load.moving[entry.id], before, after, leave.after, prices, now)
        for entry in sorted(load.entries, key=lambda entry: (entry.started_at, entry.id), reverse=True)
    ]


def _expense_lines(session: Session, actor: Actor, loads: Sequence[Load]) -> list[list[ExpenseMoveLine]]:
    """Return the lines of each load."""
    ids = [item.id for load in loads for item in load.leave.items]
    holders = expenses.holders_on(session, ids)
    readable = expense_queries.readable_on(session, actor=actor, item_ids=ids)
    return [
        [_expense_line(one, load.leave, holders.get(one.id, ""), shows_amount=one.id in readable) for one in load.spent]
        for load in loads
    ]


def _expense_line(expense: Expense, leave: Leave, holder: str, *, shows_amount: bool) -> ExpenseMoveLine:
    item = leave.item
    moves = Outcome.RETURNED if expense.status == "approved" else Outcome.ANEW
    return ExpenseMoveLine(
        number=expense.work_item.number if expense.work_item is not None else item.number,
        person_name=expense.person.name,
        category=expense.category.name,
        day=expense.spent_on,
        amount=money_filter(expense.gross_minor, expense.currency) if shows_amount else "",
        status=expense.status,
        outcome=(Outcome.HELD if holder else moves).value,
        held_by=holder,
        billing=expense.billing,
        billing_then=expense.billing if holder else expenses.billing_in(expense, item.project, leave.after),
    )


def _line(
    entry: TimeEntry,
    found: MovingTime,
    before: Place,
    after: Place,
    project: Project,
    prices: PriceList | None,
    now: datetime,
) -> MoveLine:
    then = found if found.outcome is Outcome.HELD else move_time(found, before=before, after=after)
    return MoveLine(
        number=entry.work_item.number,
        person_name=entry.person.name,
        note=entry.note,
        day=time.day_of(entry),
        worked_seconds=time.worked_seconds(entry, now=now),
        status="running" if entry.ended_at is None else entry.status,
        outcome=found.outcome.value,
        held_by=found.held_by,
        billable=found.billable,
        billable_then=then.billable,
        price=_price_now(entry, prices),
        price_then=_price_then(entry, then, after, project, prices),
    )


def _price_now(entry: TimeEntry, prices: PriceList | None) -> str:
    if prices is None or entry.billable != "billable":
        return ""
    if entry.rate_minor is not None and entry.rate_currency is not None:
        return money_filter(entry.rate_minor, entry.rate_currency)
    return _price_in(entry, entry.work_item.project, time.day_of(entry), prices)


def _price_then(entry: TimeEntry, then: MovingTime, after: Place, project: Project, prices: PriceList | None) -> str:
    if prices is None or then.billable != "billable" or then.outcome is Outcome.HELD:
        return ""
    return _price_in(entry, project, local_day(then.started_at, after.zone), prices)


def _price_in(entry: TimeEntry, project: Project, on: date, prices: PriceList) -> str:
    found = prices.in_project(entry, project, on=on)
    if isinstance(found, RateMissing):
        return _("no rate found")
    return money_filter(Money.rounded(found.amount, found.currency).minor, found.currency)
