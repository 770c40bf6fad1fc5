"""What the frame around every page asks of the database, by queries that are made once in the life of a process.

Every page pays for them, and to write a query costs more than to run it: who asks is a parameter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Integer, Select, bindparam, case, func, literal, select, text
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.clients.queries import asker, visible_to_asker
from helpdesk.desk.narrowing import PROMISED, Asked, of_my_teams
from helpdesk.expenses import queries as expenses
from helpdesk.infra import live
from helpdesk.infra.db import UtcDateTime
from helpdesk.infra.policy import ADMIN, APPROVERS, DESK, Actor
from helpdesk.infra.sql import unguessed
from helpdesk.infra.together import Together
from helpdesk.intake import queries as intake
from helpdesk.notices import queries as notices
from helpdesk.notices.models import Notice
from helpdesk.projects.models import OPEN_TICKET, Project, WorkItem
from helpdesk.rates import queries as rates
from helpdesk.sla import queries as sla
from helpdesk.sla.models import TicketDue
from helpdesk.timekeeping.queries import entries as time
from helpdesk.timekeeping.queries import timer_state

Columns = TypeVarTuple("Columns")
COUNTED_VIEWS = ("all", "mine", "my_teams", "unassigned", "waiting_on_us", "waiting", *PROMISED, "snoozed")


AWAKE = (
    select(WorkItem.id, WorkItem.project_id)
    .where(text(OPEN_TICKET), WorkItem.snoozed_until.is_(None))
    .subquery("awake_tickets")
)
"""Open tickets that do not sleep."""


@dataclass(frozen=True)
class ClientCount:
    """A client and how many of its tickets are open."""

    id: int
    name: str
    count: int


@dataclass(frozen=True)
class QueueCounts:
    """How many open tickets each view has; what sleeps counts as snoozed alone, and closed ones only grow."""

    all: int = 0
    mine: int = 0
    my_teams: int = 0
    unassigned: int = 0
    waiting_on_us: int = 0
    waiting: int = 0
    due: int = 0
    at_risk: int = 0
    overdue: int = 0
    snoozed: int = 0
    clients: tuple[ClientCount, ...] = ()

    def of_view(self, asked: Asked) -> int | None:
        """Return how many tickets there are of what is asked for; None where that is not counted on every page."""
        is_counted = asked.view in COUNTED_VIEWS and not asked.narrowed
        return getattr(self, asked.view) if is_counted else None


@dataclass(frozen=True)
class FrameCounts:
    """What the frame counts beside the queue. ``live_id`` is the newest live event when it was counted.

    ``promises`` are policies of service levels that are on; ``unread`` notices count up to a hundred, ``newest_notice``
    is the id of the newest.
    """

    live_id: int
    asking: int
    time_to_approve: int
    expenses_to_approve: int
    promises: int
    unread: int
    newest_notice: int


@dataclass(frozen=True)
class Frame:
    """All that the frame reads but for the company: what waits, the queue, what its reader worked on, and as what.

    ``timer`` is what runs or is paused, a row of ``timer_state.told_of``.
    """

    waits: FrameCounts
    timer: Any = None
    queue: QueueCounts = QueueCounts()
    recent: tuple[time.RecentItem, ...] = ()
    work_types: tuple[tuple[int, str], ...] = ()
    mailboxes: Sequence[Any] = ()
    """How each mailbox fares, for administrators alone: rows of ``intake.queries.vitals_asked``."""


def read(session: Session, *, actor: Actor, now: datetime, recent: bool = False) -> Frame:
    """Return what the frame shows the actor, in one query; ``recent`` work items only where they are asked for."""
    works, sees_all = actor.is_one_of(DESK), actor.sees_all_clients
    asked = _asked(
        approves=actor.is_one_of(APPROVERS),
        works=works,
        recent=works and recent,
        sees_all=sees_all,
        hears_alarms=actor.role == ADMIN,
    )
    found = asked.read(session, now=now, **asker(actor))
    [waits] = found["waits"]
    return Frame(
        FrameCounts(*(count or 0 for count in waits)),
        next(iter(found.get("timer", ())), None),
        _queue(found["queue"], found["promised"][0]) if works else QueueCounts(),
        tuple(time.RecentItem(*row) for row in found.get("recent", [])),
        tuple((row.id, row.name) for row in found.get("work_types", [])),
        found.get("mailboxes", ()),
    )


@cache
def _asked(*, approves: bool, works: bool, recent: bool, sees_all: bool, hears_alarms: bool) -> Together:
    parts: dict[str, Any] = {"waits": _frame_counts(approves=approves, works=works, sees_all=sees_all)}
    if works:
        parts["queue"] = _queue_counts(sees_all=sees_all)
        parts["promised"] = _promised_counts(sees_all=sees_all)
        parts["work_types"] = rates.work_type_choice()
        parts["timer"] = timer_state.told_of(unguessed(bindparam("person_id", type_=Integer())))
    if recent:
        parts["recent"] = time.recent(sees_all=sees_all)
    if hears_alarms:
        parts["mailboxes"] = intake.vitals_asked()
    return Together(**parts)


def _queue(rows: Sequence[Any], promised: Any) -> QueueCounts:  # noqa: ANN401 - a row of the database
    by_client = [ClientCount(row.id, row.name, int(row.all)) for row in rows if row.all]
    return QueueCounts(
        all=sum(each.count for each in by_client),
        mine=sum(int(row.mine) for row in rows),
        my_teams=sum(int(row.my_teams) for row in rows),
        unassigned=sum(int(row.unassigned) for row in rows),
        waiting_on_us=sum(int(row.all) - int(row.waiting) for row in rows),
        waiting=sum(int(row.waiting) for row in rows),
        due=promised.due,
        at_risk=promised.at_risk or 0,
        overdue=promised.overdue or 0,
        snoozed=sum(int(row.snoozed) for row in rows),
        clients=tuple(sorted(by_client, key=lambda client: (-client.count, client.name.casefold()))),
    )


def _queue_counts(*, sees_all: bool) -> Select[Any]:
    """Return the question for what each client has: summed by project on its index before anything is looked up."""
    person_id, is_awake = bindparam("person_id", type_=Integer()), WorkItem.snoozed_until.is_(None)
    of_project = (
        select(
            WorkItem.project_id,
            _counted(is_awake).label("all"),
            _counted(is_awake & (WorkItem.assignee_id == person_id)).label("mine"),
            _counted(is_awake & WorkItem.assignee_id.is_(None) & of_my_teams()).label("my_teams"),
            _counted(is_awake & WorkItem.assignee_id.is_(None)).label("unassigned"),
            _counted(is_awake & (WorkItem.status == "waiting")).label("waiting"),
            _counted(~is_awake).label("snoozed"),
        )
        .where(text(OPEN_TICKET))
        .group_by(WorkItem.project_id)
        .subquery()
    )
    counts = of_project.c
    summed = (func.sum(each).label(each.name) for each in counts if each is not counts.project_id)
    shown: list[Any] = [Client.id, Client.name, *summed]
    return (
        select(*shown)
        .select_from(of_project)
        .join(Project, Project.id == counts.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(visible_to_asker(sees_all=sees_all))
        .group_by(Client.id, Client.name)
    )


def _promised_counts(*, sees_all: bool) -> Select[int, int, int]:
    """Return the question for what of open tickets is due, at risk and overdue: it reads what is promised alone."""
    now = bindparam("now", type_=UtcDateTime())
    is_overdue = TicketDue.due_at < now
    query = (
        select(
            func.count().label("due"),
            _counted(~is_overdue & (TicketDue.at_risk_at <= now)).label("at_risk"),
            _counted(is_overdue).label("overdue"),
        )
        .select_from(TicketDue)
        .join(AWAKE, AWAKE.c.id == TicketDue.work_item_id)
        .where(TicketDue.due_at.is_not(None))
    )
    return query if sees_all else seen_by_asker(query)


def seen_by_asker(query: Select[*Columns]) -> Select[*Columns]:
    """Return a query of what is :data:`AWAKE`, of those alone whose client the ``asker`` sees."""
    of_client = query.join(Project, Project.id == AWAKE.c.project_id).join(Client, Client.id == Project.client_id)
    return of_client.where(visible_to_asker(sees_all=False))


def _frame_counts(*, approves: bool, works: bool, sees_all: bool) -> Select[Any]:
    nothing, person_id = select(literal(0)), unguessed(bindparam("person_id", type_=Integer()))
    asked = {
        "live_id": live.newest(),
        "asking": timer_state.asking_count(person_id),
        "time_to_approve": time.submitted_count() if approves else nothing,
        "expenses_to_approve": expenses.submitted_count() if approves else nothing,
        "promises": sla.on_count(),
    }
    seen = unread_notices(works=works, sees_all=sees_all).subquery()
    asked |= {"unread": select(func.count()).select_from(seen), "newest_notice": select(func.max(seen.c.id))}
    return select(*(one.scalar_subquery().label(name) for name, one in asked.items()))


def unread_notices(*, works: bool, sees_all: bool) -> Select[int]:
    """Return the question for the unread notices of whoever asks, as far as they see what those are about."""
    query = select(Notice.id).where(notices.unread(unguessed(bindparam("person_id", type_=Integer()))))
    if not works:
        query = query.where(Notice.work_item_id.is_(None))
    elif not sees_all:
        of_item = query.outerjoin(WorkItem, WorkItem.id == Notice.work_item_id)
        of_client = of_item.outerjoin(Project, Project.id == WorkItem.project_id)
        seen = Notice.work_item_id.is_(None) | visible_to_asker(sees_all=False)
        query = of_client.outerjoin(Client, Client.id == Project.client_id).where(seen)
    return query.order_by(Notice.id.desc()).limit(notices.MOST_COUNTED)


def _counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
