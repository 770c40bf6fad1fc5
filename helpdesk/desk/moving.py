"""A ticket or task moves to another project, time and expenses with it: what will happen, and the act (rules 3, E8)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients import service as clients
from helpdesk.desk.move_notice import of_expense, of_time, tell_returned
from helpdesk.expenses import service as expenses
from helpdesk.expenses.models import Expense
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries as projects_queries
from helpdesk.projects.models import Project, WorkItem
from helpdesk.projects.planning import leaving
from helpdesk.projects.planning.leaving import Ties
from helpdesk.retainers import queries as retainers
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.timekeeping import claims, limits
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.domain.moves import MovingTime
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as time_queries
from helpdesk.timekeeping.service.moving import Returned


@dataclass
class Moved:
    """What moved: the item, its time and expenses, and what of these waits for approval again."""

    item: WorkItem
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
    """Move a ticket or task to another project and say so on it; a requester of no client yet is that client's.

    Tasks below a task go along, and what ties them to the old plan is undone (docs/projects.md "Moving"). Nothing that
    goes along, time or expense, keeps a price of the old project: what was approved waits for approval again, and its
    person and approver are told. ``bill_own_time`` makes what was our own billable where the item goes.

    Raises:
        NotFound: no such item or project, or not for this actor.
        Conflict: time on it is charged, or an expense billed; what holds it is named.
        RuleViolation: a closed project, work or a requester of another client, a task to Triage, something approved on
            a day that is locked against the actor, or more billable time than the new project takes.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    after = projects_queries.get_project(session, actor=actor, project_id=project_id)
    before = item.project
    claims.lock_books(session, before.client_id)
    leaves = [item, *leaving.tasks_below(session, item)]
    entries, moving = time_of(session, leaves, lock=True)
    spent = [one for each in leaves for one in expenses.on_item(session, each.id, lock=True)]
    ties = leaving.ties_of(session, leaves)
    if not leaving.move_item(session, actor=actor, now=now, item_id=item.id, project_id=after.id):
        return Moved(item)
    timekeeping.refuse_held(entries, moving)
    expenses.refuse_held(session, spent)
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
    for each in leaves:
        _place_requester(session, actor=actor, now=now, item=each)
    _say_so(session, actor=actor, now=now, item=item, ties=ties, returned=returned, paid=paid)
    for each in leaves[1:]:
        text = f"moved this to {after.client.name}, {after.name}, with #{item.number}"
        tickets.add_event(session, actor=actor, now=now, item_id=each.id, text=text)
    told = [*map(of_time, returned), *(of_expense(one, approvers[one.id]) for one in paid)]
    tell_returned(session, actor=actor, now=now, item=item, before=before, returned=told)
    return Moved(item, entries, returned, spent, paid, set(limits.warnings_of(session, entries).values()))


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
    session: Session, items: Iterable[WorkItem], *, lock: bool = False
) -> tuple[list[TimeEntry], dict[int, MovingTime]]:
    """Return the time on items by id of entry, and what a move would find of each."""
    ids = [entry.id for item in items for entry in time_queries.of_item(session, item.id, reversed_too=True)]
    entries = time_queries.entries_by_id(session, ids, lock=lock)
    closed = retainers.closed_months_with(session, ids)
    return entries, timekeeping.as_moving(session, entries, also_held=closed)


def destination(session: Session, *, actor: Actor, item: WorkItem, project_id: int | None) -> Project:
    """Return the project to which the actor may move the item.

    Raises:
        RuleViolation: it is none of those to which it can move.
    """
    if project_id not in {choice for choice, _name in projects_queries.choices_for(session, actor=actor, item=item)}:
        message = "Choose the project that it belongs to: an active one of its client."
        raise RuleViolation(message)
    return projects_queries.get_project(session, actor=actor, project_id=project_id or 0)


def _say_so(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    ties: Ties,
    returned: list[Returned],
    paid: list[Expense],
) -> None:
    text = f"moved this to {item.project.client.name}, {item.project.name}"
    if ties.above is not None:
        text += f"; it is no longer below #{ties.above.number}"
    for first, then in ties.links:
        text += f"; #{then.number} no longer follows #{first.number}"
    if returned:
        names = sorted({each.entry.person.name for each in returned})
        text += f"; time of {', '.join(names)} that was approved waits for approval again"
    if paid:
        names = sorted({each.person.name for each in paid})
        text += f"; expenses of {', '.join(names)} that were approved wait for approval again"
    tickets.add_event(session, actor=actor, now=now, item_id=item.id, text=text)


def _place_requester(session: Session, *, actor: Actor, now: datetime, item: WorkItem) -> None:
    details, client = ticket_queries.details(session, item.id), item.project.client
    if details is None or client.is_internal:
        return
    requester = details.requester
    placed = clients.add_contact(
        session, actor=actor, now=now, name=requester.name, email=requester.email, client_id=client.id
    )
    if placed.client_id != client.id:
        message = f"{requester.name} is a contact of another client; the tickets of clients stay apart."
        raise RuleViolation(message)
