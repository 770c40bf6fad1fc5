"""In which order a view of the queue stands, and where its pages go on (docs/desk.md rules 3 and 18)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    bindparam,
    case,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.types import TypeEngine

from helpdesk.accounts.models import Person, Team
from helpdesk.clients.models import Client
from helpdesk.desk.narrowing import PROMISED
from helpdesk.infra.db import UtcDateTime
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.models import ITEM_STATUSES, PRIORITIES, Project, WorkItem
from helpdesk.sla.models import TicketDue

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OWN = {**dict.fromkeys(PROMISED, "due"), "snoozed": "wakes"}
"""Views that begin with what comes first, and by what; the others begin with the newest change."""
MOST_INTEGER = 2**31
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Order:
    """By what rows stand, and in which direction; rows that are alike there stand by their ids."""

    name: str
    is_rising: bool

    @property
    def column(self) -> ColumnElement[Any]:
        """What rows are put in order by."""
        return cast("ColumnElement[Any]", _COLUMNS[self.name]())  # attributes of classes are columns, too

    def joined(self, query: Select[Any]) -> Select[Any]:
        """Return a query of work items together with what else ``column`` reads."""
        if self.name == "due":
            return query.join(TicketDue, TicketDue.work_item_id == WorkItem.id)
        if self.name == "client":
            return query.join(_CLIENTS, _CLIENTS.c.id == WorkItem.project_id)
        if self.name == "team":
            return query.outerjoin(_TEAMS, _TEAMS.c.id == WorkItem.team_id)
        return query.outerjoin(_PEOPLE, _PEOPLE.c.id == WorkItem.assignee_id) if self.name == "assignee" else query

    def beyond(self, *, is_rising: bool) -> ColumnElement[bool]:
        """Return the condition of rows behind a `place`, in a direction."""
        position = tuple_(self.column, WorkItem.id)
        known = tuple_(bindparam("position", type_=self.column.type), bindparam("id", type_=Integer()))
        return position > known if is_rising else position < known

    def place(self, key: str) -> dict[str, datetime | int | str]:
        """Return the parameters of `beyond` for the row that has ``key``.

        Raises:
            RuleViolation: a key that no row has ever had.
        """
        written, _dash, item_id = key.rpartition("-")
        try:
            return {"position": _read(written.replace("\x00", ""), self.column.type), "id": _integer(item_id)}
        except (ValueError, OverflowError):
            message = "That page of the queue does not exist."
            raise RuleViolation(message) from None


def order_of(view: str, sort: str) -> Order:
    """Return the order of a view: as it is asked for, a name with a dash before it falling, or the view's own."""
    if sort:
        return Order(sort.removeprefix("-"), is_rising=not sort.startswith("-"))
    return Order(OWN.get(view, "changed"), is_rising=view in OWN)


def key_of(position: datetime | int | str, item_id: int) -> str:
    """Return where a page goes on that ends with this row: its value in the order, and its id."""
    written = (position - EPOCH) // _MICROSECOND if isinstance(position, datetime) else position
    return f"{written}-{item_id}"


def _read(written: str, kind: TypeEngine[Any]) -> datetime | int | str:
    if isinstance(kind, UtcDateTime):
        return EPOCH + _MICROSECOND * int(written)
    return _integer(written) if isinstance(kind, Integer) else written


def _integer(written: str) -> int:
    """Return a number as the database takes it."""
    if abs(number := int(written)) >= MOST_INTEGER:
        raise OverflowError(written)
    return number


def _rank(column: SQLColumnExpression[str], names: tuple[str, ...]) -> ColumnElement[int]:
    return case({name: rank for rank, name in enumerate(names)}, value=column, else_=len(names))


_CLIENTS = (
    select(Project.id, func.lower(Client.name).label("name"))
    .join(Client, Client.id == Project.client_id)
    .subquery("clients_by_name")
)
_PEOPLE = select(Person.id, func.lower(Person.name).label("name")).subquery("people_by_name")
_TEAMS = select(Team.id, func.lower(Team.name).label("name")).subquery("teams_by_name")
_COLUMNS: dict[str, Callable[[], SQLColumnExpression[Any]]] = {
    "changed": lambda: WorkItem.updated_at,
    "number": lambda: WorkItem.number,
    "priority": lambda: _rank(WorkItem.priority, PRIORITIES),
    "status": lambda: _rank(WorkItem.status, ITEM_STATUSES),
    "subject": lambda: func.lower(WorkItem.title),
    "client": lambda: _CLIENTS.c.name,
    "assignee": lambda: func.coalesce(_PEOPLE.c.name, literal("", String())),  # nobody comes first
    "team": lambda: func.coalesce(_TEAMS.c.name, literal("", String())),
    "due": lambda: TicketDue.due_at,
    "wakes": lambda: WorkItem.snoozed_until,
}
