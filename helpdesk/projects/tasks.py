"""Reads of tasks over all projects: the list with its filters, the board of one project, the calendar of a month."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, tuple_
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person, Team
from helpdesk.clients.models import Client
from helpdesk.clients.queries import visible
from helpdesk.infra.db import UtcDateTime
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.models import ITEM_STATUSES, OPEN_STATUSES, ItemTag, Project, TaskDetails, WorkItem

PAGE_ROWS = 50
CARDS_SHOWN = 50
DUE_SHOWN = 500
FAR = date(9999, 12, 31)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SORTS = ("due", "changed", "newest")
DUES = ("", "overdue", "week", "none")
NOBODY = "nobody"
IS_OPEN = WorkItem.status.in_(OPEN_STATUSES)


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks to show. ``status`` is one of them, "unfinished" or "all"; ``who`` an id or "nobody"."""

    status: str = "unfinished"
    who: str = ""
    tag: str = ""
    due: str = ""
    project_id: int | None = None
    sort: str = "due"

    def __post_init__(self) -> None:
        known = self.status in {"unfinished", "all", *ITEM_STATUSES} and self.due in DUES and self.sort in SORTS
        if not known or not (self.who in {"", NOBODY} or self.who.isdecimal()):
            message = "There is no such list of tasks."
            raise RuleViolation(message)


@dataclass(frozen=True)
class TaskLine:
    """One task in a list; ``key`` is where a page that ends with it goes on."""

    id: int
    number: int
    title: str
    status: str
    priority: str
    assignee_name: str | None
    team_name: str | None
    project_id: int
    project_name: str
    client_name: str
    due_on: date | None
    estimate_seconds: int | None
    is_milestone: bool
    updated_at: datetime
    key: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskPage:
    """Some tasks, and the key of the page after them."""

    rows: list[TaskLine]
    next_key: str | None


def page(
    session: Session,
    *,
    actor: Actor,
    wanted: TaskFilter,
    today: date,
    after: str | None = None,
    limit: int = PAGE_ROWS,
) -> TaskPage:
    """Return a page of tasks that the actor may see, and their tags: two queries however many there are.

    Raises:
        RuleViolation: a key that no task has ever had.
    """
    position = _position(wanted.sort)
    query = _tasks(actor).where(*_conditions(wanted, today))
    if wanted.sort == "due":
        query = query.order_by(*position)
        query = query if after is None else query.where(tuple_(*position) > _read_key(wanted.sort, after))
    else:
        query = query.order_by(*(part.desc() for part in position))
        query = query if after is None else query.where(tuple_(*position) < _read_key(wanted.sort, after))
    rows = _lines(session, query.limit(limit + 1), wanted.sort)
    shown, more = rows[:limit], len(rows) > limit
    return TaskPage(_tagged(session, shown), shown[-1].key if more else None)


def board(session: Session, *, actor: Actor, project_id: int) -> dict[str, list[TaskLine]]:
    """Return the tasks of a project by status: the open ones in the order of the plan, of the others the latest.

    One query; a column shows 50 at most.
    """
    place = case((IS_OPEN, func.coalesce(TaskDetails.position, 0)), else_=0)
    order = (place, case((IS_OPEN, None), else_=WorkItem.updated_at).desc(), WorkItem.number)
    rank = func.row_number().over(partition_by=WorkItem.status, order_by=order).label("rank")
    ranked = _tasks(actor).where(WorkItem.project_id == project_id).add_columns(rank).subquery()
    query = select(*list(ranked.c)[:-1]).where(ranked.c.rank <= CARDS_SHOWN).order_by(ranked.c.rank)
    found: dict[str, list[TaskLine]] = {status: [] for status in ITEM_STATUSES}
    for line in _lines(session, query, "newest"):
        found[line.status].append(line)
    return found


def status_counts(session: Session, project_id: int) -> dict[str, int]:
    """Return how many tasks of a project have each status."""
    query = select(WorkItem.status, func.count()).where(WorkItem.project_id == project_id, WorkItem.kind == "task")
    return {row[0]: row[1] for row in session.execute(query.group_by(WorkItem.status))}


def due_between(
    session: Session, *, actor: Actor, first: date, last: date, project_id: int | None = None, who: str = ""
) -> list[TaskLine]:
    """Return the tasks that are due from ``first`` to ``last``, milestones before others of a day; 500 at most."""
    wanted = TaskFilter(status="all", who=who, project_id=project_id)
    query = _tasks(actor).where(*_conditions(wanted, first), TaskDetails.due_on.between(first, last))
    order = (TaskDetails.due_on, TaskDetails.is_milestone.desc(), WorkItem.number)
    return _lines(session, query.order_by(*order).limit(DUE_SHOWN), "due")


