"""The time that books are made of: rows of columns, since a month has many hundred and a page tells few of them."""

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.accounts.models import Person
from helpdesk.projects.models import Project, WorkItem
from helpdesk.timekeeping.models import TimeEntry


class Worked(NamedTuple):
    """One ended entry, and what is told of it. ``number``, ``title`` and ``kind`` are those of its work item."""

    client_id: int
    id: int
    uuid: str
    started_at: datetime
    ended_at: datetime
    person_id: int
    person_name: str
    work_item_id: int
    number: int
    title: str
    kind: str
    project_id: int
    work_type_id: int | None
    note: str
    billable: str
    status: str
    duration_only: bool
    billable_seconds: int | None
    rounding_policy_id: int | None
    rate_minor: int | None
    rate_currency: str | None
    rate_reason: str

    @classmethod
    def of(cls, entry: TimeEntry) -> "Worked":
        """Return what is known of a stored entry that has ended."""
        item = entry.work_item
        known: dict[str, Any] = {
            "client_id": item.project.client_id,
            "person_name": entry.person.name,
            "project_id": item.project_id,
        }
        known |= {name: getattr(item, name) for name in ("number", "title", "kind")}
        return cls._make(known[name] if name in known else getattr(entry, name) for name in cls._fields)


_ELSEWHERE: dict[str, InstrumentedAttribute[Any]] = {
    "client_id": Project.client_id,
    "person_name": Person.name,
    "number": WorkItem.number,
    "title": WorkItem.title,
    "kind": WorkItem.kind,
    "project_id": WorkItem.project_id,
}


@cache
def worked() -> Select[Any]:
    """Return the question for rows of `Worked`, of entries that have ended; always the same, to be narrowed."""
    columns = [_ELSEWHERE.get(name) or getattr(TimeEntry, name) for name in Worked._fields]
    return (
        select(*columns)
        .select_from(TimeEntry)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(TimeEntry.person)
        .where(TimeEntry.ended_at.is_not(None))
    )
