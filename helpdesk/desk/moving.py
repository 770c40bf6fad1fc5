"""A ticket or task moves to another project, time and expenses with it: what will happen, and the act.

docs/billing.md rules 3 and E8 say what becomes of time and expenses, docs/projects.md "Moving" what a plan lets go.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk.clients import service as clients
from helpdesk.desk import move_history
from helpdesk.desk.move_notice import of_expense, of_time, tell_returned, tell_unassigned
from helpdesk.expenses import queries as expense_queries
from helpdesk.expenses import service as expenses
from helpdesk.expenses.models import Expense
from helpdesk.infra import live
from helpdesk.infra.ahead import Question, rows_of
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.projects.models import Project, WorkItem
from helpdesk.projects.planning import leaving, relocating
from helpdesk.projects.planning.leaving import Family, Leave
from helpdesk.projects.planning.writing import lock_plans
from helpdesk.retainers import queries as retainers
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import TicketDetails
from helpdesk.timekeeping import charging, claims, limits
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.domain.moves import MovingTime
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as time_queries
from helpdesk.timekeeping.service.moving import Returned


@dataclass(frozen=True)
class SetOut:
    """What somebody is about to move: items, each with all that hangs below it; the first is the one that they look at.

    ``is_bound`` where that one, or a task below it, has a conversation: it stays with its client.
    """

    families: list[Family]
    is_bound: bool

    @property
    def item(self) -> WorkItem:
        """The item that they look at."""
        return self.families[0].items[0]


@dataclass(frozen=True)
class Load:
    """The time and the expenses that go along with one item; ``moving`` says by id what a move finds of the time."""

    leave: Leave
    entries: list[TimeEntry]
    moving: dict[int, MovingTime]
    spent: list[Expense]


@dataclass
class Moved:
    """What moved: the item, the tasks below it, time and expenses, and what of these waits for approval again."""

    item: WorkItem
    along: list[WorkItem] = field(default_factory=list)
    entries: list[TimeEntry] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    expenses: list[Expense] = field(default_factory=list)
    returned_expenses: list[Expense] = field(default_factory=list)
    warnings: set[str] = field(default_factory=set)


def move(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    project_id: int,
    bill_own_time: bool = False,
) -> Moved:
    """Move an item to another project and say so in its conversation; a requester of no client yet is that client's.

    All tasks below a task go along, and time and expenses with them: nothing keeps a price of the old project, what
    was approved waits for approval again, and its person and approver are told. ``bill_own_time`` makes what was our
    own billable where the item goes. A timer that runs on it goes on.

    Raises:
        NotFound: no such item or project, or not for this actor.
        Conflict: time on it is charged, or an expense billed; what holds it is named. It was merged into another.
        RuleViolation: a closed project, a conversation or a requester of another client, something approved on a day
            that is locked against the actor, or more billable time than the new project takes.
    """
    item = projects.get_item(session, actor=actor, number=number)
    tickets.refuse_merged(session, item)
    after = projects.get_project(session, actor=actor, project_id=project_id)
    before = item.project
    claims.lock_books(session, before.client_id)
    lock_plans(session, before.id, after.id)
    leave = leaving.leaving(session, item=item, after=after)
    entries, moving = time_of(session, leave.items, lock=True)
    spent = expenses.on_items(session, [each.id for each in leave.items], lock=True)
    leaving.refuse(leave, conversing=conversing(session, leave.items))
    if before.id == after.id:
        return Moved(item)
    timekeeping.refuse_held(entries, moving)
    expenses.refuse_held(session, spent)
    lost = [(each, each.assignee) for each, _why in leave.unassigned if each.assignee is not None]
    relocating.move(session, actor=actor, now=now, leave=leave)
    returned = timekeeping.carry_time(
        session,
        actor=actor,
        now=now,
        entries=entries,
        moving=moving,
        before=before,
        after=after,
        bill_own_time=bill_own_time,
    )
    limits.refuse_arriving(session, after, entries)
    approvers = {one.id: one.approved_by_id for one in spent}
    paid = expenses.carry(
        session, actor=actor, now=now, expenses=spent, before=before, after=after, bill_own=bill_own_time
    )
    for each in leave.items:
        _place_requester(session, actor=actor, now=now, item=each)
    move_history.write(session, actor=actor, now=now, leave=leave, returned=returned, paid=paid)
    told = [*map(of_time, returned), *(of_expense(one, approvers[one.id]) for one in paid)]
    tell_returned(session, actor=actor, now=now, item=item, before=before, returned=told)
    tell_unassigned(session, actor=actor, now=now, item=item, lost=lost)
    _refresh_timers(session, now, entries)
    warnings = set(limits.warnings_of(session, entries).values())
    if leave.above is not None:
        relocating.settle(session, actor=actor, now=now, project_id=before.id)
    return Moved(item, leave.items[1:], entries, returned, spent, paid, warnings)


def leave_triage(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    project_id: int,
    learn_domain: bool = False,
    also: Iterable[int] = (),
    bill_own_time: bool = False,
) -> list[Moved]:
    """Move a ticket, with others of the same sender, and let the client learn the requester's domain where asked.

    From then on mail of that domain finds the client by itself (docs/mail.md rule 37). All of it happens, or nothing.

    Raises:
        NotFound: no such ticket or project, or not for this actor.
        Conflict: as :func:`move`.
        RuleViolation: as :func:`move`; the domain is a freemail provider's or another client's.
    """
    moved = [
        move(session, actor=actor, now=now, number=each, project_id=project_id, bill_own_time=bill_own_time)
        for each in (number, *also)
    ]
    item = moved[0].item
    details = ticket_queries.details(session, item.id)
    if learn_domain and details is not None and not item.project.client.is_internal:
        domain = details.requester.email.rpartition("@")[2]
        clients.add_domain(session, actor=actor, now=now, client_id=item.project.client_id, domain=domain)
    return moved


def time_of(
    session: Session, items: Sequence[WorkItem], *, lock: bool = False
) -> tuple[list[TimeEntry], dict[int, MovingTime]]:
    """Return the time on items, and by id of entry what a move would find of each."""
    item_ids = [item.id for item in items]
    ids = time_queries.ids_on(item_ids)
    if lock:
        entries = time_queries.entries_by_id(session, session.scalars(ids), lock=True)
    else:
        entries = time_queries.on_items(session, item_ids)
    closed = retainers.closed_months_with(session, ids)
    return entries, timekeeping.as_moving(session, entries, ids=ids, also_held=closed)


def loads_of(session: Session, leaves: Sequence[Leave]) -> list[Load]:
    """Return what goes along with each item."""
    items = [item for leave in leaves for item in leave.items]
    entries, moving = time_of(session, items)
    spent = expenses.on_items(session, [item.id for item in items])
    loads = []
    for leave in leaves:
        ids = {item.id for item in leave.items}
        own = [entry for entry in entries if entry.work_item_id in ids]
        paid = [expense for expense in spent if expense.work_item_id in ids]
        loads.append(Load(leave, own, {entry.id: moving[entry.id] for entry in own}, paid))
    return loads


def loads_asked(item_ids: Collection[int]) -> list[Question]:
    """Return what `loads_of` asks of items, to be asked together with others."""
    ids = time_queries.ids_on(item_ids)
    return [
        time_queries.on_items_asked(item_ids),
        retainers.closed_months_asked(ids),
        *charging.holders_asked(ids),
        expense_queries.on_items_asked(item_ids),
    ]


@dataclass(frozen=True)
class Left:
    """What stays on a ticket that was merged into one that moves, whose number ``into`` is."""

    number: int
    into: int
    worked_seconds: int
    expense_count: int


def left_behind(session: Session, items: Sequence[WorkItem]) -> list[Left]:
    """Return the time and the expenses on tickets merged into items: no move takes them."""
    into = {item.id: item.number for item in items}
    worked = time_queries.worked_of_items(session, _merged_into(into))
    found = [
        Left(row.number, into[row.into_id], worked.get(row.id, 0), row.expense_count)
        for row in rows_of(session, _merged_with_expenses(into))
    ]
    return [one for one in found if one.worked_seconds or one.expense_count]


def left_behind_asked(item_ids: Collection[int]) -> list[Question]:
    """Return what `left_behind` asks, to be asked together with others."""
    return [time_queries.worked_asked(_merged_into(item_ids)), _merged_with_expenses(item_ids)]


def conversing(session: Session, items: Sequence[WorkItem]) -> list[WorkItem]:
    """Return those of the items that have a conversation with somebody of their client."""
    talked = ticket_queries.have_details(session, [each.id for each in items])
    return [each for each in items if each.kind == "ticket" or each.id in talked]


def set_out(session: Session, *, actor: Actor, number: int, also: Iterable[int] = ()) -> SetOut:
    """Return what a move of an item, and of others with it, would be about.

    Raises:
        NotFound: no such item, or not for this actor.
    """
    items = projects.get_items(session, actor=actor, numbers=[number, *also])
    families = leaving.families(session, items)
    return SetOut(families, is_bound=bool(conversing(session, families[0].items)))


def choices(session: Session, *, actor: Actor, going: SetOut) -> list[tuple[int, str]]:
    """Return (id, "client · project") of the projects to which the actor may move the item with all below it."""
    return projects.choices_for(session, actor=actor, item=going.item, has_conversation=going.is_bound)


def stamp(loads: Iterable[Load]) -> str:
    """Return a short text that is another one as soon as anything changes that a preview of these moves shows."""
    shown: list[object] = []
    for load in loads:
        leave = load.leave
        shown += [
            leave.after.id,
            [(each.id, each.version) for each in leave.items],
            [(each.link.id, each.link.lag_days) for each in leave.links],
            [each.id for each, _why in leave.unassigned],
            [leave.gets, *(each.id for each, _why in leave.teamless)],
            [(each.id, each.status, each.billable, load.moving[each.id].held_by) for each in load.entries],
            [(each.id, each.status, each.billing) for each in load.spent],
        ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]


def check_stamp(
    session: Session, *, actor: Actor, number: int, project_id: int, also: Iterable[int], expected: str
) -> None:
    """Pass if what somebody saw before the move is still so.

    Raises:
        NotFound: no such item or project, or not for this actor.
        Conflict: something changed in the meantime.
    """
    after = projects.get_project(session, actor=actor, project_id=project_id)
    items = projects.get_items(session, actor=actor, numbers=[number, *also])
    leaves = leaving.leaves_of(session, families=leaving.families(session, items), after=after)
    if stamp(loads_of(session, leaves)) != expected:
        message = "Something that moves was changed in the meantime. Nothing was moved; look at it again."
        raise Conflict(message)


def destination(session: Session, *, actor: Actor, going: SetOut, project_id: int | None) -> Project:
    """Return the project to which the actor may move the item.

    Raises:
        RuleViolation: it is none of those to which it can move.
    """
    project = projects.choice_for(
        session, actor=actor, item=going.item, has_conversation=going.is_bound, project_id=project_id
    )
    if project is None:
        message = "Choose one of these projects: it moves to no other."
        raise RuleViolation(message)
    return project


def _merged_into(item_ids: Collection[int]) -> Select[int]:
    return select(TicketDetails.work_item_id).where(TicketDetails.merged_into_id.in_(item_ids))


def _merged_with_expenses(item_ids: Collection[int]) -> Question:
    """Return the question for tickets merged into items, each with the number of its expenses."""
    spent = select(func.count(Expense.id)).where(Expense.work_item_id == WorkItem.id).correlate(WorkItem)
    return (
        select(
            WorkItem.id,
            WorkItem.number,
            TicketDetails.merged_into_id.label("into_id"),
            spent.scalar_subquery().label("expense_count"),
        )
        .join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .where(TicketDetails.merged_into_id.in_(item_ids))
        .order_by(WorkItem.number)
    )


def _refresh_timers(session: Session, now: datetime, entries: Sequence[TimeEntry]) -> None:
    """Let the pages of those whose timer runs on what moved show where it is now."""
    for person_id in {entry.person_id for entry in entries if entry.ended_at is None}:
        live.publish(session, audience=live.to_person(person_id), topic="timer", now=now)


def _place_requester(session: Session, *, actor: Actor, now: datetime, item: WorkItem) -> None:
    details, client = ticket_queries.details(session, item.id), item.project.client
    if details is None or client.is_internal:
        return
    requester = details.requester
    clients.place(session, actor=actor, now=now, contact=requester, client_id=client.id)
    if requester.client_id != client.id:
        message = f"{requester.name} is a contact of another client; the tickets of clients stay apart."
        raise RuleViolation(message)