def tags_in_use(session: Session) -> list[str]:
    """Return the tags that tasks have, by name."""
    query = select(ItemTag.tag).join(WorkItem, WorkItem.id == ItemTag.work_item_id).where(WorkItem.kind == "task")
    return list(session.scalars(query.distinct().order_by(ItemTag.tag).limit(200)))


def _tasks(actor: Actor) -> Select[Any]:
    columns: tuple[Any, ...] = (
        WorkItem.id,
        WorkItem.number,
        WorkItem.title,
        WorkItem.status,
        WorkItem.priority,
        Person.name.label("assignee_name"),
        Team.name.label("team_name"),
        WorkItem.project_id,
        Project.name.label("project_name"),
        Client.name.label("client_name"),
        TaskDetails.due_on,
        TaskDetails.estimate_seconds,
        func.coalesce(TaskDetails.is_milestone, False).label("is_milestone"),
        WorkItem.updated_at,
    )
    return (
        select(*columns)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .outerjoin(TaskDetails, TaskDetails.work_item_id == WorkItem.id)
        .outerjoin(Person, Person.id == WorkItem.assignee_id)
        .outerjoin(Team, Team.id == WorkItem.team_id)
        .where(WorkItem.kind == "task", visible(actor))
    )


def _conditions(wanted: TaskFilter, today: date) -> list[ColumnElement[bool]]:
    tagged = select(ItemTag.work_item_id).where(ItemTag.tag == wanted.tag.lower())
    chosen: list[tuple[bool, ColumnElement[bool]]] = [
        (wanted.status == "unfinished", IS_OPEN),
        (wanted.status in ITEM_STATUSES, WorkItem.status == wanted.status),
        (wanted.who == NOBODY, WorkItem.assignee_id.is_(None)),
        (
            wanted.who.isdecimal(),
            WorkItem.assignee_id == int(wanted.who) if wanted.who.isdecimal() else literal(1) == 1,
        ),
        (bool(wanted.tag), WorkItem.id.in_(tagged)),
        (wanted.due == "overdue", (TaskDetails.due_on < today) & IS_OPEN),
        (wanted.due == "week", TaskDetails.due_on.between(today, today + timedelta(days=6))),
        (wanted.due == "none", TaskDetails.due_on.is_(None)),
        (wanted.project_id is not None, WorkItem.project_id == wanted.project_id),
    ]
    return [condition for applies, condition in chosen if applies]


def _position(sort: str) -> tuple[ColumnElement[Any], ...]:
    """Return what a sort goes by; the last part makes it unique."""
    return {
        "due": (func.coalesce(TaskDetails.due_on, FAR), WorkItem.id),
        "changed": (WorkItem.updated_at, WorkItem.id),
        "newest": (WorkItem.number,),
    }[sort]  # type: ignore[return-value] # columns of several types


def _key(sort: str, row: Mapping[Any, Any]) -> str:
    if sort == "due":
        return f"{(row['due_on'] or FAR).isoformat()}_{row['id']}"
    if sort == "changed":
        return f"{(row['updated_at'] - EPOCH) // timedelta(microseconds=1)}_{row['id']}"
    return str(row["number"])


def _read_key(sort: str, key: str) -> ColumnElement[Any]:
    try:
        head, _sign, tail = key.partition("_")
        if sort == "due":
            return tuple_(literal(date.fromisoformat(head)), int(tail))
        if sort == "changed":
            return tuple_(literal(EPOCH + timedelta(microseconds=int(head)), UtcDateTime()), int(tail))
        return tuple_(int(head))
    except (ValueError, OverflowError):
        message = "That page of the list does not exist."
        raise RuleViolation(message) from None


def _lines(session: Session, query: Select[Any], sort: str) -> list[TaskLine]:
    return [TaskLine(**row, key=_key(sort, row)) for row in session.execute(query).mappings()]


def _tagged(session: Session, rows: Collection[TaskLine]) -> list[TaskLine]:
    found: dict[int, list[str]] = {row.id: [] for row in rows}
    query = select(ItemTag.work_item_id, ItemTag.tag).where(ItemTag.work_item_id.in_(found)).order_by(ItemTag.tag)
    for item_id, tag in session.execute(query) if found else ():
        found[item_id].append(tag)
    return [TaskLine(**{**vars(row), "tags": tuple(found[row.id])}) for row in rows]
