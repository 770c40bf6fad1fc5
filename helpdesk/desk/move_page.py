"""What the page before a move shows: where to, what a plan lets go, what becomes of time and expenses (rules 3, E8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.desk import moving
from helpdesk.expenses import queries as expense_queries
from helpdesk.expenses import service as expenses
from helpdesk.expenses.models import Expense
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RATES, Actor
from helpdesk.infra.web import money_filter
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import local_day
from helpdesk.projects import queries as projects
from helpdesk.projects.models import Project, WorkItem
from helpdesk.projects.planning import leaving
from helpdesk.projects.planning.leaving import Leave
from helpdesk.rates.domain import RateMissing
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


def values(
    session: Session, *, actor: Actor, now: datetime, number: int, project_id: int | None, also: Iterable[int]
) -> MoveValues:
    """Return what will happen to an item, its plan and the time on it, and to those that move along, before it does.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: the item cannot move to that project.
    """
    item = projects.get_item(session, actor=actor, number=number)
    project = moving.destination(session, actor=actor, item=item, project_id=project_id)
    others = [projects.get_item(session, actor=actor, number=each) for each in also]
    leaves = [leaving.leaving(session, item=each, after=project) for each in (item, *others)]
    shows_money = actor.is_one_of(RATES) and _handles_money(session, actor, {item.project.client_id, project.client_id})
    prices = PriceList(session) if shows_money else None
    groups = [
        (leave, _lines(session, leave, prices, now), _expense_lines(session, actor, leave, project)) for leave in leaves
    ]
    lines, spent = [line for group in groups for line in group[1]], [line for group in groups for line in group[2]]
    arriving = sum(
        line.worked_seconds for line in lines if line.billable_then == "billable" and line.status != "running"
    )
    refused, told = limits.forecast(session, project, added_seconds=arriving)
    moves_client = not item.project.client.is_internal and item.project.client_id != project.client_id
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
        seen=moving.stamp(session, leaves),
    )


def _has_own_time(group: tuple[Leave, list[MoveLine], list[ExpenseMoveLine]]) -> bool:
    leave, lines, spent = group
    billings = {*(line.billable for line in lines), *(line.billing for line in spent)}
    return timekeeping.place_of(leave.item.project).is_internal and "not_billable" in billings


def _handles_money(session: Session, actor: Actor, client_ids: set[int]) -> bool:
    """Whether the actor may see the prices of every one of these clients; our own company's are no secret."""
    query = select(func.count()).where(Client.id.in_(client_ids), Client.is_internal | clients.billable_by(actor))
    return session.scalar(query) == len(client_ids)


def _lines(session: Session, leave: Leave, prices: PriceList | None, now: datetime) -> list[MoveLine]:
    entries, found = moving.time_of(session, leave.items)
    before, after = timekeeping.place_of(leave.item.project), timekeeping.place_of(leave.after)
    return [
        _line(entry, found[entry.id], before, after, leave.after, prices, now)
        for entry in sorted(entries, key=lambda entry: (entry.started_at, entry.id), reverse=True)
    ]


def _expense_lines(session: Session, actor: Actor, leave: Leave, project: Project) -> list[ExpenseMoveLine]:
    ids = [each.id for each in leave.items]
    spent = expenses.on_items(session, ids)
    readable = expense_queries.readable_on(session, actor=actor, item_ids=ids) if spent else set()
    return [_expense_line(session, one, leave.item, project, shows_amount=one.id in readable) for one in spent]


def _expense_line(
    session: Session, expense: Expense, item: WorkItem, project: Project, *, shows_amount: bool
) -> ExpenseMoveLine:
    holder = expenses.holder_of(session, expense)
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
        billing_then=expense.billing if holder else expenses.billing_in(expense, item.project, project),
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
